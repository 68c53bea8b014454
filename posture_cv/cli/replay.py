"""`posture-cv replay`: a recorded session through the same engine as the live monitor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from posture_cv.cli.echo import echo_note
from posture_cv.cli.options import (
    Number,
    alert_after_option,
    calibrate_option,
    every_option,
    model_options,
    out_option,
    profile_option,
    settings_option,
    workers_option,
)

LEAST_SEGMENT_S: Final = 10.0
_FEW_LOOKS: Final = 50_000  # objects until the next look for cycles


@click.command(short_help="Replay recordings and write what was seen.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@profile_option
@calibrate_option("Take the baseline from these seconds of each recording, e.g. 0:8.")
@out_option
@alert_after_option
@every_option
@click.option("--video", is_flag=True, help="Also write an annotated video (without sound).")
@click.option("--blur-faces", is_flag=True, help="Hide in that video every face that the models find.")
@click.option("--record", "keep_landmarks", is_flag=True, help="Keep the landmark recording (no pictures).")
@click.option(
    "--remember",
    is_flag=True,
    help="Keep the measurements beside the landmark recording: other settings then assess it at once.",
)
@workers_option
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="Find the landmarks on the workers of this Dask cluster, which see the videos (extra: cluster).",
)
@click.option(
    "--segment",
    "segment_s",
    type=Number(min=0.0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Cut longer recordings into equal parts of about so many seconds, so that many can work on one; 0: never.",
)
@click.option("--again", is_flag=True, help="Do again what an earlier run has finished.")
@model_options
@settings_option
def command(
    paths: tuple[str, ...],
    profile: str | None,
    calibrate_s: tuple[float, float] | None,
    out: Path,
    alert_after: float | None,
    rate_hz: float | None,
    video: bool,
    blur_faces: bool,
    keep_landmarks: bool,
    remember: bool,
    workers: int | None,
    scheduler: str | None,
    segment_s: float,
    again: bool,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> int:
    """Replay recordings and judge them: videos, folders of them, patterns, landmark recordings, a manifest (CSV).

    \b
    One recording writes into the folder --out, many into a folder each below it:
      measurements.csv   a row a frame: time, state, every quantity with uncertainty, validity and reason
      alerts.jsonl       what the monitor would have said, when, why, and from which document
      summary.json       the recording in a few figures
    Many also write recordings.csv, a row a recording. What is finished is not done again, what was cut off goes on.

    \b
    A manifest's columns: file, participant, condition, profile or calibrate (START:END), start, end.
    A folder of pictures and the address of a stream are recordings, too; what earlier runs made is none.

    Leaves with 0: all done; 1: nobody was found; 2: a fault, nothing was done; 3: some failed, the others are done.
    """
    import gc

    from posture_cv.processors import use_one_thread

    gc.set_threshold(_FEW_LOOKS)  # hardly anything here is a cycle: what is not kept is freed at once

    use_one_thread(pictures=False)
    if blur_faces and not video:
        raise click.UsageError("--blur-faces hides the faces in the annotated video: add --video.")
    if 0.0 < segment_s < LEAST_SEGMENT_S:
        raise click.BadParameter(
            f"{segment_s:g} s is too short: every part begins with a warm-up; give {LEAST_SEGMENT_S:g} or more, or 0",
            param_hint="--segment",
        )
    from posture_cv.alone import alone_at
    from posture_cv.capture.types import CaptureOptions
    from posture_cv.cli.replay_run import How, a_pool, run_many, run_one, sight_of
    from posture_cv.cli.resolve import assess_settings, estimator_options
    from posture_cv.replay.inputs import find_items
    from posture_cv.replay.types import ReplayOptions

    common = ReplayOptions(
        source="",
        out=out,
        calibrate_s=calibrate_s,
        estimator=estimator_options(pose_model, face_model, settings_path),
        capture=CaptureOptions(max_rate_hz=rate_hz),
        settings=assess_settings(settings_path, alert_after),
        keep_landmarks=keep_landmarks,
        video=video,
        blur_faces=blur_faces,
        remember=remember,
        segment_s=segment_s,
    )
    how = How(workers, scheduler, profile, settings_path, again)
    try:
        with a_pool(how) as pool:
            items = find_items(paths, out, sight_of(pool))
            _check_what_is_kept(
                [item.file for item in items], keep_landmarks=keep_landmarks, remember=remember
            )
            one = len(items) == len(paths) == 1 and _same_file(paths[0], items[0].file)
            with alone_at(out):
                return run_one(items[0], common, how, pool) if one else run_many(items, common, how, pool)
    except KeyboardInterrupt:
        click.echo("Interrupted. What is whole is kept: the same command goes on from there.", err=True)
        raise


def _same_file(one: str, other: str) -> bool:
    """Whether two paths name one recording, however they are written."""
    from posture_cv.replay.items import identity_of_file

    return identity_of_file(one) == identity_of_file(other)


def _check_what_is_kept(files: Sequence[str], *, keep_landmarks: bool, remember: bool) -> None:
    """No option is passed over in silence: raises click.UsageError, or says what it does nothing for."""
    from posture_cv.landmarks.recording import is_recording

    recordings = [file for file in files if is_recording(Path(file))]
    if remember and not keep_landmarks and len(recordings) < len(files):
        video = next(file for file in files if file not in recordings)
        raise click.UsageError(
            f"--remember keeps the measurements beside a landmark recording, and of {video} none is kept: "
            "add --record."
        )
    if keep_landmarks and recordings:
        more = f" (and {len(recordings) - 1} more)" if len(recordings) > 1 else ""
        echo_note(f"{recordings[0]}{more} is a landmark recording already; --record keeps no second one.")
