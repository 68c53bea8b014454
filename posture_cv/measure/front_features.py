"""What a front view shows of a change of posture, in numbers that a small fit can use.

Lengths are in "centimetres at the face of the baseline": pixels times 6.3 cm over the baseline's eye distance.
Every block is either even (the same in a mirrored picture) or odd (of opposite sign), so that a fit can be
exactly symmetric. All blocks are changes against the baseline except those of the camera, which say how the
camera stands to the sitting person: pitch and yaw of the baseline's face, its size and height in the picture,
breadth and depth of the shoulders under it.

Two stages: `front_features` reads what the picture shows; `room_blocks` turns it into displacements in the room
with the face's size and pitch as a first fit has refined them.
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
from posture_cv.measure.front_outline import JUMP_CM, Contour, contour_of, register, shoulder_curve
from posture_cv.measure.front_space import EYE_DISTANCE_CM, FOCAL_SHARE, CameraStand
from posture_cv.measure.types import Float

Mask = NDArray[np.bool_]
Blocks = dict[str, Float]

# Rows at which the outline's width is read, in baseline shoulder widths below the middle of the shoulders:
# as they stand, and carried along by the registration.
ROW_OFFSETS: Final = np.linspace(-0.9, 0.75, 34)
ARM_OFFSETS: Final = np.linspace(-0.15, 1.0, 24)
# Rows and columns about the eyes, in baseline eye distances: temples to jaw, and the crown.
HEAD_ROWS: Final = np.linspace(-1.4, 1.6, 9)
CROWN_COLUMNS: Final = np.linspace(-0.9, 0.9, 7)
# Changes beyond these are something else than the body's edge (ours): raised hands, headrests, hair.
ROW_JUMP_CM: Final = 12.0
ARM_JUMP_CM: Final = 10.0
HEAD_JUMP_CM: Final = 4.0
CROWN_JUMP_CM: Final = 5.0
# Share of the baseline's shoulder curve that must be found again.
CONTOUR_SHARE_LOW: Final = 0.7
# Pose points that contradict face and outline: growth in percent, tilt in degrees (ours).
WIDTH_FROM_FACE_HIGH: Final = 22.0
WIDTH_FROM_OUTLINE_HIGH: Final = 18.0
TILT_HIGH_DEG: Final = 20.0
_PAIRS: Final = (
    (names.LEFT_EYE, names.RIGHT_EYE),
    (names.LEFT_EAR, names.RIGHT_EAR),
    (names.MOUTH_LEFT, names.MOUTH_RIGHT),
    (names.LEFT_ELBOW, names.RIGHT_ELBOW),
    (names.LEFT_HIP, names.RIGHT_HIP),
)
CAMERA_EVEN: Final = ("camera_pitch", "camera_scale", "camera_height", "camera_breadth", "camera_gap")
CAMERA_ODD: Final = ("camera_yaw",)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Pixels of N frames and of the baseline, in the baseline's picture size.

    Attributes:
        mesh (N, 468, 3), pose (N, 33, 2): the baseline's where not found.
        base_mesh, base_pose: of the baseline.
        contour, base_contour: of frames and baseline.
        cm: centimetres a pixel at the baseline's face.
        size_px: (2,) of the baseline.
    """

    mesh: Float
    pose: Float
    base_mesh: Float
    base_pose: Float
    contour: Contour
    base_contour: Contour
    cm: float
    size_px: Float

    @property
    def shoulders(self) -> Float:
        """(N, 2) middle of the shoulders."""
        return _middle(self.pose, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)

    @property
    def base_shoulders(self) -> Float:
        """(2,) middle of the baseline's shoulders."""
        return _middle(self.base_pose, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)

    @property
    def width_px(self) -> float:
        """The baseline's shoulder width."""
        return float(np.linalg.norm(_across(self.base_pose)))

    @property
    def eyes(self) -> Float:
        """(N, 2) middle of the eyes."""
        return face.eyes_middle(self.mesh)[:, :2]

    @property
    def base_eyes(self) -> Float:
        """(2,) middle of the baseline's eyes."""
        return face.eyes_middle(self.base_mesh)[:2]

    @property
    def eye_px(self) -> float:
        """The baseline's eye distance."""
        return face.eye_distance(self.base_mesh)


@dataclass(frozen=True, slots=True, eq=False)
class FrontFeatures:
    """What N frames show.

    Attributes:
        even, odd: block name -> (N, d); zero where not seen.
        face, body, contour: (N,) whether the face, the body and a usable contour were found.
        contradicts: (N,) the pose points cannot be right beside the face and the outline.
        scene: the pixels.
        motion: (N, 4) of the registered outline: shift x, y in pixels, log growth, roll in rad.
        camera: numbers of the camera's stand by name.
    """

    even: Blocks
    odd: Blocks
    face: Mask
    body: Mask
    contour: Mask
    contradicts: Mask
    scene: Scene
    motion: Float
    camera: Mapping[str, float]


