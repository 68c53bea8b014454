"""The front view by geometry: what a known perspective makes of a moving head and trunk.

A small network learned perspective from nothing but three-dimensional points of rendered people, seen by cameras
thrown at random (distance, height, aim, field of view), with the noise that the landmarks were measured to have.
It never saw a landmark, so it knows what a chair that rolls back looks like to a camera pitched by 20 degrees,
which a fit on few cameras cannot. Its answer and the fit's are averaged (`front.py` measures the fit's).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure import face_geometry as face
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Estimate, Float, Reason

# In the order of the network's outputs.
OUTPUTS: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "trunk_incl_deg",
    "approach_cm",
    "sink_cm",
    "shoulder_elevation_cm",
)
EYE_DISTANCE_CM: Final = 6.3  # adults' mean (Dodgson 2004, 10.1117/12.529999)
# Points of the mesh beside the ears: with the eyes they stand for the head's middle.
_EAR_SIDES: Final = (234, 454)
# Below the first the fit's yaw counts, above the second the mesh's (the fit knows turns up to 18 degrees).
YAW_FROM_DEG: Final = 8.0
YAW_TO_DEG: Final = 16.0
# Where the network's share falls to a half: chosen on persons left out, whose pose points slip in tilted frames.
TILT_DEG: Final = 3.0
ROLL_DEG: Final = 10.0
TRUNK_YAW_STRETCH: Final = 10.0
TRUNK_YAW_SD_DEG: Final = 8.0
INPUT_LIMIT: Final = 4.0  # inputs are held within so many standard deviations of the synthetic cameras


def physics_inputs(lm: Landmarks, baseline: Baseline) -> Float:
    """(N, 15) what the network reads; NaN where face or shoulders were not found.

    Logarithm of the face's growth; displacement of the head's and the shoulders' middle (down, right, in cm at the
    baseline's face); logarithm of the shoulders' growth; their tilt; head pitch, yaw and roll (degrees); and how
    the camera stands: height of the head in the picture, head-to-shoulder gap, shoulder width (cm at the face),
    logarithm of the eye distance in pixels of a picture 640 wide, pitch of the baseline's face to the camera.
    """
    reference = baseline.as_landmarks()
    base_mesh, base_pose = reference.face_px()[0], reference.pose_px()[0]
    zoom = baseline.size_px[0] / lm.size_px[:, 0].astype(np.float64)
    found = lm.face_found & lm.person_found
    mesh = np.where(found[:, None, None], lm.face_px() * zoom[:, None, None], base_mesh)
    pose = np.where(found[:, None, None], lm.pose_px() * zoom[:, None, None], base_pose)
    cm = EYE_DISTANCE_CM / face.eye_distance(base_mesh)
    scale, rotation, _ = face.similarity_fit(base_mesh, mesh)
    pitch, yaw, roll = face.head_angles_deg(rotation)
    head, base_head = head_middle(mesh), head_middle(base_mesh)
    shoulders, base_shoulders = _shoulders(pose), _shoulders(base_pose)
    across, base_across = _across(pose), _across(base_pose)
    tilt = np.degrees(np.arctan2(across[:, 1], across[:, 0]) - np.arctan2(base_across[1], base_across[0]))
    breadth = float(np.linalg.norm(base_across))
    facing_pitch, _ = face.facing_deg(base_mesh)
    ones = np.ones(len(lm))
    eye_px = face.eye_distance(base_mesh) * 640.0 / baseline.size_px[0]
    columns = [
        np.log(scale),
        (head[:, 1] - base_head[1]) * cm,
        (head[:, 0] - base_head[0]) * cm,
        (shoulders[:, 1] - base_shoulders[1]) * cm,
        (shoulders[:, 0] - base_shoulders[0]) * cm,
        np.log(np.linalg.norm(across, axis=1) / breadth),
        tilt,
        pitch,
        yaw,
        roll,
        (base_head[1] - baseline.size_px[1] / 2.0) * cm * ones,
        (base_shoulders[1] - base_head[1]) * cm * ones,
        breadth * cm * ones,
        np.log(eye_px) * ones,
        facing_pitch * ones,
    ]
    return np.where(found[:, None], np.stack(columns, axis=1), np.nan)


def head_middle(mesh: Float) -> Float:
    """(..., 2) middle of the head in the picture: halfway between the eyes' and the ear sides' middles."""
    sides = mesh[..., list(_EAR_SIDES), :2].mean(axis=-2)
    return np.asarray((face.eyes_middle(mesh)[..., :2] + sides) / 2.0)


def _shoulders(pose: Float) -> Float:
    return np.asarray((pose[..., names.LEFT_SHOULDER, :] + pose[..., names.RIGHT_SHOULDER, :]) / 2.0)


def _across(pose: Float) -> Float:
    return np.asarray(pose[..., names.LEFT_SHOULDER, :] - pose[..., names.RIGHT_SHOULDER, :])


def physics_answers(inputs: Float, shoulders: Float, arrays: Mapping[str, Any]) -> Float:
    """(N, 6) `OUTPUTS` of the networks' mean; NaN where an input is.

    Args:
        inputs: (N, 15) of `physics_inputs`.
        shoulders: (N, 2) protraction and elevation in cm as the contour tells them.
        arrays: of `front_physics.npz`: the affine map from landmarks to points, the inputs' mean and standard
            deviation, and the layers of each network.
    """
    x = np.concatenate([inputs * arrays["slope"] + arrays["offset"], shoulders], axis=1)
    z = np.clip((x - arrays["mean"]) / arrays["sd"], -INPUT_LIMIT, INPUT_LIMIT)
    total = np.zeros((len(z), len(OUTPUTS)))
    count = int(arrays["networks"])
    for k in range(count):
        layer, h = 0, z
        while f"w{k}.{layer}" in arrays:
            h = h @ arrays[f"w{k}.{layer}"] + arrays[f"b{k}.{layer}"]
            layer += 1
            if f"w{k}.{layer}" in arrays:
                h = np.maximum(h, 0.0)
        total += h
    return np.asarray(total / count * arrays["output_scale"])


def blended(
    fitted: Mapping[str, Estimate], lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> dict[str, Estimate]:
    """The fit's estimates with the network's mixed in; the head's yaw straight from the mesh's rotation.

    The share of each, and how much a disagreement widens the uncertainty, were chosen on persons left out of the
    fit (`share`, `widen` and `spread` in the coefficients). Where the network cannot answer the fit stands alone.
    """
    arrays = coefficients["front_physics"]
    out = dict(fitted)
    if len(lm) == 0 or not np.isfinite(baseline.face).all():
        return out
    inputs = physics_inputs(lm, baseline)
    shoulders = np.stack([fitted["protraction_cm"].value, fitted["shoulder_elevation_cm"].value], axis=1)
    at_rest = physics_answers(physics_inputs(baseline.as_landmarks(), baseline), np.zeros((1, 2)), arrays)
    answers = physics_answers(inputs, shoulders, arrays) - at_rest  # no change is no change
    level = _level(inputs)
    for k, name in enumerate(OUTPUTS):
        estimate, share = fitted[name], float(arrays["share"][k]) * level
        told = estimate.valid & np.isfinite(answers[:, k])
        mixed = np.where(told, share * answers[:, k] + (1.0 - share) * estimate.value, estimate.value)
        apart = np.where(told, answers[:, k] - estimate.value, 0.0)
        sd = np.hypot(arrays["widen"][k] * estimate.sd, arrays["spread"][k] * apart)
        out[name] = Estimate.of(mixed, np.where(told, sd, estimate.sd), estimate.reason)
    out["trunk_yaw_deg"] = _trunk_yaw(fitted["trunk_yaw_deg"])
    out["head_yaw_deg"] = _yaw(inputs[:, 8], fitted["head_yaw_deg"], arrays)
    return out


def _trunk_yaw(fitted: Estimate) -> Estimate:
    """The fit's trunk yaw, stretched: it was fitted on turns of up to 5 degrees and answers a tenth of a large one.

    Seen on rendered people turned by 20 degrees either way, who were not in the fit: answers of 1 to 3 degrees of
    the right sign. Good enough to know that somebody has turned, no more, and its uncertainty says so.
    """
    codes = np.where(fitted.reason == Reason.TRUNK_TURNED, Reason.OK, fitted.reason).astype(np.int8)
    return Estimate.of(TRUNK_YAW_STRETCH * fitted.value, np.full(len(codes), TRUNK_YAW_SD_DEG), codes)


def _level(inputs: Float) -> Float:
    """(N,) 0-1: how far the network's assumptions hold; slipped shoulder points and a tilted head break them."""
    return np.asarray(1.0 / (1.0 + (inputs[:, 6] / TILT_DEG) ** 2 + (inputs[:, 9] / ROLL_DEG) ** 2))


def _yaw(yaw_deg: Float, fitted: Estimate, arrays: Mapping[str, Any]) -> Estimate:
    """The fit's yaw while the head is about straight, the mesh's own rotation beyond (right up to 40 degrees)."""
    codes = np.where(np.isfinite(yaw_deg) & (fitted.reason == Reason.HEAD_TURNED), Reason.OK, fitted.reason)
    turned = np.clip((np.abs(yaw_deg) - YAW_FROM_DEG) / (YAW_TO_DEG - YAW_FROM_DEG), 0.0, 1.0)
    value = turned * yaw_deg + (1.0 - turned) * np.nan_to_num(fitted.value)
    sd = turned * float(arrays["yaw_sd"]) + (1.0 - turned) * np.nan_to_num(fitted.sd)
    return Estimate.of(value, sd, codes.astype(np.int8))
