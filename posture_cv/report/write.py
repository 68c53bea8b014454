"""Pages and figures as files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from posture_cv.atomic import check_target, drop_left_parts, private_folder, write_atomic
from posture_cv.exposure.measures import Exposure
from posture_cv.file_facts import head_of, is_page
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import Study
from posture_cv.opendata.names import file_names
from posture_cv.report.recording import recording_figures, recording_page
from posture_cv.report.study import study_figures, study_page
from posture_cv.report.svg import Figure
from posture_cv.report.thumbnails import thumbnails

RECORDING_PAGE: Final = "report.html"
STUDY_PAGE: Final = "study.html"
FIGURES: Final = "figures"
_FIGURE: Final = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg" width="\d+" height="\d+" viewBox="0 0 \d+ \d+" role="img" aria-label="'
)
_HEAD_BYTES: Final = 200
_IDLE_S: Final = 60.0
"""A page or a figure is written in much less: what lies there for so long, a killed run has left (ours)."""


def write_recording(result: Result, exposure: Exposure, out: Path, video: Path | None = None) -> Path:
    """Write `report.html` and `figures/*.svg` of a recording into `out`; pictures only with its video."""
    pictures = [] if video is None else thumbnails(result, video)
    path, figures = out / RECORDING_PAGE, recording_figures(result, exposure)
    check_page(path)
    check_figures(figures, out / FIGURES)
    private_folder(out)
    _write(path, recording_page(result, exposure, pictures))
    write_figures(figures, out / FIGURES)
    return path


def write_study(
    study: Study,
    out: Path,
    title: str,
    *,
    failed: Sequence[str] = (),
    videos: Mapping[str, Path] | None = None,
) -> Path:
    """Write `study.html`, its figures, and a page of every recording.

    Args:
        study: its recordings and exposure.
        out: folder; each recording's page goes to the folder of its results where that lies in `out`, else
            to `out/<recording>/`.
        title: of the page.
        failed: names of recordings that are not in it.
        videos: recording -> its video, for pictures.
    """
    path, figures = out / STUDY_PAGE, study_figures(study)
    check_page(path)
    check_figures(figures, out / FIGURES)
    private_folder(out)
    links = {}
    called = file_names(result.name for result in study.results)
    for result, exposure in zip(study.results, study.exposures, strict=True):
        inside = result.folder.resolve().is_relative_to(out.resolve())
        folder = result.folder if inside else out / called[result.name]
        page = write_recording(result, exposure, folder, (videos or {}).get(result.name))
        links[result.name] = page.resolve().relative_to(out.resolve()).as_posix()
    _write(path, study_page(study, title, links, failed))
    write_figures(figures, out / FIGURES)
    return path


def check_page(path: Path) -> None:
    """See that only a page is replaced. Raises InputError."""
    check_target(path, kind="a page of this program", is_kind=is_page)


def check_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """See that only figures of ours, as they were written, are replaced. Raises InputError."""
    for path in _places(figures, folder):
        check_target(path, kind="a figure as report draws it", is_kind=_is_figure)


def _is_figure(path: Path) -> bool:
    """Whether it begins as `Figure.text` does; one that another program has saved begins otherwise."""
    return bool(_FIGURE.match(head_of(path, _HEAD_BYTES)))


def write_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Each figure as a file of its own."""
    private_folder(folder)
    for path, figure in _places(figures, folder).items():
        _write(path, figure.text(alone=True) + "\n")


def _places(figures: Mapping[str, Figure], folder: Path) -> dict[Path, Figure]:
    called = file_names(figures)  # of which some bear the names of conditions
    return {folder / f"{called[name]}.svg": figure for name, figure in figures.items()}


def _write(path: Path, text: str) -> None:
    drop_left_parts(path, _IDLE_S)
    write_atomic(path, text)
