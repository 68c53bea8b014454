"""What a process and all its threads and children asked of the kernel, C libraries included (Linux, strace)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from limited import environment

needs_strace = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("strace") is None, reason="needs strace, on Linux"
)
CALLS = "network,open,openat,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat"
INTERNET = re.compile(r"\bAF_INET6?\b")
_SENT = re.compile(
    r"\b(?:connect|sendto|sendmsg|sendmmsg|bind)\(.*sin6?_port=htons\((\d+)\).*?\"([0-9a-f.:]+)\""
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")


@dataclass(frozen=True, slots=True)
class Traced:
    """What came of a run, and the lines of the trace."""

    done: subprocess.CompletedProcess[str]
    lines: list[str]

    def internet(self) -> list[str]:
        """Calls that name an internet address family."""
        return [line for line in self.lines if INTERNET.search(line)]

    def addresses(self) -> set[tuple[str, int]]:
        """Internet addresses that were connected, bound or sent to."""
        found = (_SENT.search(line) for line in self.lines)
        return {(match[2], int(match[1])) for match in found if match}

    def written(self) -> set[Path]:
        """Paths that were opened for writing, made or renamed to, as they were named."""
        paths = set()
        for line in self.lines:
            names = _QUOTED.findall(line)
            if not names or " = -1 " in line:
                continue
            call = line.split("(", 1)[0].split()[-1]
            if call.startswith("open") and not _WRITES.search(line):
                continue
            if call in ("open", "openat", "creat", "mkdir", "mkdirat"):
                paths.add(Path(names[0]))
            elif call.startswith(("rename", "link", "symlink")):
                paths.add(Path(names[-1]))
        return paths


def traced(folder: Path, home: Path, arguments: Sequence[str], seconds: float = 300.0) -> Traced:
    """Run `posture-cv ARGUMENTS` under strace.

    Args:
        folder: for the trace.
        home: holds the program's folders; temporary files too.
        arguments: of the command.
        seconds: its time limit.
    """
    log = folder / "trace"
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [
            *(
                "strace",
                "-f",
                "-qq",
                "-s",
                "300",
                "-e",
                f"trace={CALLS}",
                "-e",
                "signal=none",
                "-o",
                str(log),
            ),
            *(sys.executable, "-m", "posture_cv", *arguments),
        ],
        env={**environment(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Traced(done, log.read_text(errors="replace").splitlines())
