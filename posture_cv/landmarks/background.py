"""How the background has moved since a reference frame: whether the camera itself has moved, not the person.

The background is followed from a reference frame by sparse optical flow (Lucas-Kanade, pyramidal; Bouguet
2001) on points outside the person, and a similarity is fitted to the points that agree (RANSAC). A lid that
tilts shifts background and person together; a person who sinks leaves the background where it was. A camera tool
that begins to mirror, or ends it, is told as a growth below 0, which counts as a moved camera. Flow takes a
point's brightness for constant: where light or exposure have changed, what is lit is followed without the light.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Float32, Landmarks

Gray = NDArray[np.uint8]

# All ours, unless a source stands beside them; pixels are those of the small picture (`scene.small_grey`).
PERSON_MARGIN_PX: Final = 12  # about the outline, where a point may be the person's
# The corners that are followed (Shi & Tomasi 1994): how many at most, below how many there is no texture, the least
# strength as a share of the strongest one's, and how far apart they are.
POINTS: Final = 80
MIN_POINTS: Final = 8
CORNER_SHARE: Final = 0.02
CORNERS_APART_PX: Final = 7
# The flow's window, and how many times the picture is halved for it.
WINDOW: Final = (15, 15)
HALVINGS: Final = 3
AGREE_PX: Final = 1.5  # points that are off by no more agree with the similarity
# A roll is told where its standard deviation is below the first, and the points that agree on it lie at least this
# share of the width about their middle: a chair that turns behind somebody holds many points, but close together.
SURE_ROLL_DEG: Final = 0.15
ROLL_SPREAD: Final = 0.2
# Moved from the key frame by more than this share of the width, and if more than that share of the points agrees, the
# current frame becomes the new key frame.
REKEY_SHIFT: Final = 0.08
REKEY_SUPPORT: Final = 0.5
RETRY_SUPPORT: Final = 0.5  # where fewer of the points agree, the background is looked for in other ways, too
MIRROR_EVERY_S: Final = 10.0  # so often a lost background is looked for in the mirror, at its cost again
LIGHT_PX: Final = (25, 25)  # light is what changes over more than this, what is lit over less
# Contrast is the standard deviation of the logarithm of brightness in such a window: below the least, noise would be
# raised to texture; one contrast becomes so many of 256 grey levels.
LEAST_CONTRAST: Final = 0.05
GREY_PER_CONTRAST: Final = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """Where the person of one frame (with a margin) hides the background of a small picture (height, width)."""

    lm: Landmarks
    shape: tuple[int, ...]

    def hides(self, x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether the person hides these pixels, in the shape of `x` and `y` together; False where nobody is there."""
        height, width = self.shape[:2]
        column = np.minimum((x + 0.5) / width * CONTOUR_COLS, CONTOUR_COLS - 1).astype(np.intp)
        row = np.minimum((y + 0.5) / height * CONTOUR_ROWS, CONTOUR_ROWS - 1).astype(np.intp)
        below = y >= self.lm.cols[0][column] * height - PERSON_MARGIN_PX
        left, right = self.lm.rows[0, :, 0][row] * width, self.lm.rows[0, :, 1][row] * width
        return np.asarray(below | ((x >= left - PERSON_MARGIN_PX) & (x <= right + PERSON_MARGIN_PX)))

    def mask(self) -> NDArray[np.bool_]:
        """(H, W) where the person hides the background."""
        height, width = self.shape[:2]
        return self.hides(np.arange(width)[None, :], np.arange(height)[:, None])


@dataclass(slots=True)
class _Key:
    """A frame to follow from.

    Attributes:
        gray: (H, W) the small picture.
        person: (H, W) where the person hides the background.
        points: (P, 2) corners, pixels.
        pose: (2, 3) where it stands against the reference: a similarity in pixels.
    """

    gray: Gray
    person: NDArray[np.bool_]
    points: Float32
    pose: NDArray[np.float64]


