"""Calibration frames -> the baseline: robust medians, the person's own face mesh, spread, verdict. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from calibration.errors import CalibrationError, NobodySeenError
from calibration.light import light_fault
from calibration.mesh import own_mesh
from calibration.outliers import Mask, belonging, posture_features
from calibration.quality import Quality
from calibration.verdict import Grade, Verdict, assess_quality
from posture_cv.landmarks.names import NOSE
from posture_cv.landmarks.types import DRESS, Landmarks
from posture_cv.measure.baseline import UNMOVED, Background, Baseline, nanmedian_quiet
from posture_cv.measure.gates import (
    GateLimits,
    median_background,
    scene_column,
    shoulders_out_of_picture,
)
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Codes, Float, Measurements, Reason, View
from posture_cv.measure.view import baseline_view

DECIMALS: Final = 6  # what a profile file holds, so that a saved baseline measures like the fresh one
MIN_FRAMES: Final = 3  # a median of fewer rejects nothing (ours)
_SUPPORT: Final = 0.6  # share of background points that must agree on a shift, as in GateLimits

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.NOBODY: "Sit where the camera sees head and shoulders.",
    Reason.FACE_NOT_SEEN: "Let the camera see your head.",
    Reason.SHOULDERS_NOT_SEEN: "Move back, or tilt the camera, until both shoulders are in the picture.",
    Reason.TOO_DARK: "Switch on a light in front of you.",
    Reason.TOO_BRIGHT: "Turn the camera away from the window or the lamp.",
    Reason.UNSTABLE: "Sit still for a few seconds while it is recorded.",
    Reason.UNCERTAIN: "Sit still for a few seconds while it is recorded.",
}


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationResult:
    """A baseline and how far it can be trusted.

    Attributes:
        baseline: of the frames in `used`.
        verdict: accept, warn or refuse, with its reasons.
        quality: the figures behind the verdict.
        used: (N,) which of the given frames the baseline is made of.
        reasons: (N,) int8 `Reason` codes; OK for the used ones.
    """

    baseline: Baseline
    verdict: Verdict
    quality: Quality
    used: Mask
    reasons: Codes


def fit_baseline(
    lm: Landmarks, coefficients: Mapping[str, Any], *, refuse: bool = True, face_expected: bool = True
) -> CalibrationResult:
    """Make a baseline of frames in which one person sits as they want to sit.

    Args:
        lm: landmarks of the calibration frames; glances, gaps and single odd frames may be among them.
        coefficients: from `posture_cv.coefficients.load_coefficients`.
        refuse: raise when the verdict is to refuse; False hands the poor baseline back with its verdict.
        face_expected: whether a face model was run; False for imports without one, which are no worse for it
            than they are anyway.

    Raises:
        NobodySeenError: no frame shows anybody.
        CalibrationError: fewer than three frames show somebody well enough, pictures of different sizes, a
            view that cannot be told, or (with `refuse`) a verdict to refuse.
    """
    reasons = _frame_reasons(lm)
    _require_enough(lm, reasons)
    candidates = np.flatnonzero(reasons == Reason.OK)
    belongs = belonging(posture_features(lm[candidates]))
    reasons[candidates[~belongs]] = Reason.UNSTABLE
    used = reasons == Reason.OK
    chosen = lm[used]
    baseline = _baseline_of(chosen)
    measured = measure(chosen, baseline, coefficients, _LENIENT)
    baseline = replace(baseline, spread=_spread(measured))
    quality = _quality(lm, used, baseline, measured, face_expected=face_expected)
    verdict = assess_quality(quality)
    if refuse and verdict.grade is Grade.REFUSE:
        raise CalibrationError(
            "This calibration is too poor to judge by.", " ".join(verdict.reasons), " ".join(verdict.advice)
        )
    return CalibrationResult(baseline, verdict, quality, used, reasons)


# The frames are compared with their own median: what has been let in is not thrown out again as a stranger.
_LENIENT: Final = GateLimits(
    scale_low=0.0, scale_high=np.inf, offset=np.inf, offset_side=np.inf, camera_shift=np.inf
)


def _frame_reasons(lm: Landmarks) -> Codes:
    """(N,) why a frame cannot serve for a baseline, gravest first."""
    limits = GateLimits()
    luma = scene_column(lm, "person_luma")
    codes = np.zeros(len(lm), np.int8)
    codes[~np.isfinite(lm.pose[:, NOSE, 0])] = Reason.FACE_NOT_SEEN
    codes[shoulders_out_of_picture(lm)] = Reason.SHOULDERS_NOT_SEEN
    codes[luma > limits.luma_high] = Reason.TOO_BRIGHT
    codes[luma < limits.luma_low] = Reason.TOO_DARK
    codes[~lm.person_found] = Reason.NOBODY
    return codes


def _require_enough(lm: Landmarks, reasons: Codes) -> None:
    if not lm.person_found.any():
        light = light_fault(lm)
        seen = f"{len(lm)} frames were looked at"
        raise NobodySeenError(
            "No baseline can be made: nobody was seen.",
            f"{seen}, and they are {light.label.replace('_', ' ')}." if light else f"{seen}.",
            _ADVICE[light or Reason.NOBODY],
        )
    usable = int((reasons == Reason.OK).sum())
    if usable < MIN_FRAMES:
        raise CalibrationError(
            "No baseline can be made: too few usable frames.",
            _counted(reasons, usable),
            _main_advice(reasons),
        )
    if len(np.unique(lm.size_px[reasons == Reason.OK], axis=0)) > 1:
        raise CalibrationError(
            "No baseline can be made: the pictures have different sizes.",
            f"Sizes found: {', '.join(f'{w}x{h}' for w, h in np.unique(lm.size_px, axis=0))}.",
            "Use pictures from one camera with one setting.",
        )


def _counted(reasons: Codes, usable: int) -> str:
    """What was wrong with the frames, in one sentence."""
    counts = Counter(Reason(int(code)).label for code in reasons if code != Reason.OK)
    found = ", ".join(f"{label.replace('_', ' ')} in {count}" for label, count in counts.most_common())
    needed = f"{usable} of {len(reasons)} frames can be used, {MIN_FRAMES} are needed at least"
    return f"{needed}: {found}." if found else f"{needed}."


def _main_advice(reasons: Codes) -> str:
    bad = [Reason(int(code)) for code in reasons if code != Reason.OK]
    if not bad:
        return "Give a longer stretch."
    return _ADVICE[Counter(bad).most_common(1)[0][0]]


def _baseline_of(lm: Landmarks) -> Baseline:
    """Medians of frames that belong together."""
    view = View(baseline_view(lm))
    if view is View.UNKNOWN:
        raise CalibrationError(
            "No baseline can be made: the camera's view of you cannot be told.",
            "The shoulders are neither clearly side by side (front) nor one behind the other (side).",
            "Sit still, head and both shoulders in the picture, the camera in front of you or at your side.",
        )
    width, height = (int(v) for v in lm.size_px[0])
    return Baseline(
        view=view,
        size_px=(width, height),
        pose=nanmedian_quiet(lm.pose).round(DECIMALS),
        face=_face(lm).round(DECIMALS),
        rows=nanmedian_quiet(lm.rows).round(DECIMALS),
        cols=nanmedian_quiet(lm.cols).round(DECIMALS),
        frame_count=len(lm),
        spread={},
        background=_background(lm),
        outline_unsure=_outline_unsure(lm),
        dress=nanmedian_quiet(lm.scene[:, DRESS]).round(DECIMALS),
    )


def _face(lm: Landmarks) -> Float:
    """(468, 3) the person's own mesh, NaN where at most half of the frames show a face."""
    found = lm.face_found
    if found.mean() <= 0.5:
        return np.full(lm.face.shape[1:], np.nan)
    width, height = lm.size_px[0].astype(np.float64)
    mesh = own_mesh(lm.face_px()[found]) / np.array([width, height, width])
    return np.asarray(mesh, np.float64)


