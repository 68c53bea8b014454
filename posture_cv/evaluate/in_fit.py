"""Whether a data set's people were in the fit of the estimators, and coefficients that were fitted without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from posture_cv.coefficients import coefficients_without, load_coefficients, person_fitted_on
from posture_cv.coefficients.people import COLUMNS, Prints, fingerprints
from posture_cv.evaluate.dataset import Dataset
from posture_cv.evaluate.truth import VIEWS


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Who of a data set was in the fit, and what judges each subject.

    Attributes:
        seen: (view, subject) whose frames were in a fit -> whether it is judged by coefficients that were fitted
            without that person. Told by the truth of the frames: another person of the same name is not. The view is
            the data set's; the fits of all views are searched, as a clip is measured in the view that it shows.
        coefficients: subject -> coefficients.
    """

    seen: Mapping[tuple[str, str], bool]
    coefficients: Mapping[str, Mapping[str, Any]]

    def coefficients_for(self, subject: str) -> Mapping[str, Any]:
        """Of one subject; the shipped ones for anybody else."""
        return self.coefficients.get(subject, load_coefficients())


def fitted_people(dataset: Dataset) -> Fitted:
    """Look every person of a data set up in the records of the fits."""
    prints = fingerprints({name: dataset.truth.values[name] for name in COLUMNS})
    seen: dict[tuple[str, str], bool] = {}
    coefficients: dict[str, Mapping[str, Any]] = {}
    for view, subject in dict.fromkeys((clip.view, clip.subject) for clip in dataset.clips):
        rows = _rows(dataset, view, subject, prints)
        for fit in VIEWS:
            person = person_fitted_on(fit, rows)
            if person is None:
                continue
            without = coefficients_without(fit, person)
            seen[view, subject] = seen.get((view, subject), True) and without is not None
            if without is not None:
                coefficients[subject] = {**coefficients.get(subject, load_coefficients()), fit: without[fit]}
    return Fitted(seen, coefficients)


def _rows(dataset: Dataset, view: str, subject: str, prints: Prints) -> Prints:
    return np.asarray(prints[(dataset.truth.view == view) & (dataset.truth.subject == subject)])
