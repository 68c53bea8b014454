"""What an earlier run has left in a folder of results, and how a new run takes its place.

A folder with a summary is whole. So the summary goes first, to a hidden name, and comes last: a run that is cut off
between leaves tables without a summary, which nobody takes for results. Under the hidden name it still says which
landmarks are whole, and which files were made by the run before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from posture_cv.atomic import output_error
from posture_cv.file_facts import json_object, sha256_of_file
from posture_cv.landmarks.recording import SUFFIX
from posture_cv.opendata.files import LANDMARKS, SUMMARY, checksum_noted

ANNOTATED: Final = "annotated.mp4"
_SET_ASIDE: Final = ".summary.json"


def read_summary(folder: Path) -> dict[str, Any] | None:
    """The summary in a result folder; None if there is none that can be read."""
    return json_object(folder / SUMMARY)


def own_recordings(folder: Path) -> frozenset[str]:
    """Names of the videos and landmark recordings in a folder that are results themselves; empty for other folders."""
    summary = _own_summary(folder)
    if summary is None:
        return frozenset()
    pair = [f"{view}{SUFFIX}" for view in ("front", "side")] if "pair" in summary else []
    return frozenset((ANNOTATED, LANDMARKS, *pair))


def _own_summary(folder: Path) -> dict[str, Any] | None:
    """The summary of the latest run that ended, also while another takes its place; None where none is of a replay."""
    summary = read_summary(folder) or json_object(folder / _SET_ASIDE)
    return summary if summary is not None and "baseline" in summary else None


def last_run(folder: Path) -> Mapping[str, Any]:
    """The entry `run` of the summary of the latest run that ended, also while another takes its place."""
    summary = read_summary(folder) or json_object(folder / _SET_ASIDE) or {}
    run = summary.get("run")
    return run if isinstance(run, dict) else {}


def left_whole(folder: Path, run: Mapping[str, Any], name: str) -> bool:
    """Whether that run has made the file `name`, and it is still what it was."""
    sha256 = checksum_noted(run, name)
    with suppress(OSError):
        return sha256 is not None and sha256_of_file(folder / name) == sha256
    return False


def set_summary_aside(folder: Path) -> None:
    """Say that the files in the folder are about to change.

    Raises:
        OutputError: the folder may not be written to.
    """
    try:
        with suppress(FileNotFoundError):
            (folder / SUMMARY).replace(folder / _SET_ASIDE)
    except OSError as error:
        raise output_error(folder / SUMMARY, error) from error


def drop_stale(folder: Path, written: Collection[str]) -> None:
    """Delete what the run before has made and this one has not: it would pass for a part of the new results.

    Landmarks are kept: they took hours, and say themselves what they are of.

    Raises:
        OutputError: the folder may not be written to.
    """
    if ANNOTATED not in written and left_whole(folder, last_run(folder), ANNOTATED):
        delete(folder / ANNOTATED)


def forget_set_aside(folder: Path) -> None:
    """The new summary has taken its place."""
    delete(folder / _SET_ASIDE)


def delete(path: Path) -> None:
    """Remove a file that a run has made; harmless where there is none.

    Raises:
        OutputError: the folder may not be written to.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
