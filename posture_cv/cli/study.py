"""`posture-cv study MANIFEST`: from videos to the page of a study in one command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_note, echo_written
from posture_cv.cli.options import (
    alert_after_option,
    calibrate_option,
    every_option,
    out_option,
    settings_option,
    workers_option,
)
from posture_cv.errors import PostureError

if TYPE_CHECKING:
    from posture_cv.replay.items import Item


@click.command(short_help="From videos and a manifest to the page of a study.")
@click.argument("paths", nargs=-1, required=True, metavar="MANIFEST|PATH...")
@out_option
@click.option("--title", default="Sitting posture", show_default=True, help="Of the page.")
@click.option("--conditions", metavar="A,B", help="All conditions that there are; others are refused.")
@calibrate_option("Baseline from these seconds, where the manifest says nothing.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(["csv", "parquet", "bids"]),
    multiple=True,
    default=("csv",),
    show_default=True,
    help="Open data beside the page; may be given several times.",
)
@alert_after_option
@every_option
@click.option("--thumbnails", is_flag=True, help="Put small pictures of the videos into the pages.")
@workers_option
@settings_option
def command(
    paths: tuple[str, ...],
    out: Path,
    title: str,
    conditions: str | None,
    calibrate_s: tuple[float, float] | None,
    formats: tuple[str, ...],
    alert_after: float | None,
    rate_hz: float | None,
    thumbnails: bool,
    workers: int | None,
    settings_path: Path | None,
) -> int:
    """Replay the recordings of a manifest (CSV; columns: see replay) and write what can be published.

    \b
    OUT/study.html               participants and conditions, with intervals, sources and a methods paragraph
    OUT/<recording>/report.html  each recording with its interactive timeline
    OUT/figures, …/figures       the figures as SVG
    OUT/open/csv …               tidy tables with units, validity and provenance (export)

    What an earlier run has replayed is not replayed again. The exit code is that of replay.
    """
    from posture_cv.processors import use_one_thread

    use_one_thread(pictures=False)
    from posture_cv.alone import alone_at
    from posture_cv.capture.types import CaptureOptions
    from posture_cv.cli.replay_run import How, a_pool, run_many, sight_of
    from posture_cv.cli.resolve import assess_settings, estimator_options
    from posture_cv.opendata.export import check_formats
    from posture_cv.replay.inputs import find_items
    from posture_cv.replay.study import check_study
    from posture_cv.replay.types import ReplayOptions
    from posture_cv.report.write import STUDY_PAGE, check_page

    check_formats(formats, [])
    check_page(out / STUDY_PAGE)
    common = ReplayOptions(
        source="",
        out=out,
        calibrate_s=calibrate_s,
        estimator=estimator_options(None, None, settings_path),
        capture=CaptureOptions(max_rate_hz=rate_hz),
        settings=assess_settings(settings_path, alert_after),
    )
    how = How(workers, None, None, settings_path, again=False)
    with ExitStack() as stack:
        with a_pool(how) as pool:
            items = find_items(paths, out, sight_of(pool))
            expected = [name.strip() for name in (conditions or "").split(",") if name.strip()]
            check_study(items, expected, calibrated=calibrate_s is not None)
            stack.enter_context(alone_at(out))
            code = run_many(items, common, how, pool)
        videos = _videos(items) if thumbnails else {}
        write(out, title, tuple(dict.fromkeys(formats)), videos, code)
    return code


def _videos(items: Sequence[Item]) -> dict[str, Path]:
    """Where pictures of each recording can be had; a landmark recording holds none, which is said."""
    from posture_cv.landmarks.recording import is_recording

    files = {item.name: Path(item.file) for item in items}
    without = [name for name, file in files.items() if is_recording(file)]
    if without:
        echo_note(f"no thumbnails of landmark recordings: {', '.join(without)}")
    return {name: file for name, file in files.items() if name not in without}


def write(out: Path, title: str, formats: tuple[str, ...], videos: dict[str, Path], code: int) -> None:
    """Write the pages and the open data of a run of many; `code`: how it left, if there is nothing to write of."""
    from posture_cv.opendata.export import export
    from posture_cv.opendata.folder import read_result
    from posture_cv.opendata.gather import gather
    from posture_cv.replay.study import recordings_in
    from posture_cv.report.write import write_study

    recordings = recordings_in(out)
    if not recordings.done:
        nothing = PostureError("There is nothing to report.", f"Not done: {', '.join(recordings.failed)}.")
        nothing.exit_code = code
        raise nothing
    study = gather([read_result(out / name) for name in recordings.done], _tell)
    page = write_study(study, out, title, failed=recordings.failed, videos=videos)
    for folder in export(study, formats, out / "open", title):
        echo_written(folder)
    echo_written(page)


def _tell(name: str) -> None:
    """Say which recording is being computed, to somebody who waits."""
    if sys.stderr.isatty():
        click.echo(f"Exposure of {name}", err=True)
