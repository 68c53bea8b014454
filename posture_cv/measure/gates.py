"""When a frame as a whole cannot be judged: nobody, somebody else, too dark, the camera moved, another picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import Background, Baseline
from posture_cv.measure.turning import turned_points
from posture_cv.measure.types import Codes, Float, Reason, View
from posture_cv.measure.unsure import outline_unsure

# Stretches of the pose points: of one frame, a stretch costs a tenth of picking points out.
_SHOULDERS: Final = slice(names.LEFT_SHOULDER, names.RIGHT_SHOULDER + 1)
_EARS_TO_SHOULDERS: Final = slice(names.LEFT_EAR, names.RIGHT_SHOULDER + 1)
_HEAD_AND_SHOULDERS: Final = [*names.EARS, *names.SHOULDERS]
_SHOULDERS_TO_WRISTS: Final = slice(names.LEFT_SHOULDER, names.RIGHT_WRIST + 1)
# Left and right, counted within the stretch.
_EARS_AMONG, _SHOULDERS_AMONG = (
    (0, 1),
    (names.LEFT_SHOULDER - names.LEFT_EAR, names.RIGHT_SHOULDER - names.LEFT_EAR),
)
_WRISTS_AMONG: Final = (names.LEFT_WRIST - names.LEFT_SHOULDER, names.RIGHT_WRIST - names.LEFT_SHOULDER)
_OK: Final = int(Reason.OK)
_RADIANS: Final = np.pi / 180.0
_OUTSIDE: Final = 0.53  # a shoulder so far from the picture's middle, in shares of it, lies outside (ours)
_SURE: Final = 0.5  # visibility from which a point of the pose counts as seen (ours)
_SCALE_SHARE: Final = 0.02  # of the picture's width, below which a body scale is none to compare with (ours)
# How far width over height may differ between pictures of one shape: 1366x768 is 16:9, too (ours).
_SHAPE_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Limits of the gates (all ours).

    Attributes:
        scale_low, scale_high: size of the person against the baseline beyond which it is somebody else: a chair
            12 cm nearer or farther changes it by 20 %, a passer-by 1.5 m behind the chair by 60 %.
        offset: how far the person may have moved in the picture, in baseline body scales.
        offset_side: the same in profile, where the body scale is the ear-to-shoulder distance (about 13 cm).
        unsure: undecided parts of the mask, as a multiple of what the baseline's were for a person of that size, beyond
            which another body is part of the outline. One rendered frame in a hundred has more; of the frames that are
            called a poor posture because somebody stands right behind, six in ten have.
        luma_low, luma_high: median brightness of the face (or person), 0-1.
        unlit_mean: mean brightness of a whole picture, 0-1, below which nobody could be seen: of the samples,
            darkened, the models lose the person at 0.03, not yet at 0.045.
        unlit_noise: noise of a picture for which somebody in it may not be seen: of ten rendered rooms, as a sensor
            sees them by ever less light, the first person is lost at 0.034; as a webcam by day they have 0.022 at most.
        washed_out_p05, washed_out_p95: where all but the darkest twentieth of a picture lies between the first and
            white, the second for all but its brightest, nobody could be seen (samples, brightened).
        camera_shift: background shift, as a share of the picture's width, that means a moved camera; the ends of
            the picture's middle line are shifted as far by a turn of the camera of 1.7 degrees.
        camera_support: share of the background's points that must agree on it.
        along_shift, along_support: a farther shift (or turn) on which fewer agree counts too, if the person moved
            with it.
        along_rest: what may be left of the person's shift when the background's is taken off, as a share of it.
    """

    scale_low: float = 0.62
    scale_high: float = 1.75
    offset: float = 1.0
    offset_side: float = 2.5
    unsure: float = 1.35
    luma_low: float = 0.02
    luma_high: float = 0.985
    unlit_mean: float = 0.04
    unlit_noise: float = 0.03
    washed_out_p05: float = 0.5
    washed_out_p95: float = 0.95
    camera_shift: float = 0.015
    camera_support: float = 0.6
    along_shift: float = 0.03
    along_support: float = 0.15
    along_rest: float = 0.5


DEFAULT_LIMITS: Final = GateLimits()
_COLUMN: Final = {name: k for k, name in enumerate(SCENE_FIELDS)}


