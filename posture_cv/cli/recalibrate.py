"""`posture-cv recalibrate`: a new baseline, from the running monitor's camera or the webcam."""

from __future__ import annotations

import time

import click

from posture_cv.cli.options import json_option
from posture_cv.errors import PostureError

_LONGEST_S = 150.0


@click.command(short_help="Make the running monitor's baseline anew.")
@click.option("--quick", is_flag=True, help="In five seconds, with the face that is known already.")
@click.option("--moved", is_flag=True, help="The camera was moved, and I sit as before: nothing to sit for.")
@json_option
def command(*, quick: bool, moved: bool, as_json: bool) -> None:
    """Sit as you want to sit: the running monitor makes its profile anew and goes on.

    After a nudge to the camera or the lid, --moved takes the old baseline along, so that it stays your own.

    Exit code: 0 done, 3 no monitor runs (then use `posture-cv calibrate`), 2 it failed.
    """
    from posture_cv.monitor.calibrating import ending
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask

    if quick and moved:
        raise click.UsageError("--quick and --moved are two ways to do it: choose one.")
    ask("recalibrate", {"quick": quick, "moved": moved})
    last, deadline_s = "", time.monotonic() + _LONGEST_S
    while time.monotonic() < deadline_s:
        try:
            status = ask("status")["status"]
        except NotRunningError as error:
            raise PostureError("The monitor was ended while it calibrated.", "", error.what_to_do) from error
        text = str(status.get("calibration", ""))
        end = ending(text)
        if end is None and text and text != last:
            click.echo(text, err=True)
            last = text
        if end is not None and not end.worked:
            raise PostureError(f"{end.title}.", end.text)
        if end is not None:
            profile = str(status.get("profile_file") or status["profile"])
            _done(profile, end.line, moved=moved, as_json=as_json)
            return
        time.sleep(0.2)
    raise PostureError("The calibration did not end.", "", "See: posture-cv status")


def _done(name_or_path: str, said: str, *, moved: bool, as_json: bool) -> None:
    """Say so, what speaks against the new baseline, and what it says of the desk.

    One that was taken along says nothing new.
    """
    from posture_cv.monitor.recalibrate import findings
    from posture_cv.profiles.store import load_profile

    if as_json:
        click.echo('{"recalibrated": true}')
        return
    click.echo(said)
    if moved:
        return
    for line in findings(load_profile(name_or_path)):
        click.echo(line)
