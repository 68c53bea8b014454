"""What the profile shows: head, upper back, lower back and chest as pieces of the outline that move.

All quantities are against the baseline, in rough centimetres (`Anchors.unit`) and degrees, the face to the right:
forward is positive, down is positive, nodding forward is positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.measure.outline_fit import Motion, Prior, Template, best_of, make_template, register
from posture_cv.measure.profile_outline import NEAR_EAR, Anchors, Outline
from posture_cv.measure.types import Float

# Where things lie, in cm below the throat (medians of the fitting persons).
_C7_BELOW_THROAT: Final = 2.0
_LOW_BACK_BELOW_THROAT: Final = 22.0
# The tragus as a share of the crown-to-throat length behind the face and above the throat.
_TRAGUS_BEHIND_FACE, _TRAGUS_ABOVE_THROAT = 0.37, 0.47
# The pose model's ear lies this far before and below the tragus (cm); farther off than the limit it has gone astray.
_EAR_FROM_TRAGUS: Final = (1.2, -0.3)
_EAR_FAR: Final = 4.0
# Tragus before and above C7 (cm, medians of the fitting persons).
_TRAGUS_FROM_C7: Final = (9.1, 12.8)
_HEAD_STARTS: Final = np.radians([-12.0, 0.0, 12.0, 24.0, 36.0])
_HEAD_PRIOR: Final = np.array([1e-6, 1e-6, 1e-2])
_BACK_SD: Final = np.array([30.0, 1.5, 0.14])
_COARSE: Final = (0.3,) * 5
_FINE: Final = (0.3,) * 7
_BACK_SCALES: Final = (1.4, 1.2, 1.0, 0.8, 0.55, 0.35, 0.35, 0.35, 0.35, 0.35)
_BACK_GAIN: Final = 4.75  # 28 correlated points of 0.15 cm noise count as three
FRONT_CM: Final = np.arange(0.0, 24.0, 1.5)
REAR_CM: Final = np.arange(-10.0, 38.0, 2.0)
BODY_POINTS: Final = (0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24)
_FAR: Final = 10.0  # cm beyond which a landmark has been lost rather than moved
_EDGE_FAR: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Motion of the pieces of the outline over N frames."""

    head: Motion
    back: Motion
    low_back: Motion


def tragus_px(base: Outline, a: Anchors) -> tuple[float, float]:
    """Where the baseline's tragus is: the mean of the outline's guess and, where near it, the ear landmark's."""
    length = a.throat - a.crown
    guess = np.array([a.face - _TRAGUS_BEHIND_FACE * length, a.throat - _TRAGUS_ABOVE_THROAT * length])
    ear = base.points[0, NEAR_EAR] - np.array(_EAR_FROM_TRAGUS) * a.unit
    near = bool((np.abs(ear - guess) <= _EAR_FAR * a.unit).all())  # False where the landmark is missing
    middle = (guess + ear) / 2.0 if near else guess
    return float(middle[0]), float(middle[1])


def _head_template(base: Outline, a: Anchors) -> Template:
    length = a.throat - a.crown
    centre = tragus_px(base, a)
    top_x = np.linspace(a.face - 0.75 * length, a.face - 0.12 * length, 24)
    template = make_template(
        base,
        a.unit,
        centre,
        np.linspace(a.crown + 0.08 * length, a.throat - 0.04 * length, 40),
        np.linspace(a.crown + 0.08 * length, a.throat - 0.38 * length, 24),
        top_x,
        (1.0, 0.5, 1.0),
    )
    # Columns that miss the head show the shoulders.
    too_low = template.offset[64:, 1] + centre[1] > a.crown + 0.25 * length
    template.weight[64:][too_low] = 0.0
    return template


def _lowest(values: Float) -> Float:
    """(N,) least finite value of each row, NaN where there is none."""
    least = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    return np.where(np.isfinite(least), least, np.nan)