def _middle(points: Float, left: int, right: int) -> Float:
    return np.asarray((points[..., left, :] + points[..., right, :]) / 2.0)


def _across(points: Float) -> Float:
    """(..., 2) from the right shoulder to the left."""
    return np.asarray(points[..., names.LEFT_SHOULDER, :] - points[..., names.RIGHT_SHOULDER, :])


def front_features(lm: Landmarks, baseline: Baseline) -> FrontFeatures:
    """All that N frames show against a baseline that shows a face.

    Args:
        lm: landmarks of N frames, in any picture size with the baseline's aspect.
        baseline: of the same person and camera, face and shoulders found.
    """
    upper = lm.pose[:, : names.RIGHT_SHOULDER + 1, :2]
    body = np.asarray(np.isfinite(upper).all(axis=(1, 2)))
    seen_face = lm.person_found & np.isfinite(lm.face).all(axis=(1, 2))
    scene = _scene(lm, baseline, seen_face, body)
    motion, outline, usable = _registered(scene)
    even, odd = _face_blocks(scene, motion)
    for blocks in (_shoulder_blocks(scene), _pose_blocks(scene), _outline_blocks(scene, motion, outline)):
        even |= blocks[0]
        odd |= blocks[1]
    camera = camera_numbers(scene)
    even |= {k: np.full((len(lm), 1), camera[k]) for k in CAMERA_EVEN}
    odd |= {k: np.full((len(lm), 1), camera[k]) for k in CAMERA_ODD}
    even, odd, contour = _clean(even), _clean(odd), body & usable
    contradicts = body & _contradicts(even, odd, seen_face, contour)
    return FrontFeatures(even, odd, seen_face, body, contour, contradicts, scene, motion, camera)


def _clean(blocks: Blocks) -> Blocks:
    return {k: np.where(np.isfinite(v), v, 0.0) for k, v in blocks.items()}


def _contradicts(even: Blocks, odd: Blocks, seen_face: Mask, contour: Mask) -> Mask:
    width = even["shoulder_width"][:, 0]
    from_face = seen_face & (np.abs(width - even["log_scale"][:, 0]) > WIDTH_FROM_FACE_HIGH)
    from_outline = contour & (np.abs(width - even["outline_scale"][:, 0]) > WIDTH_FROM_OUTLINE_HIGH)
    tilted = np.abs(odd["shoulder_tilt"][:, 0]) > TILT_HIGH_DEG
    return np.asarray(from_face | from_outline | tilted)


def _scene(lm: Landmarks, baseline: Baseline, seen_face: Mask, body: Mask) -> Scene:
    base_lm = baseline.as_landmarks()
    base_mesh, base_pose = base_lm.face_px()[0], base_lm.pose_px()[0]
    zoom = baseline.size_px[0] / lm.size_px[:, 0].astype(np.float64)
    mesh = np.where(seen_face[:, None, None], lm.face_px() * zoom[:, None, None], base_mesh)
    pose = np.where(body[:, None, None], lm.pose_px() * zoom[:, None, None], base_pose)
    cm = EYE_DISTANCE_CM / face.eye_distance(base_mesh)
    size = np.array(baseline.size_px, np.float64)
    contours = contour_of(lm, zoom), contour_of(base_lm, np.ones(1))
    return Scene(mesh, pose, base_mesh, base_pose, *contours, cm, size)


def _registered(scene: Scene) -> tuple[Float, Float, Mask]:
    """Motion (N, 4) of the shoulder outline, what remains (N, 2, K) in cm, and whether it is usable."""
    now, base = _across(scene.pose), _across(scene.base_pose)
    growth = np.log(np.linalg.norm(now, axis=1) / scene.width_px)
    roll = np.arctan2(now[:, 1], now[:, 0]) - np.arctan2(base[1], base[0])
    shift = scene.shoulders - scene.base_shoulders
    start = np.column_stack([shift, growth, roll])
    curve = shoulder_curve(scene.base_contour, scene.base_shoulders, scene.width_px)
    motion, rest = register(curve, scene.contour, scene.base_shoulders, start, scene.cm)
    believable = np.isfinite(rest) & (np.abs(rest) <= JUMP_CM)
    share = believable.sum(axis=(1, 2)) / max(int(curve.seen.sum()), 1)
    usable = (share >= CONTOUR_SHARE_LOW) & (curve.seen.mean() > 0.5)
    return motion, np.where(believable, rest, 0.0), np.asarray(usable)


