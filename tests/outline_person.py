"""A made person for tests: an outline and landmarks in profile or at 45 degrees, moved by known amounts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.names import FACE_COUNT
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import View

WIDTH, HEIGHT = 640, 480
_MIRRORED = np.array([0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(k + 1 if k % 2 else k - 1 for k in range(11, 33))])


def _edges(head_x: float, head_y: float, back_x: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rear and front edge (240) of a person who looks right; NaN above the head."""
    y = (np.arange(CONTOUR_ROWS) + 0.5) * HEIGHT / CONTOUR_ROWS
    head = y - head_y
    bow = np.sqrt(np.clip(1.0 - ((head - 50.0) / 58.0) ** 2, 0.0, None))
    nose = 10.0 * np.exp(-(((head - 62.0) / 7.0) ** 2)) + 5.0 * np.exp(-(((head - 92.0) / 6.0) ** 2))
    rear = 300.0 + head_x - 55.0 * bow - 6.0
    front = 300.0 + head_x + 42.0 * bow + nose
    neck = np.clip((y - head_y - 78.0) / 45.0, 0.0, 1.0)
    back = 268.0 + back_x - 62.0 * np.sin(np.clip((y - 190.0) / 180.0, 0.0, 1.0) * np.pi / 2) ** 0.7
    chest = 300.0 + back_x + 45.0 * np.clip((y - 190.0) / 110.0, 0.0, 1.0)
    chest = chest + 80.0 * ((y > 330.0) & (y < 380.0))
    rear = rear * (1.0 - neck) + back * neck
    throat = np.clip((y - head_y - 100.0) / 8.0, 0.0, 1.0)
    front = front * (1.0 - throat) + chest * throat
    gone = head < -6.0
    return np.where(gone, np.nan, rear), np.where(gone, np.nan, front)


def profile(n: int = 1, head_cm: float = 0.0, back_cm: float = 0.0, *, mirrored: bool = False) -> Landmarks:
    """N frames in profile: the head `head_cm` and head and trunk `back_cm` forward (4.3 px each)."""
    lm = Landmarks.empty(n)
    trunk, head = 4.3 * back_cm, 4.3 * (back_cm + head_cm)
    rear, front = _edges(head, 72.0, trunk)
    rows = np.stack([rear, front], axis=1) / WIDTH
    u = (np.arange(CONTOUR_COLS) + 0.5) * WIDTH / CONTOUR_COLS
    v = (np.arange(CONTOUR_ROWS) + 0.5) * HEIGHT / CONTOUR_ROWS
    with np.errstate(invalid="ignore"):
        inside = (u[None] >= rear[:, None]) & (u[None] <= front[:, None])
    cols = np.where(inside.any(axis=0), v[inside.argmax(axis=0)] / HEIGHT, np.nan)
    points = np.zeros((33, 2))
    points[:11] = [
        (336 + head, 132),
        *[(330 + head, 118)] * 6,
        (298 + head, 125),
        (296 + head, 126),
        *[(330 + head, 148)] * 2,
    ]
    points[11:] = np.array(
        [[292.0, 222], [282, 226], [310, 330], [300, 335], [380, 350], [385, 352]]
        + [[390.0, 352]] * 6
        + [[270.0, 430], [266, 432]]
        + [[350.0, 470]] * 8
    )
    points[11:15, 0] += trunk
    points[23:25, 0] += 0.2 * trunk
    pose = np.zeros((33, 8))
    pose[:, :2] = points / (WIDTH, HEIGHT)
    pose[:, 3:5] = 0.99
    depth = np.where(np.arange(33) % 2 == 1, 0.2, -0.2)  # the left side is far
    depth[0] = 0.0
    pose[:, 2], pose[:, 7], pose[:, 5] = depth, depth, 0.01
    lm.pose[:], lm.rows[:], lm.cols[:] = pose, rows, cols
    return mirror(lm) if mirrored else lm


def turn_y(degrees: float) -> NDArray[np.float64]:
    """The matrix of a turn about the upright axis."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])


def oblique(n: int = 1, shift_px: tuple[float, float] = (0.0, 0.0), *, scale: float = 1.0) -> Landmarks:
    """The made person with a face mesh turned 45 degrees to the right of the picture."""
    lm = profile(n)
    lm.pose[:, 11, 0] += 0.12
    rng = np.random.default_rng(3)
    mesh = rng.normal(size=(FACE_COUNT, 3)) * (25.0, 32.0, 20.0)
    mesh[[10, 152, 1, 234, 454]] = [(0, -45, 0), (0, 45, 0), (0, 5, -40), (-38, 0, 20), (38, 0, 20)]
    placed = scale * mesh @ turn_y(-45.0).T + (318.0 + shift_px[0], 128.0 + shift_px[1], 0.0)
    lm.face[:] = placed / (640.0, 480.0, 640.0)
    return lm


def mirror(lm: Landmarks) -> Landmarks:
    """The mirrored picture, read by the same model: left and right change places."""
    out = Landmarks.empty(len(lm))
    out.size_px[:] = lm.size_px
    out.pose[:] = lm.pose[:, _MIRRORED]
    out.pose[:, :, 0] = 1.0 - out.pose[:, :, 0]
    out.pose[:, :, 5] = -out.pose[:, :, 5]
    out.rows[:] = 1.0 - lm.rows[:, :, ::-1]
    out.cols[:] = lm.cols[:, ::-1]
    return out


def enlarged(lm: Landmarks, times: int) -> Landmarks:
    """The same scene in a picture with `times` as many pixels a side: all shares stay."""
    out = lm[np.arange(len(lm))]
    out.size_px[:] = lm.size_px * times
    return out


def baseline_of(lm: Landmarks, view: View) -> Baseline:
    """The first frame as the baseline."""
    size = (int(lm.size_px[0, 0]), int(lm.size_px[0, 1]))
    parts = {k: getattr(lm, k)[0].astype(np.float64) for k in ("pose", "face", "rows", "cols")}
    return Baseline(view=view, size_px=size, frame_count=1, spread={}, **parts)