def _median(values: Float) -> Float:
    """(N,) median of the finite values of each row; 0 where there is none."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    middle = ordered[np.arange(len(values)), np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, middle, 0.0)


def head_motion(outline: Outline, base: Outline, a: Anchors) -> Motion:
    """Rigid motion of the head's outline about the tragus, from several starting angles."""
    t = _head_template(base, a)
    n, starts, length = len(outline), len(_HEAD_STARTS), a.throat - a.crown
    near = np.abs(outline.u0[:, None] + outline.du[:, None] * np.arange(outline.top.shape[1]) - t.centre[0])
    crown = _lowest(np.where(near < 1.6 * length, outline.top, np.nan))
    many = outline.take(np.repeat(np.arange(n), starts))
    q = np.zeros((n * starts, 3))
    q[:, 2] = np.tile(_HEAD_STARTS, n)
    q[:, :2] = _first_guess(t, many, q[:, 2], np.repeat(crown, starts))
    flat = Prior(np.zeros_like(q), _HEAD_PRIOR)
    coarse = register(t, many, q, flat, _COARSE)
    best = best_of(coarse.as_array().reshape(n, starts, 3), coarse.cost.reshape(n, starts))
    return register(t, outline, best, Prior(np.zeros_like(best), _HEAD_PRIOR), _FINE)


def _first_guess(t: Template, outline: Outline, angle: Float, crown: Float) -> Float:
    """(N, 2) shift in cm that puts the turned template's crown and face onto the outline's."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = t.offset[:, 0], t.offset[:, 1]
    dx, dy = cos * x - sin * y, sin * x + cos * y
    top = slice(t.n_front + t.n_rear, None)
    highest = np.where(t.weight[top] > 0, dy[:, top], np.inf).min(axis=1) + t.centre[1]
    down = np.where(np.isfinite(crown) & np.isfinite(highest), crown - highest, 0.0)
    face = slice(6, t.n_front)
    gap = outline.front_at(t.centre[1] + dy[:, face] + down[:, None]) - t.centre[0] - dx[:, face]
    return np.stack([_median(gap), down], axis=1) / t.unit


def _edge_shift(outline: Outline, base: Outline, y: float, unit: float, fallback: Float) -> Float:
    """(N,) shift of the rear edge at height y in cm; `fallback` where there is no edge."""
    now = outline.rear_at(np.full((len(outline), 1), y))[:, 0]
    shift = np.clip((now - base.rear_at(np.array([[y]]))[0, 0]) / unit, -25.0, 25.0)
    return np.where(np.isfinite(shift), shift, fallback)


def _back_piece(
    outline: Outline, base: Outline, a: Anchors, head: Motion, cm: tuple[float, float, float]
) -> Motion:
    """Rigid motion of the rear edge between two heights (cm below the throat), about a third."""
    bottom = float(base.v0[0] + base.dv[0] * (base.rear.shape[1] - 1)) - 5.0
    y = np.linspace(a.throat + cm[0] * a.unit, min(a.throat + cm[1] * a.unit, bottom), 28)
    pivot = a.throat + cm[2] * a.unit
    edge = base.rear_at(np.array([[pivot]]))[0, 0]
    none = np.empty(0)
    t = make_template(base, a.unit, (edge, pivot), none, y, none, (0.0, 1.0, 0.0))
    start = np.zeros((len(outline), 3))
    start[:, 0] = _edge_shift(outline, base, a.throat + 7.0 * a.unit, a.unit, head.forward)
    mean = start.copy()
    mean[:, 1] = 0.3 * head.down
    return register(t, outline, start, Prior(mean, 1.0 / _BACK_SD**2), _BACK_SCALES, _BACK_GAIN)


def find_pieces(outline: Outline, base: Outline, a: Anchors) -> Pieces:
    """Register head, upper back and lower back of N frames."""
    head = head_motion(outline, base, a)
    back = _back_piece(outline, base, a, head, (-1.0, 22.0, _C7_BELOW_THROAT))
    low = _back_piece(outline, base, a, head, (10.0, 36.0, _LOW_BACK_BELOW_THROAT))
    return Pieces(head, back, low)


def contour_features(outline: Outline, base: Outline, a: Anchors, p: Pieces) -> dict[str, Float]:
    """Named features (N,) each: pieces against each other and what is left of the edges in the thorax's frame."""
    head, back, low = p.head, p.back, p.low_back
    out = {
        "head_x": head.forward,
        "head_y": head.down,
        "head_t": np.degrees(head.angle),
        "head_rms": head.rms,
        "head_share": head.share,
        "back_y": back.down,
        "back_t": np.degrees(back.angle),
        "back_rms": back.rms,
        "back_share": back.share,
        "gap_x": head.forward - back.forward,
        "gap_y": head.down - back.down,
        "low_x": low.forward,
        "low_t": np.degrees(low.angle),
        "low_rms": low.rms,
        "low_share": low.share,
        "bend_x": back.forward - low.forward,
        "bend_t": np.degrees(back.angle - low.angle),
        "back_x": back.forward,
    }
    out["neck_turn"] = _neck_turn(out["gap_x"], out["gap_y"])
    return {**out, **_in_thorax(outline, base, a, p)}


