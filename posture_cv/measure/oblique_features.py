"""What an oblique view shows: the face mesh as a rigid body and five stretches of the shoulders' outline.

Quantities are against the baseline, in rough centimetres of this person and degrees, mirrored so that the face looks
to the right of the picture (the camera then stands before the person's right side, which is "near").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.outline_fit import Prior, make_template, register
from posture_cv.measure.profile_outline import Outline, outline_of
from posture_cv.measure.types import Float

# Face-mesh points that a neutral face moves as one: bridge of the nose, eye corners, brows, temples, cheeks.
RIGID: Final = (
    *(10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 234, 127, 454, 356, 93, 323),
    *(132, 361, 70, 300, 105, 334, 129, 358, 117, 346),
)
_FOREHEAD, _CHIN, _NOSE_TIP = 10, 152, 1
_CHEEKS: Final = [234, 454]
# Forehead to chin of the mesh in centimetres (mean adult; only turns pixels into rough centimetres).
_FACE_HEIGHT_CM: Final = 17.5
_SCALES: Final = (1.2, 1.0, 0.8, 0.6, 0.45, 0.35, 0.35, 0.35)
_GAIN: Final = 4.0
FEATURES: Final = (
    *("head_x", "head_y", "head_scale", "head_pitch", "head_yaw", "head_roll"),
    *("near_x", "near_y", "far_x", "far_y"),
    *(
        f"{piece}_{axis}"
        for piece in ("neck", "trapezius", "throat", "near_arm", "far_arm", "back")
        for axis in "xy"
    ),
    "azimuth",
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of outline: which edge, from and to (chin-shoulder gaps `g` or cm `c` below chin or shoulders)."""

    name: str
    edge: str
    begin: tuple[str, float]
    end: tuple[str, float]
    follows: str
    sd: tuple[float, float, float]


STRETCHES: Final = (
    Stretch("neck", "rear", ("chin", -0.35), ("chin", 0.5), "both", (3.0, 2.0, 0.15)),
    Stretch("trapezius", "rear", ("chin", 0.15), ("chin", 0.8), "both", (3.0, 2.5, 0.1)),
    Stretch("throat", "front", ("chin", 0.3), ("chin", 0.9), "both", (3.0, 2.5, 0.1)),
    Stretch("near_arm", "rear", ("shoulder", -3.0), ("shoulder", 11.0), "near", (3.0, 3.0, 0.1)),
    Stretch("far_arm", "front", ("shoulder", -3.0), ("shoulder", 11.0), "far", (3.0, 3.0, 0.1)),
    Stretch("back", "rear", ("shoulder", 8.0), ("shoulder", 22.0), "near", (4.0, 1.5, 0.1)),
)


def similarity(base: Float, now: Float) -> tuple[Float, Float, Float]:
    """Scale (N,), rotation (N, 3, 3) and centroid (N, 3) of `now` (N, K, 3) against `base` (K, 3).

    Least squares after Umeyama, IEEE PAMI 13 (1991) 376.
    """
    a, centre = base - base.mean(axis=0), now.mean(axis=1)
    cross = np.einsum("nki,kj->nij", now - centre[:, None], a)
    u, s, vt = np.linalg.svd(cross)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    return (s * sign).sum(axis=1) / (a**2).sum(), (u * sign[:, None, :]) @ vt, centre


