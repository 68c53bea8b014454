"""The stillness gate: are the last seconds fit to calibrate by, and if not, what is still wrong? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from calibration.light import light_fault
from calibration.mesh import turns_deg
from calibration.outliers import Mask, body_scale_px
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.gates import GateLimits, scene_column, shoulders_out_of_picture
from posture_cv.measure.types import Float, Reason, View
from posture_cv.measure.view import classify_view

# All ours.
MOVING_SHARE: Final = 0.05  # of the body's scale (about 2 cm), between the 10th and the 90th percentile
MOVING_DEG: Final = 6.0  # of the head, likewise
TURNED_DEG: Final = 30.0  # of the face from the camera, in a front view
CAMERA_SHARE: Final = 0.01  # of the picture's width
COVERED: Final = 0.8  # of the window must hold frames
DARK: Final = 0.06  # brightness of the person: the models still work, the outline begins to suffer

_LEFT_EYE, _RIGHT_EYE = 263, 33  # outer corners, face mesh


class Problem(StrEnum):
    """What is still wrong; the gravest first."""

    NO_PICTURES = "no_pictures"
    NOBODY = "nobody"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    HEAD_OUT = "head_out"
    SHOULDERS_OUT = "shoulders_out"
    FACE_NOT_SEEN = "face_not_seen"
    TURNED = "turned"
    CAMERA_MOVES = "camera_moves"
    MOVING = "moving"
    NOT_LONG_ENOUGH = "not_long_enough"

    @property
    def prompt(self) -> str:
        """What to tell the person."""
        return _PROMPTS[self]


_PROMPTS: Final = {
    Problem.NO_PICTURES: "The camera gives no pictures.",
    Problem.NOBODY: "I cannot see you. Sit where the camera sees your head and both shoulders.",
    Problem.TOO_DARK: "It is too dark. Switch on a light in front of you.",
    Problem.TOO_BRIGHT: "It is too bright. Turn the camera away from the window or the lamp.",
    Problem.HEAD_OUT: "Your head is at the edge of the picture. Tilt the camera or move back.",
    Problem.SHOULDERS_OUT: "Both shoulders must be in the picture. Move back or tilt the camera down.",
    Problem.FACE_NOT_SEEN: "I cannot see your face. Look at the screen, with light on your face.",
    Problem.TURNED: "You look past the camera. Look at the screen that you work on most.",
    Problem.CAMERA_MOVES: "The camera moves. Put it where it stays.",
    Problem.MOVING: "Sit as you want to sit, and hold still.",
    Problem.NOT_LONG_ENOUGH: "Good. Stay like that.",
}

# Why nobody is seen where somebody may well be.
_UNSEEN: Final = {Reason.TOO_DARK: Problem.TOO_DARK, Reason.TOO_BRIGHT: Problem.TOO_BRIGHT}


@dataclass(frozen=True, slots=True)
class Stillness:
    """The answer of the gate.

    Attributes:
        problems: what is still wrong, the gravest first; empty: the person sits still and is seen well.
        moved_share: how far the person moved within the window, in shares of the body's scale; NaN unknown.
        turned_deg: how far the head moved within the window; NaN unknown.
    """

    problems: tuple[Problem, ...]
    moved_share: float = float("nan")
    turned_deg: float = float("nan")

    @property
    def still(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def assess_stillness(lm: Landmarks, window_s: float) -> Stillness:
    """Judge the last `window_s` seconds of `lm` (frames in the order of time, the last one is now)."""
    if len(lm) == 0:
        return Stillness((Problem.NO_PICTURES,))
    recent = lm[lm.t_s >= lm.t_s[-1] - window_s]
    seen = recent[recent.person_found]
    if len(seen) <= len(recent) / 2:
        return Stillness((_UNSEEN.get(light_fault(recent), Problem.NOBODY),))
    problems = _what_is_seen(seen)
    moved, turned = _moved_share(seen), _turned_deg(seen)
    if moved > MOVING_SHARE or turned > MOVING_DEG:
        problems.append(Problem.MOVING)
    if not problems and recent.t_s[-1] - recent.t_s[0] < COVERED * window_s:
        problems.append(Problem.NOT_LONG_ENOUGH)
    return Stillness(tuple(problems), moved, turned)


def _what_is_seen(lm: Landmarks) -> list[Problem]:
    luma = scene_column(lm, "person_luma")
    frontal = np.asarray(classify_view(lm) == View.FRONT)
    checks: list[tuple[Problem, Mask]] = [
        (Problem.TOO_DARK, luma < DARK),
        (Problem.TOO_BRIGHT, luma > GateLimits().luma_high),
        (Problem.HEAD_OUT, _head_out(lm)),
        (Problem.SHOULDERS_OUT, shoulders_out_of_picture(lm)),
        (Problem.FACE_NOT_SEEN, frontal & ~lm.face_found),
        (Problem.TURNED, frontal & (np.abs(_face_yaw_deg(lm)) > TURNED_DEG)),
    ]
    found = [problem for problem, frames in checks if frames.mean() > 0.5]
    return [*found, *([Problem.CAMERA_MOVES] if _camera_moves(lm) else [])]


def _head_out(lm: Landmarks) -> Mask:
    nose = lm.pose[:, names.NOSE, :2]
    return np.asarray(((nose < 0.03) | (nose > 0.97)).any(axis=1))


def _face_yaw_deg(lm: Landmarks) -> Float:
    """(N,) how far the face is turned from the camera; NaN without a face (and so never beyond a limit)."""
    across = lm.face_px()[:, _LEFT_EYE] - lm.face_px()[:, _RIGHT_EYE]
    return np.asarray(np.degrees(np.arctan2(across[:, 2], across[:, 0])), np.float64)


def _camera_moves(lm: Landmarks) -> bool:
    believed = scene_column(lm, "bg_support") >= GateLimits().camera_support
    if believed.sum() < 2:
        return False
    shifts = np.stack([scene_column(lm, "bg_dx")[believed], scene_column(lm, "bg_dy")[believed]])
    return bool(np.ptp(shifts, axis=1).max() > CAMERA_SHARE)


def _moved_share(lm: Landmarks) -> float:
    """Largest extent of nose and shoulders' middle within the window, without its outermost tenths."""
    points = lm.pose_px()
    places = np.concatenate([points[:, names.NOSE], points[:, names.SHOULDERS].mean(axis=1)], axis=1)
    low, high = np.percentile(places, (10, 90), axis=0)
    return float((high - low).max() / body_scale_px(lm))


def _turned_deg(lm: Landmarks) -> float:
    """Largest extent of the head's turn about any axis, likewise; NaN without a face."""
    turns = turns_deg(lm.face_px())
    turns = turns[np.isfinite(turns[:, 0])]
    if len(turns) < 2:
        return float("nan")
    low, high = np.percentile(turns, (10, 90), axis=0)
    return float((high - low).max())
