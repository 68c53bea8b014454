"""What judges: calibration's own fit, and coefficients that were fitted without the people of the data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calibration.fit import fit_baseline
from posture_cv.assess.naming import Thresholds
from posture_cv.evaluate.dataset import Dataset
from posture_cv.evaluate.in_fit import Fitted, fitted_people
from posture_cv.evaluate.judging import FittedBaseline, Judges
from posture_cv.landmarks.types import Landmarks


def judges_of(data: Dataset | None = None) -> Judges:
    """What judges a data set; None: people of whom nothing but their landmarks is known."""
    fitted = Fitted({}, {}) if data is None else fitted_people(data)
    return Judges(fit, fitted.coefficients_for, Thresholds(), fitted.seen)


def fit(lm: Landmarks, coefficients: Mapping[str, Any]) -> FittedBaseline:
    """A baseline of calibration frames, with its verdict; a poor one is used and reported, not refused.

    Raises:
        PostureError: no baseline can be made of them.
    """
    result = fit_baseline(lm, coefficients, refuse=False)
    return FittedBaseline(
        baseline=result.baseline,
        grade=str(result.verdict.grade),
        findings=result.verdict.reasons,
        frames_used=result.baseline.frame_count,
        expected_error=result.quality.baseline_error,
    )
