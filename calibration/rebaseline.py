"""A baseline made anew in seconds: moved along with a camera that moved, or from a few fresh frames. Pure.

Neither may drift towards a bad posture: the first keeps the person's own posture to the pixel, the second compares
how the person is built in the new picture with the old one, and says so when the head has come nearer than the
shoulders or the shoulders are held otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from calibration.errors import CalibrationError
from calibration.fit import CalibrationResult, fit_baseline
from calibration.mesh import align
from calibration.verdict import Finding, Grade, Verdict
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Background, Baseline
from posture_cv.measure.turning import centres, cut_off, read_at, turned_cols, turned_points, turned_rows
from posture_cv.measure.types import Float, View

# Beyond these a moved camera looks at the person from elsewhere, and a picture that is merely moved along is wrong:
# pictures turned by 3.5 degrees change the craniovertebral angle by 1.3 degrees at most, by 5 degrees 3.3 (ours).
FARTHEST_SHIFT: Final = 0.08  # of the picture: a lid tilted by 4 degrees
MOST_GROWTH: Final = 0.1
MOST_ROLL_DEG: Final = 5.0
# How much the proportions of the same posture may differ between two calibrations (ours: a head 3 cm farther
# forward at 60 cm enlarges the face by 5 % against the shoulders).
NEARER_HEAD: Final = 0.04
OTHER_GAP: Final = 0.08
_LEFT_FACE, _RIGHT_FACE = 234, 454
_AGAIN: Final = "Sit as you want to sit, and calibrate again."


@dataclass(frozen=True, slots=True)
class Proportions:
    """What does not change with the distance of the camera: shares of the shoulder width (front) or of the trunk.

    Attributes:
        head: width of the face; in profile the ear's place before the shoulder.
        gap: ears above shoulders.
    """

    head: float
    gap: float


def proportions(baseline: Baseline) -> Proportions:
    """Of the person as the baseline shows them; NaN where it does not."""
    size = np.asarray(baseline.size_px, np.float64)
    points = baseline.pose[:, :2] * size
    ears = points[names.EARS].mean(axis=0)
    shoulders = points[names.SHOULDERS]
    middle = shoulders.mean(axis=0)
    if baseline.view is View.SIDE:
        unit = float(np.linalg.norm(ears - middle))
        return Proportions(abs(float(ears[0] - middle[0])) / unit, float(middle[1] - ears[1]) / unit)
    unit = float(np.linalg.norm(shoulders[0] - shoulders[1]))
    face = (baseline.face[_LEFT_FACE] - baseline.face[_RIGHT_FACE]) * np.array([*size, size[0]])
    return Proportions(float(np.linalg.norm(face)) / unit, float(middle[1] - ears[1]) / unit)


def moved_with_camera(baseline: Baseline, background: Background) -> Baseline:
    """The same person in the same posture, seen by the camera where it is now.

    Args:
        baseline: made before the camera moved.
        background: where the background stands now, against the same reference.

    Raises:
        CalibrationError: it moved too far for the picture to be merely moved along.
    """
    before = baseline.background
    dx, dy = background.dx - before.dx, background.dy - before.dy
    scale, roll_deg = background.scale / before.scale, background.roll_deg - before.roll_deg
    moved, growth = float(np.hypot(dx, dy)), abs(scale - 1.0)
    # NaN: nobody knows how far
    if not (moved <= FARTHEST_SHIFT and growth <= MOST_GROWTH and abs(roll_deg) <= MOST_ROLL_DEG):
        raise CalibrationError(
            "The camera has moved too far to go on with the old baseline.",
            _how_far(moved, scale, roll_deg),
            "Calibrate again: posture-cv recalibrate",
        )
    baseline = _turned(baseline, roll_deg) if roll_deg else baseline
    middle = np.array([0.5, 0.5])
    shift = middle + np.array([dx, dy]) - scale * middle  # of x and y, which grow about the picture's middle
    pose, face = baseline.pose.copy(), baseline.face.copy()
    pose[:, :2] = scale * pose[:, :2] + shift
    pose[:, 2] *= scale
    face[:, :2] = scale * face[:, :2] + shift
    face[:, 2] *= scale
    return replace(
        baseline,
        pose=pose,
        face=face,
        rows=_line(baseline.rows.T, scale, shift[0], shift[1]).T,
        cols=_line(baseline.cols[None], scale, shift[1], shift[0])[0],
        background=background,
        outline_unsure=baseline.outline_unsure * scale**2,
    )


def _turned(baseline: Baseline, roll_deg: float) -> Baseline:
    """As seen in pictures that are turned clockwise about their middle."""
    roll, high = np.radians([roll_deg]), np.array([baseline.size_px[1] / baseline.size_px[0]])
    pose, face = baseline.pose.copy(), baseline.face.copy()
    for points in (pose, face):
        points[:, :2] = turned_points(points[None, :, :2], roll, high)[0]
    rows, cols = (
        turned_rows(baseline.rows[None], roll, high)[0],
        turned_cols(baseline.cols[None], roll, high)[0],
    )
    return replace(baseline, pose=pose, face=face, rows=rows, cols=cols)


def _how_far(moved: float, scale: float, roll_deg: float) -> str:
    if not np.isfinite(moved + scale + roll_deg):
        return "How far cannot be told: too little of the background is known again."
    if scale < 0.0:
        return "Its picture is mirrored now, or no longer."
    size = f"and changed its size by {100 * abs(scale - 1.0):.0f} %"
    turned = f" It turned by {abs(roll_deg):.0f} degrees." if abs(roll_deg) > MOST_ROLL_DEG else ""
    return f"The background moved by {100 * moved:.0f} % of the picture {size}.{turned}"


def _line(lines: Float, scale: float, across: float, along: float) -> Float:
    """(C, K) edges read along a contour, grown and shifted across it, and read where their new lines were before.

    Where the border cut the person off, nobody knows how the outline goes on; and where it cuts them off now, nobody
    sees it any more: NaN.
    """
    moved = np.where(cut_off(lines), np.nan, scale * lines + across)
    moved = np.where((moved < 0.0) | (moved > 1.0), np.nan, moved)
    before = (centres(lines.shape[1]) - along) / scale
    return read_at(moved, np.broadcast_to(before, lines.shape))


def quick_baseline(old: Baseline, lm: Landmarks, coefficients: Mapping[str, Any]) -> CalibrationResult:
    """A baseline from a few seconds, with the face that is known from the old one.

    Args:
        old: of the same person, from any camera of the same view.
        lm: a few seconds of sitting as one wants to sit.
        coefficients: from `posture_cv.coefficients.load_coefficients`.

    Returns:
        As `fit_baseline`; the verdict warns when the person sits otherwise than in the old baseline.

    Raises:
        CalibrationError: as `fit_baseline`; or the view is another, and a full calibration is needed.
    """
    result = fit_baseline(lm, coefficients)
    fresh = result.baseline
    if fresh.view is not old.view:
        raise CalibrationError(
            f"You were calibrated from the {old.view.label}, and the camera now sees you from the {fresh.view.label}.",
            "A quick calibration cannot carry over.",
            "Calibrate again: posture-cv recalibrate",
        )
    baseline = replace(fresh, face=_known_face(old, fresh))
    findings = [*result.verdict.findings, *differences(proportions(old), proportions(baseline), old.view)]
    return replace(result, baseline=baseline, verdict=Verdict.of(findings))


def _known_face(old: Baseline, fresh: Baseline) -> Float:
    """The old mesh, which many frames made, laid onto the new one; the new one where either is missing."""
    if not (np.isfinite(old.face).all() and np.isfinite(fresh.face).all()):
        return fresh.face
    sizes = [np.array([*b.size_px, b.size_px[0]], np.float64) for b in (old, fresh)]
    shape, mesh = old.face * sizes[0], fresh.face * sizes[1]
    found = align(mesh[None], shape, np.ones(len(shape)))
    placed = found.scale[0] * shape @ found.rotation[0].T + found.shift[0]
    return np.asarray(placed / sizes[1], np.float64)


def differences(old: Proportions, new: Proportions, view: View) -> list[Finding]:
    """How the person sits otherwise than before; what is not known is not said."""
    found = []
    head = new.head - old.head if view is View.SIDE else new.head / old.head - 1.0
    if head > NEARER_HEAD:
        text = "Your head is farther forward than in your first calibration."
        found.append(Finding("head_forward", Grade.WARN, text, _AGAIN))
    if abs(new.gap / old.gap - 1.0) > OTHER_GAP:
        where = "higher" if new.gap < old.gap else "lower"
        text = f"You hold your shoulders {where} than in your first calibration, or your head."
        found.append(Finding("other_gap", Grade.WARN, text, _AGAIN))
    return found
