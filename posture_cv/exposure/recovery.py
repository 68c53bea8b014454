"""Recovery after alerts: how long a posture went on after the person was told."""

from __future__ import annotations

from math import nan

import numpy as np

from posture_cv.assess.types import UNMEASURED, State
from posture_cv.exposure.epochs import frame_seconds
from posture_cv.exposure.types import Series


def recovery_s(series: Series) -> list[float]:
    """Seconds from each posture notification to the begin of the first lasting exit from that posture.

    An exit lasts when the posture is not named again for `exit_hold_s` of measured time (ours: the held exit
    of the monitor's policy). Time that could not be measured neither begins nor ends an exit. NaN where no
    exit was seen before the next notification of the same posture or the end.
    """
    t_s = series.measured.t_s
    seconds = frame_seconds(t_s)
    unknown = np.isin(series.state, UNMEASURED)
    out = []
    for place, told in enumerate(series.told):
        until = next((n.t_s for n in series.told[place + 1 :] if n.cue == told.cue), np.inf)
        inside = (t_s >= told.t_s) & (t_s < until)
        there = series.state[inside] == State.from_label(told.cue)
        out.append(_exit(t_s[inside], seconds[inside], there, unknown[inside], series.exit_hold_s) - told.t_s)
    return out


def _exit(
    t_s: np.ndarray[tuple[int], np.dtype[np.float64]],
    seconds: np.ndarray[tuple[int], np.dtype[np.float64]],
    there: np.ndarray[tuple[int], np.dtype[np.bool_]],
    unknown: np.ndarray[tuple[int], np.dtype[np.bool_]],
    hold_s: float,
) -> float:
    """When the first lasting exit began; NaN without one."""
    begin, held = nan, 0.0
    for t, lasts, inside, blind in zip(
        t_s.tolist(), seconds.tolist(), there.tolist(), unknown.tolist(), strict=True
    ):
        if inside:
            begin, held = nan, 0.0
        elif not blind:
            begin = t if np.isnan(begin) else begin
            held += lasts
            if held >= hold_s:
                return begin
    return nan
