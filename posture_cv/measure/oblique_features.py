"""What an oblique view shows: the face mesh as a rigid body and six stretches of the outline about the shoulders.

Quantities are against the baseline, in rough centimetres of this person and degrees, mirrored so that the face looks
to the right of the picture (the camera then stands before the person's right side, which is "near").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.outline_edges import FRONT, REAR, Edges, Places
from posture_cv.measure.rigid_fit import Stack, Stretch, register, stack, stretch
from posture_cv.measure.rotation import rotation_vectors_deg, similarity_fit
from posture_cv.measure.types import Float

# Face-mesh points that a neutral face moves as one: bridge of the nose, eye corners, brows, temples, cheeks.
RIGID: Final = (
    *(10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 234, 127, 454, 356, 93, 323),
    *(132, 361, 70, 300, 105, 334, 129, 358, 117, 346),
)
FOREHEAD, CHIN, _NOSE_TIP = 10, 152, 1
_CHEEKS: Final = [234, 454]
# Forehead to chin of the mesh in centimetres (mean adult; only turns pixels into rough centimetres).
_FACE_HEIGHT_CM: Final = 17.5
# Of the registration (`rigid_fit`): Cauchy scale of each iteration in cm, coarse to fine, and weight of the outline
# against the prior (ours).
_SCALES: Final = (1.2, 1.0, 0.8, 0.6, 0.45, 0.35, 0.35, 0.35)
_GAIN: Final = 4.0
_FAR_CM: Final = 20.0  # beyond which a landmark has been lost rather than moved (ours)
_ONE_POINT: Final = 0.01  # of the baseline's face, below which a face is a point and none (ours)
# Nose, ears, shoulders, elbows and hips, near before far, of a face that looks to the right.
_MARKS: Final = (0, 8, 7, 12, 11, 14, 13, 24, 23)
# The head's shift to the right and down (cm), growth (100 times its natural logarithm) and turns (deg).
HEAD: Final = ("head_x", "head_y", "head_scale", "head_pitch", "head_yaw", "head_roll")
# The shoulders' shifts to the right and down (cm).
SHOULDERS: Final = ("near_x", "near_y", "far_x", "far_y")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of outline.

    Attributes:
        edge: FRONT or REAR.
        begin, end: heights: chin-to-shoulder gaps below the "chin", or centimetres below the "shoulder".
        follows: where its registration starts: with the "near" or the "far" shoulder, or their mean ("both").
        sd: of the prior about that: forward and down in cm, turn in radians.
    """

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
# Block -> how many columns it has; the shipped arrays and `tools/fitting/oblique.py` name their blocks after these.
WIDTHS: Final[Mapping[str, int]] = {
    "head": len(HEAD),
    "shoulders": len(SHOULDERS),
    "marks": 2 * len(_MARKS),  # right and down of each of `_MARKS`, cm
    "outline": 2 * len(PIECES),  # right and down of each of `PIECES`, cm
    "azimuth": 1,  # of the camera, by the baseline's cheeks, deg: the same for all frames
}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What N frames show against the baseline, in rough centimetres and degrees; NaN where not found.

    Attributes:
        head: (N, 6) `HEAD`, its yaw positive towards the camera; shoulders: (N, 4) `SHOULDERS`.
        marks: (N, 18) right and down of `_MARKS`.
        outline: (N, 12) right and down of each of `PIECES`.
        share: (N,) of the outline that was found again; 0 where baseline or frame has none.
        rms_cm: (N,) of what is left between outline and baseline, 0 without one.
        azimuth_deg: of the camera, by the baseline's cheeks.
    """

    head: Float
    shoulders: Float
    marks: Float
    outline: Float
    share: Float
    rms_cm: Float
    azimuth_deg: float

    def head_of(self, name: str) -> Float:
        """(N,) one of `HEAD`."""
        return np.asarray(self.head[:, HEAD.index(name)])

    def blocks(self) -> dict[str, Float]:
        """What the fits read: the blocks of `WIDTHS`, (N, width) each."""
        azimuth = np.full((len(self.head), 1), self.azimuth_deg)
        parts = {"head": self.head, "shoulders": self.shoulders, "marks": self.marks}
        return {**parts, "outline": self.outline, "azimuth": azimuth}

    def quality(self) -> Float:
        """(N, 2) share of the outline that was not found again, and root mean square of what does not fit, cm."""
        return np.stack([1.0 - self.share, self.rms_cm], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class ObliqueReference:
    """A baseline at an angle, worked out once.

    Attributes:
        looks_right: whether the face looks to the right of the picture.
        unit: pixels in a rough centimetre.
        azimuth: of the camera, by the cheeks, radians.
        mesh: (468, 3) the face in pixels.
        edges: the outline (one frame).
        pieces: `PIECES`; None where the baseline shows no outline or no shoulders.
    """

    looks_right: bool
    unit: float
    azimuth: float
    mesh: Float
    edges: Edges
    pieces: Stack | None


@lru_cache(maxsize=8)
def oblique_reference(baseline: Baseline) -> ObliqueReference:
    """What measuring needs of a baseline."""
    reference = baseline.as_landmarks()
    mesh, looks_right = reference.face_px()[0], face_looks_right(reference)
    unit = float(np.linalg.norm(mesh[FOREHEAD, :2] - mesh[CHIN, :2])) / _FACE_HEIGHT_CM
    edges = Edges.of(reference, looks_right=looks_right, cm_wide=baseline.size_px[0] / unit)
    seen = np.isfinite(edges.points[0, [11, 12]]).all() and np.isfinite(baseline.rows[:, 0]).any()
    pieces = stack(_pieces(edges, float(mesh[CHIN, 1]) / unit)) if seen else None
    cheeks = mesh[_CHEEKS[1]] - mesh[_CHEEKS[0]]
    azimuth = abs(float(np.arctan2(cheeks[2], cheeks[0])))
    return ObliqueReference(looks_right, unit, azimuth, mesh, edges, pieces)


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


def face_looks_right(lm: Landmarks) -> bool:
    """Whether the first frame's face mesh looks to the right of the picture: the nose lies right of the cheeks."""
    x = lm.face[0, :, 0]
    return bool(x[_NOSE_TIP] > x[_CHEEKS].mean())


