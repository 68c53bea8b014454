"""`posture-cv monitor`: watch live, in the foreground or in the background."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.options import (
    Number,
    alert_after_option,
    camera_option,
    model_options,
    profile_option,
    settings_option,
)
from posture_cv.paths import use_home, user_path
from posture_cv.processors import use_one_thread

if TYPE_CHECKING:
    from posture_cv.monitor.app import Request
    from posture_cv.monitor.parts import Outcome


@click.command(short_help="Watch through the camera and say when a poor posture lasts.")
@click.argument("source", required=False)
@camera_option
@profile_option
@click.option("--background", is_flag=True, help="Go on without this terminal; see also: posture-cv status")
@click.option("--duration", "duration_s", type=Number(0.1), metavar="SECONDS", help="End after so long.")
@alert_after_option
@click.option("--preview", is_flag=True, help="Show the picture and what is seen in it.")
@click.option("--no-notifications", is_flag=True, help="Say it in the terminal only.")
@click.option("--no-history", is_flag=True, help="Write nothing down.")
@click.option("--no-economy", is_flag=True, help="Look at every picture, with all models.")
@click.option("--pause-in-calls", is_flag=True, help="Camera off while a microphone is in use (Linux).")
@click.option("--wait-for-camera", is_flag=True, help="A camera that is not there is waited for.")
@click.option(
    "--speed", default="1", metavar="N", help="Play a recording so many times as fast: 1, 10x, max."
)
@click.option("--child", is_flag=True, hidden=True)
@click.option("--service", is_flag=True, hidden=True)
@click.option("--home", type=click.Path(path_type=Path), hidden=True)
@model_options
@settings_option
def command(
    *,
    source: str | None,
    camera: str | None,
    profile: str | None,
    background: bool,
    duration_s: float | None,
    alert_after: float | None,
    preview: bool,
    no_notifications: bool,
    no_history: bool,
    no_economy: bool,
    pause_in_calls: bool,
    wait_for_camera: bool,
    speed: str,
    child: bool,
    service: bool,
    home: Path | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> int:
    """Watch your posture through SOURCE: a webcam (its number, or webcam:NAME) or a stream; by default your webcam.

    \b
    Without a profile it explains itself, calibrates and starts. Ctrl-C ends it.
    A video or a landmark recording as SOURCE is played in the camera's place, to try things out; no history is kept:
      posture-cv monitor samples/desk-front.mp4 --profile samples/desk-front.profile.json --alert-after 5
    """
    use_one_thread()
    if home is not None:
        use_home(home)
    from posture_cv.cli.resolve import watched
    from posture_cv.monitor.app import Request
    from posture_cv.monitor.session import speed_of

    settings, spec = watched(source, camera, settings_path, pose_model, face_model)
    if background and not child:
        files = {"--settings": settings_path, "--pose-model": pose_model, "--face-model": face_model}
        return _in_background(spec, profile, files)
    request = Request(
        source=spec,
        settings=settings,
        profile=profile,
        alert_after_s=alert_after,
        duration_s=duration_s,
        preview=preview,
        notifications=not no_notifications,
        economy=not no_economy,
        keep_history=not no_history,
        pause_in_calls=pause_in_calls,
        wait_for_camera=wait_for_camera,
        speed=speed_of(speed),
        may_ask=not (child or service) and _somebody_there(),
        background=child or service,
        service=service,
    )
    if child:
        from posture_cv.cli.monitor_background import run_child

        return run_child(request)
    return _in_foreground(request, quiet=service)


def _somebody_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _in_background(spec: str, profile: str | None, files: dict[str, Path | None]) -> int:
    """Start the child, which has another working folder: what is named relative to ours is named in full."""
    from posture_cv.cli.first_run import show_notice_once
    from posture_cv.cli.monitor_background import start
    from posture_cv.monitor.session import is_live
    from posture_cv.profiles.store import is_path

    if not is_live(spec):
        raise click.UsageError("--background is for a camera or a stream: a recording is played here.")
    if profile is not None and is_path(profile):
        files = {**files, "--profile": Path(profile)}
    show_notice_once()
    return start({option: user_path(file).absolute() for option, file in files.items() if file is not None})


def _in_foreground(request: Request, *, quiet: bool) -> int:
    from posture_cv.cli.first_run import show_notice_once
    from posture_cv.monitor.app import run
    from posture_cv.monitor.session import is_live

    if not quiet:
        show_notice_once()
    outcome = run(request)
    _summary(outcome)
    if is_live(request.source) and not quiet:
        _evening(outcome.duration_s)
    return 0


def _summary(outcome: Outcome) -> None:
    from posture_cv.assess.explain import duration
    from posture_cv.cli.echo import echo_warnings
    from posture_cv.history.days import counted

    told = f"{counted(outcome.alerts - outcome.prompts, 'alert')}, {counted(outcome.prompts, 'prompt')}"
    text = f"Watched for {duration(outcome.duration_s)}: {told}, {outcome.looks} looks"
    with suppress(OSError):  # the terminal may have been closed
        echo_warnings(outcome.warnings)
        click.echo(f"{text}, the models ran {outcome.model_runs} times. Ended: {outcome.why}.", err=True)


def _evening(watched_s: float) -> None:
    """What the documents advise after a day at the desk, another thing each day; nothing after a short while."""
    from posture_cv.guidance.adviser import evening_advice
    from posture_cv.guidance.catalogue import load_catalogue
    from posture_cv.local_time import local

    advice = evening_advice(load_catalogue(), watched_s, local(time.time()).toordinal())
    if advice is not None:
        with suppress(OSError):
            click.echo(f"For after work: {advice.body}\n“{advice.quotation}” — {advice.citation}", err=True)
