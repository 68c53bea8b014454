"""How each up-and-down exercise turns lengths into one number: 1 is what counts, 0 is rest. All levels are ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from posture_cv.guidance.entries import CameraCheck
from posture_cv.measure.types import Float, Reason


@dataclass(frozen=True, slots=True)
class Movement:
    """Levels and gates of one exercise.

    Attributes:
        measure: row and reference row -> size of the movement (shoulder widths; squeeze: natural logarithm)
            and a reason where the row cannot be judged.
        enter: size from which it counts.
        leave: size below which it is over, as a share of `enter`.
        enter_at_most: a picture so unsteady that `enter` would have to lie above this cannot be judged.
        still: columns that must be still in the still second (see `still.StillSecond`).
        size_low, size_high: see `still.RestPosition`.
        follows_rest: the level is above the still second's noise, and the rest position follows slow changes
            of posture while at rest; otherwise the levels are fixed.
        out_of_picture_is_rest: what is out of the picture is at rest there; a movement may begin from it.
    """

    measure: Callable[[Float, Float], tuple[float, Reason]]
    enter: float
    leave: float
    enter_at_most: float
    still: tuple[int, ...]
    size_low: float = 0.75
    size_high: float = 1.33
    follows_rest: bool = True
    out_of_picture_is_rest: bool = False


_SIZE_SLACK: Final = 0.04  # scatter of the shoulder width between frames is half of it (rendered people)


def _shoulder_raise(row: Float, rest: Float) -> tuple[float, Reason]:
    """Both must be there: shoulders nearer to the head (no lift of the body), and higher (no bow of the head).

    The smaller of both counts, and nothing if they contradict each other; likewise downwards.

    Everything comes nearer in a picture of somebody who moves away from the camera: then the gap to compare
    with shrinks with the shoulders' width.
    """
    shrunk = min(1.0, row[0] / rest[0] + _SIZE_SLACK)
    nearer = (rest[2] - rest[1]) * shrunk - (row[2] - row[1])
    higher = rest[2] - row[2]
    _, middle, _ = sorted((nearer, 0.0, higher))
    return float(middle / rest[0]), Reason.OK


def _arms_overhead(row: Float, rest: Float) -> tuple[float, Reason]:
    """Height of the lower hand above the nose. One arm that is down is enough to know that not both are up."""
    seen = [height for height in row[1:3].tolist() if not math.isnan(height)]
    if not seen:
        return math.nan, Reason.OUT_OF_PICTURE
    if len(seen) == 1 and seen[0] > 0:
        return math.nan, Reason.OCCLUDED
    return min(seen) / float(rest[0]), Reason.OK


_TURN_LIMIT: Final = 0.15  # sideways shift of the nose between the shoulders, in shoulder widths
_SQUEEZE_LIMIT: Final = 0.2  # narrower than this no shoulder blades make anybody


def _shoulder_blade_squeeze(row: Float, rest: Float) -> tuple[float, Reason]:
    """Shoulders drawn back are narrower and farther away, for the pose and for the outline.

    Against the picture and against the face: leaning back keeps the second, a head that comes forward the first.
    """
    wider = [math.log(now / then) for now, then in zip(row[:2].tolist(), rest[:2].tolist(), strict=True)]
    face = math.log(row[2] / rest[2])
    narrower = -max(*wider, *(change - face for change in wider))
    if abs(row[3] - rest[3]) > _TURN_LIMIT * rest[0]:
        return math.nan, Reason.TRUNK_TURNED
    return (narrower, Reason.OK) if narrower < _SQUEEZE_LIMIT else (math.nan, Reason.IMPLAUSIBLE)


MOVEMENTS: Final[dict[CameraCheck, Movement]] = {
    # 3 % of the shoulder width is a rise of 1.8 cm in rendered people; scatter at rest is 0.9 %.
    "shoulder_raise": Movement(_shoulder_raise, enter=0.03, leave=0.5, enter_at_most=0.07, still=(1, 2)),
    # The crown is half a shoulder width above the nose, hands on straight arms a whole one.
    "arms_overhead": Movement(
        _arms_overhead,
        enter=0.5,
        leave=0.5,
        enter_at_most=1.0,
        still=(),
        size_low=0.6,
        size_high=1.4,
        follows_rest=False,
        out_of_picture_is_rest=True,  # hands on a keyboard
    ),
    # Scatter between frames of one posture is 1.2 %: below 4 % nothing can be told.
    "shoulder_blade_squeeze": Movement(
        _shoulder_blade_squeeze, enter=0.04, leave=0.5, enter_at_most=0.08, still=(3,)
    ),
}
