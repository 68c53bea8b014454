"""What a front view shows of a change of posture, in numbers that a small fit can use.

Lengths are in "centimetres at the face of the baseline": pixels times 6.3 cm over the baseline's eye distance.
Every block is either even (the same in a mirrored picture) or odd (of opposite sign), so that a fit can be
exactly symmetric. All blocks are changes against the baseline except those of the camera, which say how the
camera stands to the sitting person: pitch and yaw of the baseline's face, its size and height in the picture,
breadth and depth of the shoulders under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure import face_geometry as face
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Float

Mask = NDArray[np.bool_]

EYE_DISTANCE_CM: Final = 6.3
# Focal length over the picture's longer side for a horizontal field of view of 66 degrees, the middle of
# laptop cameras (54-79 degrees in the rendered set).
FOCAL_SHARE: Final = 0.77
# Where the contour is read, in baseline shoulder widths from the middle of the shoulders.
COLUMN_OFFSETS: Final = np.linspace(-0.75, 0.75, 31)
ROW_OFFSETS: Final = np.linspace(-0.9, 0.75, 34)
# A contour that moved farther than this is a raised hand or a headrest, not a shoulder (ours).
CONTOUR_JUMP_CM: Final = 12.0
EDGE_PX: Final = 2.5
_PAIRS: Final = (
    (names.LEFT_EYE, names.RIGHT_EYE),
    (names.LEFT_EAR, names.RIGHT_EAR),
    (names.MOUTH_LEFT, names.MOUTH_RIGHT),
    (names.LEFT_ELBOW, names.RIGHT_ELBOW),
    (names.LEFT_HIP, names.RIGHT_HIP),
)
FACE_BLOCKS: Final = (
    *("pitch", "log_scale", "eye_v", "gap_v", "scale_ratio", "mesh_even"),
    *("turn", "tilt", "eye_u", "gap_u", "mesh_odd"),
)
CONTOUR_BLOCKS: Final = ("cols_even", "rows_even", "cols_odd", "rows_odd")


@dataclass(frozen=True, slots=True, eq=False)
class FrontFeatures:
    """Blocks of features of N frames.

    Attributes:
        even, odd: block name -> (N, d); zero where not seen.
        face, body, contour: (N,) whether the face, the body and a usable contour were found.
    """

    even: Mapping[str, Float]
    odd: Mapping[str, Float]
    face: Mask
    body: Mask
    contour: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Pixels of frames and baseline, in the baseline's picture size."""

    mesh: Float
    pose: Float
    lm: Landmarks
    base_lm: Landmarks
    base_mesh: Float
    base_pose: Float
    zoom: Float
    cm: float
    width_px: float

    @property
    def shoulders(self) -> Float:
        return _middle(self.pose, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)

    @property
    def base_shoulders(self) -> Float:
        return _middle(self.base_pose, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)


def _middle(points: Float, left: int, right: int) -> Float:
    return np.asarray((points[..., left, :] + points[..., right, :]) / 2.0)


def _across(points: Float) -> Float:
    """(..., 2) from the right shoulder to the left."""
    return np.asarray(points[..., names.LEFT_SHOULDER, :] - points[..., names.RIGHT_SHOULDER, :])


def front_features(lm: Landmarks, baseline: Baseline) -> FrontFeatures:
    """All blocks of N frames against a baseline that shows a face.

    Args:
        lm: landmarks of N frames, in any picture size with the baseline's aspect.
        baseline: of the same person and camera.
    """
    seen_face, body = lm.face_found & lm.person_found, _body_seen(lm)
    scene = _scene(lm, baseline, seen_face, body)
    even, odd = _face_blocks(scene)
    for blocks in (_shoulder_blocks(scene), _pose_blocks(scene)):
        even |= blocks[0]
        odd |= blocks[1]
    cols, rows, usable = _contour_changes(scene)
    even |= {"cols_even": (cols + cols[:, ::-1]) / 2.0, "rows_even": (rows[1] - rows[0]) / 2.0}
    odd |= {"cols_odd": (cols - cols[:, ::-1]) / 2.0, "rows_odd": (rows[1] + rows[0]) / 2.0}
    camera_even, camera_odd = camera_blocks(scene)
    even |= {k: np.full((len(lm), 1), v) for k, v in camera_even.items()}
    odd |= {k: np.full((len(lm), 1), v) for k, v in camera_odd.items()}
    return FrontFeatures(_clean(even), _clean(odd), seen_face, body, body & usable)


