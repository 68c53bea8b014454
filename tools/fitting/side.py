"""Fit the side view's estimators: kernel ridge on the registered pieces of the outline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.kernel_fit import Frames, Recipe, figures, fit, fit_sd, left_out, store
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmedian_quiet
from posture_cv.measure.side import FITTED, contour_usable, side_features
from posture_cv.measure.side_features import FRONT_CM
from posture_cv.measure.types import View

Float = NDArray[np.float64]

_HEAD = ("gap_x", "gap_y", "head_t", "back_t", "back_y", "thead_x", "thead_y", "thead_t", "neck_turn")
_SHAPE = ("shape_head", "shape_nape", "shape_shoulder", "shape_neck", "shape_trunk")
_LOW = ("bend_x", "bend_t", "low_t", "low_x", "low_rms", "low_share")
_CHEST = tuple(f"front{cm:+.1f}" for cm in FRONT_CM[3:13])
_NECK = tuple(f"front{cm:+.1f}" for cm in FRONT_CM[2:9])
_THORAX = ("thead_x", "thead_y", "thead_t", "back_t", "back_y")
_ARMS = tuple(f"{axis}{point}" for axis in "xy" for point in (11, 12, 13, 14))
_FACE = tuple(f"{axis}{point}" for axis in "xy" for point in (0, 7, 8))
_FORWARD = Recipe((_HEAD, (*_HEAD, *_SHAPE), (*_HEAD, *_NECK)), 0.05, 1.5)
_TRUNK = (*_HEAD[:5], *_LOW, "back_x")
RECIPES: dict[str, Recipe] = {
    "cva_change_deg": _FORWARD,
    "head_forward_cm": _FORWARD,
    "head_pitch_deg": Recipe((_HEAD[:5], ("head_t", "thead_x", "thead_y", "back_t", *_FACE)), 0.3, 1.2),
    "shoulder_elevation_cm": Recipe(((*_THORAX, *_ARMS), (*_THORAX, *_ARMS, *_CHEST)), 0.3, 1.2),
    "protraction_cm": Recipe(
        (
            (*_THORAX, *_ARMS, *_CHEST),
            (*_THORAX, *_ARMS, *_CHEST, *_SHAPE),
            (*_THORAX, *_ARMS, *_CHEST, "m14_x", "m14_y", "m12_x", "m12_y"),
        ),
        0.3,
        1.2,
    ),
    "trunk_incl_deg": Recipe((_TRUNK, (*_TRUNK, "m24_x", "m24_y"), (*_HEAD[:8], *_LOW)), 0.05, 1.5),
    "sink_cm": Recipe(((*_HEAD[:8], *_LOW), (*_THORAX, *_LOW, "m12_y", "m14_y")), 0.1, 1.5),
}
MARKS = (0, 5, 7, 8, 10, 11, 14, 16, 24)
LANDMARK_RECIPE = Recipe(((*(f"m{p}_{a}" for p in MARKS for a in "xy"), "m12_x", "m12_y"),), 0.2, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One person and camera: features of the judged frames and the true changes."""

    subject: str
    contour: dict[str, Float] | None
    landmarks: dict[str, Float]
    usable: NDArray[np.bool_]
    truth: dict[str, Float]


def true_changes(truth: Mapping[str, Any], calibration: NDArray[np.bool_]) -> dict[str, Float]:
    """The change of every quantity against the median of the calibration frames."""

    def mean(*names: str) -> Float:
        return np.asarray(np.mean([np.asarray(truth[k], np.float64) for k in names], axis=0))

    absolute = {
        "cva_change_deg": mean("cva_deg"),
        "head_forward_cm": mean("head_fwd_rel_trunk_delta_cm"),
        "head_pitch_deg": mean("head_pitch_down_deg"),
        "shoulder_elevation_cm": mean("elevation_delta_cm_L", "elevation_delta_cm_R"),
        "protraction_cm": mean("protraction_delta_cm_L", "protraction_delta_cm_R"),
        "trunk_incl_deg": mean("trunk_incl_deg"),
        "sink_cm": -100.0 * mean("w_ACR_L_y_m", "w_ACR_R_y_m"),
        "head_yaw_deg": mean("head_yaw_deg"),
        "head_roll_deg": -mean("head_roll_deg"),  # the truth counts the right as positive, we the left
        "trunk_yaw_deg": mean("trunk_yaw_deg"),
    }
    return {k: v - np.median(v[calibration]) for k, v in absolute.items()}


