"""`posture-cv report today|week|month`, and `posture-cv report RESULT…`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from posture_cv.cli.echo import echo_written
from posture_cv.cli.options import UserPath

PERIODS = ("today", "week", "month")


@click.command(short_help="One page about today, the week, the month, or about results.")
@click.argument("what", nargs=-1, metavar="[today|week|month | RESULT...]")
@click.option(
    "--out",
    type=UserPath(),
    metavar="FILE|FOLDER",
    help="Write it there. [results: beside them]",
)
@click.option(
    "--thumbnails",
    "videos",
    type=UserPath(),
    metavar="FOLDER",
    help="Results only: put small pictures into the pages, from the videos in this folder.",
)
@click.option(
    "--open/--no-open",
    "show",
    default=None,
    help="Open it in the browser. [default: from the history, without --out, and where there is one]",
)
def command(what: tuple[str, ...], out: Path | None, videos: Path | None, show: bool | None) -> None:
    """Make self-contained pages and open them; they need no network.

    \b
    today, week, month  from the monitor's history
    RESULT...           folders that replay has written: interactive timelines, exposure, methods, figures as SVG
    """
    if what and (len(what) > 1 or what[0] not in PERIODS):
        from posture_cv.cli.report_results import report_results

        results = tuple(UserPath().convert(text, None, None) for text in what)
        _refuse_other_words(what)
        page = report_results(results, out, videos)
        if show:
            _open(page)
        return
    if videos is not None:
        raise click.UsageError("--thumbnails is for replayed results: the monitor keeps no pictures.")
    path = _of_history(what[0] if what else "today", out)
    if show or (show is None and out is None and _has_browser()):
        _open(path)


def _refuse_other_words(what: tuple[str, ...]) -> None:
    """Of words that are no folders, those for the history stand alone, and others mean nothing."""
    for word in what:
        if not Path(word).exists():
            if word in PERIODS:
                raise click.UsageError("today, week and month: one at a time, and without folders.")
            raise click.UsageError(
                f"{word!r} is neither a folder of results nor one of {', '.join(PERIODS)}."
            )


def _of_history(period: str, out: Path | None) -> Path:
    """Write the page about a period and say where."""
    from posture_cv.atomic import check_target, private_folder, write_atomic
    from posture_cv.file_facts import is_page
    from posture_cv.history.read import Reader
    from posture_cv.history.report import Period, material, render
    from posture_cv.history.schema import history_file
    from posture_cv.local_time import local_now
    from posture_cv.paths import data_dir
    from posture_cv.settings import load_settings

    now, breaks = local_now(), load_settings().breaks.plain()
    if out is not None:
        check_target(out, kind="a page of this program", is_kind=is_page)
    with Reader(history_file()) as reader:
        page = render(material(reader, cast("Period", period), now.date(), breaks), now)
    path = out or private_folder(data_dir() / "reports") / f"{period}.html"
    write_atomic(path, page)
    echo_written(path)
    return path


def _open(page: Path) -> None:
    import webbrowser

    webbrowser.open(page.resolve().as_uri())


def _has_browser() -> bool:
    """Whether a window would appear; a text browser in the terminal is not what is wanted."""
    from posture_cv.output.window import display_problem

    return not display_problem()