def _head(lm: Landmarks, ref: ObliqueReference) -> Float:
    """(N, 6) `HEAD`: pitch about the line of the cheeks, not about the picture's x-axis."""
    base, now, sign = ref.mesh, lm.face_px(), 1.0 if ref.looks_right else -1.0
    rigid = list(RIGID)
    found = np.asarray(np.isfinite(now[:, rigid]).all(axis=(1, 2)))
    scale, rotation, centre = similarity_fit(base[rigid], np.where(found[:, None, None], now, base)[:, rigid])
    found &= scale > _ONE_POINT
    scale = np.maximum(scale, _ONE_POINT)
    moved = (centre - base[rigid].mean(axis=0)) / ref.unit
    turn = rotation_vectors_deg(rotation) * np.array([1.0, sign, sign])
    cos, sin = np.cos(ref.azimuth), np.sin(ref.azimuth)
    pitch, roll = turn[:, 0] * cos + turn[:, 2] * sin, turn[:, 2] * cos - turn[:, 0] * sin
    parts = [sign * moved[:, 0], moved[:, 1], 100.0 * np.log(scale), pitch, turn[:, 1], roll]
    return np.where(found[:, None], np.stack(parts, axis=1), np.nan)


def _marks(now: Edges, ref: ObliqueReference) -> Float:
    """(N, 9, 2) how far the landmarks have gone."""
    moved = now.points[:, _MARKS] - ref.edges.points[:, _MARKS]
    return np.asarray(np.minimum(np.maximum(moved, -_FAR_CM), _FAR_CM))


def _outline(now: Edges, pieces: Stack, shoulders: Float) -> tuple[Float, Float, Float]:
    """(N, 12) shift of each piece of outline, NaN where nothing was found; (N,) share that was, and rms in cm."""
    near, far = shoulders[:, :2], shoulders[:, 2:]
    start = {"near": near, "far": far, "both": (near + far) / 2.0}
    first = np.zeros((len(PIECES), len(now), 3))
    first[..., :2] = np.nan_to_num(np.stack([start[part.follows] for part in PIECES]))
    scales = np.repeat(np.array(_SCALES)[:, None], len(PIECES), axis=1)
    motion = register(pieces, now, first, first, scales)[1]
    share = motion.share.mean(axis=0)
    shifts = np.stack([motion.forward, motion.down], axis=2).transpose(1, 0, 2).reshape(len(now), -1)
    return np.where(share[:, None] > 0.0, shifts, np.nan), share, np.nan_to_num(motion.rms.mean(axis=0))


def seen_at_an_angle(lm: Landmarks, baseline: Baseline) -> Seen:
    """What N frames of the baseline's camera show."""
    ref = oblique_reference(baseline)
    now = Edges.of(lm, looks_right=ref.looks_right, cm_wide=baseline.size_px[0] / ref.unit)
    marks = _marks(now, ref)
    shoulders = marks[:, 3:5].reshape(len(lm), -1)
    outline, share, rms_cm = np.full((len(lm), 2 * len(PIECES)), np.nan), np.zeros(len(lm)), np.zeros(len(lm))
    if ref.pieces is not None:
        outline, share, rms_cm = _outline(now, ref.pieces, shoulders)
    azimuth_deg = float(np.degrees(ref.azimuth))
    return Seen(_head(lm, ref), shoulders, marks.reshape(len(lm), -1), outline, share, rms_cm, azimuth_deg)
