"""The oblique view (30 to 58 degrees off axis): face mesh, shoulders and the shoulders' outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.block_model import CONTOUR, LANDMARKS, BlockModel
from posture_cv.measure.oblique_features import Seen, oblique_reference, seen_at_an_angle
from posture_cv.measure.types import QUANTITIES, Estimate, Float, Reason

FITTED: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "head_pitch_deg",
    "head_yaw_deg",
    "head_roll_deg",
    "shoulder_elevation_cm",
    "protraction_cm",
    "trunk_incl_deg",
    "trunk_yaw_deg",
    "sink_cm",
)
# Turning to the left in a mirrored picture is turning to the right.
MIRRORED: Final = ("head_yaw_deg", "head_roll_deg", "trunk_yaw_deg")
SAY_TURNED: Final = ("head_yaw_deg", "trunk_yaw_deg")
# Turned farther from the camera than the first, a face tells nothing by its mesh. Of a head that turns away by more
# than the third this holds from the second on: the mesh no longer follows it (ours: heads that turn 35 degrees away
# from a camera at 45 are read as turned by 10 to 25; on rendered persons whom no fit had seen, heads that stay are
# answered as well at 60 degrees as at 45).
FACE_AZIMUTH_DEG: Final = 60.0
FOLLOWED_AZIMUTH_DEG: Final = 52.0
STAYS_DEG: Final = 8.0
# Share of the outline that must be found again (ours).
SHARE_LOW: Final = 0.5
# Face-mesh scale of a single frame scatters by this much on rendered calibration frames (ours).
DISTANCE_SD: Final = 0.03


def measure_oblique(
    lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> dict[str, Estimate]:
    """Measure N frames of an oblique camera against a baseline of the same camera and person.

    Args:
        lm: landmarks of N frames.
        baseline: view OBLIQUE, with a face mesh.
        coefficients: `coefficients["oblique"]` is a `BlockModel`.

    Returns:
        Every quantity of `QUANTITIES`; what this view does not show is withheld as NOT_FROM_THIS_VIEW. Frames
        without a usable contour are measured from face mesh and landmarks, with their larger error.
    """
    n = len(lm)
    out = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    if n == 0:
        return out
    if not np.isfinite(baseline.face).all() or not np.isfinite(baseline.pose[[11, 12], 0]).all():
        return {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
    model: BlockModel = coefficients["oblique"]
    looks_right = oblique_reference(baseline).looks_right
    seen = seen_at_an_angle(lm, baseline)
    answers = _answers(model, seen)
    reason = np.where(np.isfinite(seen.head[:, 0]), Reason.OK, Reason.FACE_NOT_SEEN).astype(np.int8)
    reason[~np.isfinite(seen.shoulders).all(axis=1)] = Reason.SHOULDERS_NOT_SEEN
    reason[~lm.person_found] = Reason.NOBODY
    # To the left, which is away from a camera on the right, the answer is positive and the mesh's turn negative.
    away = np.fmax(answers["head_yaw_deg"][0], -seen.head_of("head_yaw"))
    limit_deg = np.where(away > STAYS_DEG, FOLLOWED_AZIMUTH_DEG, FACE_AZIMUTH_DEG)
    beyond = seen.azimuth_deg + away > limit_deg
    turned = np.where((reason == int(Reason.OK)) & beyond, np.int8(Reason.HEAD_TURNED), reason)
    for name, (value, sd) in answers.items():
        sign = -1.0 if name in MIRRORED and not looks_right else 1.0
        out[name] = Estimate.of(sign * value, sd, reason if name in SAY_TURNED else turned)
    ratio: Float = np.exp(-seen.head_of("head_scale") / 100.0)
    out["distance_ratio"] = Estimate.of(ratio, DISTANCE_SD * ratio, reason)
    return out


def outline_usable(seen: Seen) -> NDArray[np.bool_]:
    """(N,) whether enough of the outline was found again."""
    return np.asarray(seen.share >= SHARE_LOW)


def _answers(model: BlockModel, seen: Seen) -> dict[str, tuple[Float, Float]]:
    """Quantity -> (N,) value and standard deviation, by the landmarks alone where the outline is not usable."""
    usable, blocks, quality = outline_usable(seen), seen.blocks(), seen.quality()
    if usable.all():
        return model.predict(CONTOUR, blocks, quality)
    bare = model.predict(LANDMARKS, blocks, np.zeros_like(quality))
    if not usable.any():
        return bare
    whole = model.predict(CONTOUR, blocks, quality)
    return {
        name: (np.where(usable, value, bare[name][0]), np.where(usable, sd, bare[name][1]))
        for name, (value, sd) in whole.items()
    }
