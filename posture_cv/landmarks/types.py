"""Landmarks of one or many frames: what every later stage reads instead of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.names import FACE_COUNT, LEFT_SHOULDER, NOSE, POSE_COUNT, RIGHT_SHOULDER

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

CONTOUR_ROWS: Final = 240
CONTOUR_COLS: Final = 320
POSE_FIELDS: Final = ("x", "y", "z", "visibility", "presence", "world_x_m", "world_y_m", "world_z_m")
SCENE_FIELDS: Final = (
    "luma_mean",  # mean brightness of the picture, 0-1
    "luma_p05",  # 5th percentile of brightness, 0-1
    "luma_p95",  # 95th percentile of brightness, 0-1
    "person_luma",  # median brightness of the face (or of the person where there is no face), 0-1
    "bg_dx",  # shift of the background against the source's reference frame, share of the width
    "bg_dy",  # the same downwards, share of the height
    "bg_scale",  # growth of the background against the reference frame, 1 = unchanged; below 0: mirrored
    "bg_support",  # share of the background's tracked points that agree with that shift, 0-1; NaN: no texture
    "bg_roll_deg",  # turn of the background clockwise, likewise; NaN: not told (nor in recordings of format 1)
    "noise",  # standard deviation of a pixel of the small picture, share of its mean; NaN: not told (formats 1, 2)
    "outline_unsure",  # share of the picture, above the shoulders, where the mask is undecided; NaN: not told (1 to 3)
    "chest_light",  # logarithm of the brightness of the chest over the face's; NaN: not told (formats 1 to 3)
    "chest_red",  # likewise of red over green; chest_blue: of blue over green
    "chest_blue",
    "crown_light",  # the same of what is above the face: hair, a hat
    "crown_red",
    "crown_blue",
)
DRESS: Final = slice(SCENE_FIELDS.index("chest_light"), SCENE_FIELDS.index("crown_blue") + 1)
"""The fields of `SCENE_FIELDS` that tell of what the person wears."""
_TELLING: Final = np.array([NOSE, LEFT_SHOULDER, RIGHT_SHOULDER])
# Of one frame.
_SHAPES: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("t_s", ()),
    ("size_px", (2,)),
    ("pose", (POSE_COUNT, len(POSE_FIELDS))),
    ("face", (FACE_COUNT, 3)),
    ("rows", (CONTOUR_ROWS, 2)),
    ("cols", (CONTOUR_COLS,)),
    ("scene", (len(SCENE_FIELDS),)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Landmarks of N frames in time order; a single frame is N = 1.

    Attributes:
        t_s: (N,) float64, seconds since the source's start, strictly increasing.
        size_px: (N, 2) int32, width and height of the picture.
        pose: (N, 33, 8) float32, fields `POSE_FIELDS`; x and y are shares of width and height,
            z is in shares of the width, visibility and presence 0-1, world in metres. NaN: nobody found.
        face: (N, 468, 3) float32, x and y shares of width and height, z in shares of the width. NaN: no face.
        rows: (N, 240, 2) float32, left and right edge of the person's mask at the centre of 240 equal rows,
            shares of the width. NaN where the row holds nobody.
        cols: (N, 320) float32, upper edge of the person's mask at the centre of 320 equal columns,
            shares of the height. NaN where the column holds nobody.
        scene: (N, 17) float32, fields `SCENE_FIELDS`; NaN where not measured.

    Raises:
        ValueError: an array has another shape than stated.
    """

    t_s: Float
    size_px: NDArray[np.int32]
    pose: Float32
    face: Float32
    rows: Float32
    cols: Float32
    scene: Float32

    def __post_init__(self) -> None:
        n = len(self.t_s)
        for name, shape in _SHAPES:
            found = getattr(self, name).shape
            if found != (n, *shape):
                raise ValueError(f"Landmarks.{name} has shape {found}, expected {(n, *shape)}")

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, index: int | slice | NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """The chosen frames: a slice, a mask or an index array; a number means a batch of that one frame.

        Raises:
            IndexError: there is no such frame.
        """
        if isinstance(index, (int, np.integer)):
            index = np.array([index], np.intp)
        return type(self)(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def empty(cls, n: int = 0) -> Self:
        """N frames at t = 0, 1, 2 … s, 640x480, in which nothing was found."""
        size_px = np.empty((n, 2), np.int32)
        size_px[:] = (640, 480)
        return cls(
            t_s=np.arange(n, dtype=np.float64),
            size_px=size_px,
            pose=np.full((n, POSE_COUNT, len(POSE_FIELDS)), np.nan, np.float32),
            face=np.full((n, FACE_COUNT, 3), np.nan, np.float32),
            rows=np.full((n, CONTOUR_ROWS, 2), np.nan, np.float32),
            cols=np.full((n, CONTOUR_COLS), np.nan, np.float32),
            scene=np.full((n, len(SCENE_FIELDS)), np.nan, np.float32),
        )

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The frames of all parts, in order."""
        if not parts:
            return cls.empty(0)
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})

    @property
    def person_found(self) -> NDArray[np.bool_]:
        """(N,) whether the pose model found somebody: nose or a shoulder (MediaPipe finds all points or none)."""
        return np.asarray(~np.isnan(self.pose[:, :, 0].take(_TELLING, axis=1)).all(axis=1))

    @property
    def face_found(self) -> NDArray[np.bool_]:
        """(N,) whether the face model found a face."""
        return ~np.isnan(self.face[:, 0, 0])

    def pose_px(self) -> Float:
        """(N, 33, 2) pose points in pixels, x to the right and y down."""
        return np.asarray(self.pose[:, :, :2].astype(np.float64) * self.size_px[:, None, :])

    def face_px(self) -> Float:
        """(N, 468, 3) face mesh in pixels; z in pixels too (its scale is that of x)."""
        scale = np.concatenate([self.size_px, self.size_px[:, :1]], axis=1)
        return np.asarray(self.face.astype(np.float64) * scale[:, None, :])

    def rows_px(self) -> Float:
        """(N, 240, 2) left and right edge of the mask in pixels."""
        return self.rows.astype(np.float64) * self.size_px[:, None, :1]

    def cols_px(self) -> Float:
        """(N, 320) upper edge of the mask in pixels."""
        return self.cols.astype(np.float64) * self.size_px[:, 1:]

    def row_v_px(self) -> Float:
        """(N, 240) height in the picture of each contour row's centre, in pixels."""
        return np.asarray(
            (np.arange(CONTOUR_ROWS) + 0.5) / CONTOUR_ROWS * self.size_px[:, 1:].astype(np.float64)
        )

    def col_u_px(self) -> Float:
        """(N, 320) place in the picture of each contour column's centre, in pixels."""
        return np.asarray(
            (np.arange(CONTOUR_COLS) + 0.5) / CONTOUR_COLS * self.size_px[:, :1].astype(np.float64)
        )
