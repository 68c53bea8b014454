"""`posture-cv pause [30m | until 14:00 | tomorrow]`."""

from __future__ import annotations

import click

from posture_cv.cli.options import json_option


@click.command(short_help="Pause the running monitor: 30m, until 14:00, tomorrow.")
@click.argument("words", nargs=-1, metavar="[30m | until 14:00 | tomorrow]")
@json_option
def command(*, words: tuple[str, ...], as_json: bool) -> None:
    """Switch the camera off for a while (also: 2 hours, 3 days, until 2pm); without a time, until `posture-cv resume`.

    Exit code: 0 done, 3 no monitor runs, 2 an error.
    """
    from posture_cv.local_time import local_now
    from posture_cv.monitor.control.client import ask_and_wait
    from posture_cv.monitor.pause_text import pause_end

    end = pause_end(" ".join(words), local_now())
    done = ask_and_wait("pause", {"until": None if end is None else end.timestamp()})
    if as_json:
        import json

        until = None if end is None else end.isoformat(timespec="seconds")
        click.echo(json.dumps({"paused": done, "until": until}))
        return
    until = "until you resume" if end is None else f"until {end:%H:%M} ({end:%a %d %b})"
    if not done:
        click.echo(f"The monitor is busy and pauses as soon as it can, {until}. See: posture-cv status")
        return
    click.echo(f"Paused {until}; the camera is off. Go on: posture-cv resume")
