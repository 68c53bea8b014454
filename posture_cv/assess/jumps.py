"""Landmarks that jump: there and back again within moments, faster and farther than a person moves.

A model that wavers between two things it takes for the person gives places far apart, frame by frame. Their mean is a
posture that nobody had, so several such reversals make what was seen in that time unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.trail import SCALE
from posture_cv.measure.types import QUANTITIES, Codes, Reason

Int = NDArray[np.int64]
# How far there and back between neighbouring frames is a jump. Ours: two to six times the largest reversals of the
# rendered clips (approach 2.4 cm, head forward 0.8 cm, pitch 2.4 deg, lean 0.8 deg, sinking 0.5 cm at 10 frames/s).
JUMPS: Final = {
    "approach_cm": 6.0,
    "head_forward_cm": 4.0,
    "head_pitch_deg": 15.0,
    "lateral_lean_deg": 5.0,
    "sink_cm": 3.0,
}
# Frames farther apart than this may show a person who went and came back (ours; a quick nod takes a third of a second).
NEIGHBOURS_US: Final = 350_000
_AT: Final = tuple((list(QUANTITIES).index(name), round(least * SCALE)) for name, least in JUMPS.items())
_ROWS: Final = np.array([row for row, _ in _AT])
_LEAST: Final = np.array([[least] for _, least in _AT])
_OK: Final = int(Reason.OK)
BEFORE: Final = 2
"""How many frames before a frame decide whether it ends a jump."""


def jumps(t_us: Int, value: Int, reason: Codes) -> NDArray[np.int32]:
    """(N,) 1 for each frame that ends a jump, else 0; the first two have too little before them and end none.

    Args:
        t_us: (N,) microseconds.
        value: (Q, N) in units of 1e-4, a row a quantity.
        reason: (Q, N) or more rows, OK where the value holds.
    """
    out = np.zeros(len(t_us), np.int32)
    if len(t_us) <= BEFORE:
        return out
    valid = reason[_ROWS] == _OK
    known = valid[:, 1:] & valid[:, :-1] & (np.diff(t_us) <= NEIGHBOURS_US)
    step = np.where(known, np.diff(value[_ROWS], axis=1), 0)
    far = np.abs(step) >= _LEAST
    back = (step[:, 1:] > 0) != (step[:, :-1] > 0)
    out[BEFORE:] = (far[:, 1:] & far[:, :-1] & back).any(axis=0)
    return out


def ends_jump(t_us: Sequence[int], value: Sequence[Sequence[int]], reason: Sequence[Sequence[int]]) -> int:
    """The same for the last of three frames, in plain numbers: 1 or 0.

    Args:
        t_us: of the three.
        value, reason: of each of the three, as `jumps` has the columns.
    """
    if t_us[1] - t_us[0] > NEIGHBOURS_US or t_us[2] - t_us[1] > NEIGHBOURS_US:
        return 0
    first, second, third = value
    for row, least in _AT:
        away, back = second[row] - first[row], third[row] - second[row]
        there_and_back = (away >= least and back <= -least) or (away <= -least and back >= least)
        if there_and_back and not (reason[0][row] or reason[1][row] or reason[2][row]):
            return 1
    return 0
