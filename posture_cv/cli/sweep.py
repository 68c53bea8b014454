"""`posture-cv sweep`: alerts an hour, precision and recall for many settings, from landmark recordings."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_note
from posture_cv.cli.options import (
    UserPath,
    calibrate_option,
    out_option,
    profile_option,
    settings_option,
)
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from posture_cv.replay.labels import Bout
    from posture_cv.replay.progress import Progress
    from posture_cv.replay.sweep import SweepInput, SweepRow

_TABLE, _PLOT = "sweep.csv", "sweep.svg"
_MOST_SETTINGS = 400
_NOTHING = "\N{EN DASH}"  # there is no figure, which is not zero


class Numbers(click.ParamType[tuple[float, ...]]):
    """Several numbers joined by commas, each within limits."""

    name = "NUMBERS"

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high

    def convert(
        self, value: str | tuple[float, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """The numbers that a text means, without repetitions, growing."""
        if isinstance(value, tuple):
            return value
        numbers = set()
        for part in value.split(","):
            try:
                number = float(part)
            except ValueError:
                number = math.nan
            if not self._low <= number <= self._high:
                self.fail(
                    f"{part.strip()!r} is not a number from {self._low:g} to {self._high:g}", param, ctx
                )
            numbers.add(number)
        return tuple(sorted(numbers))


@click.command(short_help="Alerts an hour, precision and recall for many settings.")
@click.argument("recordings", nargs=-1, required=True, type=UserPath(), metavar="RECORDING...")
@click.option(
    "--threshold",
    "thresholds",
    type=Numbers(0.1, 10.0),
    default="0.75,1,1.5,2",
    show_default=True,
    metavar="FACTOR,...",
    help="Multiples of the posture thresholds; above 1 is less sensitive.",
)
@click.option(
    "--dwell",
    "dwells",
    type=Numbers(0.5, 3600.0),
    default="30,60,120",
    show_default=True,
    metavar="SECONDS,...",
    help="How long a posture must last.",
)
@click.option(
    "--labels",
    "label_files",
    multiple=True,
    type=UserPath(),
    metavar="FILE",
    help="CSV start,end,label or a ground truth: one file for each RECORDING, in the same order.",
)
@profile_option
@calibrate_option("Take each recording's baseline from these seconds of it, e.g. 0:8.")
@out_option
@click.option(
    "--as-monitor",
    is_flag=True,
    help="Keep the monitor's first minutes of grace, its pauses after an alert and its hourly cap; without it they "
    "shrink with the dwell, as with replay --alert-after.",
)
@click.option(
    "--remember", is_flag=True, help="Keep the measurements beside the recordings, for the next time."
)
@settings_option
def command(
    recordings: tuple[Path, ...],
    thresholds: tuple[float, ...],
    dwells: tuple[float, ...],
    label_files: tuple[Path, ...],
    profile: str | None,
    calibrate_s: tuple[float, float] | None,
    out: Path,
    as_monitor: bool,
    remember: bool,
    settings_path: Path | None,
) -> None:
    """Assess landmark RECORDINGs with every pair of threshold and dwell; they are measured once.

    \b
    Writes into the folder --out:
      sweep.csv   a row a setting: alerts, alerts an hour; with --labels precision and recall
      sweep.svg   the same as a picture
    An alert is right when at least half of the time it looked back upon is labelled with its posture; a labelled
    bout counts once it lasts as long as the dwell.
    """
    from posture_cv.cli.progress import RichProgress
    from posture_cv.cli.resolve import assess_settings
    from posture_cv.replay.items import check_once
    from posture_cv.replay.sweep import sweep

    if label_files and len(label_files) != len(recordings):
        raise click.UsageError(
            f"{len(recordings)} recordings and {len(label_files)} files of labels: give one --labels for each."
        )
    if len(thresholds) * len(dwells) > _MOST_SETTINGS:
        raise click.UsageError(f"That makes more than {_MOST_SETTINGS} settings; give fewer.")
    check_once(map(str, recordings))
    _check_targets(out, [*recordings, *label_files])
    settings = assess_settings(settings_path)
    with RichProgress() as progress:
        inputs = _inputs(
            recordings,
            label_files,
            (profile, calibrate_s, settings_path),
            remember=remember,
            progress=progress,
        )
        progress.stage("Assessing", None)
        rows = sweep(inputs, thresholds, dwells, settings, as_monitor=as_monitor)
    _write(out, rows, labelled=bool(label_files))
    _show(rows, len(inputs), out, labelled=bool(label_files))


def _check_targets(out: Path, inputs: list[Path]) -> None:
    """See before the work that the results replace neither what is read nor anybody's other files."""
    from posture_cv.atomic import check_target
    from posture_cv.output.sweep_plot import is_sweep_plot
    from posture_cv.output.sweep_table import is_sweep_table

    check_target(out / _TABLE, inputs, kind="a table of sweep", is_kind=is_sweep_table)
    check_target(out / _PLOT, inputs, kind="a picture of sweep", is_kind=is_sweep_plot)


