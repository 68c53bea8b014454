"""Series made by hand: every quantity is known at every moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State
from posture_cv.exposure.types import Series, Told
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View

Values = Mapping[str, "NDArray[np.float64] | list[float]"]


def series(
    t_s: NDArray[np.float64] | list[float],
    values: Values,
    *,
    view: View = View.SIDE,
    sd: float = 0.0,
    state: NDArray[np.int8] | list[int] | None = None,
    told: tuple[Told, ...] = (),
    name: str = "made",
    participant: str = "",
    condition: str = "",
    hold_s: float = 2.0,
) -> Series:
    """A recording with these values; NaN and quantities that are not given cannot be told."""
    times = np.asarray(t_s, np.float64)
    estimates = {q: Estimate.withheld(len(times), Reason.NOT_FROM_THIS_VIEW) for q in QUANTITIES}
    for quantity, given in values.items():
        column = np.asarray(given, np.float64)
        reason = np.where(np.isfinite(column), Reason.OK, Reason.UNCERTAIN).astype(np.int8)
        estimates[quantity] = Estimate.of(column, sd, reason)
    shown = np.full(len(times), State.GOOD, np.int8) if state is None else np.asarray(state, np.int8)
    unnamed = np.isin(shown, (State.CANNOT_TELL, State.AWAY))
    reason = np.where(unnamed, Reason.NOBODY, Reason.OK).astype(np.int8)
    codes = np.full(len(times), view, np.int8)
    measured = Measurements(times, codes, reason, estimates)
    return Series(name, measured, shown, reason, view, told, participant, condition, hold_s)