def _outline_unsure(lm: Landmarks) -> float:
    """Median over the frames that tell it; NaN without any."""
    share = scene_column(lm, "outline_unsure")
    told = share[np.isfinite(share)]
    return round(float(np.median(told)), DECIMALS) if len(told) else math.nan


def _background(lm: Landmarks) -> Background:
    """Median shift, growth and turn of the background; unchanged where too little of it was seen."""
    seen = scene_column(lm, "bg_support") >= _SUPPORT
    return median_background(lm[seen]) if seen.any() else UNMOVED


def _spread(measured: Measurements) -> dict[str, float]:
    """Standard deviation of each quantity over the frames (1.4826 times the median absolute deviation).

    Quantities that fewer than three frames can tell are left out.
    """
    spread = {}
    for name in QUANTITIES:
        values = measured.value(name)
        values = values[np.isfinite(values)]
        if len(values) >= MIN_FRAMES:
            spread[name] = round(_robust_sd(values), 4)
    return spread


def _robust_sd(values: Float) -> float:
    """1.4826 MAD, or the plain standard deviation where most values are equal (a MAD of zero)."""
    deviation = float(np.median(np.abs(values - np.median(values))))
    return 1.4826 * deviation if deviation > 0.0 else float(values.std())


def _quality(
    lm: Landmarks, used: Mask, baseline: Baseline, measured: Measurements, *, face_expected: bool
) -> Quality:
    chosen = lm[used]
    shifts = np.stack([scene_column(chosen, name) for name in ("bg_dx", "bg_dy")], axis=1)
    seen = scene_column(chosen, "bg_support") >= _SUPPORT
    moved = float(np.ptp(shifts[seen], axis=0).max()) if seen.any() else 0.0
    return Quality.of(
        chosen,
        baseline,
        frames_given=len(lm),
        camera_shift=moved,
        measured=measured,
        face_expected=face_expected,
    )
