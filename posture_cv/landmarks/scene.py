"""What the picture says beside the person: brightness, and whether the camera itself has moved.

The background is followed from a reference frame by sparse optical flow (Lucas-Kanade, pyramidal; Bouguet
2001) on points outside the person, and a similarity is fitted to the points that agree (RANSAC). A lid that
tilts shifts background and person together; a person who sinks leaves the background where it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, SCENE_FIELDS, Float32, Landmarks

Gray = NDArray[np.uint8]

# All ours: small enough to cost about a millisecond, and done five times a second, not on every frame.
WIDTH_PX: Final = 320
INTERVAL_S: Final = 0.2
POINTS: Final = 80
MIN_POINTS: Final = 8
PERSON_MARGIN_PX: Final = 12
AGREE_PX: Final = 1.5
REKEY_SHIFT: Final = 0.08  # beyond this share of the width the current frame becomes the new key frame
RETRY_SUPPORT: Final = 0.5
WINDOW: Final = (15, 15)


@dataclass(slots=True)
class _Key:
    """A frame to follow from, and where it stands against the reference (2x3 similarity in small pixels)."""

    gray: Gray
    person: NDArray[np.bool_]
    points: Float32
    pose: NDArray[np.float64]


@dataclass(slots=True)
class SceneTracker:
    """Measures `Landmarks.scene` frame by frame; the first frame of a source is its reference.

    With `follow` False (unrelated pictures) only brightness is measured, and the background is NaN.
    """

    follow: bool = True
    _key: _Key | None = None
    _last_t_s: float = -np.inf
    _background: tuple[float, float, float, float] = field(default=(np.nan,) * 4)

    def measure(self, image_bgr: NDArray[np.uint8], t_s: float, lm: Landmarks) -> Float32:
        """The scene fields of one frame.

        Args:
            image_bgr: (H, W, 3) picture; t_s: its time in seconds; lm: its landmarks (one frame).

        Returns:
            (8,) float32 in the order of `SCENE_FIELDS`. The background is measured every 0.2 s and held between.
        """
        return self.measure_small(small_gray(image_bgr), t_s, lm)

    def measure_small(self, small: Gray, t_s: float, lm: Landmarks) -> Float32:
        """The same for a picture that `small_gray` has made small: cheapest while the picture is in the cache."""
        if self.follow and (t_s - self._last_t_s >= INTERVAL_S or t_s < self._last_t_s):
            self._last_t_s = t_s
            self._background = self._follow(small, _person_mask(lm, small.shape))
        scene = np.array([*_brightness(small, lm), *self._background], np.float32)
        assert len(scene) == len(SCENE_FIELDS)
        return scene

    def _follow(self, gray: Gray, person: NDArray[np.bool_]) -> tuple[float, float, float, float]:
        if self._key is None or self._key.gray.shape != gray.shape:
            self._key = _key_frame(gray, person, np.eye(2, 3))
            support = 1.0 if len(self._key.points) >= MIN_POINTS else np.nan
            return 0.0, 0.0, 1.0, support
        pose, support = _similarity(self._key, gray, person)
        if pose is None:
            return *_as_shares(self._key.pose, gray.shape), support
        shift = _as_shares(pose, gray.shape)
        moved_since_key = np.hypot(*(pose[:, 2] - self._key.pose[:, 2])) / gray.shape[1]
        if moved_since_key > REKEY_SHIFT and support > 0.5:
            self._key = _key_frame(gray, person, pose)
        return *shift, support


def small_gray(image_bgr: NDArray[np.uint8]) -> Gray:
    """The picture in grey, 320 px wide."""
    height, width = image_bgr.shape[:2]
    size = (WIDTH_PX, max(8, round(height * WIDTH_PX / width))) if width > 8 else (8, 8)
    size = (size[0], min(size[1], 4 * WIDTH_PX))
    small = cv2.resize(image_bgr, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _brightness(gray: Gray, lm: Landmarks) -> tuple[float, float, float, float]:
    """Mean, 5th and 95th percentile of the picture, and the median over the face (or the upper middle)."""
    counts = np.bincount(gray[::4, ::4].ravel(), minlength=256)
    p05, p95 = (_quantile(counts, share) for share in (0.05, 0.95))
    return cv2.mean(gray)[0] / 255.0, p05 / 255.0, p95 / 255.0, _person_brightness(gray, lm)


def _quantile(counts: NDArray[np.intp], share: float) -> float:
    """The quantile of whole numbers that are given by how often each occurs, linear between neighbours."""
    ends = np.cumsum(counts)
    place = share * (ends[-1] - 1)
    low, high = (int(np.searchsorted(ends, k, side="right")) for k in (math.floor(place), math.ceil(place)))
    return float(low + (high - low) * (place - math.floor(place)))


def _person_brightness(gray: Gray, lm: Landmarks) -> float:
    points = lm.face[0, :, :2] if lm.face_found[0] else lm.pose[0, :11, :2]
    if np.isnan(points[0, 0]):
        return float("nan")
    height, width = gray.shape
    low, high = points.min(axis=0), points.max(axis=0)
    x0, x1 = (int(np.clip(v * width, 0, width - 1)) for v in (low[0], high[0]))
    y0, y1 = (int(np.clip(v * height, 0, height - 1)) for v in (low[1], high[1]))
    counts = np.bincount(gray[y0 : y1 + 1, x0 : x1 + 1].ravel(), minlength=256)
    return _quantile(counts, 0.5) / 255.0


def _person_mask(lm: Landmarks, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(H, W) where the person (with a margin) hides the background; all False when nobody is there."""
    height, width = shape[:2]
    columns = np.clip((np.arange(width) + 0.5) / width * CONTOUR_COLS, 0, CONTOUR_COLS - 1).astype(int)
    top = lm.cols[0][columns] * height - PERSON_MARGIN_PX
    lines = np.arange(height)
    inside = lines[:, None] >= np.where(np.isnan(top), height, top)[None, :]
    rows = np.clip((lines + 0.5) / height * CONTOUR_ROWS, 0, CONTOUR_ROWS - 1).astype(int)
    edges = lm.rows[0][rows] * width
    places = np.arange(width)[None, :]
    between = (places >= edges[:, :1] - PERSON_MARGIN_PX) & (places <= edges[:, 1:] + PERSON_MARGIN_PX)
    return np.asarray(inside | between)


