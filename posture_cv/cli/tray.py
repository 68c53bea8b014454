"""`posture-cv tray`: the running monitor's state in the tray."""

from __future__ import annotations

import os
from pathlib import Path

import click

from posture_cv.cli.options import settings_option
from posture_cv.errors import PostureError


@click.command(short_help="Show the running monitor's state in the tray.")
@click.option(
    "--border/--no-border",
    default=None,
    help="Also draw a border around the screen that grows with severity. [default: as set in [monitor]]",
)
@settings_option
def command(border: bool | None, settings_path: Path | None) -> int:
    """Show the running monitor in the tray: state by colour and shape, margins, pause, recalibrate, quit.

    Needs PySide6: pip install "posture-cv[desktop]". Without a tray the window with the margins is shown.
    """
    from importlib.util import find_spec

    from posture_cv.output.window import NoDisplayError, display_problem
    from posture_cv.settings import load_settings

    if find_spec("PySide6") is None:
        raise PostureError("The tray needs PySide6.", "", 'Install it: pip install "posture-cv[desktop]"')
    wayland = bool(os.environ.get("WAYLAND_DISPLAY")) or os.environ.get("QT_QPA_PLATFORM", "") == "offscreen"
    problem = display_problem()
    if problem and not wayland:
        raise NoDisplayError(
            "There is no display for the tray.", f"{problem}.", "posture-cv status shows the same."
        )
    from posture_cv.monitor.tray.app import run

    return run(border=load_settings(settings_path).monitor.border if border is None else border)
