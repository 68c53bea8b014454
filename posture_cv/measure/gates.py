"""When a frame as a whole cannot be judged: nobody, somebody else, too dark, the camera moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Codes, Float, Reason, View

_SHOULDERS: Final = [names.LEFT_SHOULDER, names.RIGHT_SHOULDER]
_WRISTS: Final = [names.LEFT_WRIST, names.RIGHT_WRIST]
_EARS: Final = [names.LEFT_EAR, names.RIGHT_EAR]


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Limits of the gates (all ours).

    Attributes:
        scale_low, scale_high: size of the person against the baseline beyond which it is somebody else: a chair
            12 cm nearer or farther changes it by 20 %, a passer-by 1.5 m behind the chair by 60 %.
        offset: how far the person may have moved in the picture, in baseline body scales.
        offset_side: the same in profile, where the body scale is the ear-to-shoulder distance (about 13 cm).
        luma_low, luma_high: median brightness of the face (or person), 0-1.
        camera_shift: background shift, as a share of the picture's width, that means a moved camera.
        camera_support: share of the background's points that must agree on it.
    """

    scale_low: float = 0.62
    scale_high: float = 1.75
    offset: float = 1.0
    offset_side: float = 2.5
    luma_low: float = 0.02
    luma_high: float = 0.985
    camera_shift: float = 0.015
    camera_support: float = 0.6


def scene_column(lm: Landmarks, name: str) -> Float:
    """(N,) one of `SCENE_FIELDS`."""
    return lm.scene[:, SCENE_FIELDS.index(name)].astype(np.float64)


def body_scale_px(lm: Landmarks, view: View) -> Float:
    """(N,) size of the person in pixels: shoulder width, or in profile the ear-to-shoulder distance."""
    points = lm.pose_px()
    if view is View.SIDE:
        gap = points[:, _EARS].mean(axis=1) - points[:, _SHOULDERS].mean(axis=1)
        return np.asarray(np.linalg.norm(gap, axis=1))
    return np.asarray(np.linalg.norm(points[:, _SHOULDERS[0]] - points[:, _SHOULDERS[1]], axis=1))


def is_other_person(lm: Landmarks, baseline: Baseline, limits: GateLimits) -> NDArray[np.bool_]:
    """(N,) the person found is too far from the baseline's place or size to be the same one.

    Size is the larger of two measures, so that a turned trunk (narrow shoulders) is not taken for a stranger.
    """
    reference = baseline.as_landmarks()
    ratios = []
    for view in (View.FRONT, View.SIDE):
        base = body_scale_px(reference, view)[0]
        share = base / baseline.size_px[0]
        if np.isfinite(base) and share > 0.02:
            ratios.append(body_scale_px(lm, view) / lm.size_px[:, 0] / share)
    scale = np.max(ratios, axis=0) if ratios else np.ones(len(lm))
    moved = _offset(lm, reference, body_scale_px(reference, baseline.view)[0])
    stranger = (
        (scale < limits.scale_low) | (np.min(ratios, axis=0) > limits.scale_high) if ratios else scale < 0
    )
    allowed = limits.offset_side if baseline.view is View.SIDE else limits.offset
    return np.asarray(stranger | (moved > allowed))


def _offset(lm: Landmarks, reference: Landmarks, scale_px: float) -> Float:
    """(N,) distance of the shoulders' middle from the baseline's, in the baseline's body scale."""
    middle = lm.pose[:, _SHOULDERS, :2].mean(axis=1) * np.asarray(reference.size_px[0])
    base = reference.pose[0, _SHOULDERS, :2].mean(axis=0) * np.asarray(reference.size_px[0])
    return np.asarray(np.linalg.norm(middle - base, axis=1) / max(scale_px, 1.0), np.float64)


def camera_moved(lm: Landmarks, baseline: Baseline, limits: GateLimits) -> NDArray[np.bool_]:
    """(N,) the background has shifted or grown against the reference: the camera moved, not the person."""
    dx = scene_column(lm, "bg_dx") - baseline.background[0]
    dy = (scene_column(lm, "bg_dy") - baseline.background[1]) * lm.size_px[:, 1] / lm.size_px[:, 0]
    grown = np.abs(scene_column(lm, "bg_scale") / baseline.background[2] - 1.0) / 2.0
    shift = np.maximum(np.hypot(dx, dy), grown)
    return (shift > limits.camera_shift) & (scene_column(lm, "bg_support") >= limits.camera_support)


def frame_reasons(lm: Landmarks, baseline: Baseline, view: Codes, limits: GateLimits | None = None) -> Codes:
    """(N,) `Reason` codes for each frame as a whole; the first that applies, gravest first."""
    limits = limits or GateLimits()
    luma = scene_column(lm, "person_luma")
    found = lm.person_found
    checks: list[tuple[Reason, NDArray[np.bool_]]] = [
        (Reason.NOBODY, ~found),
        (Reason.TOO_DARK, luma < limits.luma_low),
        (Reason.TOO_BRIGHT, luma > limits.luma_high),
        (Reason.CAMERA_MOVED, camera_moved(lm, baseline, limits)),
        (Reason.OTHER_PERSON, found & is_other_person(lm, baseline, limits)),
        (Reason.SHOULDERS_NOT_SEEN, shoulders_out_of_picture(lm)),
        (Reason.OCCLUDED, hand_raised(lm)),
        (Reason.WRONG_VIEW, _contradicts(view, baseline.view)),
    ]
    codes = np.zeros(len(lm), np.int8)
    for reason, applies in reversed(checks):
        codes[applies] = reason
    return codes


def shoulders_out_of_picture(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) a shoulder lies outside the picture, or neither is seen surely (visibility below 0.5: ours)."""
    shoulders = lm.pose[:, _SHOULDERS]
    inside = (shoulders[:, :, :2] > -0.03) & (shoulders[:, :, :2] < 1.03)
    seen = shoulders[:, :, 3] >= 0.5
    return lm.person_found & ~(inside.all(axis=(1, 2)) & seen.any(axis=1))


def hand_raised(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) a hand is held above the shoulder line (a phone, a cup): it hides or shifts what is measured.

    The wrist must be seen (visibility 0.5) and lie above both shoulders by a tenth of their distance (ours).
    """
    shoulders = lm.pose[:, _SHOULDERS, :2] * lm.size_px[:, None, :]
    wrists = lm.pose[:, _WRISTS, :2] * lm.size_px[:, None, :]
    apart = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1)
    above = wrists[:, :, 1] < (shoulders[:, :, 1].min(axis=1) - 0.1 * apart)[:, None]
    return np.asarray((above & (lm.pose[:, _WRISTS, 3] >= 0.5)).any(axis=1))


def _contradicts(view: Codes, baseline_view: View) -> NDArray[np.bool_]:
    """(N,) a profile against a frontal baseline or the reverse; oblique lies between and contradicts neither."""
    opposite = {View.FRONT: View.SIDE, View.SIDE: View.FRONT}.get(baseline_view)
    return np.zeros(len(view), bool) if opposite is None else view == opposite