def _clean(blocks: Mapping[str, Float]) -> dict[str, Float]:
    return {k: np.where(np.isfinite(v), v, 0.0) for k, v in blocks.items()}


def _body_seen(lm: Landmarks) -> Mask:
    upper = lm.pose[:, : names.RIGHT_SHOULDER + 1, :2]
    return np.asarray(np.isfinite(upper).all(axis=(1, 2)))


def _scene(lm: Landmarks, baseline: Baseline, seen_face: Mask, body: Mask) -> _Scene:
    base_lm = baseline.as_landmarks()
    base_mesh, base_pose = base_lm.face_px()[0], base_lm.pose_px()[0]
    zoom = baseline.size_px[0] / lm.size_px[:, 0].astype(np.float64)
    mesh = lm.face_px() * zoom[:, None, None]
    mesh = np.where((seen_face & np.isfinite(mesh).all(axis=(1, 2)))[:, None, None], mesh, base_mesh)
    pose = lm.pose_px() * zoom[:, None, None]
    pose = np.where(body[:, None, None], pose, base_pose)
    cm = EYE_DISTANCE_CM / face.eye_distance(base_mesh)
    return _Scene(mesh, pose, lm, base_lm, base_mesh, base_pose, zoom, cm, float(baseline.size_px[0]))


def _face_blocks(scene: _Scene) -> tuple[dict[str, Float], dict[str, Float]]:
    rigid = list(face.RIGID_POINTS)
    scale, rotation, _ = face.similarity_fit(scene.base_mesh, scene.mesh)
    pitch, yaw, roll = face.head_angles_deg(rotation)
    _, rigid_rotation, _ = face.similarity_fit(scene.base_mesh[rigid], scene.mesh[:, rigid])
    _, rigid_yaw, rigid_roll = face.head_angles_deg(rigid_rotation)
    eyes, base_eyes = face.eyes_middle(scene.mesh)[:, :2], face.eyes_middle(scene.base_mesh)[:2]
    moved = (eyes - base_eyes) * scene.cm
    gap = (scene.shoulders - eyes - (scene.base_shoulders - base_eyes)) * scene.cm
    width = np.linalg.norm(_across(scene.pose), axis=1) / np.linalg.norm(_across(scene.base_pose))
    shape = face.shape_change(scene.base_mesh, scene.mesh, scale, roll) * scene.cm
    flat = shape.reshape(len(shape), -1)
    even = {
        "pitch": pitch[:, None],
        "log_scale": 100.0 * np.log(scale)[:, None],
        "eye_v": moved[:, 1:],
        "gap_v": gap[:, 1:],
        "scale_ratio": 100.0 * np.log(scale / width)[:, None],
        "mesh_even": flat,
    }
    odd = {
        "turn": np.stack([yaw, rigid_yaw], axis=1),
        "tilt": np.stack([roll, rigid_roll], axis=1),
        "eye_u": moved[:, :1],
        "gap_u": gap[:, :1],
        "mesh_odd": flat,
    }
    return even, odd


def _shoulder_blocks(scene: _Scene) -> tuple[dict[str, Float], dict[str, Float]]:
    now, base = _across(scene.pose), _across(scene.base_pose)
    moved = (scene.shoulders - scene.base_shoulders) * scene.cm
    tilt = np.degrees(np.arctan2(now[:, 1], now[:, 0]) - np.arctan2(base[1], base[0]))
    width = np.linalg.norm(now, axis=1) / np.linalg.norm(base)
    even = {"shoulder_width": 100.0 * np.log(width)[:, None], "shoulder_v": moved[:, 1:]}
    return even, {"shoulder_tilt": tilt[:, None], "shoulder_u": moved[:, :1]}


def _pose_blocks(scene: _Scene) -> tuple[dict[str, Float], dict[str, Float]]:
    """Displacements of the other pose points: mean height and half separation, and their odd counterparts."""
    moved = (scene.pose - scene.base_pose) * scene.cm
    even, odd = [moved[:, names.NOSE, 1]], [moved[:, names.NOSE, 0]]
    for left, right in _PAIRS:
        half_sum, half_apart = (
            (moved[:, left] + moved[:, right]) / 2.0,
            (moved[:, left] - moved[:, right]) / 2.0,
        )
        even += [half_sum[:, 1], half_apart[:, 0]]
        odd += [half_apart[:, 1], half_sum[:, 0]]
    return {"pose_even": np.stack(even, axis=1)}, {"pose_odd": np.stack(odd, axis=1)}


