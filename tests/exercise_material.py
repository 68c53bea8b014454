"""A made-up person in front of a camera who does exercises: landmarks from simple geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import CONTOUR_ROWS, Landmarks

Float = NDArray[np.float64]
WIDTH_PX, HEIGHT_PX = 640, 480
SHOULDER_PX = 220.0
NOSE_PX = np.array([320.0, 170.0])
SHOULDERS_Y_PX = 300.0
_PAIRS = (
    (1, 4),
    (2, 5),
    (3, 6),
    (7, 8),
    (9, 10),
    (11, 12),
    (13, 14),
    (15, 16),
    (17, 18),
    (19, 20),
    (21, 22),
    (23, 24),
)
_FACE = np.random.default_rng(5).normal(0.0, 1.0, (468, 3)) * [25.0, 35.0, 15.0]


def times(duration_s: float, rate_hz: float = 15.0) -> Float:
    """Frame times from 0 to `duration_s`."""
    return np.arange(0.0, duration_s, 1.0 / rate_hz)


def holds(t_s: Float, starts_s: Sequence[float], hold_s: float, *, ramp_s: float = 0.6) -> Float:
    """(N,) 0 at rest, 1 held for `hold_s` from each start, with ramps between."""
    level = np.zeros(len(t_s))
    for start in starts_s:
        up = np.clip((t_s - start + ramp_s) / ramp_s, 0, 1)
        down = np.clip((start + hold_s + ramp_s - t_s) / ramp_s, 0, 1)
        level = np.maximum(level, np.minimum(up, down))
    return level


def turns(
    t_s: Float, start_s: float, angles_deg: Sequence[float], *, turn_s: float = 5.0, radius: float = 0.15
) -> Float:
    """(N, 2) path of the nose in shoulder widths, x right and y down in the picture, from and to the middle.

    The head bows (straight down), goes round by each of the angles in turn (positive: clockwise in the
    picture), and comes back to the middle.
    """
    angle = np.zeros(len(t_s))
    at = start_s + 0.8
    for part in angles_deg:
        seconds = abs(part) / 360 * turn_s
        angle += np.radians(part) * np.clip((t_s - at) / seconds, 0, 1)
        at += seconds
    out = np.clip((t_s - start_s) / 0.8, 0, 1) * np.clip((at + 0.8 - t_s) / 0.8, 0, 1)
    # Down is 90 degrees in the picture.
    way = np.column_stack([np.cos(np.pi / 2 + angle), np.sin(np.pi / 2 + angle)])
    return np.asarray(radius * out[:, None] * way)


def person(
    t_s: Float,
    *,
    lift: Float | float = 0.0,
    nose: Float | None = None,
    hands: Float | None = None,
    squeeze: Float | float = 0.0,
    body: Float | None = None,
    noise_px: float = 0.0,
    seed: int = 0,
) -> Landmarks:
    """Landmarks of a person sitting at 640x480, shoulders 220 px wide.

    Args:
        t_s: (N,) times.
        lift: shoulders raised, in shoulder widths.
        nose: (N, 2) the head moved, in shoulder widths.
        hands: (N,) height of both hands above the nose, in shoulder widths; NaN: below the picture.
        squeeze: shoulders and outline narrower by this share.
        body: (N, 2) the whole person moved, in shoulder widths.
        noise_px: standard deviation of every point.
    """
    n = len(t_s)
    rng = np.random.default_rng(seed)
    lift = np.broadcast_to(lift, n)
    squeeze = np.broadcast_to(squeeze, n)
    head = np.zeros((n, 2)) if nose is None else nose * SHOULDER_PX
    whole = np.zeros((n, 2)) if body is None else body * SHOULDER_PX
    hands = np.full(n, np.nan) if hands is None else hands
    points = np.zeros((n, 33, 2))
    for index, (dx, dy) in _HEAD_POINTS.items():
        points[:, index] = NOSE_PX + np.array([dx, dy]) + head
    half = SHOULDER_PX / 2 * (1 - squeeze)
    shoulder_y = SHOULDERS_Y_PX - lift * SHOULDER_PX
    _put_arms(points, half, shoulder_y, hands)
    points += whole[:, None]
    points += rng.normal(0.0, noise_px, points.shape) if noise_px else 0.0
    lm = Landmarks.empty(n)
    lm.t_s[:] = t_s
    lm.pose[:, :, :2] = points / [WIDTH_PX, HEIGHT_PX]
    lm.pose[:, :, 2:] = 0.0
    lm.pose[:, :, 3:5] = 0.99
    low = np.isnan(hands)
    for arm in (names.LEFT_WRIST, names.RIGHT_WRIST, names.LEFT_ELBOW, names.RIGHT_ELBOW):
        lm.pose[low, arm, 3:5] = 0.05
    face = NOSE_PX + head[:, None] + whole[:, None] + _FACE[None, :, :2]
    lm.face[:, :, :2] = face / [WIDTH_PX, HEIGHT_PX]
    lm.face[:, :, 2] = _FACE[:, 2] / WIDTH_PX
    outline = 1.15 * half
    rows = slice(int(280 / HEIGHT_PX * CONTOUR_ROWS), CONTOUR_ROWS)
    lm.rows[:, rows, 0] = ((320 + whole[:, 0] - outline) / WIDTH_PX)[:, None]
    lm.rows[:, rows, 1] = ((320 + whole[:, 0] + outline) / WIDTH_PX)[:, None]
    return lm


_HEAD_POINTS = {
    0: (0, 0),
    1: (8, -15), 2: (15, -15), 3: (22, -15), 4: (-8, -15), 5: (-15, -15), 6: (-22, -15),
    7: (40, -5), 8: (-40, -5), 9: (12, 20), 10: (-12, 20),
}  # fmt: skip


def _put_arms(points: Float, half: Float, shoulder_y: Float, hands: Float) -> None:
    nose_y = points[:, 0, 1]
    for side, sign in ((0, 1), (1, -1)):
        points[:, 11 + side, 0] = 320 + sign * half
        points[:, 11 + side, 1] = shoulder_y
        wrist_y = np.where(np.isnan(hands), 600.0, nose_y - hands * SHOULDER_PX)
        points[:, 15 + side, 0] = 320 + sign * 30
        points[:, 15 + side, 1] = wrist_y
        points[:, 13 + side, 0] = 320 + sign * half * 1.2
        points[:, 13 + side, 1] = np.where(np.isnan(hands), 430.0, (shoulder_y + wrist_y) / 2)
        for finger in (17, 19, 21):
            points[:, finger + side] = points[:, 15 + side]
        points[:, 23 + side] = [320 + sign * 60, 620]
        for leg in (25, 27, 29, 31):
            points[:, leg + side] = [320 + sign * 60, 700]


def mirrored(lm: Landmarks) -> Landmarks:
    """The same recording seen in a mirror: the model then calls the right arm the left one."""
    changed = {f.name: getattr(lm, f.name).copy() for f in fields(lm)}
    order = np.arange(33)
    for left, right in _PAIRS:
        order[[left, right]] = right, left
    changed["pose"] = changed["pose"][:, order]
    changed["pose"][:, :, 0] = 1 - changed["pose"][:, :, 0]
    changed["face"][:, :, 0] = 1 - changed["face"][:, :, 0]
    changed["rows"] = 1 - changed["rows"][:, :, ::-1]
    changed["cols"] = changed["cols"][:, ::-1]
    return Landmarks(**changed)


def without(lm: Landmarks, start_s: float, end_s: float) -> Landmarks:
    """Nobody found between two times."""
    changed = {f.name: getattr(lm, f.name).copy() for f in fields(lm)}
    gone = (lm.t_s >= start_s) & (lm.t_s < end_s)
    for name in ("pose", "face", "rows", "cols"):
        changed[name][gone] = np.nan
    return Landmarks(**changed)


def at_times(lm: Landmarks, t_s: Float) -> Landmarks:
    """The same frames at other times."""
    changed = {f.name: getattr(lm, f.name) for f in fields(lm)}
    return Landmarks(**{**changed, "t_s": t_s})
