"""`posture-cv status`: what the running monitor sees."""

from __future__ import annotations

from typing import Any, Final

import click

from posture_cv.cli.echo import echo_json, echo_sentences
from posture_cv.cli.options import json_option

NOT_RUNNING: Final = {"schema_version": 1, "running": False}
"""What `--json` says where no monitor runs."""


@click.command(short_help="What the running monitor sees now.")
@json_option
def command(*, as_json: bool) -> None:
    """Show what the running monitor sees, how near each posture is to its limit, and the last alert.

    Exit code: 0 a monitor runs or is starting, 3 none does, 2 it does not answer.
    """
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask

    try:
        status = ask("status")["status"]
    except NotRunningError:
        if as_json:
            echo_json(NOT_RUNNING)
        raise
    if as_json:
        echo_json(status)
        return
    echo_sentences(*lines(status))


def lines(status: dict[str, Any]) -> list[str]:
    """The status for people."""
    from posture_cv.monitor.pause_text import silence_text, until_text

    out = [f"{status.get('shape', '…')} {status['text']}"]
    if status.get("phase") == "starting":
        return [f"{out[0]} (process {status['pid']})"]
    if status.get("margin_text"):
        out.append(f"  nearest limit: {status['margin_text']}")
    if status.get("paused_until"):
        out.append(f"  {until_text(status['paused_until'])}")
    if status.get("snoozed_s"):
        out.append(f"  {silence_text(status['snoozed_s'])} (posture-cv resume ends it)")
    out += [f"  {status[key]}" for key in ("hint", "trouble") if status.get(key)]
    camera = status.get("camera")
    light = "on" if status.get("camera_open") else "off"
    out.append(f"  camera: {camera['name'] if camera else 'not seen yet'} ({light})")
    told = f"{status.get('alerts', 0)}, prompts: {status.get('prompts', 0)}"
    out.append(f"  profile: {status.get('profile', '')}   alerts since the start: {told}")
    said = status.get("last_alert")
    if said:
        out.append(f"  {_last_alert(said, today=status['time'][:10])}")
    return out


def _last_alert(said: dict[str, Any], *, today: str) -> str:
    """The alert that came last, with its day where that is not today: a monitor runs for days."""
    number = f" #{said['number']}" if said["number"] else ""
    day = "" if said["time"][:10] == today else f" ({said['time'][:10]})"
    return f"last alert{number} at {said['time'][11:16]}{day}: {said['seen']}"
