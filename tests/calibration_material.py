"""Calibration frames for tests: what the models see in a real photograph, repeated with a person's small motions."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks


@functools.cache
def photograph() -> Landmarks:
    """What the models see in the photograph of Eileen Collins that scikit-image brings (512x512, front view)."""
    import skimage.data

    from posture_cv.capture.types import Frame
    from posture_cv.landmarks.estimator import EstimatorOptions, Mode
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    astronaut: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    picture = np.ascontiguousarray(astronaut[:, :, ::-1])
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as estimator:
        return estimator.estimate(Frame(0, 0.0, picture))


def sitting_still(
    n: int = 60, seed: int = 0, noise_px: float = 0.3, rate_hz: float = 10.0, sway_px: float = 0.5
) -> Landmarks:
    """N frames of that person: landmarks tremble by `noise_px`, the whole person sways by `sway_px`."""
    rng = np.random.default_rng(seed)
    one = photograph()
    lm = Landmarks.concat([one] * n)
    width, height = (float(v) for v in one.size_px[0])
    share = np.array([1.0 / width, 1.0 / height])
    sway = rng.normal(0.0, sway_px, (n, 1, 2)) * share
    pose, face = lm.pose.astype(np.float64), lm.face.astype(np.float64)
    pose[:, :, :2] += rng.normal(0.0, noise_px, (n, 33, 2)) * share + sway
    face[:, :, :2] += rng.normal(0.0, noise_px, (n, 468, 2)) * share + sway
    rows = lm.rows + rng.normal(0.0, noise_px, lm.rows.shape) / width + sway[:, :, :1]
    cols = lm.cols + rng.normal(0.0, noise_px, lm.cols.shape) / height + sway[:, :, 1]
    return replace(
        lm,
        t_s=np.arange(n) / rate_hz,
        pose=pose.astype(np.float32),
        face=face.astype(np.float32),
        rows=np.clip(rows, 0, 1).astype(np.float32),
        cols=np.clip(cols, 0, 1).astype(np.float32),
    )


def shifted(lm: Landmarks, dx_px: float, dy_px: float) -> Landmarks:
    """The person elsewhere in the picture."""
    by = np.array([dx_px, dy_px]) / lm.size_px[0]
    pose, face = lm.pose.copy(), lm.face.copy()
    pose[:, :, :2] += by.astype(np.float32)
    face[:, :, :2] += by.astype(np.float32)
    rows, cols = lm.rows + np.float32(by[0]), lm.cols + np.float32(by[1])
    return replace(lm, pose=pose, face=face, rows=rows, cols=cols)


def where(mask: NDArray[np.bool_], chosen: Landmarks, others: Landmarks) -> Landmarks:
    """The frames of `chosen` where `mask` holds, those of `others` elsewhere."""
    index = np.where(mask, np.arange(len(mask)), np.arange(len(mask)) + len(mask))
    both = Landmarks.concat([chosen, others])[index]
    return replace(both, t_s=others.t_s)


def nobody_where(mask: NDArray[np.bool_], lm: Landmarks) -> Landmarks:
    """The same frames, but nobody found where `mask` holds."""
    gone = replace(Landmarks.empty(len(lm)), t_s=lm.t_s, size_px=lm.size_px)
    return where(mask, gone, lm)


def rotation(axis: int, degrees: float) -> NDArray[np.float64]:
    """(3, 3) rotation about the x, y or z axis."""
    angle = np.radians(degrees)
    first, second = [i for i in range(3) if i != axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix


def head_turned(lm: Landmarks, axis: int, degrees: float) -> Landmarks:
    """The face mesh turned about its own middle; everything else stays."""
    scale = np.concatenate([lm.size_px, lm.size_px[:, :1]], axis=1)[:, None, :].astype(np.float64)
    mesh = lm.face * scale
    middle = mesh.mean(axis=1, keepdims=True)
    turned = (mesh - middle) @ rotation(axis, degrees).T + middle
    return replace(lm, face=(turned / scale).astype(np.float32))


def with_scene(lm: Landmarks, **values: float | np.ndarray) -> Landmarks:
    """The same frames with other values of the scene."""
    scene = lm.scene.copy()
    for name, value in values.items():
        scene[:, SCENE_FIELDS.index(name)] = value
    return replace(lm, scene=scene)
