"""`posture-cv export`: result folders -> one folder in each format asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from posture_cv.atomic import atomic_path, private_folder, write_atomic
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import read_recording
from posture_cv.opendata.bids import bids_files
from posture_cv.opendata.datapackage import datapackage
from posture_cv.opendata.exported import published
from posture_cv.opendata.files import LANDMARKS
from posture_cv.opendata.folder import Result
from posture_cv.opendata.frames import require_unchanged
from posture_cv.opendata.gather import Study, study_exposure_table
from posture_cv.opendata.names import file_names
from posture_cv.opendata.sidecar import sidecar
from posture_cv.opendata.tables import (
    Table,
    alerts_table,
    differences_table,
    episodes_table,
    series_table,
)
from posture_cv.opendata.trc import write_trc
from posture_cv.opendata.write_csv import write_csv
from posture_cv.opendata.write_parquet import check_parquet, write_parquet
from posture_cv.utf8 import ESCAPED

FORMATS: Final = ("csv", "parquet", "bids", "trc")


def check_formats(formats: Sequence[str], results: Sequence[Result]) -> None:
    """See, before anything is computed, that every format can be written.

    Raises:
        InputError: pyarrow is missing, a recording kept no landmarks, or not those of its results, is of one frame, or
            of pictures without times.
    """
    if "parquet" in formats:
        check_parquet()
    if {"bids", "trc"} & set(formats):
        _require_rates(results)
    if "trc" in formats:
        _require_landmarks(results)


def _require_rates(results: Sequence[Result]) -> None:
    single = [r.name for r in results if r.summary.get("frames") == 1 and not r.pictures]
    pictures = [r.name for r in results if r.pictures]
    if pictures:
        raise InputError(
            "Pictures without times are no motion, which Motion-BIDS and markers are of.",
            f"Of pictures: {_some(pictures)}.",
            "Leave them out, or choose --format csv or parquet.",
        )
    if single:
        raise InputError(
            "A recording of one frame has no frame rate, which Motion-BIDS and markers ask for.",
            f"Of one frame: {_some(single)}.",
            "Leave it out, or choose --format csv or parquet.",
        )


def _require_landmarks(results: Sequence[Result]) -> None:
    """See that each has landmarks, and that they are still those of its results."""
    kept = [(result, result.landmarks) for result in results]
    without = [result.name for result, path in kept if path is None]
    if without:
        raise InputError(
            "Markers (.trc) are made of landmarks, and no landmarks were kept.",
            f"Without: {_some(without)}.",
            "Give the landmark recording instead of its results: export NAME.landmarks --format trc (replay-pair "
            "leaves front.landmarks and side.landmarks in its folder). Replay a video with --record, then export "
            "again.",
        )
    for result, path in kept:
        if path is not None:
            require_unchanged(path, result.noted(LANDMARKS))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def export(study: Study, formats: Sequence[str], out: Path, name: str) -> list[Path]:
    """Write a study; each data set is there whole or not at all.

    What an earlier export wrote there and this one does not have is taken away: two data sets would pass for one.

    Args:
        study: its results and exposure.
        formats: of `FORMATS`.
        out: folder; each format gets a folder of its own in it.
        name: of the dataset.

    Returns:
        The folders.

    Raises:
        InputError: see `check_formats`; or files that no export wrote, or that were changed since, are in the way.
    """
    writers: dict[str, Callable[[Study, Path, str], None]] = {
        "csv": partial(_export_tables, "csv"),
        "parquet": partial(_export_tables, "parquet"),
        "bids": _export_bids,
        "trc": _export_trc,
    }
    check_formats(formats, study.results)
    for kind in formats:
        with published(out / kind) as made:
            writers[kind](study, made, name)
    return [out / kind for kind in formats]


def _export_tables(kind: str, study: Study, out: Path, name: str) -> None:
    private_folder(out / "measurements")
    private_folder(out / "sidecars")
    written: dict[str, Table] = {}
    called = file_names(result.name for result in study.results)
    for result in study.results:
        table, about = series_table(result), sidecar(result)
        path = f"measurements/{called[result.name]}.{kind}"
        _write_table(out / path, table, about)
        write_atomic(out / "sidecars" / f"{called[result.name]}.json", _json(about))
        written[path] = table
    for table in study_tables(study):
        path = f"{table.name}.{kind}"
        _write_table(out / path, table, {"recordings": [r.name for r in study.results]})
        written[path] = table
    write_atomic(out / "datapackage.json", _json(datapackage(written, name)))


def study_tables(study: Study) -> list[Table]:
    """The tables that span recordings."""
    tables = [episodes_table(study.results), alerts_table(study.results), study_exposure_table(study)]
    return [*tables, differences_table(study.compared)] if study.compared else tables


def _json(plain: dict[str, Any]) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def _write_table(path: Path, table: Table, about: dict[str, Any]) -> None:
    if path.suffix == ".parquet":
        with atomic_path(path) as part:
            write_parquet(part, table, about)
        return
    with _text_file(path) as file:
        write_csv(file, table)


@contextmanager
def _text_file(path: Path) -> Iterator[TextIO]:
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors=ESCAPED, newline="") as file:
        yield file


def _export_bids(study: Study, out: Path, name: str) -> None:
    for path, text in bids_files(study.results, name):
        private_folder((out / path).parent)
        write_atomic(out / path, text)


def _export_trc(study: Study, out: Path, name: str) -> None:  # noqa: ARG001 - one signature for all
    called = file_names(result.name for result in study.results)
    for result in study.results:
        assert result.landmarks is not None  # `check_formats` has seen to it
        export_markers(result.landmarks, out / f"{called[result.name]}.trc")


def export_markers(recording: Path, path: Path) -> tuple[str, ...]:
    """Write a landmark recording as OpenSim markers; what was wrong with the recording, in sentences."""
    read = read_recording(recording)
    with _text_file(path) as file:
        write_trc(file, path.name, read.landmarks)
    return read.warnings