def scene_column(lm: Landmarks, name: str) -> Float:
    """(N,) one of `SCENE_FIELDS`."""
    return lm.scene[:, _COLUMN[name]].astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """What the gates ask of a baseline, worked out once.

    Attributes:
        middle: (2,) between the shoulders, shares of the picture.
        size_px: (2,) of the picture.
        reach_px: how far the shoulders may have moved.
        across, up: shoulder width and ear-to-shoulder distance as shares of the picture's width; 0 where unknown
            or too small to compare with.
    """

    middle: Float
    size_px: Float
    reach_px: float
    across: float
    up: float


def _scales_px(points: Float) -> tuple[Float, Float]:
    """(N,) shoulder width and (N,) ear-to-shoulder distance of the points from the ears to the shoulders in pixels."""
    ears, shoulders = ([points[:, k] for k in pair] for pair in (_EARS_AMONG, _SHOULDERS_AMONG))
    across = shoulders[0] - shoulders[1]
    gap = (ears[0] + ears[1] - shoulders[0] - shoulders[1]) / 2.0
    return np.hypot(across[:, 0], across[:, 1]), np.hypot(gap[:, 0], gap[:, 1])


@lru_cache(maxsize=8)
def _reference(baseline: Baseline, limits: GateLimits) -> _Reference:
    size = np.asarray(baseline.size_px, np.float64)
    across, up = (float(scale[0]) for scale in _scales_px(baseline.pose[None, _EARS_TO_SHOULDERS, :2] * size))
    side = baseline.view is View.SIDE
    reach = (limits.offset_side if side else limits.offset) * max(up if side else across, 1.0)
    shares = [scale / size[0] if scale / size[0] > _SCALE_SHARE else 0.0 for scale in (across, up)]
    return _Reference(baseline.pose[_SHOULDERS, :2].mean(axis=0), size, reach, *shares)


def is_other_person(lm: Landmarks, baseline: Baseline, limits: GateLimits) -> NDArray[np.bool_]:
    """(N,) the person found is too far from the baseline's place or size to be the same one.

    Size is the larger of two measures, so that a turned trunk (narrow shoulders) is not taken for a stranger:
    shoulder width and ear-to-shoulder distance.
    """
    base = _reference(baseline, limits)
    wide = lm.size_px[:, 0]
    points = lm.pose[:, _EARS_TO_SHOULDERS, :2]
    across, up = _scales_px(np.asarray(points * lm.size_px[:, None, :], np.float64))
    ratios = [now / wide / then for now, then in ((across, base.across), (up, base.up)) if then]
    left, right = (points[:, k] for k in _SHOULDERS_AMONG)
    moved = ((left + right) / 2.0 - base.middle) * base.size_px
    far = np.hypot(moved[:, 0], moved[:, 1]) > base.reach_px
    if not ratios:
        return np.asarray(far)
    largest, least = np.maximum(ratios[0], ratios[-1]), np.minimum(ratios[0], ratios[-1])
    return np.asarray(far | (largest < limits.scale_low) | (least > limits.scale_high))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How the background of N frames has moved since the baseline was taken; NaN where that is not known.

    Attributes:
        dx, dy: (N,) shift of the picture's middle to the right (share of the width) and downwards (of the height).
        scale: (N,) growth about it, 1: none.
        roll: (N,) turn about it, clockwise, radians; 0 where only that is not known.
    """

    dx: Float
    dy: Float
    scale: Float
    roll: Float

    def __getitem__(self, index: NDArray[np.bool_]) -> Motion:
        return Motion(self.dx[index], self.dy[index], self.scale[index], self.roll[index])


def background_motion(lm: Landmarks, baseline: Baseline) -> Motion:
    """How the background has moved."""
    before = baseline.background
    roll_deg = scene_column(lm, "bg_roll_deg") - before.roll_deg
    return Motion(
        scene_column(lm, "bg_dx") - before.dx,
        scene_column(lm, "bg_dy") - before.dy,
        scene_column(lm, "bg_scale") / before.scale,
        np.where(np.isnan(roll_deg), 0.0, _RADIANS * roll_deg),
    )


def median_background(lm: Landmarks) -> Background:
    """Where the background of N >= 1 frames stands, of which all is known but perhaps its turn."""
    dx, dy, scale = (float(np.median(scene_column(lm, name))) for name in ("bg_dx", "bg_dy", "bg_scale"))
    roll_deg = scene_column(lm, "bg_roll_deg")
    told = roll_deg[np.isfinite(roll_deg)]
    return Background(dx, dy, scale, float(np.median(told)) if len(told) else 0.0)


def motion_size(motion: Motion, high: Float) -> Float:
    """(N,) a motion as one number, a share of the picture's width.

    That is the shift of the middle, or how far growth or turn carry the end of the middle line, whichever is larger.

    Args:
        motion: of N frames.
        high: (N,) `heights` of their pictures.
    """
    return _larger(np.hypot(motion.dx, motion.dy * high), motion)


def _larger(shift: Float, motion: Motion) -> Float:
    """(N,) of the middle's shift and of what growth and turn do at the end of the middle line."""
    return np.asarray(np.maximum(shift, np.maximum(np.abs(motion.scale - 1.0), np.abs(motion.roll)) / 2.0))


