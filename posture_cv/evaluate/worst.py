"""Frames that went wrong, the worst first."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State
from posture_cv.evaluate.grouping import Frames
from posture_cv.evaluate.metrics import agreement
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.schema import WorstCase
from posture_cv.evaluate.segments import RIGHT_NAMES
from posture_cv.evaluate.truth import Truth
from posture_cv.measure.types import Float
from posture_cv.truth_classes import BAD_CLASSES, HARMLESS_CLASSES

# The gravest first: an alarm about nothing annoys, a missed posture fails its purpose, a wrong name misleads.
KINDS: Final = ("false_alarm", "missed", "misnamed", "error")
# A frame that is named rightly went wrong when a quantity is off by so many times its rmse (ours).
_FAR_OFF: Final = 2.0


def worst_cases(
    frames: Frames, truth: Truth, rows: NDArray[np.intp], count: int
) -> list[tuple[int, WorstCase]]:
    """At most `count` frames of one view, each with its row of the data set: by kind, then by how far they are off.

    Args:
        frames: K judged frames; truth: of the data set; rows: (K,) rows of the data set that they are.
        count: how many; frames that are named rightly and yet far off come last, as "error". Fewer went wrong: fewer.
    """
    if count <= 0 or len(frames) == 0:
        return []
    ratios = _error_ratios(frames)
    largest = ratios.max(axis=1)
    kinds = np.array([KINDS.index(kind_of(frames, k)) for k in range(len(frames))])
    wrong = (kinds != KINDS.index("error")) | (largest > _FAR_OFF)
    order = [k for k in np.lexsort((-largest, kinds)) if wrong[k]][:count]
    names = list(COMPARED)
    cases = []
    for k in order:
        quantity = names[int(ratios[k].argmax())] if largest[k] > 0 else None
        row = int(rows[k])
        case = WorstCase(
            file=str(truth.file[row]),
            subject=str(truth.subject[row]),
            camera=str(truth.camera[row]),
            view=str(truth.view[row]),
            segment=str(truth.segment[row]),
            named=State(int(frames.states.state[k])).label,
            kind=KINDS[kinds[k]],
            quantity=quantity,
            truth=None if quantity is None else float(frames.truth[quantity][k]),
            estimate=None if quantity is None else float(frames.measurements.value(quantity)[k]),
            error_ratio=None if quantity is None else float(largest[k]),
        )
        cases.append((row, case))
    return cases


def _error_ratios(frames: Frames) -> Float:
    """(K, Q) size of the errors as a multiple of the quantity's rmse; 0 where it cannot be told."""
    ratios = []
    for name in COMPARED:
        estimate, truth = frames.measurements.value(name), frames.truth[name]
        error = np.nan_to_num(estimate - truth)
        ratios.append(np.abs(error) / (agreement(estimate, truth).rmse or np.inf))
    return np.stack(ratios, axis=1)


def kind_of(frames: Frames, k: int) -> str:
    """What is wrong with frame k: see `KINDS`; "error" where its name is right."""
    flagged = bool(frames.states.flagged[k])
    state = State(int(frames.states.state[k]))
    if flagged and frames.posture_class[k] in HARMLESS_CLASSES:
        return "false_alarm"
    right = RIGHT_NAMES.get(str(frames.segment[k]), ())
    if not flagged and frames.posture_class[k] in BAD_CLASSES and state not in right:
        return "missed"
    return "misnamed" if right and state not in right else "error"
