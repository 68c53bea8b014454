"""One careful look at now: every quantity with its baseline, limit, margin and uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.wording import plain
from posture_cv.errors import InputError, NobodyFoundError
from posture_cv.measure.types import QUANTITIES, Measurements, Reason
from posture_cv.monitor.judge import Judge
from posture_cv.monitor.margins import NECK, Margin, margins, unit_of
from posture_cv.monitor.ports import Camera, Clock, Eyes

LOOK_S: Final = 3.0
"""Looked at so long: the smoothing's two seconds and a little more; ours."""
PATIENCE_S: Final = 10.0
"""Without a picture for so long there is no camera to wait for; ours."""
_END_S: Final = 1.0
"""A recording that is said to be 45 s long has its last picture a little earlier; ours."""

_TITLES: Final = {
    "shoulder_elevation_cm": "both shoulders up",
    "shoulder_elevation_left_cm": "left shoulder up",
    "shoulder_elevation_right_cm": "right shoulder up",
    "protraction_cm": "shoulders forward",
    "trunk_incl_deg": "trunk inclined",
    "cva_change_deg": "CVA change",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity.

    Attributes:
        quantity, unit, meaning: see `QUANTITIES`.
        value: against the baseline; None where it cannot be told, for `reason`.
        sd: standard deviation of its error.
        spread: its own standard deviation while calibrating; None where the baseline does not say.
        limits: every posture that it decides: cue, limit and what is left to it.
    """

    quantity: str
    unit: str
    meaning: str
    value: float | None
    sd: float | None
    spread: float | None
    reason: str
    limits: tuple[Margin, ...]

    def as_plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "value": None if self.value is None else round(self.value, 3),
            "sd": None if self.sd is None else round(self.sd, 3),
            "baseline_spread": self.spread,
            "reason": self.reason,
            "limits": [
                {"cue": m.cue, "limit": round(m.limit, 3), "left": m.as_plain()["left"]} for m in self.limits
            ],
            "meaning": self.meaning,
        }


def look(camera: Camera, clock: Clock, eyes: Eyes, judge: Judge, at_s: float | None) -> Measurements:
    """The smoothed measurement after a few seconds of looking; `at_s`: at that second of a recording.

    Raises:
        NobodyFoundError: no picture came. InputError: the recording ends before.
    """
    found: Measurements | None = None
    begin_s = None if at_s is None else at_s - LOOK_S
    first_s: float | None = None
    for t_s, measured in watch(camera, clock, eyes, judge, begin_s):
        found = measured
        first_s = t_s if first_s is None else first_s
        if t_s >= (first_s + LOOK_S if at_s is None else at_s):
            break
    ends_s = clock.now_s()
    if at_s is not None and camera.ended and ends_s < at_s - _END_S:
        raise InputError(
            f"The recording ends before second {at_s:g}.",
            f"It is {ends_s:.1f} s long.",
            "Give an earlier --at.",
        )
    if found is None:
        raise NobodyFoundError("No picture to look at.")
    return found


def watch(
    camera: Camera, clock: Clock, eyes: Eyes, judge: Judge, begin_s: float | None = None
) -> Iterator[tuple[float, Measurements]]:
    """Time and smoothed measurement of every picture, until there are no more.

    Ends when none comes for `PATIENCE_S`; pictures before `begin_s` (of a recording) are passed over.
    """
    camera.open()
    camera.set_interval(0.1)
    last_s = clock.now_s()
    while not camera.ended and (clock.now_s() - last_s < PATIENCE_S or begin_s is not None):
        glimpse = camera.read(0.5)
        if glimpse is None:
            continue
        last_s = clock.now_s()
        if begin_s is not None and glimpse.t_s < begin_s:
            continue
        lm = glimpse.landmarks
        if lm is None:
            assert glimpse.frame is not None
            lm = eyes.look(glimpse.frame, fresh=False)
        found = judge.look(lm, glimpse.t_s).smoothed
        if found is not None:
            yield glimpse.t_s, found


def thinned(looks: Iterable[tuple[float, Measurements]], every_s: float) -> Iterator[Measurements]:
    """The first of the looks and then one each `every_s`."""
    due_s = -math.inf
    for t_s, found in looks:
        if t_s >= due_s:
            due_s = t_s + every_s
            yield found


def rows(m: Measurements, settings: AssessSettings, spread: dict[str, float]) -> list[Row]:
    """A row a quantity, those that decide a posture first; `m` holds one frame."""
    decisive = margins(SmoothedFrame.of(m), settings)
    by_name: dict[str, list[Margin]] = {}
    for margin in decisive:
        by_name.setdefault(margin.quantity, []).append(margin)
    names = [*by_name, *(name for name in QUANTITIES if name not in by_name)]
    return [_row(name, m, tuple(by_name.get(name, ())), spread) for name in names]


def _row(name: str, m: Measurements, limits: tuple[Margin, ...], spread: dict[str, float]) -> Row:
    if name == NECK:
        first = limits[0]
        meaning = "loss of craniovertebral angle due to the neck itself"
        return Row(
            quantity=name,
            unit="deg",
            meaning=meaning,
            value=first.value,
            sd=first.sd,
            spread=spread.get("cva_change_deg"),
            reason=first.reason,
            limits=limits,
        )
    estimate, about = m.values[name], QUANTITIES[name]
    value = float(estimate.value[0])
    told = not np.isnan(value)
    reason = "" if told else Reason(int(estimate.reason[0])).label
    sd = float(estimate.sd[0]) if told else None
    return Row(
        quantity=name,
        unit=about.unit,
        meaning=about.meaning,
        value=value if told else None,
        sd=sd,
        spread=spread.get(name),
        reason=reason,
        limits=limits,
    )


def title_of(quantity: str) -> str:
    """The quantity's name for people, its unit left to the number: "left shoulder up"."""
    return _TITLES.get(quantity) or quantity.removesuffix("_deg").removesuffix("_cm").replace("_", " ")


def value_text(row: Row) -> str:
    """The change with twice its uncertainty, or why it cannot be told."""
    if row.value is None or row.sd is None:
        return f"cannot tell: {row.reason.replace('_', ' ')}"
    if row.unit == "1":
        return f"{row.value:.2f} ± {2 * row.sd:.2f}"
    return f"{row.value:+z.1f} ± {2 * row.sd:.1f}{_unit(row)}"


def spread_text(row: Row) -> str:
    """The person's own spread while calibrating; empty where it is not known."""
    return "" if row.spread is None else f"{row.spread:.{2 if row.unit == '1' else 1}f}{_unit(row)}"


def limit_texts(row: Row) -> list[tuple[str, str, str]]:
    """Of every posture that the quantity decides: its name, where it begins, what is left to that."""
    return [(plain(m.cue), f"{m.limit:.1f}{_unit(row)}", _left(m)) for m in row.limits]


def _unit(row: Row) -> str:
    return unit_of(row.quantity) if row.unit in ("deg", "cm") else ""


def _left(margin: Margin) -> str:
    if margin.left is None:
        return ""
    return f"{abs(margin.left):.1f} {'left' if margin.left >= 0 else 'beyond'}"