def heights(lm: Landmarks) -> Float:
    """(N,) height of the pictures as a share of their width."""
    return np.asarray(lm.size_px[:, 1] / lm.size_px[:, 0])


def camera_moved(lm: Landmarks, baseline: Baseline, limits: GateLimits | None = None) -> NDArray[np.bool_]:
    """(N,) the background has shifted, grown or turned against the reference: the camera moved, not the person.

    Most of the background's points agree on a small move. A large one leaves few of them to follow, and is
    believed where the person was shifted, or turned, along.
    """
    limits = limits or DEFAULT_LIMITS
    high = heights(lm)
    motion = background_motion(lm, baseline)
    dx, dy = motion.dx, motion.dy * high
    shift = np.hypot(dx, dy)
    support = scene_column(lm, "bg_support")
    moved = (_larger(shift, motion) > limits.camera_shift) & (support >= limits.camera_support)
    some = (support >= limits.along_support) & ~moved
    far = (shift > limits.along_shift) & some
    if far.any():
        person = lm.pose[:, _SHOULDERS, :2].mean(axis=1) - _reference(baseline, limits).middle
        rest = np.hypot(person[:, 0] - dx, person[:, 1] * high - dy)
        moved |= far & (rest < limits.along_rest * shift)
    turned = (np.abs(motion.roll) / 2.0 > limits.along_shift) & some
    if turned.any():
        moved[turned] |= _turned_along(lm[turned], baseline, motion[turned], limits)
    return np.asarray(moved)


def _turned_along(lm: Landmarks, baseline: Baseline, motion: Motion, limits: GateLimits) -> NDArray[np.bool_]:
    """(N,) whether ears and shoulders went to where the background's turn carries them."""
    high = heights(lm)
    then = np.broadcast_to(baseline.pose[_HEAD_AND_SHOULDERS, :2], (len(lm), len(_HEAD_AND_SHOULDERS), 2))
    carried = turned_points(then, motion.roll, high) + np.stack([motion.dx, motion.dy], axis=1)[:, None]
    unit = np.stack([np.ones_like(high), high], axis=1)[:, None]
    rest = np.linalg.norm((lm.pose[:, _HEAD_AND_SHOULDERS, :2] - carried) * unit, axis=(1, 2))
    way = np.linalg.norm((carried - then) * unit, axis=(1, 2))
    return np.asarray(rest < limits.along_rest * way)


