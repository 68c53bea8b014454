"""Where the error comes from, and what each cue is worth: `python tools/error_parts.py DATASET [--cache FILE]`.

For every view and quantity of a labelled data set, one frame at a time:

- *baseline*: how far the value moves when the baseline is made of other calibration frames (resampled with
  replacement, Efron 1979), as a standard deviation;
- *landmarks*: the scatter from frame to frame within one posture of one clip;
- *rest*: what is left of the root mean square error: geometry that the picture does not tell, and the estimator.

For the side view also the mean absolute error when one cue is taken away from the judged frames.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from calibration.fit import fit_baseline
from posture_cv.evaluate.dataset import Clip, Dataset, Making, read_dataset
from posture_cv.evaluate.judging import Judges
from posture_cv.evaluate.metrics import error_budget
from posture_cv.evaluate.quantities import COMPARED, true_changes
from posture_cv.evaluate.run import Evaluation, evaluate
from posture_cv.measure.block_model import CONTOUR
from posture_cv.measure.measure import measure
from posture_cv.measure.outline_edges import Edges
from posture_cv.measure.side_columns import OF_BASELINE
from posture_cv.measure.side_outline import contour_blocks
from posture_cv.measure.side_reference import side_reference

Float = NDArray[np.float64]
RESAMPLED: Final = 12
# Cue of the side view -> the blocks that carry it (`measure/side_columns.py`).
CUES: Final = {
    "(nothing taken away)": (),
    "head against upper back": ("gap", "thead", "neck"),
    "tilt and drop of the upper back": ("back", "slide"),
    "lower back": ("low",),
    "edge of throat and chest": ("front",),
    "edge of nape and back": ("rear",),
    "shoulders, elbows, wrists": ("arms",),
    "nose and ears": ("face",),
    "pose landmarks in the picture": ("marks",),
    "the person's build": OF_BASELINE,
}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--cache", type=Path, help="landmarks kept by posture-cv evaluate --cache")
    chosen = parser.parse_args()
    data = read_dataset(chosen.dataset, Making(cache=chosen.cache))
    judges = Judges.of(data)
    judged = evaluate(data, judges)
    for view in judged.frames:
        print(f"\n{view}: root mean square error and its parts")
        print(f"{'':24s}{'rmse':>8s}{'baseline':>10s}{'landmarks':>11s}{'rest':>8s}")
        for name, row in budget(data, judges, judged, view):
            print(f"{name:24s}{row[0]:8.2f}{row[1]:10.2f}{row[2]:11.2f}{row[3]:8.2f}")
    if "side" in judged.frames:
        print("\nside: mean absolute error when a cue is taken away")
        print(f"{'without':34s}" + "".join(f"{name[:16]:>17s}" for name in COMPARED))
        for cue, errors in ablation(data, judges):
            print(f"{cue:34s}" + "".join(f"{errors[name]:17.2f}" for name in COMPARED))


def budget(
    data: Dataset, judges: Judges, judged: Evaluation, view: str
) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Quantity -> rmse, baseline, landmarks, rest."""
    frames, moved = judged.frames[view], baseline_sd(data, judges, view)
    for name in COMPARED:
        error = frames.measurements.value(name) - frames.truth[name]
        rmse = float(np.sqrt(np.nanmean(error**2)))
        landmarks = error_budget(error, frames.clip, frames.segment).frame or 0.0
        rest = max(rmse**2 - landmarks**2 - moved[name] ** 2, 0.0) ** 0.5
        yield name, (rmse, moved[name], landmarks, rest)


def baseline_sd(data: Dataset, judges: Judges, view: str) -> dict[str, float]:
    """Root mean square over clips and frames of the value's scatter when the calibration frames are resampled."""
    rng = np.random.default_rng(0)
    squares: dict[str, list[Float]] = {name: [] for name in COMPARED}
    for clip in (c for c in data.clips if c.view == view):
        coefficients = judges.coefficients_for(clip.subject)
        found: dict[str, list[Float]] = {name: [] for name in COMPARED}
        for _ in range(RESAMPLED):
            chosen = np.sort(rng.choice(clip.calibration, len(clip.calibration)))
            baseline = fit_baseline(data.landmarks[chosen], coefficients, refuse=False).baseline
            measured = measure(data.landmarks[clip.judged], baseline, coefficients)
            for name in COMPARED:
                found[name].append(measured.value(name))
        for name, values in found.items():
            known = np.isfinite(values).all(axis=0)
            squares[name].append(np.var(np.array(values)[:, known], axis=0))
    return {name: float(np.sqrt(np.concatenate(parts).mean())) for name, parts in squares.items()}


def ablation(data: Dataset, judges: Judges) -> Iterator[tuple[str, dict[str, float]]]:
    """Cue -> mean absolute error of each quantity from the side without it."""
    clips = [clip for clip in data.clips if clip.view == "side"]
    for cue, sources in CUES.items():
        parts = [side_errors(data, clip, judges, sources) for clip in clips]
        yield cue, {name: float(np.abs(np.concatenate([p[name] for p in parts])).mean()) for name in COMPARED}


def side_errors(data: Dataset, clip: Clip, judges: Judges, sources: tuple[str, ...]) -> dict[str, Float]:
    """Quantity -> errors of the frames with a person, some raw features of theirs read as unchanged."""
    coefficients = judges.coefficients_for(clip.subject)
    seen = data.truth.person_present[clip.judged]
    ref = side_reference(fit_baseline(data.landmarks[clip.calibration], coefficients, refuse=False).baseline)
    assert ref.contour is not None
    edges = Edges.of(data.landmarks[clip.judged[seen]], looks_right=ref.looks_right, cm_wide=ref.cm_wide)
    blocks, motion = contour_blocks(edges, ref, ref.contour)
    blocks |= {source: np.full_like(blocks[source], np.nan) for source in sources}
    answers = coefficients["side"].predict(CONTOUR, blocks, motion.rms[:2].T)
    return {name: answers[name][0] - true_changes(data.truth, clip, q)[seen] for name, q in COMPARED.items()}


if __name__ == "__main__":
    main()
