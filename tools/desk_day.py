"""Simulate desk days of 8 hours with the people of a labelled data set, and print how the alerts did.

    python tools/desk_day.py DATASET --view front --seeds 3

Pictures are looked at once; `--cache FILE` keeps their landmarks for the next run. People whom the shipped
coefficients were fitted on are judged by the fits without them that are shipped, too. There are none without people of
the training set: `--leave-out 4` then fits four times, each time without a quarter of the people, and needs the data
set's `landmarks.npz`.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from posture_cv.assess.settings import AssessSettings
from posture_cv.evaluate.dataset import Dataset, Making, read_dataset
from posture_cv.evaluate.desk_day import DeskDayResult, build_desk_day, run_desk_day
from posture_cv.evaluate.desk_people import people
from posture_cv.evaluate.desk_table import days_table, mistakes, postures_table, sweep_table
from posture_cv.evaluate.in_fit import fitted_people
from posture_cv.evaluate.judging import CoefficientsFor

SENSITIVITIES = (0.5, 0.71, 1.0, 1.41, 2.0)


def main() -> None:
    """Read the arguments, simulate, print."""
    given = arguments()
    dataset = read_dataset(given.data, Making(cache=given.cache, looks=given.looks))
    settings = AssessSettings()
    sensitivities = (settings.policy.sensitivity,) if given.no_sweep else SENSITIVITIES
    results: list[DeskDayResult] = []
    for person, coefficients in people(dataset, judged_by(given, dataset), given.view):
        for seed in range(given.seeds):
            try:
                day = build_desk_day(person, seed, given.hours, given.rate)
            except ValueError as error:
                raise SystemExit(f"{error}: give more --hours") from None
            results += run_desk_day(day, coefficients, settings, seed, sensitivities)
    default = [r for r in results if r.sensitivity == settings.policy.sensitivity]
    print(
        *(days_table(default), postures_table(default), sweep_table(results), mistakes(default)), sep="\n\n"
    )


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with ground_truth.csv")
    parser.add_argument("--view", choices=("front", "side", "oblique"), help="only these cameras")
    parser.add_argument("--seeds", type=int, default=1, help="days for each person")
    parser.add_argument("--rate", type=float, default=2.0, help="frames a second")
    parser.add_argument("--hours", type=float, default=8.0, help="length of a day")
    parser.add_argument("--no-sweep", action="store_true", help="the default sensitivity only")
    parser.add_argument("--cache", type=Path, help="keep the landmarks of pictures in this file")
    parser.add_argument(
        "--looks", type=int, choices=range(1, 6), default=1, help="at each picture, see `evaluate`"
    )
    parser.add_argument("--leave-out", type=int, metavar="N", help="fit N times without those judged")
    given = parser.parse_args()
    if given.leave_out is not None and (given.leave_out < 2 or given.view not in ("front", "side")):
        parser.error("--leave-out needs a number of at least 2, and --view front or side")
    return given


def judged_by(given: argparse.Namespace, dataset: Dataset) -> CoefficientsFor:
    """Subject -> the coefficients that judge it, fitted without it where the shipped ones were fitted on it."""
    if given.leave_out is None:
        return fitted_people(dataset).coefficients_for
    material, leave_out = (importlib.import_module(f"fitting.{part}") for part in ("material", "leave_out"))
    lm, truth = material.read_truth(given.data)
    subjects = sorted({clip.subject for clip in dataset.clips})

    @cache
    def without(fold: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = leave_out.coefficients_without(
            given.view, lm, truth, subjects[fold :: given.leave_out]
        )
        return found

    return lambda subject: without(subjects.index(subject) % given.leave_out)


if __name__ == "__main__":
    main()
