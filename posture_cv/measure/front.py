"""The front view: head, shoulders and trunk from the face mesh, the pose points and the contour together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_groups import GROUPS, VARIANTS, groups_of
from posture_cv.measure.front_model import FrontModel, front_view, stated_sd
from posture_cv.measure.front_reading import FrontReading, read_front
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason

NEEDS_FACE: Final = frozenset(
    {
        *("cva_change_deg", "head_forward_cm", "head_pitch_deg"),
        *("head_yaw_deg", "head_roll_deg", "distance_ratio"),
    }
)
# Beyond these no sitting adult goes (ours): such an answer is an error of the landmarks.
PLAUSIBLE: Final[dict[str, float]] = {
    "cva_change_deg": 60.0,
    "head_forward_cm": 18.0,
    "head_pitch_deg": 75.0,
    "shoulder_elevation_cm": 9.0,
    "protraction_cm": 11.0,
    "trunk_incl_deg": 45.0,
    "lateral_lean_deg": 35.0,
    "sink_cm": 20.0,
    "approach_cm": 60.0,
}
# Below the first the fit's yaw counts, above the second the mesh's (the fit knows turns up to 18 degrees).
YAW_FROM_DEG: Final = 8.0
YAW_TO_DEG: Final = 16.0
YAW_SD_DEG: Final = 2.6  # of the mesh's yaw, on persons left out
# The model answers only a part of the trunk's yaw, and vaguely. Times this slope it is, on rendered people turned by 10
# to 21 degrees either way whom no network had seen, too small by 2 degrees in the mean and off by 6 to 7 (root mean
# square); of people who sit straight 99 frames in 100 get 2.5 at most, of those who only turn the head, 6.
TRUNK_YAW_SLOPE: Final = 1.25
# Its standard deviation: so much in any case, and such a share of it, in quadrature.
TRUNK_YAW_SD_DEG, TRUNK_YAW_SD_SHARE = 1.5, 0.5
# From here on it may be a turn of 20 degrees, beyond which nothing is judged (`measure.TRUNK_YAW_LIMIT_DEG`).
TRUNK_TURNED_DEG: Final = 10.0
BLOCK: Final = 512  # frames measured at once, which bounds the memory
FITTED: Final = tuple(q for group in GROUPS.values() for q in group)
_AT: Final = {name: k for k, name in enumerate(FITTED)}
# Quantities told, in order: the fitted ones, then those that restate them.
_TOLD: Final = (
    *(name for name in FITTED if name in QUANTITIES),
    *("shoulder_elevation_left_cm", "shoulder_elevation_right_cm", "distance_ratio"),
)
# Numbers of columns are arrays, and taken with `take`: of one frame that is five times as fast as indexing with a list.
_DIRECT: Final = np.array([_AT[name] for name in FITTED if name in QUANTITIES])
_COUNT: Final = len(_DIRECT)
_ELEVATION, _ASYMMETRY, _DISTANCE = (_AT[k] for k in ("shoulder_elevation_cm", "asymmetry", "log_distance"))
_YAW, _TRUNK_YAW = _TOLD.index("head_yaw_deg"), _TOLD.index("trunk_yaw_deg")
_LIMIT: Final = np.array([[PLAUSIBLE.get(name, np.inf)] for name in _TOLD])
_FACE: Final = np.array([name in NEEDS_FACE for name in _TOLD])
_COLUMNS: Final = {v: np.array([_AT[q] for g in groups_of(v) for q in GROUPS[g]]) for v in VARIANTS.values()}
_OK, _NOBODY, _NO_FACE = int(Reason.OK), np.int8(Reason.NOBODY), np.int8(Reason.FACE_NOT_SEEN)
_IMPLAUSIBLE, _UNSTABLE = np.int8(Reason.IMPLAUSIBLE), np.int8(Reason.UNSTABLE)
_UNCERTAIN: Final = np.int8(Reason.UNCERTAIN)


def measure_front(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    """Measure N frames seen from the front against a baseline seen from the front.

    Args:
        lm: landmarks of N frames; without a contour they are measured from landmarks alone, with a larger
            error; without a face only shoulders and trunk are.
        baseline: of the same person and camera, with a face.
        coefficients: `coefficients["front"]` is a `FrontModel`.

    Returns:
        Every quantity of `QUANTITIES`; those withheld carry the reason.
    """
    n = len(lm)
    untold = Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW)
    out = {name: untold for name in QUANTITIES if name not in _TOLD}
    if n == 0 or not _shows_face(baseline):
        reason = Reason.NO_BASELINE if n else Reason.NOT_FROM_THIS_VIEW
        return {name: Estimate.withheld(n, reason) for name in QUANTITIES}
    model = coefficients["front"]
    parts = [_measured(lm if n <= BLOCK else lm[k : k + BLOCK], baseline, model) for k in range(0, n, BLOCK)]
    value, sd, codes = (np.concatenate(p, axis=1) if len(p) > 1 else p[0] for p in zip(*parts, strict=True))
    return out | {name: Estimate(value[k], sd[k], codes[k]) for k, name in enumerate(_TOLD)}


@lru_cache(maxsize=8)
def _shows_face(baseline: Baseline) -> bool:
    """Whether a baseline shows the face and the head and shoulders of the pose."""
    return bool(np.isfinite(baseline.face).all() and np.isfinite(baseline.pose[:13, :2]).all())


def _measured(lm: Landmarks, baseline: Baseline, model: FrontModel) -> tuple[Float, Float, Codes]:
    """Values, standard deviations and reasons (Q, N) of `_TOLD`."""
    view = front_view(baseline, model)
    reading = read_front(lm, view.reference)
    value, sd = fitted_and_mixed(reading, baseline, model)
    told, told_sd = _told(value, sd, reading.yaw_deg)
    return _withheld(told, told_sd, reading, _guess_sd(model))


@lru_cache(maxsize=2)
def _guess_sd(model: FrontModel) -> Float:
    """(Q, 1) how wrong the guess "as at rest" is among the postures of the fit; no limit for the others.

    It holds for what a posture is named for. What speaks against one (another distance, a leaning trunk, a pitch that
    explains the neck) is kept however vague: without it more would be called a poor posture, not less.
    """
    out = np.full(len(_TOLD), np.inf)
    for name in ("cva_change_deg", "head_forward_cm", "shoulder_elevation_cm", "protraction_cm", "sink_cm"):
        out[_TOLD.index(name)] = model.spread["full"][_AT[name]]
    return out[:, None]


def fitted_and_mixed(reading: FrontReading, baseline: Baseline, model: FrontModel) -> tuple[Float, Float]:
    """(N, T) values and standard deviations of `FITTED`; NaN where no variant can answer."""
    n = len(reading)
    value, sd = np.full((2, n, len(FITTED)), np.nan)
    for (with_face, with_contour), variant in VARIANTS.items():
        chosen = reading.body & (reading.face == with_face) & (reading.contour == with_contour)
        if chosen.all():
            value[:, _COLUMNS[variant]], sd[:, _COLUMNS[variant]] = _one(reading, baseline, model, variant)
            break
        if chosen.any():
            at = np.ix_(chosen, _COLUMNS[variant])
            value[at], sd[at] = _one(reading[chosen], baseline, model, variant)
    return value, sd


def _one(reading: FrontReading, baseline: Baseline, model: FrontModel, variant: str) -> tuple[Float, Float]:
    """Values and standard deviations of what a variant answers."""
    both, spread = model.answers(variant, reading, front_view(baseline, model)), model.spread[variant]
    answers = both.since(_at_rest(baseline, model, variant)).mixed(model.share[variant], spread)
    sd = stated_sd(answers, spread, model.sd[variant], reading.camera, model.reach[variant])
    return answers.value, sd


@lru_cache(maxsize=16)
def _at_rest(baseline: Baseline, model: FrontModel, variant: str) -> Float:
    """(2, T) the answers of process and network to the baseline itself."""
    view = front_view(baseline, model)
    return model.at_rest(variant, read_front(baseline.as_landmarks(), view.reference), view)


def _told(value: Float, sd: Float, mesh_yaw_deg: Float) -> tuple[Float, Float]:
    """(Q, N) values and standard deviations of `_TOLD`."""
    out, spread = np.empty((len(_TOLD), len(value))), np.empty((len(_TOLD), len(value)))
    out[:_COUNT], spread[:_COUNT] = value.take(_DIRECT, axis=1).T, sd.take(_DIRECT, axis=1).T
    mean, half, distance = value[:, _ELEVATION], value[:, _ASYMMETRY], value[:, _DISTANCE]
    out[_COUNT], out[_COUNT + 1] = mean + half, mean - half
    spread[_COUNT : _COUNT + 2] = np.hypot(sd[:, _ELEVATION], sd[:, _ASYMMETRY])
    out[_COUNT + 2] = np.exp(distance / 100.0)
    spread[_COUNT + 2] = out[_COUNT + 2] * sd[:, _DISTANCE] / 100.0
    turned = np.minimum(
        np.maximum((np.abs(mesh_yaw_deg) - YAW_FROM_DEG) / (YAW_TO_DEG - YAW_FROM_DEG), 0.0), 1.0
    )
    out[_YAW] += turned * (mesh_yaw_deg - out[_YAW])
    spread[_YAW] += turned * (YAW_SD_DEG - spread[_YAW])
    out[_TRUNK_YAW] *= TRUNK_YAW_SLOPE
    spread[_TRUNK_YAW] = np.hypot(TRUNK_YAW_SD_DEG, TRUNK_YAW_SD_SHARE * out[_TRUNK_YAW])
    return out, spread


def _withheld(value: Float, sd: Float, reading: FrontReading, guess_sd: Float) -> tuple[Float, Float, Codes]:
    """Reasons (Q, N), and the values that stand.

    Told is what is surer than a guess, or a change larger than its standard deviation: less is no answer (ours).
    """
    codes = np.where(np.isfinite(value), np.int8(0), _UNSTABLE)
    vague = sd > np.maximum(guess_sd, np.abs(value))
    if vague.any():
        codes[vague] = _UNCERTAIN
    codes[np.abs(value) > _LIMIT] = _IMPLAUSIBLE
    if not reading.face.all():
        codes[_FACE[:, None] & ~reading.face] = _NO_FACE
    if reading.contradicts.any():
        codes[:, reading.contradicts] = _IMPLAUSIBLE
    if not reading.body.all():
        codes[:, ~reading.body] = _NOBODY
    ok = codes == _OK
    return (value, sd, codes) if ok.all() else (np.where(ok, value, np.nan), np.where(ok, sd, np.nan), codes)