def camera_blocks(scene: _Scene) -> tuple[dict[str, float], dict[str, float]]:
    """How the camera stands to the person, from the baseline alone."""
    pitch, yaw = face.facing_deg(scene.base_mesh)
    eyes = face.eyes_middle(scene.base_mesh)
    eye_px = face.eye_distance(scene.base_mesh)
    width, height = (float(x) for x in scene.base_lm.size_px[0])
    focal = FOCAL_SHARE * max(width, height)
    shoulder_px = float(np.linalg.norm(_across(scene.base_pose)))
    even = {
        "camera_pitch": pitch,
        "camera_scale": float(np.log(eye_px / focal * 10.0)),
        "camera_height": float(np.degrees(np.arctan((eyes[1] - height / 2.0) / focal))),
        "camera_breadth": float(np.log(shoulder_px / eye_px / 5.5)),
        "camera_gap": float(scene.base_shoulders[1] - eyes[1]) * scene.cm / 20.0 - 1.0,
    }
    return even, {"camera_yaw": yaw}


def sample_rows(where: Float, first: Float, step: Float, values: Float) -> Float:
    """(N, K) values (N, M) on a regular grid per row, read at `where` (N, K), linear; NaN outside.

    Next to a missing value its neighbour is taken. `first` and `step` (N, 1) say where the grid stands.
    """
    place = (where - first) / step
    last = values.shape[1] - 2
    inside = (place >= 0) & (place < last + 1)
    index = np.clip(np.floor(np.where(inside, place, 0.0)).astype(np.intp), 0, last)
    low, high = np.take_along_axis(values, index, 1), np.take_along_axis(values, index + 1, 1)
    blend = np.where(np.isnan(low), high, np.where(np.isnan(high), low, low + (high - low) * (place - index)))
    return np.where(inside, blend, np.nan)


def _contour_at(lm: Landmarks, shoulders: Float, width: Float, zoom: Float) -> tuple[Float, Float, Float]:
    """Contour around the middle of the shoulders: columns (N, 31), left and right edges (N, 34), in pixels.

    Edges that touch the picture's border are NaN: the person goes on outside.
    """
    size = lm.size_px.astype(np.float64) * zoom[:, None]
    step_u, step_v = size[:, :1] / lm.cols.shape[1], size[:, 1:] / lm.rows.shape[1]
    u, v = shoulders[:, :1], shoulders[:, 1:]
    cols = lm.cols * size[:, 1:]
    top = sample_rows(u + COLUMN_OFFSETS * width, step_u / 2, step_u, cols) - v
    edges = []
    for side in (0, 1):
        edge = lm.rows[:, :, side] * size[:, :1]
        read = sample_rows(v + ROW_OFFSETS * width, step_v / 2, step_v, edge)
        touches = (read < EDGE_PX) if side == 0 else (read > size[:, :1] - EDGE_PX)
        edges.append(np.where(touches, np.nan, read) - u)
    return top, edges[0], edges[1]


def _contour_changes(scene: _Scene) -> tuple[Float, tuple[Float, Float], Mask]:
    """Change of the contour relative to the shoulders' middle, cm (zero where unknown), and where it is usable."""
    width = float(np.linalg.norm(_across(scene.base_pose)))
    now = _contour_at(scene.lm, scene.shoulders, width, scene.zoom)
    base = _contour_at(scene.base_lm, scene.base_shoulders[None], width, np.ones(1))
    changes, known = [], []
    for a, b in zip(now, base, strict=True):
        change = (a - b) * scene.cm
        believable = np.isfinite(change) & (np.abs(change) <= CONTOUR_JUMP_CM)
        changes.append(np.where(believable, change, 0.0))
        known.append(believable.sum(axis=1) / max(int(np.isfinite(b).sum()), 1))
    usable = (known[0] > 0.7) & (np.isfinite(base[0]).mean() > 0.5)
    return changes[0], (changes[1], changes[2]), np.asarray(usable)