def of_other_shape(sizes_px: NDArray[np.integer[Any]], size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,) which pictures of those sizes (N, 2: width, height) have another shape than one of `size_px`.

    A picture that was cut, padded or squeezed shows the same person at other shares of its width and height,
    so that nothing in it can be compared; another size of the same shape changes none of them.
    """
    shape = size_px[0] / size_px[1]
    return np.asarray(np.abs(sizes_px[:, 0] / sizes_px[:, 1] / shape - 1.0) > _SHAPE_SHARE)


def frame_reasons(lm: Landmarks, baseline: Baseline, view: Codes, limits: GateLimits | None = None) -> Codes:
    """(N,) `Reason` codes for each frame as a whole; the first that applies, gravest first."""
    limits = limits or DEFAULT_LIMITS
    luma = scene_column(lm, "person_luma")
    found = lm.person_found
    checks = (
        *_nothing_to_be_seen(lm, ~found, limits),
        (Reason.NOBODY, ~found),
        (Reason.TOO_DARK, luma < limits.luma_low),
        (Reason.TOO_BRIGHT, luma > limits.luma_high),
        (Reason.OTHER_SHAPE, of_other_shape(lm.size_px, baseline.size_px)),
        (Reason.CAMERA_MOVED, camera_moved(lm, baseline, limits)),
        (Reason.OTHER_PERSON, found & is_other_person(lm, baseline, limits)),
        (Reason.SHOULDERS_NOT_SEEN, found & _shoulders_missing(lm)),
        (Reason.OCCLUDED, hand_raised(lm)),
        (Reason.WRONG_VIEW, contradicts(view, baseline.view)),
        (Reason.OUTLINE_UNSURE, found & outline_unsure(lm, baseline, limits.unsure)),
    )
    applies = np.array([applies for _, applies in checks])
    first = applies.argmax(axis=0)  # the first check also where none applies
    codes = np.array([reason for reason, _ in checks], np.int8)
    return np.where(applies.any(axis=0), codes.take(first), np.int8(_OK))


def unlit(lm: Landmarks, limits: GateLimits | None = None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two (N,): pictures too dark, and too bright, to be sure of anybody in them; False where that is not known.

    A camera brightens what lies in the dark, and with it the noise: that tells of the dark where brightness does not.
    """
    limits = limits or DEFAULT_LIMITS
    dark = scene_column(lm, "luma_mean") < limits.unlit_mean
    dark |= scene_column(lm, "noise") > limits.unlit_noise
    pale = scene_column(lm, "luma_p05") > limits.washed_out_p05
    return dark, pale & (scene_column(lm, "luma_p95") > limits.washed_out_p95)


def _nothing_to_be_seen(
    lm: Landmarks, nobody: NDArray[np.bool_], limits: GateLimits
) -> tuple[tuple[Reason, NDArray[np.bool_]], ...]:
    """Where nobody was found because nobody could be: that is not known to be an absence."""
    if not nobody.any():
        return ()
    dark, bright = unlit(lm, limits)
    return (Reason.TOO_DARK, nobody & dark), (Reason.TOO_BRIGHT, nobody & bright)


def shoulders_out_of_picture(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) a shoulder lies outside the picture, or neither is seen surely (visibility below 0.5: ours)."""
    return np.asarray(lm.person_found & _shoulders_missing(lm))


def _shoulders_missing(lm: Landmarks) -> NDArray[np.bool_]:
    shoulders = lm.pose[:, _SHOULDERS]
    inside = (np.abs(shoulders[:, :, :2] - 0.5) < _OUTSIDE).reshape(-1, 4).all(axis=1)
    seen = ~((shoulders[:, 0, 3] < _SURE) & (shoulders[:, 1, 3] < _SURE))  # NaN (an import) is not below
    return np.asarray(~(inside & seen))


def hand_raised(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) a hand is held above the shoulder line (a phone, a cup): it hides or shifts what is measured.

    The wrist must be seen (visibility 0.5) and lie above both shoulders by a tenth of their distance (ours).
    """
    arms = lm.pose[:, _SHOULDERS_TO_WRISTS, :4]
    points = arms[:, :, :2] * lm.size_px[:, None, :]
    across = points[:, 0] - points[:, 1]
    high = np.minimum(points[:, 0, 1], points[:, 1, 1]) - 0.1 * np.hypot(across[:, 0], across[:, 1])
    seen = arms[:, :, 3] >= _SURE
    left, right = (seen[:, k] & (points[:, k, 1] < high) for k in _WRISTS_AMONG)
    return np.asarray(left | right)


def contradicts(view: Codes, baseline_view: View) -> NDArray[np.bool_]:
    """(N,) a profile against a frontal baseline or the reverse; oblique lies between and contradicts neither."""
    opposite = {View.FRONT: View.SIDE, View.SIDE: View.FRONT}.get(baseline_view)
    return np.zeros(len(view), bool) if opposite is None else view == int(opposite)