def _face_blocks(scene: Scene, motion: Float) -> tuple[Blocks, Blocks]:
    rigid = list(face.RIGID_POINTS)
    scale, rotation, _ = face.similarity_fit(scene.base_mesh, scene.mesh)
    pitch, yaw, roll = face.head_angles_deg(rotation)
    _, rigid_rotation, _ = face.similarity_fit(scene.base_mesh[rigid], scene.mesh[:, rigid])
    _, rigid_yaw, rigid_roll = face.head_angles_deg(rigid_rotation)
    moved = (scene.eyes - scene.base_eyes) * scene.cm
    width = np.linalg.norm(_across(scene.pose), axis=1) / scene.width_px
    shape = face.shape_change(scene.base_mesh, scene.mesh, scale, roll) * scene.cm
    flat = shape.reshape(len(shape), -1)
    even = {
        "pitch": pitch[:, None],
        "log_scale": 100.0 * np.log(scale)[:, None],
        "eye_v": moved[:, 1:],
        "scale_ratio": 100.0 * np.log(scale / width)[:, None],
        "outline_ratio": 100.0 * (np.log(scale) - motion[:, 2])[:, None],
        "mesh_even": flat,
    }
    odd = {
        "turn": np.stack([yaw, rigid_yaw], axis=1),
        "tilt": np.stack([roll, rigid_roll], axis=1),
        "eye_u": moved[:, :1],
        "mesh_odd": flat,
    }
    return even, odd


def _shoulder_blocks(scene: Scene) -> tuple[Blocks, Blocks]:
    now, base = _across(scene.pose), _across(scene.base_pose)
    moved = (scene.shoulders - scene.base_shoulders) * scene.cm
    tilt = np.degrees(np.arctan2(now[:, 1], now[:, 0]) - np.arctan2(base[1], base[0]))
    tilt = (tilt + 180.0) % 360.0 - 180.0
    width = np.linalg.norm(now, axis=1) / scene.width_px
    even = {"shoulder_width": 100.0 * np.log(width)[:, None], "shoulder_v": moved[:, 1:]}
    return even, {"shoulder_tilt": tilt[:, None], "shoulder_u": moved[:, :1]}


def _pose_blocks(scene: Scene) -> tuple[Blocks, Blocks]:
    """Displacements of the other pose points: mean height and half separation, and their odd counterparts."""
    moved = (scene.pose - scene.base_pose) * scene.cm
    even, odd = [moved[:, names.NOSE, 1]], [moved[:, names.NOSE, 0]]
    for left, right in _PAIRS:
        half_sum = (moved[:, left] + moved[:, right]) / 2.0
        half_apart = (moved[:, left] - moved[:, right]) / 2.0
        even += [half_sum[:, 1], half_apart[:, 0]]
        odd += [half_apart[:, 1], half_sum[:, 0]]
    return {"pose_even": np.stack(even, axis=1)}, {"pose_odd": np.stack(odd, axis=1)}


def _outline_blocks(scene: Scene, motion: Float, outline: Float) -> tuple[Blocks, Blocks]:
    rows = _row_changes(scene, ROW_OFFSETS, None, ROW_JUMP_CM)
    arms = _row_changes(scene, ARM_OFFSETS, motion, ARM_JUMP_CM)
    head, crown = _head_changes(scene)
    half = CROWN_COLUMNS.size // 2
    even = {
        "outline_v": motion[:, 1:2] * scene.cm,
        "outline_scale": 100.0 * motion[:, 2:3],
        "outline_even": (outline[:, 0] + outline[:, 1]) / 2.0,
        "rows_even": (rows[1] - rows[0]) / 2.0,
        "arms_even": (arms[1] - arms[0]) / 2.0,
        "head_even": np.hstack([(head[1] - head[0]) / 2.0, (crown + crown[:, ::-1])[:, : half + 1] / 2.0]),
    }
    odd = {
        "outline_u": motion[:, :1] * scene.cm,
        "outline_roll": np.degrees(motion[:, 3:]),
        "outline_odd": (outline[:, 0] - outline[:, 1]) / 2.0,
        "rows_odd": (rows[1] + rows[0]) / 2.0,
        "arms_odd": (arms[1] + arms[0]) / 2.0,
        "head_odd": np.hstack([(head[1] + head[0]) / 2.0, (crown - crown[:, ::-1])[:, :half] / 2.0]),
    }
    return even, odd


def _believable(change: Float, limit_cm: float) -> Float:
    return np.where(np.isfinite(change) & (np.abs(change) <= limit_cm), change, 0.0)


