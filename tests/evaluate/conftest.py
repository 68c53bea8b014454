"""A small labelled data set of a made-up person: landmarks by plain geometry, truth to match."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from posture_cv.evaluate.truth import REQUIRED_COLUMNS
from posture_cv.landmarks import names
from posture_cv.landmarks.names import FACE_COUNT, POSE_COUNT

WIDTH, HEIGHT = 640, 480
Row = dict[str, Any]


def face_mesh() -> NDArray[np.float64]:
    """(468, 3) points on half an ellipsoid, 1 unit wide, facing the camera (z towards it is negative)."""
    k = np.arange(FACE_COUNT)
    height = 1.0 - 2.0 * (k + 0.5) / FACE_COUNT
    around = np.pi * (k * 0.618034 % 1.0)
    radius = np.sqrt(1.0 - height**2)
    return np.stack([0.5 * radius * np.cos(around), -0.7 * height, -0.5 * radius * np.sin(around)], axis=1)


FACE_MESH = face_mesh()


def person(
    head_scale: float = 1.0, head_down_px: float = 0.0, shoulder_up_px: float = 0.0
) -> dict[str, NDArray[np.float64]]:
    """Landmarks of one frame as `landmarks.npz` holds them, without the name."""
    pose = np.zeros((POSE_COUNT, 8))
    pose[:, 3:5] = 1.0
    centre = np.array([320.0, 150.0 + head_down_px])
    offsets = {
        names.NOSE: (0, 15),
        names.LEFT_EYE: (30, 0),
        names.RIGHT_EYE: (-30, 0),
        names.LEFT_EAR: (60, 5),
        names.RIGHT_EAR: (-60, 5),
        names.MOUTH_LEFT: (20, 45),
        names.MOUTH_RIGHT: (-20, 45),
    }
    pose[:, :2] = centre / (WIDTH, HEIGHT)
    pose[names.LEFT_ELBOW :, :2] = (0.5, 1.1)  # arms and all below them: under the lower edge
    for point, offset in offsets.items():
        pose[point, :2] = (centre + np.array(offset) * head_scale) / (WIDTH, HEIGHT)
    shoulders = {names.LEFT_SHOULDER: 470.0, names.RIGHT_SHOULDER: 170.0}
    for point, x in shoulders.items():
        pose[point, :2] = np.array([x, 320.0 - shoulder_up_px]) / (WIDTH, HEIGHT)
    mesh = FACE_MESH * 140.0 * head_scale + np.array([centre[0], centre[1] + 15.0, 0.0])
    rows, cols = outline(shoulder_up_px, head_scale, float(centre[1]))
    return {"pose": pose, "face": mesh / (WIDTH, HEIGHT, WIDTH), "rows": rows.copy(), "cols": cols.copy()}


@cache
def outline(up_px: float, head_scale: float, head_v: float) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Head (an ellipse), neck and shoulders as pixel columns and rows; of the few shapes that there are, each once."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    head = ((u - 320) / (75 * head_scale)) ** 2 + ((v - head_v - 10) / (105 * head_scale)) ** 2 <= 1
    neck = (np.abs(u - 320) < 45) & (v > head_v) & (v < 330)
    body = v > 300 - up_px + 0.0012 * (u - 320) ** 2
    mask = head | neck | body
    held = mask.any(axis=1)
    rows = np.full((HEIGHT, 2), -1)
    rows[held, 0] = mask.argmax(axis=1)[held]
    rows[held, 1] = WIDTH - 1 - mask[:, ::-1].argmax(axis=1)[held]
    cols = np.where(mask.any(axis=0), mask.argmax(axis=0), -1)
    return rows.astype(np.int16), cols.astype(np.int16)


def truth_row(file: str, segment: str, /, **values: object) -> Row:
    row: Row = dict.fromkeys(REQUIRED_COLUMNS, 0.0)
    row |= {"file": file, "subject": "s1", "camera": "c1", "view": "front", "segment": segment}
    row |= {"person_present": 1, "cva_deg": 52.0, "posture_class": "good"}
    return row | values


def write_truth(folder: Path, rows: list[Row]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with (folder / "ground_truth.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_landmarks(
    folder: Path, rows: list[Row], frames: list[dict[str, NDArray[np.float64]]], /, **replaced: object
) -> None:
    arrays: dict[str, Any] = {
        "name": np.array([row["file"] for row in rows]),
        "size": np.tile([WIDTH, HEIGHT], (len(rows), 1)),
        "pose": np.stack([f["pose"] for f in frames]).astype(np.float32),
        "face": np.stack([f["face"] for f in frames]).astype(np.float32),
        "rows": np.stack([f["rows"] for f in frames]),
        "cols": np.stack([f["cols"] for f in frames]),
    } | replaced
    np.savez(folder / "landmarks.npz", **{key: value for key, value in arrays.items() if value is not None})


def made_up(subject: str, seed: int) -> tuple[list[Row], list[dict[str, NDArray[np.float64]]]]:
    """Eight calibration frames, then upright, nearer head, looking lower, shrug, and an empty chair."""
    noise = np.random.default_rng(seed)
    kinds = [
        *[("calibration", {}, {})] * 8,
        *[("upright", {}, {})] * 3,
        *[("fhp_severe", {"head_scale": 1.10}, {"cva_deg": 34.0, "posture_class": "bad"})] * 3,
        *[
            (
                "look_down_keyboard",
                {"head_down_px": 20.0},
                {"head_pitch_down_deg": 25.0, "posture_class": "confounder"},
            )
        ]
        * 2,
        *[
            (
                "shrug",
                {"shoulder_up_px": 25.0},
                {"elevation_delta_cm_L": 3.0, "elevation_delta_cm_R": 3.0, "posture_class": "bad"},
            )
        ]
        * 2,
    ]
    rows, frames = [], []
    for number, (segment, shape, truth) in enumerate(kinds):
        frame = person(**shape)
        frame["pose"][:, :2] += noise.normal(0, 0.0006, (POSE_COUNT, 2))
        frame["face"][:, :2] += noise.normal(0, 0.0003, (1, 2))
        rows.append(truth_row(f"{subject}/{number:03d}_{segment}.jpg", segment, subject=subject, **truth))
        frames.append(frame)
    empty = person()
    empty["pose"][:], empty["face"][:], empty["rows"][:], empty["cols"][:] = np.nan, np.nan, -1, -1
    absent = {"cva_deg": "", "person_present": 0, "posture_class": "none"}
    rows.append(truth_row(f"{subject}/absent.jpg", "absent", subject=subject, **absent))
    frames.append(empty)
    return rows, frames


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """A folder with ground truth and landmarks of so many made-up people; `replaced` swaps arrays of the file."""

    def make(people: int = 1, **replaced: object) -> Path:
        folder = tmp_path / "made_up"
        folder.mkdir(exist_ok=True)
        parts = [made_up(f"s{n + 1}", n) for n in range(people)]
        rows = [row for part in parts for row in part[0]]
        write_truth(folder, rows)
        write_landmarks(folder, rows, [frame for part in parts for frame in part[1]], **replaced)
        return folder

    return make


@pytest.fixture
def one_truth_row() -> Callable[..., Row]:
    return truth_row


@pytest.fixture
def write_rows() -> Callable[[Path, list[Row]], None]:
    return write_truth
