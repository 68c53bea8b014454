"""`posture-cv replay-pair`: a front and a side recording of one session, judged together."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from posture_cv.cli.options import (
    Number,
    alert_after_option,
    calibrate_option,
    model_options,
    out_option,
    settings_option,
)

if TYPE_CHECKING:
    from posture_cv.measure.baseline import Baseline

DRIFT_STATED_FROM_S: Final = 0.1  # a frame at ten a second


@click.command(name="replay-pair", short_help="Judge a front and a side recording together.")
@click.argument("front")
@click.argument("side")
@click.option(
    "--offset",
    "offset_s",
    type=Number(-86400.0, 86400.0),
    metavar="SECONDS",
    help="The time in FRONT at which SIDE begins; negative: SIDE began earlier.",
)
@click.option("--find-offset", is_flag=True, help="Find it from the movements that both show.")
@click.option("--profile", metavar="NAME", help="Profile of the front camera: its name or file.")
@click.option("--side-profile", metavar="NAME", help="Profile of the side camera: its name or file.")
@calibrate_option("Take both baselines from these seconds of FRONT, e.g. 0:8.")
@click.option("--participant", help="Whom the session shows: studies compare within participants.")
@click.option("--condition", help="Under which condition.")
@out_option
@alert_after_option
@model_options
@settings_option
def command(
    front: str,
    side: str,
    offset_s: float | None,
    find_offset: bool,
    profile: str | None,
    side_profile: str | None,
    calibrate_s: tuple[float, float] | None,
    participant: str | None,
    condition: str | None,
    out: Path,
    alert_after: float | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> None:
    """Judge FRONT and SIDE, recordings (videos or landmarks) of one person by two cameras at once, as one session.

    \b
    Each quantity is taken from the view that is surer of it, and from the other where that one cannot tell. Writes
    what replay writes; measurements.csv has a column for each quantity that names the view it comes from, and
    summary.json the offset with its uncertainty.
    """
    from posture_cv.alone import alone_at
    from posture_cv.cli.progress import RichProgress
    from posture_cv.cli.replay_summary import show
    from posture_cv.cli.resolve import assess_settings, estimator_options
    from posture_cv.replay.earlier import read_summary
    from posture_cv.replay.pair import PairOptions, replay_pair
    from posture_cv.replay.types import Labels

    if find_offset == (offset_s is not None):
        raise click.UsageError("Give either --offset SECONDS or --find-offset.")
    if offset_s is not None and not math.isfinite(offset_s):
        raise click.BadParameter(f"{offset_s} is no number of seconds", param_hint="--offset")
    front_baseline, front_name = _baseline(profile, settings_path)
    side_baseline, side_name = _baseline(side_profile, settings_path)
    options = PairOptions(
        front=front,
        side=side,
        out=out,
        offset_s=offset_s,
        front_baseline=front_baseline,
        side_baseline=side_baseline,
        front_profile=front_name,
        side_profile=side_name,
        calibrate_s=calibrate_s,
        labels=Labels(None, participant, condition),
        estimator=estimator_options(pose_model, face_model, settings_path),
        settings=assess_settings(settings_path, alert_after),
    )
    with alone_at(out), RichProgress() as progress:
        replay_pair(options, progress)
    summary = read_summary(out) or {}
    show(summary, out)
    _show_pair(summary["pair"])


def _baseline(profile: str | None, settings_path: Path | None) -> tuple[Baseline | None, str | None]:
    """Of a profile, and its name; neither where none is given."""
    from posture_cv.cli.resolve import baseline_of_profile

    return (None, None) if profile is None else baseline_of_profile(profile, settings_path)


def _show_pair(told: dict[str, Any]) -> None:
    if told["offset_found"]:
        click.echo(
            f"Offset {told['offset_s']:+.2f} s (found, sd {told['offset_sd_s']:.2f} s, movements agree with "
            f"r = {told['agreement']:.2f})"
        )
        if abs(told["offset_drift_s"]) >= DRIFT_STATED_FROM_S:
            click.echo(
                f"Note: the clocks drift apart by {abs(told['offset_drift_s']):.2f} s over the session."
            )
    else:
        click.echo(f"Offset {told['offset_s']:+.2f} s (given)")
    for view in ("front", "side"):
        names = [name for name, row in told["quantities"].items() if row["preferred"] == view]
        click.echo(f"From the {view}: {', '.join(names) or 'nothing'}")
