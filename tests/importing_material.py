"""Landmarks as other programs write them down."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from posture_cv.importing.keypoints import _BODY_25
from posture_cv.importing.types import COCO_17, POSE_NAMES, ImportOptions
from posture_cv.landmarks.types import Landmarks

SIZE = ImportOptions(size_px=(640, 480))
NUMBERED = ImportOptions(size_px=(640, 480), rate_hz=10.0)
Make = Callable[[Landmarks, Path], tuple[Path, ImportOptions]]


def wide(
    lm: Landmarks, folder: Path, name: str = "{axis}{point}", first: int = 0
) -> tuple[Path, ImportOptions]:
    """MediaPipe's pose as a table with a row a frame, with the options to read it by."""
    path = folder / "wide.csv"
    columns = [(point, axis) for point in range(33) for axis in ("x", "y", "z", "visibility")]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        titles = [name.format(axis=a, point=p + first, name=POSE_NAMES[p]) for p, a in columns]
        writer.writerow(["t_s", *titles])
        for t, row in zip(lm.t_s, lm.pose[:, :, :4].reshape(len(lm), -1), strict=True):
            writer.writerow([t, *("" if np.isnan(value) else repr(float(value)) for value in row)])
    return path, SIZE


def long(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    """MediaPipe's pose as a table with a row a point."""
    path = folder / "long.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "landmark", "x", "y", "z", "visibility"])
        for frame, pose in enumerate(lm.pose):
            for point, values in enumerate(pose[:, :4].tolist()):
                if not np.isnan(values[0]) or point == 0:
                    writer.writerow([frame, POSE_NAMES[point], *("" if np.isnan(v) else v for v in values)])
    return path, NUMBERED


def npz(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    """Pose and face as arrays."""
    path = folder / "marks.npz"
    np.savez(path, pose=lm.pose[:, :, :4], face=lm.face, t_s=lm.t_s, size=lm.size_px[0])
    return path, ImportOptions()


def triples(lm: Landmarks, frame: int, places: tuple[int, ...]) -> list[float]:
    """Some of a frame's points as (x, y, confidence) in pixels, one after the other; place -1: 0 0 0."""
    px = lm.pose_px()[frame]
    values: list[float] = []
    for place in places:
        values += [*px[place].tolist(), float(lm.pose[frame, place, 3])] if place >= 0 else [0.0, 0.0, 0.0]
    return values


def openpose(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    """A file a frame, in which somebody else stands first."""
    path = folder / "frames"
    path.mkdir()
    for frame in range(len(lm)):
        people = []
        if lm.person_found[frame]:
            stranger = {"pose_keypoints_2d": [10.0, 10.0, 0.1] * 25}
            people = [stranger, {"pose_keypoints_2d": triples(lm, frame, _BODY_25)}]
        (path / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    return path, NUMBERED


def coco(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    """A list with an entry for each frame that shows somebody."""
    path = folder / "results.json"
    entries = [
        {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": triples(lm, frame, COCO_17), "score": 0.9}
        for frame in range(len(lm))
        if lm.person_found[frame]
    ]
    path.write_text(json.dumps(entries))
    return path, NUMBERED


def entries(*images: object) -> list[dict[str, object]]:
    """Entries of COCO, one for each image named."""
    return [{"image_id": image, "keypoints": [9.0, 9.0, 0.9] * 17} for image in images]


def edited(path: Path, change: Callable[[Any], Any]) -> Path:
    """The JSON file with its content changed."""
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    return path
