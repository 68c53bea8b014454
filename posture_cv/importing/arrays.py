"""Landmarks in NumPy files: `.npz` with named arrays, or a single array in `.npy`."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from posture_cv.importing.types import COCO_17, HELP, MOST_BYTES, Float, ImportingError, Raw
from posture_cv.landmarks.names import FACE_COUNT, POSE_COUNT

_FACE_COUNTS: Final = (FACE_COUNT, FACE_COUNT + 10)  # with the ten points of the irises, which are left out
_NAMES: Final = (
    "pose",
    "face",
    "t_s",
    "frame",
    "size",
    "size_px",
    "world",
)  # what is read; others are passed over
NOT_READ: Final = (
    *(
        OSError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
        MemoryError,
    ),
    *(SyntaxError, TokenError, zipfile.BadZipFile, zlib.error),
)
"""What numpy and zipfile answer to damage."""


def why_not_read(error: Exception) -> str:
    """Why a file was not read, in words; numpy takes every other file for a pickle and advises to trust it."""
    text = str(error)
    return "It is no file of NumPy, or holds objects" if "allow_pickle" in text else text


def read_arrays(path: Path) -> Raw:
    """Read `pose` (N, 33, 2-8) or (N, 17, 2-3), and where they are there `face`, `t_s`, `frame`, `size`, `world`.

    Raises:
        ImportingError: unreadable, no such array, several that could be meant, or wrong shapes.
    """
    arrays = _arrays(path)
    pose = _pose(path, arrays)
    raw = raw_of_pose(pose)
    n = len(pose)
    face = _optional(path, arrays, "face", lambda s: len(s) == 3 and s[1] in _FACE_COUNTS and s[2] == 3, n)
    world = _optional(path, arrays, "world", lambda s: s[1:] == (POSE_COUNT, 3), n)
    return replace(
        raw,
        t_s=_optional(path, arrays, "t_s", lambda s: len(s) == 1, n),
        frame=_optional(path, arrays, "frame", lambda s: len(s) == 1, n),
        face=None if face is None else face[:, :FACE_COUNT],
        world_m=raw.world_m if world is None else world,
        size_px=_size(path, arrays),
    )


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    """Every array of numbers in the file; nothing is unpickled."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, NpzFile):
                return {"pose": loaded} if _is_numeric(path, "pose", loaded) else {}
            with loaded:
                _refuse_excess(path, loaded)
                found = {name: _read(loaded, name) for name in loaded.files}
            return {name: a for name, a in found.items() if a is not None and _is_numeric(path, name, a)}
    except NOT_READ as error:
        raise ImportingError(
            f"This is no NumPy file that can be read: {path}",
            f"{why_not_read(error)}.",
            "Save it with numpy.savez, without objects.",
        ) from error


def _read(archive: NpzFile, name: str) -> NDArray[Any] | None:
    """An array; None where it is no part of the landmarks and holds objects, which only unpickling would read."""
    try:
        return np.asarray(archive[name])
    except ValueError:
        if name in _NAMES:
            raise
        return None


def _refuse_excess(path: Path, archive: NpzFile) -> None:
    """A small file may unpack to any size: the headers are asked first."""
    assert archive.zip is not None
    claimed = sum(info.file_size for info in archive.zip.infolist())
    if claimed > MOST_BYTES:
        raise ImportingError(
            f"This file unpacks to too much: {path}", f"{claimed:,} bytes.", "Divide the recording."
        )


def _is_numeric(path: Path, name: str, array: NDArray[Any]) -> bool:
    """Whether it holds numbers; what is read by its name must."""
    numeric = array.dtype.kind in "fiu" and math.prod(array.shape) * 8 <= MOST_BYTES
    if not numeric and name in _NAMES:
        raise ImportingError(f"No array of {name} in {path}", f"It holds {array.dtype}, not numbers.", HELP)
    return numeric


def _pose(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Float:
    fits = {
        name: array
        for name, array in arrays.items()
        if array.ndim == 3
        and (
            (array.shape[1] == POSE_COUNT and array.shape[2] in (2, 3, 4, 5, 8))
            or (array.shape[1] == len(COCO_17) and array.shape[2] in (2, 3))
        )
        and name != "world"
    }
    if "pose" in fits:
        fits = {"pose": fits["pose"]}
    if len(fits) != 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise ImportingError(
            f"{'No' if not fits else 'More than one'} array of pose landmarks in {path}",
            f"It holds {shapes}.",
            f"Expected pose of shape (N, 33, 3), (N, 33, 4), (N, 33, 5) or (N, 17, 3). {HELP}",
        )
    return next(iter(fits.values())).astype(np.float64, copy=False)


def raw_of_pose(pose: Float) -> Raw:
    """Points of an array (N, 33, 2-8) or (N, 17, 2-3), see `read_arrays`."""
    if pose.shape[1] == len(COCO_17):
        raw = Raw.empty(len(pose), "coco-17-npz")
        raw.xy[:, COCO_17] = pose[:, :, :2]
        if pose.shape[2] == 3:
            raw.visibility[:, COCO_17] = pose[:, :, 2]
            raw.xy[raw.visibility == 0.0] = np.nan
        return raw
    raw = replace(Raw.empty(len(pose), "mediapipe-npz"), xy=pose[:, :, :2])
    fields = [raw.z, raw.visibility, raw.presence, *(raw.world_m[:, :, k] for k in range(3))]
    for field, column in zip(fields, range(2, pose.shape[2]), strict=False):
        field[:] = pose[:, :, column]
    return raw


def _optional(path: Path, arrays: Mapping[str, NDArray[Any]], name: str, fits: Any, n: int) -> Float | None:  # noqa: ANN401
    if name not in arrays:
        return None
    array = arrays[name]
    if not fits(array.shape) or len(array) != n:
        raise ImportingError(f"{name} has shape {array.shape} beside a pose of {n} frames: {path}", "", HELP)
    return array.astype(np.float64, copy=False)


def _size(path: Path, arrays: Mapping[str, NDArray[Any]]) -> tuple[int, int] | None:
    for name in ("size", "size_px"):
        if name in arrays:
            sizes = np.unique(np.atleast_2d(arrays[name]), axis=0)
            if sizes.shape != (1, 2) or not (np.isfinite(sizes) & (sizes % 1 == 0)).all():
                raise ImportingError(
                    f"{name} is not one width and height in whole pixels: {path}",
                    f"Shape {arrays[name].shape}.",
                    HELP,
                )
            return int(sizes[0, 0]), int(sizes[0, 1])
    return None