def rotation_vector_deg(rotation: Float) -> Float:
    """(N, 3) axis times angle in degrees of rotation matrices (N, 3, 3)."""
    cos = np.clip((np.trace(rotation, axis1=1, axis2=2) - 1.0) / 2.0, -1.0, 1.0)
    angle = np.maximum(np.arccos(cos), 1e-6)
    axis = np.stack([rotation[:, i, j] - rotation[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], axis=1)
    return np.asarray(np.degrees(axis * (angle / (2.0 * np.sin(angle)))[:, None]))


def face_looks_right(lm: Landmarks) -> bool:
    """Whether the first frame's face mesh looks to the right of the picture: the nose lies right of the cheeks."""
    x = lm.face[0, :, 0]
    return bool(x[_NOSE_TIP] > x[_CHEEKS].mean())


def _head(lm: Landmarks, reference: Landmarks, sign: float, unit: float) -> dict[str, Float]:
    base, now = reference.face_px()[0], lm.face_px()
    rigid = list(RIGID)
    found = np.asarray(np.isfinite(now[:, rigid]).all(axis=(1, 2)))
    scale, rotation, centre = similarity(base[rigid], np.where(found[:, None, None], now, base)[:, rigid])
    moved = centre - base[rigid].mean(axis=0)
    cheeks = base[_CHEEKS[1]] - base[_CHEEKS[0]]
    azimuth = abs(float(np.arctan2(cheeks[2], cheeks[0])))
    turn = rotation_vector_deg(rotation) * np.array([1.0, sign, sign])
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    out = {
        "head_x": sign * moved[:, 0] / unit,
        "head_y": moved[:, 1] / unit,
        "head_scale": 100.0 * np.log(scale),
        "head_pitch": turn[:, 0] * cos + turn[:, 2] * sin,
        "head_yaw": turn[:, 1],
        "head_roll": turn[:, 2] * cos - turn[:, 0] * sin,
    }
    out = {k: np.where(found, v, np.nan) for k, v in out.items()}
    return {**out, "azimuth": np.full(len(lm), np.degrees(azimuth))}


def _shoulders(now: Outline, base: Outline, unit: float) -> dict[str, Float]:
    moved = np.clip((now.points - base.points) / unit, -20.0, 20.0)
    return {
        "near_x": moved[:, 12, 0],
        "near_y": moved[:, 12, 1],
        "far_x": moved[:, 11, 0],
        "far_y": moved[:, 11, 1],
    }


def _stretches(
    now: Outline, base: Outline, unit: float, chin: float, s: dict[str, Float]
) -> dict[str, Float]:
    """Shift of each stretch of outline and, as `<name>_share`, how much of it was found."""
    shoulder = float(base.points[0, [11, 12], 1].mean())
    origin = {"chin": (chin, shoulder - chin), "shoulder": (shoulder, unit)}
    start = {side: np.stack([s[f"{side}_x"], s[f"{side}_y"]], axis=1) for side in ("near", "far")}
    start["both"] = (start["near"] + start["far"]) / 2.0
    none, out = np.empty(0), {}
    for part in STRETCHES:
        low, high = (origin[key][0] + times * origin[key][1] for key, times in (part.begin, part.end))
        y, middle = np.linspace(low, high, 24), (low + high) / 2.0
        edge = (base.rear_at if part.edge == "rear" else base.front_at)(np.array([[middle]]))[0, 0]
        front_y, rear_y = (none, y) if part.edge == "rear" else (y, none)
        template = make_template(base, unit, (edge, middle), front_y, rear_y, none, (1.0, 1.0, 0.0))
        first = np.column_stack([start[part.follows], np.zeros(len(now))])
        first = np.where(np.isfinite(first), first, 0.0)
        motion = register(template, now, first, Prior(first, 1.0 / np.square(part.sd)), _SCALES, _GAIN)
        out[f"{part.name}_x"], out[f"{part.name}_y"] = motion.forward, motion.down
        out[f"{part.name}_share"] = motion.share
    return out


def oblique_features(
    lm: Landmarks, baseline: Baseline, *, looks_right: bool
) -> tuple[dict[str, Float], Float]:
    """Named features (N,) each (`FEATURES`) and the share (N,) of the outline that was found again.

    Where the baseline or the frame has no outline the stretches are NaN and the share is 0.
    """
    reference = baseline.as_landmarks()
    mesh = reference.face_px()[0]
    unit = float(np.linalg.norm(mesh[_FOREHEAD, :2] - mesh[_CHIN, :2])) / _FACE_HEIGHT_CM
    now, base = outline_of(lm, looks_right=looks_right), outline_of(reference, looks_right=looks_right)
    shoulders = _shoulders(now, base, unit)
    features = {**_head(lm, reference, 1.0 if looks_right else -1.0, unit), **shoulders}
    if np.isfinite(base.points[0, [11, 12]]).all() and np.isfinite(base.rear).any():
        parts = _stretches(now, base, unit, float(mesh[_CHIN, 1]), shoulders)
    else:
        nothing = (("x", np.nan), ("y", np.nan), ("share", 0.0))
        parts = {f"{p.name}_{a}": np.full(len(lm), v) for p in STRETCHES for a, v in nothing}
    share = np.mean([parts[f"{p.name}_share"] for p in STRETCHES], axis=0)
    gone = share <= 0.0
    for part in STRETCHES:
        for axis in "xy":
            features[f"{part.name}_{axis}"] = np.where(gone, np.nan, parts[f"{part.name}_{axis}"])
    return features, np.asarray(share)
