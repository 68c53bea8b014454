"""Simulate desk days of 8 hours with the people of a labelled data set, and print how the alerts did.

    python tools/desk_day.py DATASET --view front --seeds 3

Pictures are looked at once; `--cache FILE` keeps their landmarks for the next run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from posture_cv.assess.settings import AssessSettings
from posture_cv.cli.evaluate import fit
from posture_cv.coefficients import load_coefficients
from posture_cv.evaluate.dataset import Making, read_dataset
from posture_cv.evaluate.desk_day import SENSITIVITIES, DeskDayResult, build_desk_day, run_desk_day
from posture_cv.evaluate.desk_people import people
from posture_cv.evaluate.desk_table import days_table, mistakes, postures_table, sweep_table


def main() -> None:
    """Read the arguments, simulate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with ground_truth.csv")
    parser.add_argument("--view", choices=("front", "side", "oblique"), help="only these cameras")
    parser.add_argument("--seeds", type=int, default=1, help="days for each person")
    parser.add_argument("--rate", type=float, default=2.0, help="frames a second")
    parser.add_argument("--hours", type=float, default=8.0, help="length of a day")
    parser.add_argument("--no-sweep", action="store_true", help="the default sensitivity only")
    parser.add_argument("--cache", type=Path, help="keep the landmarks of pictures in this file")
    given = parser.parse_args()
    coefficients = load_coefficients()
    dataset = read_dataset(given.data, Making(cache=given.cache))
    settings = AssessSettings()
    sensitivities = (settings.policy.sensitivity,) if given.no_sweep else SENSITIVITIES
    results: list[DeskDayResult] = []
    for person in people(dataset, coefficients, fit, given.view):
        for seed in range(given.seeds):
            day = build_desk_day(person, seed, given.hours, given.rate)
            results += run_desk_day(day, coefficients, settings, seed, sensitivities)
    default = [r for r in results if r.sensitivity == settings.policy.sensitivity]
    print(
        *(days_table(default), postures_table(default), sweep_table(results), mistakes(default)), sep="\n\n"
    )


if __name__ == "__main__":
    main()
