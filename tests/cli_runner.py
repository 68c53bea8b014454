"""Run the command line as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys


class Cli:
    """`posture-cv` in a process of its own."""

    def __call__(
        self, *arguments: str, stdin: str | None = None, program: tuple[str, ...] = ("-m", "posture_cv")
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *program, *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def fails(self, *arguments: str, said: str, code: int = 2) -> subprocess.CompletedProcess[str]:
        """Run; it must fail as every command fails: exit code, one message on stderr, no traceback."""
        done = self(*arguments)
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        assert "Error" in done.stderr
        assert said in done.stderr, done.stderr
        return done
