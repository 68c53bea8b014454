"""How far each posture is from its limit now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from posture_cv.assess.naming import limiting_sd, neck_deg
from posture_cv.assess.records import limits
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.measure.types import QUANTITIES, Measurements, Reason

NECK = "neck_deg"
NECK_MEANING = "loss of craniovertebral angle due to the neck itself, against the baseline"


@dataclass(frozen=True, slots=True)
class Margin:
    """One quantity that decides one posture.

    Attributes:
        cue: the posture, one of `CUES`.
        quantity: name with its unit; "neck_deg" is the loss of craniovertebral angle due to the neck.
        value: against the baseline, None where it cannot be told.
        sd: standard deviation of its error, None likewise.
        limit: where the posture begins, with sensitivity and feedback.
        reason: why the value cannot be told, empty where it can.
    """

    cue: str
    quantity: str
    value: float | None
    sd: float | None
    limit: float
    reason: str = ""

    @property
    def left(self) -> float | None:
        """What is left to the limit, in the quantity's unit; negative beyond it."""
        return None if self.value is None else self.limit - self.value

    @property
    def share(self) -> float | None:
        """The value as a share of the limit, 0 or more: 1 is at the limit."""
        return None if self.value is None else max(0.0, self.value / self.limit)

    def as_plain(self) -> dict[str, Any]:
        """For JSON; rounded to what can be told."""
        return {
            "cue": self.cue,
            "quantity": self.quantity,
            "value": _rounded(self.value),
            "sd": _rounded(self.sd),
            "limit": round(self.limit, 2),
            "left": _rounded(self.left),
            "share": _rounded(self.share),
            "reason": self.reason,
        }


def margins(m: Measurements, settings: AssessSettings) -> tuple[Margin, ...]:
    """The margin of every quantity that decides a posture, in the order of `CUES`; `m` holds one frame."""
    neck = float(neck_deg(m)[0])
    told = {name: estimate for name, estimate in m.values.items() if estimate.valid[0]}
    sds = {name: float(limiting_sd(name, e.value, e.sd)[0]) for name, e in told.items()}
    sds[NECK] = sds.get("cva_change_deg", 0.0)
    return tuple(
        _margin(cue, limit.name, limit.value * factor, m, neck)
        for cue, factor in zip(CUES, settings.policy.enter_excess, strict=True)
        for limit in limits(cue, settings.thresholds, sds)
    )


def _margin(cue: str, name: str, limit: float, m: Measurements, neck: float) -> Margin:
    estimate = m.values["cva_change_deg" if name == NECK else name]
    value = neck if name == NECK else float(estimate.value[0])
    if np.isnan(value):
        reason = Reason(int(estimate.reason[0])) or Reason.UNCERTAIN
        return Margin(cue, name, None, None, limit, reason.label)
    return Margin(cue, name, value, float(estimate.sd[0]), limit)


def nearest(found: tuple[Margin, ...]) -> Margin | None:
    """The posture that is nearest to its limit; of one with several quantities the one farthest from it.

    A posture needs all its quantities beyond their limits, but raised shoulders, of which one is enough.
    """
    best: Margin | None = None
    for cue in CUES:
        of_cue = [m for m in found if m.cue == cue]
        told = [m for m in of_cue if m.share is not None]
        if not told or (len(told) < len(of_cue) and cue != "shrug"):
            continue
        pick = max if cue == "shrug" else min
        decisive = pick(told, key=lambda m: m.share or 0.0)
        if best is None or (decisive.share or 0.0) > (best.share or 0.0):
            best = decisive
    return best


def unit_of(quantity: str) -> str:
    """The unit as printed behind a number."""
    return "°" if quantity.endswith("_deg") else " cm"


def meaning_of(quantity: str) -> str:
    """What the quantity is."""
    return NECK_MEANING if quantity == NECK else QUANTITIES[quantity].meaning


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
