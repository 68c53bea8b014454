"""`posture-cv calibrate`: from a camera, a recording or pictures to a profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_warnings
from posture_cv.cli.options import (
    Number,
    UserPath,
    camera_option,
    json_option,
    model_options,
    settings_option,
)

if TYPE_CHECKING:
    from calibration.protocol import Timing
    from calibration.run import Collected, Ui
    from posture_cv.landmarks.estimator import LandmarkEstimator, Mode
    from posture_cv.settings import Settings


@click.command(short_help="Make a profile of how you want to sit.")
@click.option(
    "--name", metavar="NAME", help="Name of the profile. [default: from the settings, usually default]"
)
@camera_option
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="A video, a folder of pictures, or a landmark recording; or a network camera's address.",
)
@click.option("--start", "start_s", type=Number(min=0.0), metavar="S", help="Only from this second on.")
@click.option("--end", "end_s", type=Number(min=0.0), metavar="S", help="Only up to this second.")
@click.option(
    "--duration",
    "duration_s",
    type=float,
    metavar="S",
    help="Seconds to record from a camera. [default: from the settings, usually 8]",
)
@click.option(
    "--preview/--no-preview", default=None, help="Show the camera's picture. [default: if there is a display]"
)
@click.option("--out", type=UserPath(dir_okay=False), metavar="FILE", help="Write the profile there.")
@model_options
@settings_option
@json_option
def command(
    *,
    name: str | None,
    camera: str | None,
    source: str | None,
    start_s: float | None,
    end_s: float | None,
    duration_s: float | None,
    preview: bool | None,
    out: Path | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
    as_json: bool,
) -> None:
    """Make a profile: what you look like to this camera when you sit the way you want to sit.

    From the webcam, with a preview and prompts; or with --from out of a recording or pictures in which you sit so.
    An older profile of that name is replaced, unless the new one is too poor to judge by.
    """
    from datetime import datetime

    from calibration.fit import fit_baseline
    from calibration.run import make_profile
    from posture_cv.cli.first_run import show_notice_once
    from posture_cv.cli.profile_text import as_json_text, as_text
    from posture_cv.cli.resolve import overrides
    from posture_cv.coefficients import load_coefficients
    from posture_cv.monitor.session import is_live
    from posture_cv.paths import user_path
    from posture_cv.profiles.store import check_name, is_path, made_before, profile_path, save_profile
    from posture_cv.settings import load_settings

    given = {**overrides(pose_model, face_model, camera), "calibration.duration_s": duration_s}
    settings = load_settings(settings_path, given)
    if name is None and out is None and is_path(settings.general.profile):
        out = user_path(settings.general.profile)
    default = out.stem if out else settings.general.profile
    profile_name = check_name(default if name is None else name)
    recording = None if source is None or is_live(source) else source
    _check_interval(recording, start_s, end_s)
    _check_camera_options(source, {"--camera": camera})
    _check_camera_options(recording, {"--duration": duration_s})
    _check_target(out, recording)
    show_notice_once()
    coefficients = load_coefficients()
    if recording is None:
        collected = _from_camera(settings, source or f"webcam:{settings.capture.camera}", preview)
    else:
        collected = _from_recording(settings, recording, start_s or 0.0, end_s)
    faceless = collected.engine.startswith("imported:") and collected.face_model is None
    result = fit_baseline(collected.landmarks, coefficients, face_expected=not faceless)
    profile = make_profile(profile_name, result, collected, datetime.now().astimezone())
    target = out or profile_path(profile_name)
    made = made_before(target)
    path = save_profile(profile, out)
    if made is not None:
        click.echo(f"Replaced: the profile there that was made {made}.", err=True)
    if out is None:
        _note_running_monitor()
    click.echo(as_json_text(profile, path) if as_json else as_text(profile, path))


def _note_running_monitor() -> None:
    """It has read its profile already."""
    from posture_cv.cli.echo import echo_note
    from posture_cv.monitor.instance import is_running
    from posture_cv.paths import runtime_dir

    if is_running(runtime_dir()):
        echo_note(
            "The running monitor goes on with the profile it began with. "
            "Make that one anew (posture-cv recalibrate), or end the monitor and start it again."
        )


def _check_interval(recording: str | None, start_s: float | None, end_s: float | None) -> None:
    if recording is None and (start_s is not None or end_s is not None):
        raise click.UsageError("--start and --end choose a part of a recording: give it with --from.")
    if end_s is not None and end_s <= (start_s or 0.0):
        raise click.UsageError("--end must come after --start.")


def _check_camera_options(source: str | None, given: Mapping[str, object]) -> None:
    idle = [option for option, value in given.items() if value is not None]
    if source is not None and idle:
        raise click.UsageError(f"{idle[0]} is for a camera: leave it out, or leave out --from.")


def _check_target(out: Path | None, recording: str | None) -> None:
    """Find out before anybody sits still whether the profile can be written at all, and takes nothing away."""
    from posture_cv.atomic import OutputError, check_target, private_folder
    from posture_cv.paths import profiles_dir, user_path
    from posture_cv.profiles.store import is_profile

    if out is not None:
        inputs = [] if recording is None else [user_path(recording)]
        check_target(out, inputs, kind="a profile", is_kind=is_profile)
    folder = private_folder(profiles_dir()) if out is None else out.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"Cannot write: {out or folder}",
            "The folder is missing or may not be written to.",
            "Choose another folder with --out FILE.",
        )


def _from_camera(settings: Settings, camera: str, preview: bool | None) -> Collected:
    """Guide a person in front of a webcam or a network camera."""
    from calibration.protocol import Timing
    from calibration.run import collect_live
    from posture_cv.capture import open_source
    from posture_cv.landmarks.estimator import Mode
    from posture_cv.landmarks.finders import CompanyFinder

    timing = Timing(**settings.calibration.model_dump())
    with ExitStack() as stack:
        source = stack.enter_context(open_source(camera, options=settings.capture.options()))
        ui = stack.enter_context(_ui(timing, preview))
        estimator = stack.enter_context(_estimator(settings, Mode.VIDEO))
        finder = stack.enter_context(CompanyFinder(settings.models.options()))
        return collect_live(source, estimator, timing, ui, finder)


@contextmanager
def _ui(timing: Timing, preview: bool | None) -> Iterator[Ui]:
    """A window if it is asked for, or if nothing was said and there is a display; prompts in any case."""
    from calibration.ui import TITLE, PreviewUi, TerminalUi
    from posture_cv.output.window import PreviewWindow, display_problem

    if preview is False or (preview is None and display_problem()):
        yield TerminalUi(timing)
        return
    with PreviewWindow(TITLE) as window:
        yield PreviewUi(timing, window, TerminalUi(timing))


def _from_recording(settings: Settings, source: str, start_s: float, end_s: float | None) -> Collected:
    """A stretch of a video, of a folder of pictures, or of a landmark recording."""
    from calibration.run import collect_recorded, collect_recording
    from posture_cv.capture import CaptureOptions, open_source
    from posture_cv.cli.progress import RichProgress
    from posture_cv.landmarks.estimator import Mode
    from posture_cv.landmarks.finders import CompanyFinder
    from posture_cv.landmarks.recording import RecordingReader, is_recording
    from posture_cv.paths import user_path

    if is_recording(user_path(source)):
        with RecordingReader(user_path(source)) as reader:
            collected = collect_recording(reader, start_s, end_s or float("inf"), Path(source).name)
        echo_warnings(reader.warnings)
        return collected
    with open_source(source, options=CaptureOptions(start_s=start_s, end_s=end_s)) as pictures:
        mode = Mode.IMAGE if pictures.info.unrelated else Mode.VIDEO
        with (
            _estimator(settings, mode) as estimator,
            CompanyFinder(settings.models.options()) as finder,
            RichProgress() as progress,
        ):
            progress.stage("Looking at the pictures", _expected(pictures.info.frame_count, start_s, end_s))
            collected = collect_recorded(pictures, estimator, progress.advance, finder)
        echo_warnings(pictures.warnings)
    return collected


def _expected(frame_count: int | None, start_s: float, end_s: float | None) -> int | None:
    """How many frames to expect, for the bar; unknown for a stretch."""
    return frame_count if start_s == 0.0 and end_s is None else None


def _estimator(settings: Settings, mode: Mode) -> LandmarkEstimator:
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    return MediaPipeEstimator(replace(settings.models.options(), mode=mode))