def baseline_from(lm: Landmarks, view: View) -> Baseline:
    """Median of calibration frames."""
    size = (int(lm.size_px[0, 0]), int(lm.size_px[0, 1]))
    parts = {k: nanmedian_quiet(getattr(lm, k)) for k in ("pose", "face", "rows", "cols")}
    return Baseline(view=view, size_px=size, frame_count=len(lm), spread={}, **parts)


def clips_of(
    lm: Landmarks, truth: Mapping[str, Any], view: str
) -> Iterator[tuple[str, Landmarks, Baseline, dict[str, Float]]]:
    """(subject, judged frames, baseline, true changes) of each subject and camera of one view."""
    column = {k: np.asarray(truth[k]) for k in ("subject", "camera", "view", "segment", "person_present")}
    keys = np.char.add(np.char.add(column["subject"].astype(str), "/"), column["camera"].astype(str))
    chosen = (column["view"] == view) & (column["person_present"] == 1)
    for key in dict.fromkeys(keys[chosen]):
        index = np.flatnonzero(chosen & (keys == key))
        calibration = column["segment"][index] == "calibration"
        changes = true_changes({k: np.asarray(truth[k])[index] for k in truth}, calibration)
        baseline = baseline_from(lm[index[calibration]], View[view.upper()])
        judged = index[~calibration]
        yield key.split("/")[0], lm[judged], baseline, {k: v[~calibration] for k, v in changes.items()}


def side_clips(lm: Landmarks, truth: Mapping[str, Any]) -> list[Clip]:
    """Features and truth of every side clip."""
    out: list[Clip] = []
    for subject, every, baseline, all_changes in clips_of(lm, truth, "side"):
        found = every.person_found
        frames, changes = every[found], {k: v[found] for k, v in all_changes.items()}
        contour, marks, _ = side_features(frames, baseline)
        usable = np.zeros(len(frames), bool) if contour is None else contour_usable(contour)
        out.append(Clip(subject, contour, marks, usable, changes))
    return out


def _join(parts: list[dict[str, Float]]) -> dict[str, Float]:
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def _frames(clips: list[Clip], name: str, *, contour: bool) -> Frames:
    """All frames of some clips for one quantity; with `contour` only those whose outline is usable."""
    parts = [c for c in clips if c.contour is not None or not contour]
    keep = [c.usable if contour else np.ones(len(c.usable), bool) for c in parts]
    tables = [c.contour if contour and c.contour is not None else c.landmarks for c in parts]
    x = _join([{k: v[u] for k, v in table.items()} for table, u in zip(tables, keep, strict=True)])
    y = np.concatenate([c.truth[name][u] for c, u in zip(parts, keep, strict=True)])
    who = np.concatenate([np.repeat(c.subject, int(u.sum())) for c, u in zip(parts, keep, strict=True)])
    return Frames(x, y, who, np.ones(len(y)))


def fit_side(
    lm: Landmarks, truth: Mapping[str, Any], jittered: Sequence[tuple[Landmarks, Mapping[str, Any]]] = ()
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Fit the side view.

    Args:
        lm, truth: the training set; only its side clips are used.
        jittered: the same pictures turned, scaled, shifted and re-exposed, measured anew, with their truth: they
            teach how the landmarks and the outline scatter. They are fitted on, never judged.

    Returns:
        Arrays of `side.npz`, and for each quantity a line of figures on persons left out.
    """
    clips = side_clips(lm, truth)
    extra = [clip for frames, rows in jittered for clip in side_clips(frames, rows)]
    arrays: dict[str, NDArray[Any]] = {}
    lines: dict[str, str] = {}
    for name in FITTED:
        for key, contour, recipe in (
            (name, True, RECIPES[name]),
            (f"landmarks.{name}", False, LANDMARK_RECIPE),
        ):
            judged = _frames(clips, name, contour=contour)
            train = _frames(clips + extra, name, contour=contour)
            value, inputs = left_out(train, judged, recipe)
            sd = fit_sd(value - judged.y, inputs)
            store(arrays, key, fit(train, recipe), sd)
            lines[key] = figures(value, judged.y, np.exp(inputs @ sd))
    return arrays, lines
