"""`posture-cv stop`."""

from __future__ import annotations

import time

import click

from posture_cv.cli.options import json_option
from posture_cv.errors import PostureError

_PATIENCE_S = 10.0


@click.command(short_help="End the running monitor.")
@json_option
def command(*, as_json: bool) -> None:
    """End the running monitor and wait until it has ended; one that is still starting ends once it has started.

    Exit code: 0 ended, 3 none ran, 2 it did not end within ten seconds.
    """
    from posture_cv.monitor.control.client import ask
    from posture_cv.monitor.instance import is_running
    from posture_cv.paths import runtime_dir

    process = ask("stop").get("pid")
    deadline_s = time.monotonic() + _PATIENCE_S
    while is_running(runtime_dir()):
        if time.monotonic() > deadline_s:
            raise PostureError(
                "The monitor has not ended.", f"Process {process} still runs.", "End it by its number."
            )
        time.sleep(0.05)
    click.echo(f'{{"stopped": {process}}}' if as_json else f"Ended (process {process}).")
