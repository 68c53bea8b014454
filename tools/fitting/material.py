"""Ground truth for the fits: landmarks, true changes and baselines, clip by clip."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.evaluate.landmark_file import read_landmarks
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmedian_quiet
from posture_cv.measure.types import View

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
Truth = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class FitClip:
    """Frames of one person before one camera, calibration frames included, with their true changes.

    `rows` are their places in the data set.
    """

    subject: str
    camera: str
    lm: Landmarks
    baseline: Baseline
    changes: dict[str, Float]
    calibration: Mask
    segment: NDArray[np.str_]
    camera_pitch_deg: float
    rows: NDArray[np.intp]


def read_truth(dataset: Path) -> tuple[Landmarks, dict[str, NDArray[Any]]]:
    """Landmarks and the columns of `ground_truth.csv`, row by row; columns that hold numbers are float64."""
    with (dataset / "ground_truth.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    columns = {key: _column([row[key] for row in rows]) for key in rows[0]}
    return read_landmarks(dataset / "landmarks.npz", [row["file"] for row in rows]), columns


def read_parts(folder: Path) -> Iterator[tuple[Landmarks, dict[str, NDArray[Any]]]]:
    """A data set, or each of those in a folder, by name; one that is not finished yet is left out."""
    for part in (folder, *sorted(folder.iterdir())):
        if all((part / name).is_file() for name in ("ground_truth.csv", "landmarks.npz")):
            yield read_truth(part)


def rows_of(truth: Truth, chosen: Mask) -> Truth:
    """Some rows of a data set."""
    return {name: column[chosen] for name, column in truth.items()}


def read_measured(dataset: Path, measured: Path) -> tuple[Landmarks, dict[str, NDArray[Any]]]:
    """Landmarks that `tools/measure_pictures.py` wrote, with their rows of the data set's `ground_truth.csv`."""
    with (dataset / "ground_truth.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    with np.load(measured, allow_pickle=False) as archive:
        chosen = [rows[str(name)] for name in archive["name"]]
        lm = Landmarks.empty(len(chosen))
        for field, key in (("size_px", "size"), *((k, k) for k in ("pose", "face", "rows", "cols"))):
            getattr(lm, field)[:] = archive[key]
    return lm, {key: _column([row[key] for row in chosen]) for key in chosen[0]}


def _column(cells: list[str]) -> NDArray[Any]:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells)


def absolute_values(truth: Truth) -> dict[str, Float]:
    """Every quantity before the baseline's median is taken off; distance as 100 times its logarithm."""

    def mean(*names: str) -> Float:
        return np.asarray(np.mean([np.asarray(truth[name], np.float64) for name in names], axis=0))

    eyes = {a: mean(f"w_EYE_L_{a}_m", f"w_EYE_R_{a}_m") for a in "xyz"}
    depth = sum(truth[f"R2{k}"] * eyes[a] for k, a in enumerate("xyz")) + truth["t2"]
    left, right = (np.asarray(truth[f"elevation_delta_cm_{s}"], np.float64) for s in "LR")
    return {
        "cva_change_deg": mean("cva_deg"),
        "head_forward_cm": mean("head_fwd_rel_trunk_delta_cm"),
        "head_pitch_deg": mean("head_pitch_down_deg"),
        "head_yaw_deg": mean("head_yaw_deg"),
        "head_roll_deg": -mean("head_roll_deg"),  # the truth counts the right as positive, we the left
        "log_distance": 100.0 * np.log(np.where(depth > 0, depth, np.nan)),
        "shoulder_elevation_cm": (left + right) / 2.0,
        "asymmetry": (left - right) / 2.0,
        "protraction_cm": mean("protraction_delta_cm_L", "protraction_delta_cm_R"),
        "trunk_incl_deg": mean("trunk_incl_deg"),
        "trunk_yaw_deg": mean("trunk_yaw_deg"),
        "lateral_lean_deg": mean("lateral_lean_deg"),
        "sink_cm": -100.0 * mean("w_ACR_L_y_m", "w_ACR_R_y_m"),
        "approach_cm": mean("c7_fwd_delta_cm"),
    }


def median_baseline(lm: Landmarks, view: View) -> Baseline:
    """Median of calibration frames."""
    size = (int(lm.size_px[0, 0]), int(lm.size_px[0, 1]))
    parts = {key: nanmedian_quiet(getattr(lm, key)) for key in ("pose", "face", "rows", "cols")}
    return Baseline(view=view, size_px=size, frame_count=len(lm), spread={}, **parts)


def clips_of(lm: Landmarks, truth: Truth, view: View) -> Iterator[FitClip]:
    """The clips of one view in which a person is present."""
    keys = np.char.add(np.char.add(truth["subject"].astype(str), "/"), truth["camera"].astype(str))
    chosen = (truth["view"] == view.label) & (np.asarray(truth["person_present"], np.float64) == 1)
    for key in dict.fromkeys(keys[chosen]):
        index = np.flatnonzero(chosen & (keys == key))
        part = {name: column[index] for name, column in truth.items()}
        calibration = part["segment"] == "calibration"
        values = absolute_values(part)
        changes = {name: value - np.nanmedian(value[calibration]) for name, value in values.items()}
        baseline = median_baseline(lm[index[calibration]], view)
        subject, camera = key.split("/")
        pitch = float(np.degrees(np.arcsin(part["R21"][0])))
        segment = part["segment"].astype(str)
        yield FitClip(subject, camera, lm[index], baseline, changes, calibration, segment, pitch, index)
