"""The columns in which a front view's change of posture is told: blocks of them, with their order, widths and units.

Every column is either even (the same in a mirrored picture) or odd (of opposite sign), so that a fit can be exactly
symmetric. All are changes against the baseline except those of the camera, which say how it stands to the sitting
person. "cm" is at the distance of the baseline's face, "%" is 100 times the natural logarithm of a growth. Down and to
the right of the picture are positive.

First come the columns of the picture (`front_reading`), then those of the room (`front_room`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.front_outline import ALONG
from posture_cv.measure.front_reference import ARM_OFFSETS, CROWN_COLUMNS, HEAD_ROWS, ROW_OFFSETS

Layout = tuple[tuple[str, int], ...]
MESH_COLUMNS: Final = 12
POSE_COLUMNS: Final = 11
_HEAD: Final = len(HEAD_ROWS) + len(CROWN_COLUMNS) // 2
# Blocks of columns, in order, and how many each has.
EVEN_BLOCKS: Final[Layout] = (
    ("pitch", 1),  # the head's by the mesh, deg, down
    ("log_scale", 1),  # growth of the mesh, %
    ("eye_v", 1),  # the eyes' move down, cm
    ("scale_ratio", 1),  # growth of the mesh less that of the shoulders by landmarks, %
    ("outline_ratio", 1),  # the same by the outline
    ("mesh_even", MESH_COLUMNS),  # change of the mesh's shape along the fitted axes (`MeshAxes`), cm
    ("shoulder_width", 1),  # growth of the shoulders by landmarks, %
    ("pose_even", POSE_COLUMNS),  # height of the nose; mean height and half separation of five pairs, cm
    ("outline_v", 1),  # the shoulder outline's move down, cm
    ("outline_scale", 1),  # and its growth, %
    ("outline_even", len(ALONG)),  # its change of shape along the normals, mean of both shoulders, cm
    ("rows_even", len(ROW_OFFSETS)),  # half the body's width at heights about the shoulders by landmarks, cm
    ("arms_even", len(ARM_OFFSETS)),  # the same at heights that move and grow with the outline
    ("head_even", _HEAD + 1),  # half the head's width; height of the crown, middle included, cm
    ("camera_pitch", 1),  # of the face to the camera, seen from below positive, deg
    ("camera_scale", 1),  # this and the next three: see `front_reference.camera_numbers`
    ("camera_height", 1),
    ("camera_breadth", 1),
    ("camera_gap", 1),
)
ODD_BLOCKS: Final[Layout] = (
    ("turn", 1),  # the head's yaw by the mesh, deg
    ("tilt", 1),  # its roll, clockwise in the picture, deg
    ("eye_u", 1),  # the eyes' move to the right, cm
    ("mesh_odd", MESH_COLUMNS),  # change of the mesh's shape along the fitted axes, cm
    ("shoulder_tilt", 1),  # turn of the line of the shoulders by landmarks, clockwise, deg
    ("shoulder_u", 1),  # move of their middle to the right, cm
    ("pose_odd", POSE_COLUMNS),  # counterparts of "pose_even": sideways moves and differences of height, cm
    ("outline_roll", 1),  # turn of the shoulder outline, clockwise, deg
    ("outline_odd", len(ALONG)),  # half the difference of both shoulders' change of shape, cm
    ("rows_odd", len(ROW_OFFSETS)),  # move of the body's middle to the right, cm
    ("arms_odd", len(ARM_OFFSETS)),  # the same at heights that move and grow with the outline
    ("head_odd", _HEAD),  # move of the head's middle; tilt of the crown, cm
    ("camera_yaw", 1),  # of the face to the camera, deg
)
# In the room (cm, except the pitch), where forward, up and the person's left are positive: how the head moves, how it
# moves against the shoulders (a gap), how these move. "outline": shoulders where the outline's registration puts them;
# "carried": the same, brought nearer by as much as the head.
ROOM_EVEN: Final = (
    *("head_pitch", "head_forward", "head_up", "forward_gap", "outline_forward_gap", "up_gap"),
    *("outline_up_gap", "carried_up_gap", "shoulder_forward", "outline_forward", "shoulder_up", "outline_up"),
)
ROOM_ODD: Final = ("head_left", "left_gap", "outline_left")
# Blocks that need the face, and blocks that need the contour.
FACE_BLOCKS: Final = frozenset(
    {
        *("pitch", "log_scale", "eye_v", "scale_ratio", "outline_ratio", "mesh_even"),
        *("turn", "tilt", "eye_u", "mesh_odd", "head_even", "head_odd"),
        *("head_pitch", "head_forward", "head_up", "forward_gap", "outline_forward_gap", "up_gap"),
        *("outline_up_gap", "carried_up_gap", "head_left", "left_gap"),
    }
)
CONTOUR_BLOCKS: Final = frozenset(
    {
        *("outline_v", "outline_scale", "outline_even", "rows_even", "arms_even", "head_even"),
        *("outline_roll", "outline_odd", "rows_odd", "arms_odd", "head_odd"),
        *("outline_ratio", "outline_forward", "outline_up", "outline_forward_gap", "outline_up_gap"),
        *("carried_up_gap", "outline_left", "left_gap"),
    }
)
# Wide blocks are projected on so many principal components of the fitting frames; the others pass as they are.
COMPONENTS: Final = {
    **dict.fromkeys(("outline_even", "outline_odd", "arms_even", "arms_odd"), 10),
    **dict.fromkeys(("rows_even", "rows_odd"), 12),
    **dict.fromkeys(("head_even", "head_odd"), 6),
}


def _widths(blocks: Layout, room: tuple[str, ...]) -> dict[str, int]:
    return {name: COMPONENTS.get(name, d) for name, d in blocks} | dict.fromkeys(room, 1)


# Every block and its width after projection, in the order of the columns: first reading, then the room.
EVEN_WIDTHS: Final = _widths(EVEN_BLOCKS, ROOM_EVEN)
ODD_WIDTHS: Final = _widths(ODD_BLOCKS, ROOM_ODD)


def slices_of(blocks: Layout) -> dict[str, slice]:
    """Where each block's columns stand among those of the picture, before any projection."""
    stops = np.cumsum([width for _, width in blocks]).tolist()
    return {name: slice(stop - width, stop) for (name, width), stop in zip(blocks, stops, strict=True)}


def columns_of(blocks: tuple[str, ...], widths: Mapping[str, int]) -> NDArray[np.intp]:
    """Indices of the blocks' columns among all projected ones (`EVEN_WIDTHS`, `ODD_WIDTHS`)."""
    starts = dict(zip(widths, np.cumsum([0, *widths.values()])[:-1], strict=True))
    return np.concatenate([np.arange(starts[b], starts[b] + widths[b]) for b in blocks])
