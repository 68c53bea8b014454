"""What has no end, or never begins, in the place of each file that a user can hand in: refused at once, in words.

Nothing is opened: reading a pipe that nobody writes to would hang the run, reading an endless device fill the memory.
A sparse file of gigabytes stands for a line, or a document, that is too long to be held.
"""

from __future__ import annotations

import os
import shutil
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv.opendata.files import ALERTS, MEASUREMENTS, SUMMARY, TABLE
from result_material import sample_folders

pytestmark = pytest.mark.skipif(os.name != "posix", reason="named pipes and sparse files of POSIX")
SPARSE_BYTES = 3_000_000_000
MOST_HELD_BYTES = 200_000_000

SAMPLE = Path(__file__).parents[2] / "samples" / "desk-front.landmarks"
IMPORT = ("import", "{}", "--size", "640x480", "--fps", "30", "--out", "{}.landmarks")
RESULT = ("report", "{}", "--no-open", "--out", "{}.html")
COMMANDS: dict[str, tuple[str, ...]] = {
    "a.csv": IMPORT,
    "a.npz": IMPORT,
    "a.json": IMPORT,
    "labels.csv": ("agree", "results", "{}"),
    "bouts.csv": ("sweep", str(SAMPLE), "--calibrate", "0:8", "--labels", "{}", "--out", "{}.sweep"),
    "alerts.jsonl": ("explain", "--from", "{}"),
    "manifest.csv": ("study", "{}", "--out", "{}.study"),
    f"results/{SUMMARY}": RESULT,
    f"results/{ALERTS}": RESULT,
    f"results/{MEASUREMENTS}": RESULT,
    f"many/{TABLE}": ("export", "{}", "--format", "csv", "--out", "{}.open"),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, SPARSE_BYTES)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_folders(tmp_path_factory)[0]


def arguments(place: str, folder: Path, command: Sequence[str]) -> list[str]:
    given = folder / (place.partition("/")[0])
    return [part.format(given) for part in command]


@pytest.mark.parametrize("make", [pipe, device, sparse])
@pytest.mark.parametrize("place", COMMANDS)
def test_what_has_no_end_is_refused(
    place: str, make: Callable[[Path], None], results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("results", "many/one"):
        shutil.copytree(results, tmp_path / folder)
    (tmp_path / place).unlink(missing_ok=True)
    make(tmp_path / place)
    tracemalloc.start()
    try:
        Cli().fails(*arguments(place, tmp_path, COMMANDS[place]), said=place.partition("/")[0])
        assert tracemalloc.get_traced_memory()[1] < MOST_HELD_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [pipe, device])
def test_no_output_takes_its_place(make: Callable[[Path], None], tmp_path: Path) -> None:
    place = tmp_path / "profile.json"
    make(place)
    Cli().fails("calibrate", "--from", str(SAMPLE), "--out", str(place), said="Cannot write")
    assert not place.is_file()
