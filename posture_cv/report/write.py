"""Pages and figures as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from posture_cv.atomic import check_target, private_folder, write_atomic
from posture_cv.exposure.measures import Exposure
from posture_cv.file_facts import is_page
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import Study
from posture_cv.opendata.names import file_names
from posture_cv.report.recording import recording_figures, recording_page
from posture_cv.report.study import study_figures, study_page
from posture_cv.report.svg import Figure
from posture_cv.report.thumbnails import thumbnails

RECORDING_PAGE: Final = "report.html"
STUDY_PAGE: Final = "study.html"


def write_recording(result: Result, exposure: Exposure, out: Path, video: Path | None = None) -> Path:
    """Write `report.html` and `figures/*.svg` of a recording into `out`; pictures only with its video."""
    pictures = [] if video is None else thumbnails(result, video)
    private_folder(out)
    path = out / RECORDING_PAGE
    _write_page(path, recording_page(result, exposure, pictures))
    write_figures(recording_figures(result, exposure), out / "figures")
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
    private_folder(out)
    links = {}
    called = file_names(result.name for result in study.results)
    for result, exposure in zip(study.results, study.exposures, strict=True):
        inside = result.folder.resolve().is_relative_to(out.resolve())
        folder = result.folder if inside else out / called[result.name]
        page = write_recording(result, exposure, folder, (videos or {}).get(result.name))
        links[result.name] = page.resolve().relative_to(out.resolve()).as_posix()
    path = out / STUDY_PAGE
    _write_page(path, study_page(study, title, links, failed))
    write_figures(study_figures(study), out / "figures")
    return path


def check_page(path: Path) -> None:
    """See that only a page is replaced. Raises InputError."""
    check_target(path, kind="an HTML page", is_kind=is_page)


def _write_page(path: Path, text: str) -> None:
    check_page(path)
    write_atomic(path, text)


def write_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Each figure as a file of its own."""
    private_folder(folder)
    called = file_names(figures)  # of which some bear the names of conditions
    for name, figure in figures.items():
        write_atomic(folder / f"{called[name]}.svg", figure.text(alone=True) + "\n")
