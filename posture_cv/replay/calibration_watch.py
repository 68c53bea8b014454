"""Whether somebody else is in the picture in the seconds of a video that are calibrated on.

Told while the landmarks are made: afterwards there are no pictures any more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from posture_cv.capture.types import Frame
from posture_cv.closing import Closing
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.types import Landmarks

if TYPE_CHECKING:
    from calibration.company import Company
    from posture_cv.landmarks.finders import CompanyFinder

_OF_A_BASELINE: Final = "Baseline, "


class CalibrationWatch(Closing):
    """Looks at the frames of a recording as they pass, those to calibrate on among them. Close it.

    Args:
        calibrate_s: (start, end) of the seconds to calibrate on, in the source's time; None: there are none.
        models: whose face model is used.
    """

    def __init__(self, calibrate_s: tuple[float, float] | None, models: EstimatorOptions) -> None:
        self._calibrate_s, self._models = calibrate_s, models
        self._finder: CompanyFinder | None = None
        self._company: Company | None = None

    def looking_at(self, seen: Iterable[tuple[Frame, Landmarks]]) -> Iterator[tuple[Frame, Landmarks]]:
        """The same frames with their landmarks. Raises ModelFileError: the face model cannot be used."""
        for frame, lm in seen:
            if self._calibrate_s is not None and self._calibrate_s[0] <= frame.t_s < self._calibrate_s[1]:
                self._look(frame, lm)
            yield frame, lm

    def _look(self, frame: Frame, lm: Landmarks) -> None:
        if self._company is None:
            from calibration.company import Company
            from posture_cv.landmarks.finders import CompanyFinder

            self._finder = CompanyFinder(self._models)
            self._company = Company(self._finder)
        self._company.look(frame, lm)

    @property
    def warnings(self) -> Iterator[str]:
        """What is to be said of it, in a sentence."""
        if self._company is None or self._calibrate_s is None:
            return
        from calibration.verdict import about_company

        for finding in about_company(self._company.share):
            yield f"{_begin(self._calibrate_s)}{finding.text}"

    def close(self) -> None:
        """Release the model; a second call does nothing."""
        if self._finder is not None:
            self._finder.close()


def of_these_seconds(warnings: Iterable[str], calibrate_s: tuple[float, float] | None) -> tuple[str, ...]:
    """What was said when landmarks were made, without what is about a baseline from other seconds than these.

    Landmarks that are kept, or that a killed run has left, serve any seconds to calibrate on.
    """
    own = None if calibrate_s is None else _begin(calibrate_s)
    return tuple(
        text for text in warnings if not text.startswith(_OF_A_BASELINE) or (own and text.startswith(own))
    )


def _begin(calibrate_s: tuple[float, float]) -> str:
    """How a warning about the baseline from these seconds begins."""
    start_s, end_s = calibrate_s
    return f"{_OF_A_BASELINE}{start_s:g} s to {'the end' if math.isinf(end_s) else f'{end_s:g} s'}: "