def _row_changes(scene: Scene, offsets: Float, motion: Float | None, limit_cm: float) -> tuple[Float, Float]:
    """Left and right edge (N, K) about the shoulders' middle against the baseline's, cm.

    Without a motion the middle is that of the landmarks and the size stays; with one, both are the outline's.
    """
    at = offsets * scene.width_px
    if motion is None:
        middle, growth = scene.shoulders, np.ones((len(scene.pose), 1))
    else:
        middle, growth = scene.base_shoulders + motion[:, :2], np.exp(motion[:, 2:3])
    base = scene.base_shoulders[None]
    changes = []
    for right in (False, True):
        now = scene.contour.edge_at(middle[:, 1:] + at * growth, right=right) - middle[:, :1]
        then = scene.base_contour.edge_at(base[:, 1:] + at, right=right) - base[:, :1]
        changes.append(_believable((now / growth - then) * scene.cm, limit_cm))
    return changes[0], changes[1]


def _head_changes(scene: Scene) -> tuple[tuple[Float, Float], Float]:
    """Edges of the head beside the eyes (N, 9 each) and of the crown above them (N, 7), cm."""
    eyes, base = scene.eyes, scene.base_eyes[None]
    rows, columns = HEAD_ROWS * scene.eye_px, CROWN_COLUMNS * scene.eye_px
    sides = []
    for right in (False, True):
        now = scene.contour.edge_at(eyes[:, 1:] + rows, right=right) - eyes[:, :1]
        then = scene.base_contour.edge_at(base[:, 1:] + rows, right=right) - base[:, :1]
        sides.append(_believable((now - then) * scene.cm, HEAD_JUMP_CM))
    now = scene.contour.top_at(eyes[:, :1] + columns) - eyes[:, 1:]
    then = scene.base_contour.top_at(base[:, :1] + columns) - base[:, 1:]
    return (sides[0], sides[1]), _believable((now - then) * scene.cm, CROWN_JUMP_CM)


def camera_numbers(scene: Scene) -> dict[str, float]:
    """How the camera stands to the person, from the baseline alone."""
    pitch, yaw = face.facing_deg(scene.base_mesh)
    width, height = scene.size_px
    focal = FOCAL_SHARE * max(width, height)
    eye_v, shoulder_v = scene.base_eyes[1], scene.base_shoulders[1]
    return {
        "camera_pitch": pitch,
        "camera_scale": float(np.log(scene.eye_px / focal * 10.0)),
        "camera_height": float(np.degrees(np.arctan((eye_v - height / 2.0) / focal))),
        "camera_breadth": float(np.log(scene.width_px / scene.eye_px / 5.5)),
        "camera_gap": float(shoulder_v - eye_v) * scene.cm / 20.0 - 1.0,
        "camera_yaw": yaw,
    }


def camera_stand(features: FrontFeatures, pitch_weights: Float) -> CameraStand:
    """The camera's stand; its pitch is linear in the camera's even numbers, constant first."""
    numbers = [features.camera[k] for k in CAMERA_EVEN]
    pitch = float(pitch_weights @ np.array([1.0, *numbers]))
    scene = features.scene
    return CameraStand.of(scene.size_px, scene.eye_px, pitch, features.camera["camera_yaw"])


def room_blocks(
    features: FrontFeatures, stand: CameraStand, log_growth: Float | None, pitch_deg: Float | None
) -> tuple[Blocks, Blocks]:
    """Displacements in the room (N, 1), even and odd.

    Args:
        features: of N frames.
        stand: of the camera.
        log_growth, pitch_deg: (N,) of the head, refined; None: no face, shoulders only.
    """
    scene, motion = features.scene, features.motion
    width = features.even["shoulder_width"][:, 0] / 100.0
    base, far = scene.base_shoulders, stand.shoulders_cm
    by_pose = stand.displacement(scene.shoulders, base, far, width)
    by_outline = stand.displacement(base + motion[:, :2], base, far, motion[:, 2])
    even = {
        "shoulder_forward": by_pose.forward,
        "outline_forward": by_outline.forward,
        "shoulder_up": by_pose.up,
        "outline_up": by_outline.up,
    }
    odd = {"outline_left": by_outline.left}
    if log_growth is not None and pitch_deg is not None:
        eyes = stand.displacement(scene.eyes, scene.base_eyes, stand.eyes_cm, log_growth)
        head = eyes.of_tragus(pitch_deg)
        carried = stand.displacement(base + motion[:, :2], base, far, log_growth * stand.eyes_cm / far)
        even |= {
            "head_pitch": pitch_deg,
            "head_forward": head.forward,
            "head_up": head.up,
            "forward_gap": head.forward - by_pose.forward,
            "outline_forward_gap": head.forward - by_outline.forward,
            "up_gap": head.up - by_pose.up,
            "outline_up_gap": head.up - by_outline.up,
            "carried_up_gap": head.up - carried.up,
        }
        odd |= {"head_left": head.left, "left_gap": head.left - by_outline.left}

    def column(value: Float) -> Float:
        return np.where(np.isfinite(value), value, 0.0)[:, None]

    return {k: column(v) for k, v in even.items()}, {k: column(v) for k, v in odd.items()}
