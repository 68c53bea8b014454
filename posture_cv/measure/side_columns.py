"""The columns in which a profile's change of posture is told: blocks of them, with their widths and units.

The face looks to the right, so that the person's right side is the near one. Forward, down and nodding forward are
positive; lengths are rough centimetres (`Anchors.unit`). All are changes against the baseline except "fit" and
`OF_BASELINE`. "In the thorax's frame": moved and turned back by as much as the upper back has moved and turned.

The shipped arrays and `tools/fitting/side.py` name their blocks after these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from posture_cv.measure.side_reference import BUILD, FRONT_CM, REAR_CM, STILL_POINTS

# Pose points, in the order of their columns. Shoulders, elbows, wrists, the far (left) one first:
ARM_POINTS: Final = (11, 12, 13, 14, 15, 16)
# nose, ears, the far one first:
FACE_POINTS: Final = (0, 7, 8)
# nose, near eye, ears, near corner of the mouth, far shoulder, and elbow, wrist, hip and shoulder of the near side.
MARKS: Final = (0, 5, 7, 8, 10, 11, 14, 16, 24, 12)

# Block -> how many columns it has: what the outline tells, then what landmarks tell alone.
CONTOUR_WIDTHS: Final[Mapping[str, int]] = {
    "gap": 3,  # head against upper back: forward and down, cm; how far the head itself turned, deg
    "thead": 3,  # the tragus in the thorax's frame: forward and down, cm; turn of head against upper back, deg
    "neck": 1,  # turn of an average person's line from C7 to the tragus, deg; steeper is positive
    "back": 2,  # upper back: turn, deg; down, cm
    "slide": 2,  # upper and lower back: forward, cm
    "low": 3,  # upper against lower back: forward, cm, and turn, deg; turn of the lower back itself, deg
    "fit": 4,  # of the frame: what does not fit of head, upper and lower back, rms, cm; share of the last found again
    "front": len(FRONT_CM),  # front edge (throat, chest) in the thorax's frame: forward, cm
    "rear": len(REAR_CM),  # rear edge (nape, back), likewise
    "arms": 2 * len(ARM_POINTS),  # `ARM_POINTS` in the thorax's frame: forward of all, then down of all, cm
    "face": 2 * len(FACE_POINTS),  # `FACE_POINTS`, likewise
    "shape": len(BUILD),  # the baseline's `BUILD`, cm
    "still_points": 2
    * len(STILL_POINTS),  # the baseline's `STILL_POINTS` from C7: forward and down of each, cm
    "still_front": len(FRONT_CM),  # the baseline's front edge from C7: forward, cm
}
LANDMARK_WIDTHS: Final[Mapping[str, int]] = {
    # `MARKS` against the near shoulder, and last that shoulder itself: forward and down of each, in
    # `SideReference.mark_unit`, which is about a centimetre
    "marks": 2 * len(MARKS),
}
WIDTHS: Final[Mapping[str, int]] = {**CONTOUR_WIDTHS, **LANDMARK_WIDTHS}
# Blocks that tell of the baseline, the same for all its frames: the person's build.
OF_BASELINE: Final = ("shape", "still_points", "still_front")
