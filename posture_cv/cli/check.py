"""`posture-cv check`: every quantity now, with baseline, limit, margin and uncertainty."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_json
from posture_cv.cli.options import (
    Number,
    camera_option,
    json_option,
    model_options,
    profile_option,
    settings_option,
)
from posture_cv.errors import NobodyFoundError
from posture_cv.processors import use_one_thread

if TYPE_CHECKING:
    from posture_cv.assess.settings import AssessSettings
    from posture_cv.monitor.checking import Row

_REFRESH_S = 0.5


@click.command(short_help="Show every quantity now: how near the limits you are.")
@click.argument("source", required=False)
@camera_option
@profile_option
@click.option("--at", "at_s", type=Number(0), metavar="S", help="At this second of a recording.")
@click.option(
    "--watch/--once",
    default=None,
    help="Go on until Ctrl-C, or look once. [default: go on with a webcam in a terminal]",
)
@model_options
@settings_option
@json_option
def command(
    *,
    source: str | None,
    camera: str | None,
    profile: str | None,
    at_s: float | None,
    watch: bool | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
    as_json: bool,
) -> None:
    """Look through the webcam, or at a recording, and show what is measured.

    Each quantity: change against your baseline, uncertainty (two standard deviations), your own spread while
    calibrating, and for every posture that it decides the limit and what is left to it. Text neck takes both
    its quantities together, slumping the trunk and one of the others; else one is enough. Before a camera the
    limits are the monitor's, as your answers to alerts have raised them. A single look takes three seconds. End
    a running monitor first: one program has the camera.
    """
    use_one_thread()

    from posture_cv.cli.resolve import watched
    from posture_cv.monitor import checking
    from posture_cv.monitor.judge import Criteria, Judge
    from posture_cv.monitor.session import make_eyes, open_eyepiece
    from posture_cv.profiles.store import load_profile

    if watch and at_s is not None:
        raise click.UsageError("--at is a single look: leave --watch out.")
    settings, spec = watched(source, camera, settings_path, pose_model, face_model)
    assess = settings.assess()
    going_on = watch if watch is not None else source is None and sys.stdout.isatty()
    with ExitStack() as stack:
        speed = 1.0 if going_on and not as_json else math.inf
        eyepiece = open_eyepiece(spec, settings, speed, stack)
        stack.callback(eyepiece.camera.close)
        if at_s is not None and eyepiece.live:
            raise click.UsageError("--at is for a recording: a camera shows now only.")
        known = load_profile(profile or settings.general.profile)
        if eyepiece.live:
            assess = _as_answered(assess)
        judge = Judge(Criteria.of(known, assess))
        eyes = make_eyes(settings, known.baseline.view)
        stack.callback(eyes.close)
        parts = (eyepiece.camera, eyepiece.clock, eyes, judge)
        if going_on:
            looks = checking.thinned(checking.watch(*parts), _REFRESH_S)
            _show_on(
                (checking.rows(m, assess, known.baseline.spread) for m in looks), known.name, as_json=as_json
            )
            return
        measured = checking.look(*parts, at_s)
    _show(checking.rows(measured, assess, known.baseline.spread), known.name, as_json=as_json)


def _as_answered(assess: AssessSettings) -> AssessSettings:
    """With the thresholds that the monitor judges by: answers to its alerts may have raised them."""
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file

    if not history_file().exists():
        return assess
    with Reader(history_file()) as reader:
        return assess.raised(reader.factors())


def _show(found: list[Row], profile: str, *, as_json: bool) -> None:
    if as_json:
        echo_json([row.as_plain() for row in found])
        return
    from rich.console import Console

    from posture_cv.cli.check_view import CheckView

    Console().print(CheckView(found, profile))


def _show_on(looks: Iterable[list[Row]], profile: str, *, as_json: bool) -> None:
    """Each look in the place of the one before; where that cannot be, below it; as JSON a line each."""
    shown = False
    try:
        with _printer(profile, as_json=as_json) as show:
            for found in looks:
                shown = True
                show(found)
    except KeyboardInterrupt:
        return
    if not shown:
        raise NobodyFoundError("No picture to look at.")


@contextmanager
def _printer(profile: str, *, as_json: bool) -> Iterator[Callable[[list[Row]], None]]:
    """How one look after the other is shown."""
    import json

    from rich.console import Console
    from rich.live import Live

    from posture_cv.cli.check_view import CheckView

    console = Console()
    if as_json:
        yield lambda found: click.echo(json.dumps([row.as_plain() for row in found]))
    elif not console.is_terminal:  # there rich keeps back all but the last
        yield lambda found: console.print(CheckView(found, profile), "")
    else:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda found: live.update(CheckView(found, profile), refresh=True)