@dataclass(slots=True)
class Follower:
    """Follows the background from picture to picture; the first one is the reference."""

    _key: _Key | None = None
    _mirrored_t_s: float = -np.inf

    def follow(self, gray: Gray, lm: Landmarks, t_s: float) -> tuple[float, float, float, float, float]:
        """Where the background of a later picture is.

        Args:
            gray: (H, W) small picture.
            lm: its landmarks (one frame), whose contour hides a part of the background.
            t_s: its time, seconds.

        Returns:
            The fields "bg_dx" to "bg_roll_deg" of `SCENE_FIELDS`; the place last known where none is found.
        """
        person = _Person(lm, gray.shape)
        if self._key is None or self._key.gray.shape != gray.shape:
            self._key = _key_frame(gray, person.mask(), np.eye(2, 3))
            support = 1.0 if len(self._key.points) >= MIN_POINTS else np.nan
            return 0.0, 0.0, 1.0, support, 0.0
        found = _similarity(self._key, gray, person)
        if found.support < RETRY_SUPPORT and abs(t_s - self._mirrored_t_s) >= MIRROR_EVERY_S:
            self._mirrored_t_s = t_s
            over = _mirrored(self._key)
            again = _similarity(over, gray, person)
            if again.support >= RETRY_SUPPORT:
                self._key, found = over, again
        if found.fit is None:
            return *_as_shares(self._key.pose, gray.shape), found.support, np.nan
        pose = found.fit
        moved_since_key = np.hypot(*(pose[:, 2] - self._key.pose[:, 2])) / gray.shape[1]
        if moved_since_key > REKEY_SHIFT and found.support > REKEY_SUPPORT:
            self._key = _key_frame(gray, person.mask(), pose)
        roll_deg = _roll_deg(pose) if found.tells_roll else np.nan
        return *_as_shares(pose, gray.shape), found.support, roll_deg


def _key_frame(gray: Gray, person: NDArray[np.bool_], pose: NDArray[np.float64]) -> _Key:
    allowed = np.where(person, 0, 255).astype(np.uint8)
    found: Any = cv2.goodFeaturesToTrack(gray, POINTS, CORNER_SHARE, CORNERS_APART_PX, mask=allowed)
    points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2).astype(np.float32)
    return _Key(gray, person, points, pose)


def _mirrored(key: _Key) -> _Key:
    """The key frame as a camera tool that mirrors pictures, or no longer does, would have shown it."""
    last = key.gray.shape[1] - 1.0
    points = key.points.copy()
    points[:, 0] = last - points[:, 0]
    pose = _compose(np.array([[-1.0, 0.0, last], [0.0, 1.0, 0.0]]), key.pose)
    return _Key(np.asarray(cv2.flip(key.gray, 1), np.uint8), key.person[:, ::-1], points, pose)


class _Found(NamedTuple):
    """A similarity (2x3; None: none fits), the share of points that agree on it, and whether it tells the roll."""

    fit: NDArray[np.float64] | None
    support: float
    tells_roll: bool = False


def _similarity(key: _Key, gray: Gray, person: _Person) -> _Found:
    """The background's similarity against the reference; support is NaN where there is no texture."""
    if len(key.points) < MIN_POINTS:
        return _Found(None, math.nan)
    found = _followed(key, gray, person, key.points)
    if found.support < RETRY_SUPPORT:  # a jump too far for the flow alone: begin where the whole picture went
        again = _followed(key, gray, person, key.points + _whole_shift(key, gray, person))
        found = max(found, again, key=lambda one: one.support)
    if found.support < RETRY_SUPPORT:  # or another light
        key, gray = replace(key, gray=_without_light(key.gray)), _without_light(gray)
        again = _followed(key, gray, person, key.points + _whole_shift(key, gray, person))
        found = max(found, again, key=lambda one: one.support)
    return found if found.fit is None else found._replace(fit=_compose(found.fit, key.pose))


def _without_light(gray: Gray) -> Gray:
    """(H, W) what is lit, without the light: a lamp, and the camera's exposure, multiply what they fall upon.

    The logarithm makes a sum of that product, in which the light is what changes slowly over the picture
    (homomorphic filtering; Oppenheim, Schafer and Stockham 1968). Contrast is evened out likewise, as the gamma of
    cameras raises and lowers it.
    """
    logarithm = cv2.LUT(gray, _LOGARITHMS)
    rest = logarithm - cv2.blur(logarithm, LIGHT_PX)
    contrast = cv2.sqrt(
        np.maximum(cv2.blur(rest * rest, LIGHT_PX), 0.0)
    )  # of a plain wall, a rounding below 0
    even = rest / np.maximum(contrast, LEAST_CONTRAST) * GREY_PER_CONTRAST + 128.0
    return np.asarray(np.clip(even, 0.0, 255.0), np.uint8)


