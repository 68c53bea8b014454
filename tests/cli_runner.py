"""Run the command line as a user does: in a process of its own; or here, where only its words are in question."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from posture_cv.cli import main
from warm import run_warm


class Cli:
    """`posture-cv` in a process of its own, which has imported all of it; one from nothing where `program` is named."""

    def __call__(
        self, *arguments: str, program: tuple[str, ...] | None = None
    ) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        if program is None:
            return run_warm(arguments, env=env, cwd=Path.cwd(), seconds=120.0)
        return subprocess.run(
            [sys.executable, *program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=env,
        )

    def here(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The same entry point in this process, which saves the start of another."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
            mock.patch.object(sys, "argv", ["posture-cv", *arguments]),
            pytest.raises(SystemExit) as left,
        ):
            main()
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]
        return subprocess.CompletedProcess(list(arguments), int(left.value.code or 0), *said)

    def fails(self, *arguments: str, said: str, code: int = 2) -> subprocess.CompletedProcess[str]:
        """Run; it must fail as every command fails: exit code, one message on stderr, no traceback."""
        done = self.here(*arguments)
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        assert "Error" in done.stderr
        assert said in done.stderr, done.stderr
        return done