def _neck_turn(forward: Float, down: Float) -> Float:
    """(N,) degrees by which the line C7-tragus of an average person turns when its ends move so against each other."""
    ahead, up = _TRAGUS_FROM_C7
    now = np.arctan2(np.maximum(up - down, 1.0), np.clip(ahead + forward, -8.0, 40.0))
    return np.asarray(np.degrees(now - np.arctan2(up, ahead)))


def _in_thorax(outline: Outline, base: Outline, a: Anchors, p: Pieces) -> dict[str, Float]:
    """Head, landmarks and edges seen from the upper back, as if it had not moved."""
    unit, pivot_y = a.unit, a.throat + _C7_BELOW_THROAT * a.unit
    pivot_x = base.rear_at(np.array([[pivot_y]]))[0, 0]
    cos, sin = np.cos(p.back.angle)[:, None], np.sin(p.back.angle)[:, None]
    shift_x, shift_y = p.back.forward[:, None] * unit, p.back.down[:, None] * unit

    def home(x: Float, y: Float) -> tuple[Float, Float]:
        dx, dy = x - pivot_x - shift_x, y - pivot_y - shift_y
        return pivot_x + cos * dx + sin * dy, pivot_y - sin * dx + cos * dy

    out: dict[str, Float] = {}
    for name, at, heights in (("front", "front_at", FRONT_CM), ("rear", "rear_at", REAR_CM)):
        y = (a.throat + heights * unit)[None]
        dx, dy = getattr(base, at)(y) - pivot_x, y - pivot_y
        moved = getattr(outline, at)(pivot_y + shift_y + sin * dx + cos * dy)
        rest = np.clip((moved - (pivot_x + shift_x + cos * dx - sin * dy)) / unit, -_EDGE_FAR, _EDGE_FAR)
        out.update({f"{name}{cm:+.1f}": rest[:, k] for k, cm in enumerate(heights)})
    tragus = tragus_px(base, a)
    x, y = home(tragus[0] + p.head.forward[:, None] * unit, tragus[1] + p.head.down[:, None] * unit)
    out["thead_x"], out["thead_y"] = (x[:, 0] - tragus[0]) / unit, (y[:, 0] - tragus[1]) / unit
    out["thead_t"] = np.degrees(p.head.angle - p.back.angle)
    points = list(BODY_POINTS)
    x, y = home(outline.points[:, points, 0], outline.points[:, points, 1])
    for k, point in enumerate(points):
        out[f"x{point}"] = np.clip((x[:, k] - base.points[0, point, 0]) / unit, -_FAR, _FAR)
        out[f"y{point}"] = np.clip((y[:, k] - base.points[0, point, 1]) / unit, -_FAR, _FAR)
    return out


def shape_features(base: Outline, a: Anchors) -> dict[str, float]:
    """What the baseline says about the person's build, in rough centimetres."""
    at_throat = base.rear_at(np.array([[a.throat]]))[0, 0]
    ear, shoulder, hip = base.points[0, 8], base.points[0, 12], base.points[0, 24]
    return {
        "shape_head": a.head_width / a.unit,
        "shape_nape": (a.face - at_throat) / a.unit,
        "shape_shoulder": (shoulder[1] - a.crown) / a.unit,
        "shape_neck": float(np.linalg.norm(ear - shoulder)) / a.unit,
        "shape_trunk": float(np.linalg.norm(hip - shoulder)) / a.unit,
    }


def landmark_features(outline: Outline, base: Outline) -> dict[str, Float]:
    """Landmarks alone, for recordings without a contour, in parts of the ear-shoulder and shoulder-hip lengths."""
    now, then = outline.points, base.points[0]
    size = 0.5 * np.linalg.norm(then[8] - then[12]) + 0.25 * np.linalg.norm(then[12] - then[24])
    unit = size / 22.0
    out: dict[str, Float] = {}
    shoulder = (now[:, 12] - then[12]) / unit
    for point in (0, 5, 7, 8, 10, 11, 14, 16, 24):
        moved = np.clip((now[:, point] - then[point]) / unit - shoulder, -_FAR, _FAR)
        out[f"m{point}_x"], out[f"m{point}_y"] = moved[:, 0], moved[:, 1]
    out["m12_x"], out["m12_y"] = shoulder[:, 0], np.clip(shoulder[:, 1], -_FAR, _FAR)
    return out
