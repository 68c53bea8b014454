"""`posture-cv record`: what the models see in a source, without a picture, to be assessed for ever."""

from __future__ import annotations

from pathlib import Path

import click

from posture_cv.cli.echo import echo_note
from posture_cv.cli.options import Number, UserPath, every_option, model_options, settings_option
from posture_cv.errors import NobodyFoundError


@click.command(short_help="Record landmarks, without pictures.")
@click.argument("source")
@click.option(
    "--out",
    type=UserPath(dir_okay=False),
    required=True,
    help="The landmark recording to write (NAME.landmarks).",
)
@every_option
@click.option("--duration", type=Number(min=0.1), metavar="SECONDS", help="Stop after so long.")
@model_options
@settings_option
def command(
    source: str,
    out: Path,
    rate_hz: float | None,
    duration: float | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> None:
    """Run the models over SOURCE (a video, pictures, a stream, a webcam's number) and keep landmarks and contour.

    Replay the recording as often as you like, with other settings or another baseline: it needs no model.
    """
    from posture_cv.alone import alone_at
    from posture_cv.capture import open_source
    from posture_cv.capture.types import CaptureOptions
    from posture_cv.cli.progress import RichProgress
    from posture_cv.cli.resolve import estimator_options
    from posture_cv.landmarks.recording_writer import check_recording_target
    from posture_cv.output.text import one_line
    from posture_cv.paths import user_path
    from posture_cv.replay.record import record, refuse_recording

    refuse_recording(source)
    check_recording_target(out, [user_path(source)])
    options = CaptureOptions(max_rate_hz=rate_hz)
    models = estimator_options(pose_model, face_model, settings_path)
    limit_s = float("inf") if duration is None else duration
    try:
        with alone_at(out), RichProgress() as progress, open_source(source, options=options) as frames:
            done = record(frames, out, models, progress=progress, duration_s=limit_s)
    except KeyboardInterrupt:
        click.echo(one_line(_interrupted(out)), err=True)
        raise
    for warning in done.warnings:
        echo_note(warning)
    click.echo(
        f"{one_line(str(done.path))}: {done.frames} frames, somebody in {done.frames_with_person} of them"
    )
    if done.frames_with_person == 0:
        raise NobodyFoundError.of(source, f"{done.frames} frames were looked at.")


def _interrupted(out: Path) -> str:
    from posture_cv.landmarks.recording_writer import part_of

    part = part_of(out)
    if part.exists():
        return f"Interrupted. What was found so far stands in {part}; the same command begins again."
    return f"Interrupted. {out} is kept." if out.exists() else "Interrupted."
