"""A session as two cameras see it, put together from rendered landmarks: one movement, two views, a known offset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
# Frames of the clips: upright, and the head far forward.
FRONT_UPRIGHT, FRONT_FORWARD = 40, 160
SIDE_UPRIGHT, SIDE_FORWARD = 30, 110


def script(t_s: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """How far the head is forward (0-1) at each time: upright for 10 s, then moves at random moments."""
    rng = np.random.default_rng(seed)
    moments = 10.0 + np.cumsum(rng.uniform(1.5, 6.0, 60))
    levels = rng.uniform(0.0, 1.0, 61)
    levels[0] = 0.0
    place = np.searchsorted(moments, t_s)
    before = levels[np.maximum(place - 1, 0)]
    since = t_s - np.where(place > 0, moments[np.maximum(place - 1, 0)], -10.0)
    start = np.where(place > 0, before, 0.0)
    share = np.clip(since / 0.8, 0.0, 1.0)
    ease = share * share * (3.0 - 2.0 * share)
    return np.asarray(start + (levels[np.minimum(place, 60)] - start) * ease)


def seen(
    view: str, t_s: NDArray[np.float64], forward: NDArray[np.float64], seed: int, tremble: float = 0.0005
) -> Landmarks:
    """Landmarks of one camera: a mixture of the clip's upright and forward frames, trembling."""
    lm = read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks
    upright, ahead = (FRONT_UPRIGHT, FRONT_FORWARD) if view == "front" else (SIDE_UPRIGHT, SIDE_FORWARD)
    rng = np.random.default_rng(seed)
    rows = lm[np.full(len(t_s), upright)]
    fields = {}
    for name in ("pose", "face", "rows", "cols"):
        base, other = getattr(lm, name)[upright], getattr(lm, name)[ahead]
        share = forward.reshape(-1, *[1] * base.ndim)
        fields[name] = ((1.0 - share) * base + share * other).astype(np.float32)
        fields[name] += rng.normal(0, tremble, fields[name].shape).astype(np.float32)
    return replace(rows, t_s=t_s, **fields)


def session(
    offset_s: float,
    *,
    seed: int = 1,
    length_s: float = 60.0,
    rates_hz: tuple[float, float] = (10.0, 12.5),
    drift: float = 0.0,
) -> tuple[Landmarks, Landmarks]:
    """Front and side recordings of one session; the side's clock began `offset_s` after the front's.

    It is slow by the share `drift`.
    """
    front_t = np.arange(0, length_s, 1 / rates_hz[0])
    side_t = np.arange(0, length_s, 1 / rates_hz[1])
    front = seen("front", front_t, script(front_t, seed), 10)
    return front, seen("side", side_t, script(side_t * (1.0 + drift) + offset_s, seed), 11)
