"""Fit the shipped coefficients of one view: `python tools/fit_estimators.py VIEW DATASET`.

DATASET is a folder with `ground_truth.csv` and `landmarks.npz`, the contour included, such as the rendered
training set. Writes `posture_cv/coefficients/VIEW.npz` (or --out) and prints what the fit reaches on persons
left out.

All views also learn from the few people of a second data set, each of whom is judged by a fit without that person,
the side view from pictures measured again with small changes, too: name them with `--also DATASET MEASURED.npz`, made
by `tools/measure_pictures.py`. They also learn from very many people, who are never judged, neither by the printed
figures: --further FOLDER, a data set, or a folder of them. They alone teach the networks beside the processes of side
and oblique view; of the latter, of which the shared sets have few people, some of them answer, too. However many they
are, the files grow by their fingerprints alone and the program gets no slower. The shipped files were made with

    front train --also public FRONT1.npz --also public FRONT5.npz --further OLDER PEOPLE FAR --like FIRST.npz
                                    (--view front, the second with --looks 5; OLDER, PEOPLE, FAR: the 250, 230 and 80 of
                                    docs/rendered-people.md, each made with --part 5; FIRST: hyperparameters of 141 of
                                    OLDER, without --like, as commit e7711cc's front.npz has them)
    side train --also train T0.npz ... T5.npz --also public P.npz --also public P0.npz ... P5.npz --further OLDER PEOPLE
                                    (--view side; T0 to T5 and P0 to P5 with --jitter 0 to 5, the last three --mirror)
    oblique train --also public PUBLIC.npz --further OBLIQUE
                                    (--view oblique; the 160 of docs/rendered-people.md)
    partial train
    expression train --further FACES
                                    (the 80 of docs/rendered-people.md who make faces)
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
TAUGHT_BY_MANY = ("front", "side", "oblique", "expression")


def main() -> None:
    """Parse the command line, fit, write, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("view", choices=("front", "side", "oblique", "partial", "expression"))
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, help="coefficient file (default: the shipped one)")
    parser.add_argument(
        "--also",
        nargs=2,
        type=Path,
        action="append",
        default=[],
        metavar=("DATASET", "MEASURED"),
        help="see above",
    )
    parser.add_argument(
        "--further",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="very many further people who teach, a data set each or folders of such",
    )
    parser.add_argument(
        "--like", type=Path, metavar="NPZ", help="take the hyperparameters of this fit (front only)"
    )
    parser.add_argument(
        "--people-only", action="store_true", help="fit nothing: record in the file who was fitted on"
    )
    chosen = parser.parse_args()
    material = importlib.import_module("fitting.material")
    fit = getattr(importlib.import_module(f"fitting.{chosen.view}"), f"fit_{chosen.view}")
    lm, truth = material.read_truth(chosen.dataset)
    also = [material.read_measured(*pair) for pair in chosen.also]
    further = [part for folder in chosen.further for part in material.read_parts(folder)]
    if further and chosen.view not in TAUGHT_BY_MANY:
        parser.error(f"--further teaches {', '.join(TAUGHT_BY_MANY)} only")
    out = chosen.out or HERE.parent / "posture_cv" / "coefficients" / f"{chosen.view}.npz"
    if chosen.people_only:
        arrays, lines = read_arrays(out), {}
    else:
        more: tuple[Any, ...] = (also, further) if further else (also,) if also else ()
        if chosen.like:
            more = also, further, read_arrays(chosen.like)
        arrays, lines = fit(lm, truth, *more)
    # Of very many people the calibration frames are enough to know them by.
    known = [material.rows_of(rows, rows["segment"] == "calibration") for _, rows in further]
    arrays = {**arrays, **record_of(truth, *(rows for _, rows in also), *known)}
    write_arrays(out, arrays)
    for name, line in lines.items():
        print(f"{name:45s} {line}")
    print(f"{out}: {out.stat().st_size / 1e3:.0f} kB")


def record_of(*truths: dict[str, Any]) -> dict[str, Any]:
    """Whose frames a fit has seen, so that `posture-cv evaluate` can say so."""
    people = importlib.import_module("posture_cv.coefficients.people")
    rows = np.concatenate([people.fingerprints(truth) for truth in truths])
    return dict(people.stamp(rows, np.concatenate([truth["subject"].astype(str) for truth in truths])))


def read_arrays(file: Path) -> dict[str, Any]:
    """The arrays of an `.npz`."""
    with np.load(file, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def write_arrays(out: Path, arrays: dict[str, Any]) -> None:
    """Write an `.npz` whole or not at all."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    handle, name = tempfile.mkstemp(dir=out.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as stream:
        stream.write(buffer.getvalue())
    Path(name).chmod(0o644)
    Path(name).replace(out)


if __name__ == "__main__":
    main()
