"""`posture-cv history show|export|delete`."""

from __future__ import annotations

from pathlib import Path

import click

from posture_cv.cli.echo import echo_json, echo_lines, echo_written
from posture_cv.cli.options import UserPath, Whole, json_option


@click.group(name="history")
def command() -> None:
    """See, export or delete what the monitor has written down.

    It holds minutes per state, episodes, alerts, answers and breaks; no picture and no landmark.
    """


@command.command()
@click.option("--days", default=7, show_default=True, type=Whole(1, 3650), help="So many days back.")
@json_option
def show(days: int, as_json: bool) -> None:
    """List the days and the alerts of the last while."""
    from posture_cv.history.days import day_lines, day_summaries
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file
    from posture_cv.local_time import local_now

    with Reader(history_file()) as reader:
        found = day_summaries(reader, local_now().date(), days)
    if as_json:
        echo_json(found)
        return
    echo_lines(*day_lines(found))


@command.command()
@click.option("--format", "kind", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option(
    "--out",
    type=UserPath(),
    required=True,
    metavar="PATH",
    help="A file, or a folder for CSV.",
)
def export(kind: str, out: Path) -> None:
    """Write everything into a JSON file, or into a folder of CSV tables."""
    from posture_cv.history.export import write_csv, write_json
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file

    with Reader(history_file()) as reader:
        if kind == "json":
            write_json(reader, out)
        else:
            write_csv(reader, out)
    echo_written(out)


@command.command()
@click.option("--all", "everything", is_flag=True, help="Everything.")
@click.option("--older-than", "days", type=Whole(1, 36500), metavar="DAYS", help="What is older.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(everything: bool, days: int | None, yes: bool) -> None:
    """Delete the history, or the part that is older than so many days."""
    from posture_cv.history.remove import delete_all, delete_older

    if everything == (days is not None):
        raise click.UsageError("Say which: --all or --older-than DAYS.")
    what = "the whole history" if everything else f"everything older than {days} days"
    if not yes:
        click.confirm(f"Delete {what}?", abort=True)
    if everything:
        delete_all()
    elif days is not None:
        delete_older(days)
    click.echo(f"Deleted: {what}.")
