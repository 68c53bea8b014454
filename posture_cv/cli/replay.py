"""`posture-cv replay`: a recorded session through the same engine as the live monitor."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.options import model_options, profile_option, settings_option

if TYPE_CHECKING:
    from posture_cv.replay.run import Replayed


class Interval(click.ParamType[tuple[float, float]]):
    """START:END in seconds; END may be left out."""

    name = "START:END"

    def convert(
        self, value: str | tuple[float, float], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        """The interval that a text means."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*:\s*(\d+(?:\.\d*)?)?\s*", value)
        if match is None:
            self.fail(f"{value!r} is not START:END in seconds, for example 0:8", param, ctx)
        start_s, end_s = float(match[1]), float(match[2]) if match[2] else float("inf")
        if not end_s > start_s:
            self.fail(f"{value!r}: the end must come after the start", param, ctx)
        return start_s, end_s


@click.command(short_help="Replay a recording and write what was seen.")
@click.argument("source")
@profile_option
@click.option(
    "--calibrate",
    "calibrate_s",
    type=Interval(),
    metavar="START:END",
    help="Take the baseline from these seconds of the recording, e.g. 0:8.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results."
)
@click.option(
    "--alert-after",
    type=click.FloatRange(0.5, 3600),
    metavar="SECONDS",
    help="How long a posture must last before an alert. [default: 120; severe: 30]",
)
@click.option(
    "--every",
    "rate",
    metavar="RATE",
    help="Look so often, e.g. 5hz or 200ms. [default: every frame]",
)
@click.option("--video", is_flag=True, help="Also write an annotated video.")
@click.option("--record", "keep_landmarks", is_flag=True, help="Keep the landmark recording (no pictures).")
@model_options
@settings_option
def command(
    source: str,
    profile: str | None,
    calibrate_s: tuple[float, float] | None,
    out: Path,
    alert_after: float | None,
    rate: str | None,
    video: bool,
    keep_landmarks: bool,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> None:
    """Replay SOURCE (a video, a folder of pictures, a stream or a landmark recording) and judge it.

    \b
    Writes into the folder --out:
      measurements.csv   a row a frame: time, state, every quantity with uncertainty, validity and reason
      alerts.jsonl       what the monitor would have said, when, why, and from which document
      summary.json       the recording in a few figures
    """
    from posture_cv.capture.types import CaptureOptions
    from posture_cv.cli.progress import RichProgress
    from posture_cv.cli.resolve import assess_settings, baseline_of_profile, estimator_options
    from posture_cv.replay.run import ReplayOptions, replay

    baseline, name = (
        (None, None)
        if calibrate_s is not None and profile is None
        else baseline_of_profile(profile, settings_path)
    )
    options = ReplayOptions(
        source=source,
        out=out,
        baseline=baseline,
        baseline_name=name,
        calibrate_s=calibrate_s,
        estimator=estimator_options(pose_model, face_model, settings_path),
        capture=CaptureOptions(max_rate_hz=None if rate is None else rate_hz(rate)),
        settings=assess_settings(settings_path, alert_after),
        keep_landmarks=keep_landmarks,
        video=video,
    )
    with RichProgress() as progress:
        result = replay(options, progress)
    print_summary(result)


def rate_hz(text: str) -> float:
    """Looks a second of "5hz", "5", "200ms" or "0.2s"; raises click.BadParameter for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(hz|ms|s)?\s*", text, re.IGNORECASE)
    number = float(match[1]) if match else 0.0
    if match is None or number <= 0:
        raise click.BadParameter(f"{text!r} is not a rate: give 5hz, 200ms or 2s", param_hint="--every")
    unit = (match[2] or "hz").lower()
    return {"hz": number, "ms": 1000.0 / number, "s": 1.0 / number}[unit]


def print_summary(result: Replayed) -> None:
    """What was seen, on the terminal."""
    from posture_cv.cli.replay_summary import show

    show(result)