def _inputs(
    recordings: tuple[Path, ...],
    label_files: tuple[Path, ...],
    baseline: tuple[str | None, tuple[float, float] | None, Path | None],
    *,
    remember: bool,
    progress: Progress,
) -> list[SweepInput]:
    """Every recording measured; labels are read first, because they are quick and may be wrong."""
    from posture_cv.cli.resolve import baseline_of_profile
    from posture_cv.landmarks.recording import RecordingReader
    from posture_cv.replay.baselines import calibrated
    from posture_cv.replay.labels import read_labels
    from posture_cv.replay.measuring import measured_recording
    from posture_cv.replay.pictures import of_pictures, require_times
    from posture_cv.replay.sweep import SweepInput
    from posture_cv.replay.types import BaselineUsed

    profile, calibrate_s, settings_path = baseline
    if profile is not None and calibrate_s is not None:
        raise InputError("Two baselines were given.", "", "Give either --profile or --calibrate.")
    for path in recordings:
        with RecordingReader(path) as reader:
            require_times(str(path), unrelated=of_pictures(reader.info))
    labels: list[tuple[Bout, ...] | None] = [tuple(read_labels(path)) for path in label_files]
    labels = labels or [None] * len(recordings)
    shared = None
    if calibrate_s is None:
        shared = BaselineUsed(baseline_of_profile(profile, settings_path)[0], {})
    inputs = []
    for path, bouts in zip(recordings, labels, strict=True):
        progress.stage(f"Measuring {path.name}", None)
        used = shared
        if used is None:
            assert calibrate_s is not None
            used = calibrated(path, calibrate_s, source=str(path))
        told = measured_recording(path, used.baseline, keep=remember, progress=progress)
        given = SweepInput(path.name, told.measurements, used.baseline, bouts)
        for warning in (*told.told.warnings, *used.warnings, *given.withheld()):
            echo_note(f"{path.name}: {warning}")
        inputs.append(_labelled(given))
    return inputs


def _labelled(given: SweepInput) -> SweepInput:
    """With what of its labels lies in the recording; what does not is stated, for it can find no alert."""
    from posture_cv.replay.labels import within
    from posture_cv.spans import STATED_FROM_S

    t_s = given.measurements.t_s
    if not given.bouts or not len(t_s):
        return given
    begin_s, end_s = float(t_s[0]), float(t_s[-1])
    bouts, outside_s = within(given.bouts, begin_s, end_s)
    if not bouts:
        raise InputError(
            f"No labelled posture lies in the recording {given.name}.",
            f"The labels begin at {given.bouts[0].start_s:g} s; the recording is {begin_s:.1f} to {end_s:.1f} s.",
            "Check that labels and recordings are given in the same order, and times in seconds from the start.",
        )
    if outside_s >= STATED_FROM_S:
        echo_note(f"{given.name}: {outside_s:.1f} labelled s lie outside the recording: not counted")
    return replace(given, bouts=tuple(bouts))


def _write(out: Path, rows: list[SweepRow], *, labelled: bool) -> None:
    import io

    from posture_cv.atomic import private_folder, write_atomic
    from posture_cv.output.sweep_plot import sweep_svg
    from posture_cv.output.sweep_table import write_sweep

    private_folder(out)
    table = io.StringIO()
    write_sweep(table, rows, labelled=labelled)
    write_atomic(out / _TABLE, table.getvalue())
    write_atomic(out / _PLOT, sweep_svg(rows, labelled=labelled))


def _show(rows: list[SweepRow], count: int, out: Path, *, labelled: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from posture_cv.cli.replay_summary import clock
    from posture_cv.output.text import one_line

    console = Console()
    plural = "" if count == 1 else "s"
    console.print(f"{count} recording{plural}, {clock(rows[0].duration_s)} in all", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("threshold", "dwell", "alerts", "an hour", *(("precision", "recall") if labelled else ())):
        table.add_column(title, justify="right")
    for row in rows:
        hourly = _NOTHING if row.alerts_per_hour is None else f"{row.alerts_per_hour:.1f}"
        cells = [f"x {row.threshold:g}", f"{row.dwell_s:g} s", str(sum(row.alerts)), hourly]
        if labelled:
            cells.append(_share(row.precision, row.right, row.labelled_alerts))
            cells.append(_share(row.recall, row.found, row.bouts))
        table.add_row(*cells)
    console.print(table)
    console.print(f"Results: {escape(one_line(str(out)))}", highlight=False)


def _share(value: float | None, part: int, whole: int) -> str:
    return _NOTHING if value is None else f"{value:.2f} ({part}/{whole})"
