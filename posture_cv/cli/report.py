"""`posture-cv report today|week|month`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="One page about today, the week or the month.")
@click.argument("period", type=click.Choice(["today", "week", "month"]), default="today")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it there."
)
@click.option(
    "--open/--no-open", "show", default=None, help="Open it in the browser. [default: if there is one]"
)
def command(period: str, out: Path | None, show: bool | None) -> None:
    """Make one self-contained page from the history and open it; it needs no network."""
    from datetime import datetime
    from typing import cast

    from posture_cv.atomic import private_folder, write_atomic
    from posture_cv.history.read import Reader
    from posture_cv.history.report import Period, material, render
    from posture_cv.history.schema import history_file
    from posture_cv.paths import data_dir

    now = datetime.now().astimezone()
    with Reader(history_file()) as reader:
        page = render(material(reader, cast("Period", period), now.date()), now)
    path = out or private_folder(data_dir() / "reports") / f"{period}.html"
    write_atomic(path, page)
    click.echo(f"Written: {path}")
    if show or (show is None and out is None and _has_browser()):
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _has_browser() -> bool:
    """Whether a window would appear; a text browser in the terminal is not what is wanted."""
    from posture_cv.output.window import display_problem

    return not display_problem()
