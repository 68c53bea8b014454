"""What the picture says beside the person: brightness, noise, whether the camera has moved, and what is worn."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.background import Follower, Gray
from posture_cv.landmarks.dress import UNKNOWN, dress
from posture_cv.landmarks.types import SCENE_FIELDS, Float32, Landmarks

# Ours: small enough to cost about a millisecond, and done twice a second, as often as the policy looks.
WIDTH_PX: Final = 320
INTERVAL_S: Final = 0.5
_UNSURE: Final = SCENE_FIELDS.index("outline_unsure")
_SECOND_DIFFERENCE: Final = np.array([1, -2, 1], np.float32)
# By how much the noise of one picture grows: sqrt(1 + 4 + 1) by a second difference along each side, sqrt(2) as two
# pictures are subtracted.
_GROWN: Final = 6.0 * math.sqrt(2.0)
# Standard deviations within which, to both sides, a quarter of normal errors lie.
_QUARTER_OF_NORMAL: Final = 0.3186
_HEAD_POINTS: Final = names.MOUTH_RIGHT + 1  # the first points of the pose


@dataclass(frozen=True, slots=True, eq=False)
class SmallPicture:
    """A picture in grey, 320 px wide, and how bright it is: mean, 5th and 95th percentile, 0-1."""

    gray: Gray
    light: tuple[float, float, float]

    @classmethod
    def of(cls, gray: Gray) -> SmallPicture:
        """Of what `small_grey` gives."""
        p05, p95 = _quantiles(gray[::4, ::4], (0.05, 0.95))
        return cls(gray, (cv2.mean(gray)[0] / 255.0, p05 / 255.0, p95 / 255.0))


def small_grey(image_bgr: NDArray[np.uint8]) -> Gray:
    """A picture of any size in grey, 320 px wide."""
    height, width = image_bgr.shape[:2]
    size = (WIDTH_PX, max(8, round(height * WIDTH_PX / width))) if width > 8 else (8, 8)
    size = (size[0], min(size[1], 4 * WIDTH_PX))
    small = cv2.resize(image_bgr, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


@dataclass(slots=True)
class SceneTracker:
    """Measures `Landmarks.scene` frame by frame; the first frame of a source is its reference.

    With `follow` False (unrelated pictures) background and noise are NaN, and what is worn is told of each.
    """

    follow: bool = True
    _last_t_s: float = -np.inf
    _follower: Follower = field(default_factory=Follower)
    _background: tuple[float, float, float, float, float] = field(default=(np.nan,) * 5)
    _before: Gray | None = None
    _noise: float = np.nan
    _dress: Float32 = field(default_factory=lambda: UNKNOWN)

    def measure(self, image_bgr: NDArray[np.uint8], t_s: float, lm: Landmarks) -> Float32:
        """The scene fields of one frame.

        Args:
            image_bgr: (H, W, 3) picture; t_s: its time in seconds; lm: its landmarks (one frame), whose scene holds
                what the mask told.

        Returns:
            (17,) float32 in the order of `SCENE_FIELDS`. Background, noise and what is worn are measured every
            0.5 s and held on to.
        """
        return self.measure_small(SmallPicture.of(small_grey(image_bgr)), image_bgr, t_s, lm)

    def measure_small(
        self, small: SmallPicture, image_bgr: NDArray[np.uint8], t_s: float, lm: Landmarks
    ) -> Float32:
        """(17,) the same for a picture that was made small already: cheapest while the picture is in the cache."""
        gray = small.gray
        if not self.follow:
            self._dress = dress(image_bgr, lm)
        elif t_s - self._last_t_s >= INTERVAL_S or t_s < self._last_t_s:
            self._last_t_s = t_s
            self._dress = dress(image_bgr, lm)
            self._background = self._follower.follow(gray, lm, t_s)
            if self._before is not None and self._before.shape == gray.shape:
                self._noise = noise_share(self._before, gray)
            self._before = gray
        brightness = (*small.light, _person_brightness(gray, lm))
        told = (*brightness, *self._background, self._noise, lm.scene[0, _UNSURE], *self._dress)
        scene = np.array(told, np.float32)
        assert len(scene) == len(SCENE_FIELDS)
        return scene


def _quantiles(gray: Gray, shares: tuple[float, ...]) -> list[float]:
    """Quantiles of whole numbers, linear between neighbours."""
    ends = np.cumsum(np.bincount(gray.ravel(), minlength=256))
    places = [share * (int(ends[-1]) - 1) for share in shares]
    ranks = [rank for place in places for rank in (math.floor(place), math.ceil(place))]
    values = np.searchsorted(ends, ranks, side="right").tolist()
    return [
        low + (high - low) * (place - math.floor(place))
        for place, low, high in zip(places, values[::2], values[1::2], strict=True)
    ]


def noise_share(before: Gray, now: Gray) -> float:
    """Standard deviation of a pixel's noise as a share of the mean brightness, from two pictures (H, W) of a room.

    What stands still goes out of the difference, what is smooth in it (lamps, shadows, flicker) out of its second
    differences (Immerkaer 1996); what is left is told by its smallest quarter, so that most of the picture may move.
    """
    changed = cv2.subtract(now, before, dtype=cv2.CV_16S)
    rest = cv2.sepFilter2D(changed, cv2.CV_32F, _SECOND_DIFFERENCE, _SECOND_DIFFERENCE)
    quarter = float(np.quantile(np.abs(rest[1:-1:4, 1:-1:2]), 0.25))
    return quarter / _QUARTER_OF_NORMAL / _GROWN / max(cv2.mean(now)[0], 1.0)


def _person_brightness(gray: Gray, lm: Landmarks) -> float:
    """Median brightness of the face (or of the head's pose points without one), 0-1; NaN without either."""
    points = lm.face[0, :, :2] if lm.face_found[0] else lm.pose[0, :_HEAD_POINTS, :2]
    if np.isnan(points[0, 0]):
        return float("nan")
    height, width = gray.shape
    across, down = np.ascontiguousarray(points.T)
    x0, x1 = (min(max(int(v * width), 0), width - 1) for v in (across.min(), across.max()))
    y0, y1 = (min(max(int(v * height), 0), height - 1) for v in (down.min(), down.max()))
    [median] = _quantiles(gray[y0 : y1 + 1, x0 : x1 + 1], (0.5,))
    return median / 255.0
