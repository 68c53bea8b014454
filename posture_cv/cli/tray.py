"""`posture-cv tray`: the running monitor's state in the tray."""

from __future__ import annotations

import click


@click.command(short_help="Show the running monitor's state in the tray.")
@click.option("--border", is_flag=True, help="Also draw a border around the screen that grows with severity.")
def command(border: bool) -> int:
    """Show the running monitor in the tray: state by colour and shape, margins, pause, recalibrate, quit.

    Needs PySide6: pip install "posture-cv[desktop]". Without a tray the window with the margins is shown.
    """
    import os
    from importlib.util import find_spec

    from posture_cv.errors import PostureError
    from posture_cv.output.window import NoDisplayError, display_problem

    if find_spec("PySide6") is None:
        raise PostureError("The tray needs PySide6.", "", 'Install it: pip install "posture-cv[desktop]"')
    wayland = bool(os.environ.get("WAYLAND_DISPLAY")) or os.environ.get("QT_QPA_PLATFORM", "") == "offscreen"
    problem = display_problem()
    if problem and not wayland:
        raise NoDisplayError(
            "There is no display for the tray.", f"{problem}.", "posture-cv status shows the same."
        )
    from posture_cv.monitor.tray.app import run

    return run(border=border)
