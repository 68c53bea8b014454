"""One careful look at now: every quantity with its baseline, limit, margin and uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posture_cv.assess.settings import AssessSettings
from posture_cv.errors import NobodyFoundError
from posture_cv.measure.types import QUANTITIES, Measurements, Reason
from posture_cv.monitor.judge import Judge
from posture_cv.monitor.margins import NECK, Margin, margins, unit_of
from posture_cv.monitor.ports import Camera, Clock, Eyes

LOOK_S: Final = 3.0
"""Looked at so long: the smoothing's two seconds and a little more; ours."""
_PATIENCE_S: Final = 10.0


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
        NobodyFoundError: no picture came, or the recording ends before.
    """
    camera.open()
    camera.set_interval(0.1)
    begin_s = clock.now_s()
    first_s: float | None = None
    found: Measurements | None = None
    while not camera.ended and (
        first_s is not None or clock.now_s() - begin_s < _PATIENCE_S or at_s is not None
    ):
        glimpse = camera.read(0.5)
        if glimpse is None:
            continue
        if at_s is not None and glimpse.t_s < at_s - LOOK_S:
            continue
        first_s = glimpse.t_s if first_s is None else first_s
        lm = glimpse.landmarks
        if lm is None:
            assert glimpse.frame is not None
            lm = eyes.look(glimpse.frame, fresh=False)
        found = judge.look(lm, glimpse.t_s).smoothed
        end_s = first_s + LOOK_S if at_s is None else at_s
        if glimpse.t_s >= end_s:
            break
    if found is None:
        raise NobodyFoundError(
            "No picture to look at.", "The recording ends before." if at_s is not None else ""
        )
    return found


def rows(m: Measurements, settings: AssessSettings, spread: dict[str, float]) -> list[Row]:
    """A row a quantity, those that decide a posture first; `m` holds one frame."""
    decisive = margins(m, settings)
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
            name, "deg", meaning, first.value, first.sd, spread.get("cva_change_deg"), first.reason, limits
        )
    estimate, about = m.values[name], QUANTITIES[name]
    value = float(estimate.value[0])
    told = not np.isnan(value)
    reason = "" if told else Reason(int(estimate.reason[0])).label
    sd = float(estimate.sd[0]) if told else None
    return Row(name, about.unit, about.meaning, value if told else None, sd, spread.get(name), reason, limits)


def printed(row: Row) -> tuple[str, str, str, str]:
    """Quantity, value with twice its uncertainty, own spread, limits with what is left: for a table."""
    unit = unit_of(row.quantity) if row.unit in ("deg", "cm") else ""
    if row.value is None or row.sd is None:
        value = f"cannot be told: {row.reason.replace('_', ' ')}"
    else:
        value = f"{row.value:+.1f}{unit} ± {2 * row.sd:.1f}"
        if row.unit == "1":
            value = f"{row.value:.2f} ± {2 * row.sd:.2f}"
    spread = "" if row.spread is None else f"± {row.spread:.1f}{unit}"
    limits = ", ".join(_limit(margin, unit) for margin in row.limits)
    return row.quantity, value, spread, limits


def _limit(margin: Margin, unit: str) -> str:
    cue = margin.cue.replace("_", " ")
    left = "" if margin.left is None else f", {margin.left:.1f} left" if margin.left >= 0 else ", beyond"
    return f"{cue} {margin.limit:.1f}{unit}{left}"
