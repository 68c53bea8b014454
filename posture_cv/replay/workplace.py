"""What lies on the disk of a recording's work: its parts, its landmarks, and which of all that is there already."""

from __future__ import annotations

import filecmp
import json
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from posture_cv.atomic import (
    OutputError,
    atomic_path,
    output_error,
    private_folder,
    refuse_laid,
    write_atomic,
)
from posture_cv.errors import InputError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.joining import join_recordings
from posture_cv.opendata.files import LANDMARKS
from posture_cv.replay.earlier import read_summary, set_summary_aside
from posture_cv.replay.kept import warnings_of_kept
from posture_cv.replay.parts import PartDone
from posture_cv.replay.plan import CALIBRATION, Plan
from posture_cv.replay.targets import check_results, drop_parts_of_results

_OF_PARTS: Final = re.compile(
    r"\.?(?:\d{5,}|calibration|landmarks)\.(?:landmarks|json)(?:\.part|\.[a-z0-9_]{8}\.part)?"
)


def finished(made: Plan) -> dict[str, Any] | None:
    """The summary of an earlier run with just these inputs, if all its files are still what they were."""
    if made.scan.sha256 is None:
        return None
    summary = read_summary(made.options.out)
    run = summary.get("run", {}) if summary else {}
    if summary is None or run.get("key") != made.provenance.run_key:
        return None
    try:
        whole = all(sha256_of_file(made.options.out / name) == sha for name, sha in run["files"].items())
    except (OSError, KeyError, AttributeError):
        return None
    return summary if whole else None


def landmarks_are_kept(made: Plan) -> bool:
    """Whether an earlier run, with other settings, has left the very landmarks that are needed."""
    return CALIBRATION not in made.parts and _holds_these(made)


def _holds_these(made: Plan) -> bool:
    """Whether the landmarks that are kept are of this plan, whatever has been asked in between."""
    return kept_warnings(made) is not None


def kept_warnings(made: Plan) -> tuple[str, ...] | None:
    """What went wrong when the landmarks that are kept were made; None where none of this plan are kept."""
    if made.scan.sha256 is None:
        return None
    return warnings_of_kept(made.kept_path, made.provenance.landmarks_key)


def _check_kept(made: Plan) -> None:
    """See, before the models run, that landmarks which took hours are not replaced by others.

    Where all parts are there, a run was cut off at its end, maybe behind the landmarks: `join_parts` compares them.
    """
    if not made.options.keep_landmarks or not made.parts or not made.kept_path.exists():
        return
    if not _holds_these(made) and set(made.parts) - set(noted_parts(made)):
        raise _others_are_kept(made.kept_path)


def _others_are_kept(path: Path) -> InputError:
    return InputError(
        f"Other landmarks are kept already: {path}",
        "They are of another file, stretch, rate, model or version, and would be lost.",
        "Give another --out, move that file away, or leave out --record: then it stays as it is.",
    )


def note_part(made: Plan, number: int, done: PartDone) -> None:
    """Write down that a part is whole, once its recording lies at `part_path`. Raises OutputError."""
    refuse_laid(made.folder)
    path = made.part_path(number)
    size = path.stat().st_size if path.exists() else 0
    note = {"key": made.provenance.landmarks_key, "size": size, **asdict(done)}
    write_atomic(path.with_suffix(".json"), json.dumps(note))


def noted_parts(made: Plan) -> dict[int, PartDone]:
    """The parts that an interrupted run has left whole, and that still are what is needed."""
    found: dict[int, PartDone] = {}
    for number in made.parts if made.scan.sha256 is not None else ():
        path = made.part_path(number)
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.with_suffix(".json").read_bytes())
            size = path.stat().st_size if path.exists() else 0
            if note["key"] == made.provenance.landmarks_key and note["size"] == size:
                found[number] = PartDone(
                    int(note["frames"]), int(note["frames_with_person"]), tuple(note["warnings"])
                )
    return found


def begin(made: Plan) -> None:
    """Make the folders, once it is certain that the results will take nothing away from the user.

    Raises:
        InputError: another file has the name of a result, or other landmarks than these are kept there.
        OutputError: the folder cannot be made.
    """
    check_results(made.options.out, video=made.options.video)
    _check_kept(made)
    private_folder(made.options.out)
    drop_parts_of_results(made.options.out)
    if made.parts:
        private_folder(made.folder)
        _drop_stale_parts(made)


def _drop_stale_parts(made: Plan) -> None:
    """Delete parts of a run that was asked something else.

    One of the same number would be joined where this run finds no frame, as in the gap of a camera that slept.
    """
    fresh = {made.part_path(number).stem for number in noted_parts(made)}
    try:
        for file in _files_of_parts(made.folder):
            if file.stem not in fresh:
                file.unlink()
    except OSError as error:
        raise output_error(made.folder, error) from error


def _files_of_parts(folder: Path) -> list[Path]:
    """What runs have written there; all else is somebody's own."""
    return [file for file in folder.iterdir() if _OF_PARTS.fullmatch(file.name)]


def join_parts(made: Plan) -> Path:
    """All parts as one landmark recording, which takes its name when it is whole.

    It lies among the results only where it is to be kept: one that an earlier run has kept there is left alone.

    Raises:
        InputError: other landmarks are kept there.
        RecordingError: a part is not whole. OutputError: it cannot be written, or the parts' folder is a link now.
    """
    refuse_laid(made.folder)  # hours later: somebody may have put a link in its place
    paths = [made.part_path(number) for number in sorted(made.parts) if number != CALIBRATION]
    keep = made.options.keep_landmarks
    target = made.kept_path if keep else made.folder / LANDMARKS
    labels = {k: v for k, v in asdict(made.options.labels).items() if v is not None}
    with atomic_path(target) as part:
        join_recordings([path for path in paths if path.exists()], part, notes=labels)
        if keep:
            if target.exists() and not (_holds_these(made) or filecmp.cmp(part, target, shallow=False)):
                raise _others_are_kept(target)
            set_summary_aside(made.options.out)
    return target


def clear(made: Plan) -> None:
    """Delete what only the work at hand needed; parts that it had none of are another run's, or its own input."""
    if not made.parts:
        return
    with suppress(OSError, OutputError):  # it holds something else, or there were no parts
        refuse_laid(made.folder)
        for file in _files_of_parts(made.folder):
            file.unlink()
        made.folder.rmdir()
