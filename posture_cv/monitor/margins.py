"""How far each posture is from its limit now. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.naming import RISES, asked_for, limiting_sd, neck, taken_down_cm
from posture_cv.assess.records import limits
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.measure.types import Reason
from posture_cv.monitor.hanging import hangs_on

NECK = "neck_deg"
_DECISIVE: Final = ("cva_change_deg", "head_pitch_deg", "protraction_cm", "trunk_incl_deg", *RISES)


@dataclass(frozen=True, slots=True)
class Margin:
    """One quantity that decides one posture.

    Attributes:
        cue: the posture, one of `CUES`.
        quantity: name with its unit; "neck_deg" is the loss of craniovertebral angle due to the neck.
        value: against the baseline, None where it cannot be told.
        sd: standard deviation of its error, None likewise.
        limit: where the posture begins in this frame, with sensitivity and feedback: its uncertainty, leaning sideways
            and another distance to the camera raise it.
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


def margins(frame: SmoothedFrame, settings: AssessSettings) -> tuple[Margin, ...]:
    """The margin of every quantity that decides a posture, in the order of `CUES`."""
    bent = neck(frame, NUMBERS)
    sds = {name: _wide(frame, name) for name in _DECISIVE}
    sds[NECK] = sds["cva_change_deg"]
    asked, sideways = asked_for(frame, settings.thresholds, NUMBERS)
    more = {"forward_head": asked, "rounded_shoulders": asked, "slump": sideways}
    beyond = {"sink_cm": taken_down_cm(frame.value("trunk_incl_deg"), NUMBERS)}  # what is no sinking
    return tuple(
        _margin(
            cue,
            limit.name,
            limit.value * factor * more.get(cue, 1.0) + beyond.get(limit.name, 0.0),
            frame,
            bent,
        )
        for cue, factor in zip(CUES, settings.policy.enter_excess, strict=True)
        for limit in limits(cue, settings.thresholds, sds)
    )


def _wide(frame: SmoothedFrame, name: str) -> float:
    """By which the limits of the quantity widen; 0 where it cannot be told."""
    value = frame.value(name)
    return 0.0 if math.isnan(value) else limiting_sd(name, value, frame.sd(name), NUMBERS)


def _margin(cue: str, name: str, limit: float, frame: SmoothedFrame, bent: float) -> Margin:
    measured = "cva_change_deg" if name == NECK else name
    value = bent if name == NECK else frame.value(name)
    if math.isnan(value):
        reason = Reason(frame.reasons[measured]) or Reason.UNCERTAIN
        return Margin(cue, name, None, None, limit, reason.label)
    return Margin(cue, name, value, frame.sd(measured), limit)


def nearest(found: tuple[Margin, ...]) -> Margin | None:
    """The posture that is nearest to its limit; of one with several quantities the one on which it hangs."""
    best: Margin | None = None
    for cue in CUES:
        of_cue = {m.quantity: m for m in found if m.cue == cue}
        decisive = hangs_on(cue, {quantity: m.share for quantity, m in of_cue.items()})
        if decisive and (best is None or (of_cue[decisive].share or 0.0) > (best.share or 0.0)):
            best = of_cue[decisive]
    return best


def unit_of(quantity: str) -> str:
    """The unit as printed behind a number."""
    return "°" if quantity.endswith("_deg") else " cm"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
