"""Landmarks in, assessment out, a frame at a time; `blocks` gives the same answers of a whole recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.stream import Step, Stream
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure


class Engine(Stream):
    """The streaming engine: one frame's landmarks at a time.

    Args:
        baseline: of the person and camera.
        coefficients: from `posture_cv.coefficients.load_coefficients`.
        settings: of the assessment.
        state: what an earlier run remembered (`Engine.state`), to resume; its clock must go on.
    """

    def __init__(
        self,
        baseline: Baseline,
        coefficients: Mapping[str, Any],
        settings: AssessSettings,
        state: PolicyState | None = None,
    ) -> None:
        super().__init__(baseline, settings, state)
        self._coefficients = coefficients

    def step(self, lm: Landmarks) -> Step:
        """One frame (`len(lm) == 1`) later; a frame not later than the last is dropped and counted."""
        return self.push(measure(lm, self._baseline, self._coefficients))