def _key_frame(gray: Gray, person: NDArray[np.bool_], pose: NDArray[np.float64]) -> _Key:
    allowed = np.where(person, 0, 255).astype(np.uint8)
    found: Any = cv2.goodFeaturesToTrack(gray, POINTS, 0.02, 7, mask=allowed)
    points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2).astype(np.float32)
    return _Key(gray, person, points, pose)


def _similarity(key: _Key, gray: Gray, person: NDArray[np.bool_]) -> tuple[NDArray[np.float64] | None, float]:
    """The background's similarity against the reference and the share of points that agree (NaN: no texture)."""
    if len(key.points) < MIN_POINTS:
        return None, float("nan")
    fit, support = _followed(key, gray, person, key.points)
    if support < RETRY_SUPPORT:  # a jump too far for the flow alone: begin where the whole picture went
        again = _followed(key, gray, person, key.points + _whole_shift(key, gray, person))
        fit, support = max((fit, support), again, key=lambda found: found[1])
    return (None if fit is None else _compose(fit, key.pose)), support


def _whole_shift(key: _Key, gray: Gray, person: NDArray[np.bool_]) -> Float32:
    """(2,) shift of the background by phase correlation, with the person greyed out in both pictures."""
    hidden = person | key.person
    flat = [
        np.where(hidden, np.float32(g[~hidden].mean() if (~hidden).any() else 0), g) for g in (key.gray, gray)
    ]
    window = cv2.createHanningWindow((gray.shape[1], gray.shape[0]), cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(flat[0].astype(np.float32), flat[1].astype(np.float32), window)
    return np.asarray(shift, np.float32)


def _followed(
    key: _Key, gray: Gray, person: NDArray[np.bool_], guess: Float32
) -> tuple[NDArray[np.float64] | None, float]:
    """The similarity from the key frame to this one, and the share of points that agree (0: none found)."""
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        key.gray,
        gray,
        key.points,
        guess.copy(),
        winSize=WINDOW,
        maxLevel=3,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    there = np.rint(moved).astype(int)
    inside = (there >= 0).all(axis=1) & (there[:, 0] < gray.shape[1]) & (there[:, 1] < gray.shape[0])
    hidden = np.zeros(len(there), bool)
    hidden[inside] = person[there[inside, 1], there[inside, 0]]
    usable = (status.ravel() == 1) & inside & ~hidden
    candidates = int((inside & ~hidden).sum())
    if usable.sum() < MIN_POINTS:
        return None, 0.0
    found = cv2.estimateAffinePartial2D(
        key.points[usable], moved[usable], method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX
    )
    fit: Any = found[0]  # None where no similarity fits, whatever the stubs say
    if fit is None:
        return None, 0.0
    return np.asarray(fit, np.float64), float(found[1].sum()) / candidates


def _compose(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 2x3 similarity that applies `inner` first."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _as_shares(pose: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[float, float, float]:
    """Shift of the picture's centre as shares of width and height, and the scale."""
    height, width = shape[:2]
    centre = np.array([width / 2.0, height / 2.0])
    shift = pose[:, :2] @ centre + pose[:, 2] - centre
    return float(shift[0] / width), float(shift[1] / height), float(np.hypot(pose[0, 0], pose[1, 0]))
