"""Runs an exercise: by the clock, in front of the camera, or over a recording."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from posture_cv.cli import exercise_view as view
from posture_cv.cli.echo import echo_warnings
from posture_cv.errors import InputError, NobodyFoundError
from posture_cv.exercise.counters import NEEDS_CONTOUR, NEEDS_FACE, Counter
from posture_cv.exercise.guide import Guide, Stage
from posture_cv.exercise.plan import Plan, plan_for
from posture_cv.exercise.types import ExerciseReport, Progress
from posture_cv.exercise.wording import led_line, report_lines
from posture_cv.guidance.entries import CameraCheck, Catalogue, Entry

if TYPE_CHECKING:
    from posture_cv.capture import FrameSource
    from posture_cv.landmarks.estimator import LandmarkEstimator
    from posture_cv.output.window import PreviewWindow
    from posture_cv.settings import Settings

LIVE_RATE_HZ: Final = 15.0  # a hold of 2 s is 30 frames; more costs electricity only
_TICK_S: Final = 0.1
_REOPEN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What the command line said; `preview` is None where it left that to the display."""

    catalogue: Catalogue
    entry: Entry
    settings_path: Path | None
    overrides: Mapping[str, object]
    preview: bool | None
    bell: bool

    def settings(self) -> Settings:
        """The settings, with the command line's put over them."""
        from posture_cv.settings import load_settings

        return load_settings(self.settings_path, self.overrides)


def lead(setup: Setup, *, with_camera: bool, camera_named: bool) -> None:
    """Lead a person through the exercise; Ctrl-C ends it with what was done."""
    from posture_cv.cli.first_run import show_notice_once

    show_notice_once()
    plan = plan_for(setup.entry)
    view.print_exercise(setup.catalogue, plan, leading=True)
    with ExitStack() as stack:
        counts = with_camera and plan.check is not None
        window = window_for(stack, setup.preview, counts=counts)
        source = None
        if counts or setup.preview:
            source = _camera(stack, setup.settings(), needed=camera_named or bool(setup.preview))
        counter = Counter(plan.check) if source is not None and plan.check is not None else None
        view.print_camera_note(plan, with_camera=source is not None)
        guide = Guide(plan, camera=counter is not None)
        estimator = None if counter is None else _estimator(stack, setup.settings(), counter.check)
        try:
            optional = not setup.preview
            with view.view_for(plan, window=window, optional=optional, bell=setup.bell) as shown:
                if source is None:
                    _by_clock(guide, shown)
                else:
                    _in_front_of(source, estimator, counter, guide, shown)
        except KeyboardInterrupt:
            click.echo("Stopped.")
        finally:  # a camera that is lost on the way takes nothing of what was done
            view.print_lines(_done_lines(plan, guide, counter))


def window_for(stack: ExitStack, preview: bool | None, *, counts: bool) -> PreviewWindow | None:
    """The picture's window: where it was asked for, or where the camera counts and there is a display."""
    from posture_cv.output.window import display_problem

    if preview or (preview is None and counts and not display_problem()):
        return view.preview_window(stack)
    return None


def _done_lines(plan: Plan, guide: Guide, counter: Counter | None) -> list[str]:
    if counter is None:
        return [led_line(plan, guide.done, counted=False)]
    return report_lines(counter.report(), plan, guide.done)


def _by_clock(guide: Guide, shown: view.View) -> None:
    start = time.monotonic()
    while True:
        cue = guide.step(time.monotonic() - start)
        if not shown.update(cue) or cue.stage is Stage.DONE:
            return
        time.sleep(_TICK_S)


def _camera(stack: ExitStack, settings: Settings, *, needed: bool) -> FrameSource | None:
    """The webcam; without one that was asked for, the exercise goes on by the clock."""
    from posture_cv.capture import SourceError, open_source

    wanted = settings.capture
    options = replace(wanted.options(), max_rate_hz=LIVE_RATE_HZ, reopen_within_s=_REOPEN_S)
    try:
        return stack.enter_context(open_source(f"webcam:{wanted.camera}", options=options))
    except SourceError as error:
        if needed:
            raise
        click.echo(f"  {error.title.rstrip('.')}.", err=True)
        return None


