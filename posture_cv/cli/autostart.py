"""`posture-cv autostart enable|disable|status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_lines
from posture_cv.cli.options import json_option

if TYPE_CHECKING:
    from posture_cv.monitor.autostart import Autostart


@click.command(short_help="Start the monitor with your desktop session.")
@click.argument("action", type=click.Choice(["enable", "disable", "status"]))
@json_option
def command(action: str, as_json: bool) -> int:
    """Write, remove or show the one entry that starts the monitor with your session.

    Exit code of status: 0 it is on, 1 it is off.
    """
    from posture_cv.monitor import autostart

    act = {"enable": autostart.enable, "disable": autostart.disable, "status": autostart.status}[action]
    found = act()
    if action == "enable":
        _warn_without_profile()
    if as_json:
        import json

        click.echo(json.dumps({"enabled": found.enabled, "kind": found.kind, "where": found.where}))
    else:
        echo_lines(_text(found))
    return 1 if action == "status" and not found.enabled else 0


def _warn_without_profile() -> None:
    """In the background nobody can be asked to sit still."""
    from posture_cv.profiles.store import profile_names

    if not profile_names():
        click.echo("Warning: there is no profile yet to judge by. Make one: posture-cv calibrate", err=True)


def _text(found: Autostart) -> str:
    if found.enabled:
        return f"On ({found.kind}): {found.where}. It starts with your next session."
    return "Off: nothing is written."
