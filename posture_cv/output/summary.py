"""A recording in a few figures: time per state, unmeasured time with its reasons. Pure."""

from __future__ import annotations

import numpy as np

from posture_cv.assess.types import State, States
from posture_cv.exposure.epochs import frame_seconds
from posture_cv.measure.types import Codes, Float, Reason


def seconds_per_state(t_s: Float, shown: Codes) -> dict[str, float]:
    """Seconds in each state of `shown` (N `State` codes) that occurred, the longest first."""
    return _sums(t_s, {int(s): s.label for s in State}, shown)


def unmeasured_seconds(states: States) -> dict[str, float]:
    """Seconds that could not be judged, by reason, the longest first."""
    totals = _sums(states.t_s, {int(r): r.label for r in Reason}, states.reason)
    return {reason: seconds for reason, seconds in totals.items() if reason}


def _sums(t_s: Float, labels: dict[int, str], codes: Codes) -> dict[str, float]:
    seconds = frame_seconds(t_s)
    totals = {labels[int(code)]: round(float(seconds[codes == code].sum()), 3) for code in np.unique(codes)}
    return dict(sorted(totals.items(), key=lambda item: -item[1]))