def _estimator(stack: ExitStack, settings: Settings, check: CameraCheck) -> LandmarkEstimator:
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    options = replace(settings.models.options(), face=check in NEEDS_FACE, contour=check in NEEDS_CONTOUR)
    return stack.enter_context(MediaPipeEstimator(options))


def _in_front_of(
    source: FrameSource,
    estimator: LandmarkEstimator | None,
    counter: Counter | None,
    guide: Guide,
    shown: view.View,
) -> None:
    for frame in source.frames():
        lm = None if estimator is None else estimator.estimate(frame)
        progress = None if counter is None or lm is None else counter.step(frame.t_s, lm)
        cue = guide.step(frame.t_s, progress)
        if not shown.update(cue, progress, frame, lm) or cue.stage is Stage.DONE:
            return


def count_recording(setup: Setup, recording: str, *, as_json: bool) -> None:
    """Count an exercise in a recording that was made of it.

    Raises:
        InputError: the camera cannot follow this exercise, or the pictures do not follow each other.
        NobodyFoundError: there is nobody in it.
    """
    plan = plan_for(setup.entry)
    if plan.check is None:
        seen = ", ".join(e.id for e in setup.catalogue.of_kind("exercise") if e.camera_can_see)
        raise InputError(
            f"There is nothing to count in a recording of {setup.entry.id}.",
            "The camera cannot see this exercise: it is timed only.",
            f"It can follow: {seen}.",
        )
    if not as_json:
        view.print_exercise(setup.catalogue, plan, leading=False)
        view.print_camera_note(plan, with_camera=True)
    counter = Counter(plan.check)
    interrupted = False
    try:
        for progress in _progress_of(setup, plan, counter, recording):
            if progress.finished is not None and not as_json:
                view.print_repetition(progress.count, progress.finished)
    except KeyboardInterrupt:
        interrupted = True
    _print_report(setup, plan, counter.report(), as_json=as_json, interrupted=interrupted)


def _print_report(
    setup: Setup, plan: Plan, report: ExerciseReport, *, as_json: bool, interrupted: bool
) -> None:
    if not report.person_seen and not interrupted:
        raise NobodyFoundError("Nobody was found in the recording.", "", "Check that it shows the exercise.")
    if as_json:
        view.print_json(setup.catalogue, plan, report)
    else:
        view.print_lines([*(["Stopped."] if interrupted else []), *report_lines(report, plan)])


def _progress_of(setup: Setup, plan: Plan, counter: Counter, recording: str) -> Iterator[Progress]:
    from posture_cv.landmarks.recording import is_recording
    from posture_cv.paths import user_path

    if not is_recording(user_path(recording)):
        yield from _progress_of_pictures(setup, plan, counter, recording)
        return
    if setup.preview:
        raise click.UsageError("--preview needs pictures, and a landmark recording holds none.")
    from posture_cv.landmarks.recording import RecordingReader
    from posture_cv.monitor.session import no_frames

    with RecordingReader(user_path(recording)) as reader:
        frames = 0
        for block in reader.blocks():
            frames += len(block)
            yield from counter.run(block)
        if not frames:
            raise no_frames(reader)
        echo_warnings(reader.warnings)


def _progress_of_pictures(setup: Setup, plan: Plan, counter: Counter, recording: str) -> Iterator[Progress]:
    from posture_cv.capture import open_source
    from posture_cv.cli.progress import RichProgress

    with ExitStack() as stack:
        window = view.preview_window(stack) if setup.preview else None
        source = stack.enter_context(open_source(recording))
        if source.info.unrelated:
            raise InputError(
                f"The pictures do not follow each other: {recording}",
                "Movements cannot be counted in single pictures.",
                "Give a video or a landmark recording.",
            )
        estimator = _estimator(stack, setup.settings(), counter.check)
        bar = stack.enter_context(RichProgress())
        bar.stage("Looking at the pictures", source.info.frame_count)
        for frame in source.frames():
            lm = estimator.estimate(frame)
            progress = counter.step(frame.t_s, lm)
            bar.advance()
            yield progress
            if window and not window.show(view.counted_picture(frame, lm, progress, plan)):
                break
        echo_warnings(source.warnings)
