"""What an oblique view shows: the face mesh as a rigid body and five stretches of the shoulders' outline.

Quantities are against the baseline, in rough centimetres of this person and degrees, mirrored so that the face looks
to the right of the picture (the camera then stands before the person's right side, which is "near").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.outline_edges import FRONT, REAR, Edges, Places
from posture_cv.measure.rigid_fit import Stack, Stretch, register, stack, stretch
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
_FAR_CM: Final = 20.0
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
class Piece:
    """One stretch of outline: which edge, from and to (chin-shoulder gaps `g` or cm `c` below chin or shoulders)."""

    name: str
    edge: int
    begin: tuple[str, float]
    end: tuple[str, float]
    follows: str
    sd: tuple[float, float, float]


PIECES: Final = (
    Piece("neck", REAR, ("chin", -0.35), ("chin", 0.5), "both", (3.0, 2.0, 0.15)),
    Piece("trapezius", REAR, ("chin", 0.15), ("chin", 0.8), "both", (3.0, 2.5, 0.1)),
    Piece("throat", FRONT, ("chin", 0.3), ("chin", 0.9), "both", (3.0, 2.5, 0.1)),
    Piece("near_arm", REAR, ("shoulder", -3.0), ("shoulder", 11.0), "near", (3.0, 3.0, 0.1)),
    Piece("far_arm", FRONT, ("shoulder", -3.0), ("shoulder", 11.0), "far", (3.0, 3.0, 0.1)),
    Piece("back", REAR, ("shoulder", 8.0), ("shoulder", 22.0), "near", (4.0, 1.5, 0.1)),
)


@dataclass(frozen=True, slots=True, eq=False)
class ObliqueReference:
    """A baseline at an angle, worked out once.

    Attributes:
        looks_right: whether the face looks to the right of the picture.
        unit: pixels in a rough centimetre.
        mesh: (468, 3) the face in pixels.
        edges: the outline (one frame).
        pieces: `PIECES`; None where the baseline shows no outline or no shoulders.
    """

    looks_right: bool
    unit: float
    mesh: Float
    edges: Edges
    pieces: Stack | None


@lru_cache(maxsize=8)
def oblique_reference(baseline: Baseline) -> ObliqueReference:
    """What measuring needs of a baseline."""
    reference = baseline.as_landmarks()
    mesh, looks_right = reference.face_px()[0], face_looks_right(reference)
    unit = float(np.linalg.norm(mesh[_FOREHEAD, :2] - mesh[_CHIN, :2])) / _FACE_HEIGHT_CM
    edges = Edges.of(reference, looks_right=looks_right, cm_wide=baseline.size_px[0] / unit)
    seen = np.isfinite(edges.points[0, [11, 12]]).all() and np.isfinite(baseline.rows[:, 0]).any()
    pieces = stack(_pieces(edges, float(mesh[_CHIN, 1]) / unit)) if seen else None
    return ObliqueReference(looks_right, unit, mesh, edges, pieces)


def _pieces(base: Edges, chin: float) -> list[Stretch]:
    shoulder = float(base.points[0, [11, 12], 1].mean())
    origin = {"chin": (chin, shoulder - chin), "shoulder": (shoulder, 1.0)}
    found = []
    for part in PIECES:
        low, high = (origin[key][0] + times * origin[key][1] for key, times in (part.begin, part.end))
        middle = (low + high) / 2.0
        places = Places.of(np.array([[part.edge]]))
        across = np.nan_to_num(base.read(places, base.scale_of(places), np.array([[middle]])))[0, 0]
        precision = [1.0 / sd**2 for sd in part.sd]
        heights = ((part.edge, np.linspace(low, high, 24), 1.0),)
        found.append(stretch(base, heights, complex(across, middle), precision, _GAIN))
    return found


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


def _head(lm: Landmarks, ref: ObliqueReference) -> dict[str, Float]:
    base, now, sign = ref.mesh, lm.face_px(), 1.0 if ref.looks_right else -1.0
    rigid = list(RIGID)
    found = np.asarray(np.isfinite(now[:, rigid]).all(axis=(1, 2)))
    scale, rotation, centre = similarity(base[rigid], np.where(found[:, None, None], now, base)[:, rigid])
    moved = centre - base[rigid].mean(axis=0)
    cheeks = base[_CHEEKS[1]] - base[_CHEEKS[0]]
    azimuth = abs(float(np.arctan2(cheeks[2], cheeks[0])))
    turn = rotation_vector_deg(rotation) * np.array([1.0, sign, sign])
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    out = {
        "head_x": sign * moved[:, 0] / ref.unit,
        "head_y": moved[:, 1] / ref.unit,
        "head_scale": 100.0 * np.log(scale),
        "head_pitch": turn[:, 0] * cos + turn[:, 2] * sin,
        "head_yaw": turn[:, 1],
        "head_roll": turn[:, 2] * cos - turn[:, 0] * sin,
    }
    out = {k: np.where(found, v, np.nan) for k, v in out.items()}
    return {**out, "azimuth": np.full(len(lm), np.degrees(azimuth))}


def _shoulders(now: Edges, ref: ObliqueReference) -> dict[str, Float]:
    moved = now.points[:, [12, 11]] - ref.edges.points[:, [12, 11]]
    moved = np.minimum(np.maximum(moved, -_FAR_CM), _FAR_CM)
    return {
        "near_x": moved[:, 0, 0],
        "near_y": moved[:, 0, 1],
        "far_x": moved[:, 1, 0],
        "far_y": moved[:, 1, 1],
    }


def _outline(now: Edges, pieces: Stack, s: dict[str, Float]) -> tuple[dict[str, Float], Float]:
    """Shift of each piece of outline, NaN where nothing was found, and the mean share that was."""
    start = {side: np.stack([s[f"{side}_x"], s[f"{side}_y"]], axis=1) for side in ("near", "far")}
    start["both"] = (start["near"] + start["far"]) / 2.0
    first = np.zeros((len(PIECES), len(now), 3))
    first[..., :2] = np.nan_to_num(np.stack([start[part.follows] for part in PIECES]))
    scales = np.repeat(np.array(_SCALES)[:, None], len(PIECES), axis=1)
    motion = register(pieces, now, first, first, scales)[1]
    share = motion.share.mean(axis=0)
    out: dict[str, Float] = {}
    for k, part in enumerate(PIECES):
        out[f"{part.name}_x"] = np.where(share > 0.0, motion.forward[k], np.nan)
        out[f"{part.name}_y"] = np.where(share > 0.0, motion.down[k], np.nan)
    return out, share


def oblique_features(lm: Landmarks, baseline: Baseline) -> tuple[dict[str, Float], Float]:
    """Named features (N,) each (`FEATURES`) and the share (N,) of the outline that was found again.

    Where the baseline or the frame has no outline its pieces are NaN and the share is 0.
    """
    ref = oblique_reference(baseline)
    now = Edges.of(lm, looks_right=ref.looks_right, cm_wide=baseline.size_px[0] / ref.unit)
    shoulders = _shoulders(now, ref)
    features = {**_head(lm, ref), **shoulders}
    if ref.pieces is None:
        nothing = np.full(len(lm), np.nan)
        return features | {f"{p.name}_{a}": nothing for p in PIECES for a in "xy"}, np.zeros(len(lm))
    outline, share = _outline(now, ref.pieces, shoulders)
    return features | outline, np.asarray(share)
