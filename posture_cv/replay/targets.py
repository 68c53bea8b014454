"""What a run may replace: files of its own kind only. Whatever else bears the name of a result stays, and is named.

An earlier run's files are known by its summary; those of a run that was cut off before it had one, by how they begin.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from posture_cv.atomic import check_target, drop_left_parts
from posture_cv.file_facts import head_of, json_object
from posture_cv.opendata.files import ALERTS, LANDMARKS, MEASUREMENTS, PROVENANCE, SUMMARY, TABLE
from posture_cv.output.tables import FIRST_COLUMNS
from posture_cv.replay.earlier import ANNOTATED, last_run, left_whole

_LONGEST_LINE: Final = 1 << 20


def check_results(folder: Path, *, video: bool) -> None:
    """See, before any work, that the results of a recording take no other file's place.

    Args:
        folder: of the results.
        video: whether an annotated video will be among them.

    Raises:
        InputError: a file of another kind bears the name of a result.
    """
    run = last_run(folder)
    for name, (kind, is_kind) in _RESULTS.items():
        if video or name != ANNOTATED:
            check_target(folder / name, kind=kind, is_kind=partial(_may_go, run, is_kind))


def _may_go(run: Mapping[str, Any], is_kind: Callable[[Path], bool], path: Path) -> bool:
    """Whether it is of its kind, or just what that run has left, by whatever version."""
    return is_kind(path) or left_whole(path.parent, run, path.name)


def check_table(folder: Path) -> None:
    """See the same of the table of all recordings. Raises InputError."""
    check_target(folder / TABLE, kind="a table of recordings", is_kind=partial(_begins, b"recording,file,"))


def drop_parts_of_results(folder: Path) -> None:
    """Delete what a killed run has left of results that it was at, before this run begins; see `drop_left_parts`."""
    for name in (*_RESULTS, LANDMARKS):
        drop_left_parts(folder / name)


def _begins(mark: bytes, path: Path) -> bool:
    return head_of(path, len(mark)) == mark


def _is_alerts(path: Path) -> bool:
    try:
        first = json.loads(head_of(path, _LONGEST_LINE).partition(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"cue", "record"} <= first.keys()


def _has_baseline(path: Path) -> bool:
    return "baseline" in (json_object(path) or {})


def _is_annotated(path: Path) -> bool:
    from posture_cv.replay.video import is_annotated  # heavy: only where there is such a file

    return is_annotated(path)


_RESULTS: Final[Mapping[str, tuple[str, Callable[[Path], bool]]]] = {
    MEASUREMENTS: ("a table of measurements", partial(_begins, ",".join(FIRST_COLUMNS).encode())),
    ALERTS: ("a list of alerts", _is_alerts),
    PROVENANCE: ("what replay writes", _has_baseline),
    SUMMARY: ("a summary of replay", _has_baseline),
    ANNOTATED: ("an annotated video", _is_annotated),
}
