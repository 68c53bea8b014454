"""`posture-cv resume`."""

from __future__ import annotations

import click

from posture_cv.cli.options import json_option


@click.command(short_help="End a pause.")
@json_option
def command(*, as_json: bool) -> None:
    """End a pause or a snooze of the running monitor.

    Exit code: 0 done, 3 no monitor runs, 2 an error.
    """
    from posture_cv.monitor.control.client import ask

    ask("resume")
    click.echo('{"paused": false}' if as_json else "Watching again.")