# Beginning at 4, so that the noise of a picture's blackest parts does not weigh more than all the rest.
_LOGARITHMS: Final = np.log(np.arange(256, dtype=np.float32) + 4.0)


def _whole_shift(key: _Key, gray: Gray, person: _Person) -> Float32:
    """(2,) shift of the background by phase correlation, with the person greyed out in both pictures."""
    hidden = person.mask() | key.person
    flat = [
        np.where(hidden, np.float32(g[~hidden].mean() if (~hidden).any() else 0), g) for g in (key.gray, gray)
    ]
    window = cv2.createHanningWindow((gray.shape[1], gray.shape[0]), cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(flat[0].astype(np.float32), flat[1].astype(np.float32), window)
    return np.asarray(shift, np.float32)


def _followed(key: _Key, gray: Gray, person: _Person, guess: Float32) -> _Found:
    """The similarity from the key frame to this one; a support of 0 where there is none."""
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        key.gray,
        gray,
        key.points,
        guess.copy(),
        winSize=WINDOW,
        maxLevel=HALVINGS,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    x, y = np.rint(moved.T).astype(np.intp)
    inside = (x >= 0) & (y >= 0) & (x < gray.shape[1]) & (y < gray.shape[0])
    open_ = inside & ~person.hides(np.where(inside, x, 0), np.where(inside, y, 0))
    usable = (status.ravel() == 1) & open_
    candidates = int(open_.sum())
    if usable.sum() < MIN_POINTS:
        return _Found(None, 0.0)
    before, now = key.points[usable], moved[usable]
    found = cv2.estimateAffinePartial2D(before, now, method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX)
    fit: Any = found[0]  # None where no similarity fits, whatever the stubs say
    if fit is None:
        return _Found(None, 0.0)
    agree = found[1].ravel() == 1
    support = float(agree.sum()) / candidates
    sure = _tells_roll(fit, before[agree], now[agree], gray.shape[1])
    return _Found(np.asarray(fit, np.float64), support, sure)


def _tells_roll(fit: NDArray[np.float64], before: Float32, now: Float32, width: int) -> bool:
    """Whether the points that agree lie far enough apart for what they differ by, and over the picture.

    The standard deviation of a similarity's angle, by least squares, is that of what remains at the points over the
    root of their summed squared distances from their middle; four numbers were fitted to two per point.
    """
    apart = float(((before - before.mean(axis=0)) ** 2).sum())
    freedom = 2 * len(before) - 4
    if freedom <= 0 or apart < len(before) * (ROLL_SPREAD * width) ** 2:
        return False
    rest = now - before @ fit[:, :2].T - fit[:, 2]
    sd = math.sqrt(float((rest**2).sum()) / freedom / apart)
    return math.degrees(sd) <= SURE_ROLL_DEG


def _compose(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) the similarity that applies `inner` (2, 3) first, then `outer`."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _as_shares(pose: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[float, float, float]:
    """Shift of the picture's centre as shares of width and height, and the scale, below 0 where mirrored."""
    height, width = shape[:2]
    centre = np.array([width / 2.0, height / 2.0])
    shift = pose[:, :2] @ centre + pose[:, 2] - centre
    scale = float(np.hypot(pose[0, 0], pose[1, 0]))
    return float(shift[0] / width), float(shift[1] / height), -scale if _mirrors(pose) else scale


def _mirrors(pose: NDArray[np.float64]) -> bool:
    """Whether a 2x3 similarity is a reflection."""
    return bool(pose[0, 0] * pose[1, 1] < pose[0, 1] * pose[1, 0])


def _roll_deg(pose: NDArray[np.float64]) -> float:
    """By how much the background has turned in the picture, clockwise; NaN where it is mirrored."""
    if _mirrors(pose):
        return math.nan
    return math.degrees(math.atan2(pose[1, 0], pose[0, 0]))
