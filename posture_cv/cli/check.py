"""`posture-cv check`: every quantity now, with baseline, limit, margin and uncertainty."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.options import camera_option, json_option, model_options, profile_option, settings_option

if TYPE_CHECKING:
    from posture_cv.monitor.checking import Row


@click.command(short_help="Show every quantity now: how near the limits you are.")
@click.argument("source", required=False)
@camera_option
@profile_option
@click.option("--at", "at_s", type=click.FloatRange(0), metavar="S", help="At this second of a recording.")
@model_options
@settings_option
@json_option
def command(
    *,
    source: str | None,
    camera: str | None,
    profile: str | None,
    at_s: float | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
    as_json: bool,
) -> None:
    """Look for three seconds through the webcam, or at a recording, and show what is measured.

    Each quantity: change against your baseline, uncertainty (two standard deviations), your own spread while
    calibrating, and the limit of every posture that it decides. End a running monitor first: one program has
    the camera.
    """
    import json
    from contextlib import ExitStack

    from posture_cv.coefficients import load_coefficients
    from posture_cv.monitor.checking import look, rows
    from posture_cv.monitor.judge import Criteria, Judge
    from posture_cv.monitor.session import make_eyes, open_eyepiece
    from posture_cv.profiles.store import load_profile
    from posture_cv.settings import load_settings

    if source is not None and camera is not None:
        raise click.UsageError("Name the camera once: as SOURCE or with --camera.")
    settings = load_settings(settings_path, {"models.pose": pose_model, "models.face": face_model})
    spec = source or f"webcam:{camera if camera is not None else settings.capture.camera}"
    known = load_profile(profile or settings.general.profile)
    assess = settings.assess()
    judge = Judge(Criteria(known.name, known.baseline, load_coefficients(), assess))
    with ExitStack() as stack:
        eyepiece = open_eyepiece(spec, settings, math.inf, stack)
        stack.callback(eyepiece.camera.close)
        eyes = make_eyes(settings, known.baseline.view)
        stack.callback(eyes.close)
        measured = look(eyepiece.camera, eyepiece.clock, eyes, judge, at_s)
    found = rows(measured, assess, known.baseline.spread)
    if as_json:
        click.echo(json.dumps([row.as_plain() for row in found], indent=2))
        return
    _print(found, known.name)


def _print(found: list[Row], profile: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from posture_cv.monitor.checking import printed

    table = Table(box=None, padding=(0, 2, 0, 0), title=f"against profile {profile}", title_justify="left")
    for heading in ("quantity", "change", "own spread", "limits"):
        table.add_column(heading)
    for row in found:
        table.add_row(*printed(row))
    Console().print(table)
