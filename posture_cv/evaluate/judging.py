"""One clip: baseline from its calibration frames, then measurements, states and truth of the judged ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from calibration.fit import CalibrationResult, fit_baseline
from posture_cv.assess.naming import name_states
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import States
from posture_cv.errors import PostureError
from posture_cv.evaluate.dataset import Clip, Dataset
from posture_cv.evaluate.in_fit import Fitted, fitted_people
from posture_cv.evaluate.quantities import COMPARED, true_changes
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Estimate, Float, Measurements, Reason, View

Coefficients = Mapping[str, Any]
CoefficientsFor = Callable[[str], Coefficients]
"""Subject -> coefficients that were not fitted on that subject."""


@dataclass(frozen=True, slots=True, eq=False)
class Judges:
    """What judges.

    Attributes:
        coefficients_for: subject -> coefficients, where possible fitted without that person.
        thresholds: of the names.
        seen: (view, subject) that was in the fit -> whether its coefficients were fitted without that person.
    """

    coefficients_for: CoefficientsFor
    thresholds: Thresholds
    seen: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Dataset | None = None) -> Self:
        """What judges a data set; None: people of whom nothing but their landmarks is known."""
        fitted = Fitted({}, {}) if data is None else fitted_people(data)
        return cls(fitted.coefficients_for, Thresholds(), fitted.seen)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedClip:
    """A clip and everything said about its M judged frames.

    Attributes:
        clip: which rows.
        fitted: the baseline, however poor; None when none could be made, and then everything is withheld.
        refusal: why none could be made.
        measurements, states: M frames.
        truth: quantity -> (M,) true change; NaN where nobody is present.
        present: (M,) whether somebody is in the picture.
    """

    clip: Clip
    fitted: CalibrationResult | None
    refusal: str
    measurements: Measurements
    states: States
    truth: Mapping[str, Float]
    present: NDArray[np.bool_]


def judge_clip(dataset: Dataset, clip: Clip, judges: Judges) -> JudgedClip:
    """Baseline, measurements and states of one clip."""
    coefficients = judges.coefficients_for(clip.subject)
    frames = dataset.landmarks[clip.judged]
    fitted, refusal = _fit(dataset.landmarks[clip.calibration], coefficients)
    measurements = _nothing(frames) if fitted is None else measure(frames, fitted.baseline, coefficients)
    return JudgedClip(
        clip=clip,
        fitted=fitted,
        refusal=refusal,
        measurements=measurements,
        states=name_states(measurements, judges.thresholds),
        truth={name: true_changes(dataset.truth, clip, q) for name, q in COMPARED.items()},
        present=dataset.truth.person_present[clip.judged],
    )


def _fit(lm: Landmarks, coefficients: Coefficients) -> tuple[CalibrationResult | None, str]:
    try:
        return fit_baseline(lm, coefficients, refuse=False), ""
    except PostureError as error:
        return None, str(error)


def _nothing(lm: Landmarks) -> Measurements:
    n = len(lm)
    values = {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
    reason = np.full(n, Reason.NO_BASELINE, np.int8)
    return Measurements(lm.t_s, np.full(n, View.UNKNOWN, np.int8), reason, values)


def badness(states: States) -> Float:
    """(M,) how far each frame is from its nearest alert, 1 = at a threshold; NaN where no posture is named."""
    return np.asarray(np.fmax.reduce(states.excess, axis=1), np.float64)
