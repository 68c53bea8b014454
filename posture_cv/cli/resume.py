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
    from posture_cv.monitor.control.client import ask, ask_and_wait

    done = ask_and_wait("resume")
    if as_json:
        import json

        click.echo(json.dumps({"paused": not done}))
    elif done:
        status = ask("status")["status"]
        watching = status.get("phase") == "watching"
        click.echo("Watching again." if watching else f"No pause runs any more; but {status['text']}")
    else:
        click.echo("The monitor is busy and goes on as soon as it can. See: posture-cv status")
