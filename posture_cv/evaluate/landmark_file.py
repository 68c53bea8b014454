"""`landmarks.npz` of a data set: ready-made landmarks of every picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from posture_cv.evaluate.errors import EvaluationError
from posture_cv.importing.arrays import NOT_READ, why_not_read
from posture_cv.landmarks.names import FACE_COUNT, POSE_COUNT
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, POSE_FIELDS, Float, Float32, Landmarks
from posture_cv.measure.baseline import nanmean_quiet

FILE_NAME: Final = "landmarks.npz"
_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "name": (),
    "pose": (POSE_COUNT, len(POSE_FIELDS)),
    "face": (FACE_COUNT, 3),
    "size": (2,),
}
_CONTOUR_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "rows": (2 * CONTOUR_ROWS, 2),
    "cols": (2 * CONTOUR_COLS,),
}
_MOST_BYTES: Final = 2_000_000_000
"""Some 160,000 pictures; ours."""
_MOST_NAMED: Final = 5
_T = TypeVar("_T", bound=np.generic)
Arrays = Mapping[str, NDArray[np.generic]]


def has_contour(file: Path) -> bool:
    """Whether the file holds the contour of the person's mask too.

    Raises:
        EvaluationError: it is no `.npz`.
    """
    with _opened(file) as archive:
        return set(_CONTOUR_SHAPES) <= set(archive.files)


def read_arrays(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The arrays of an `.npz`, each of `shapes` checked: (N, *shape), all with the N of the first.

    Raises:
        EvaluationError: unreadable, an array missing or of another shape.
    """
    with _opened(file) as archive:
        missing = [key for key in shapes if key not in archive.files]
        if missing:
            held = ", ".join(archive.files) or "nothing"
            raise EvaluationError(f"{file} has no {', '.join(missing)}", f"It holds: {held}.")
        _refuse_excess(file, archive, shapes)
        arrays = {key: archive[key] for key in shapes}
    first = next(iter(arrays.values()))
    count = len(first) if first.ndim else 0
    for key, shape in shapes.items():
        if arrays[key].shape != (count, *shape):
            raise EvaluationError(f"{file}: {key} has shape {arrays[key].shape}, expected {(count, *shape)}")
    return arrays


def _refuse_excess(file: Path, archive: NpzFile, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse arrays that would fill the memory: a small file may unpack to any size."""
    claimed = 0
    assert archive.zip is not None
    for key in shapes:
        with archive.zip.open(f"{key}.npy") as stream:
            read = read_array_header_1_0 if read_magic(stream) == (1, 0) else read_array_header_2_0
            shape, _, dtype = read(stream)
        claimed += math.prod(shape) * dtype.itemsize
    if claimed > _MOST_BYTES:
        raise EvaluationError(
            f"{file} holds too much",
            f"Its arrays take {claimed:,} bytes; at most {_MOST_BYTES:,} are read.",
            "Divide the data set.",
        )


@contextmanager
def _opened(file: Path) -> Iterator[NpzFile]:
    try:
        with file.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, NpzFile):
                raise EvaluationError(
                    f"{file} holds a single array", "", "It must be an .npz file with several."
                )
            with archive:
                yield archive
    except NOT_READ as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> EvaluationError:
    return EvaluationError(
        f"Cannot read {file}", f"{why_not_read(error)}.", "It must be an .npz file of numpy, without pickles."
    )


def read_landmarks(file: Path, wanted: Sequence[str]) -> Landmarks:
    """Landmarks of the wanted pictures, in that order; t_s counts 0, 1, 2 ... and the scene is unknown.

    Args:
        file: the `.npz`; `name` holds picture names, or frame numbers for names such as "desk.mp4#80".
        wanted: names as in `Truth.file`.

    Raises:
        EvaluationError: unreadable, wrong shapes, a wanted picture is not in it or stands there twice, or frame
            numbers alone where several videos are asked for.
    """
    contour = has_contour(file)
    arrays = read_arrays(file, {**_SHAPES, **(_CONTOUR_SHAPES if contour else {})})
    index = _places(file, arrays["name"], wanted)
    lm = points(file, arrays, index)
    if contour and len(lm):
        lm.rows[:], lm.cols[:] = contour_from_pixels(
            _numbers(file, arrays, "rows", np.int32)[index], _numbers(file, arrays, "cols", np.int32)[index]
        )
    return lm


def points(file: Path, arrays: Arrays, index: NDArray[np.intp]) -> Landmarks:
    """Pose, face and picture size of the chosen rows of an `.npz`, as landmarks without an outline.

    Raises:
        EvaluationError: an array holds no numbers, or a size below 1.
    """
    lm = Landmarks.empty(len(index))
    lm.size_px[:] = _numbers(file, arrays, "size", np.int32)[index]
    lm.pose[:] = _numbers(file, arrays, "pose", np.float32)[index]
    lm.face[:] = _numbers(file, arrays, "face", np.float32)[index]
    if len(lm) and lm.size_px.min() < 1:
        raise EvaluationError(f"{file}: size holds a width or height below 1")
    return lm


def _places(file: Path, names: NDArray[np.generic], wanted: Sequence[str]) -> NDArray[np.intp]:
    """Where each wanted picture stands in the file."""
    keys = _by_number(file, wanted) if names.dtype.kind in "iu" else list(wanted)
    held = [str(name) for name in names.tolist()]
    at = {name: place for place, name in enumerate(held)}
    absent = [name for name, key in zip(wanted, keys, strict=True) if key not in at]
    if absent:
        raise EvaluationError(
            f"{file} has no landmarks of {len(absent)} of {len(wanted)} pictures of ground_truth.csv",
            f"The first: {absent[0]}. Its own names look like {held[0] if held else '(none)'!r}.",
            "Names must be those of the column `file`.",
        )
    _refuse_twice(file, held, keys)
    return np.array([at[key] for key in keys], np.intp)


def _by_number(file: Path, wanted: Sequence[str]) -> list[str]:
    """The wanted frames by their number alone, which names a frame only as long as there is one video."""
    videos = sorted({name.rpartition("#")[0] for name in wanted})
    if len(videos) > 1:
        raise EvaluationError(
            f"{file} names frames by their number only",
            f"The ground truth beside it has several videos: {', '.join(videos[:_MOST_NAMED])}.",
            "Use the names of the column `file`, or give each video a folder of its own.",
        )
    return [name.rpartition("#")[2] for name in wanted]


def _refuse_twice(file: Path, held: Sequence[str], keys: Sequence[str]) -> None:
    """Refuse a file that holds a wanted picture more than once: which landmarks are meant cannot be told."""
    twice = {name for name, count in Counter(held).items() if count > 1}.intersection(keys)
    if twice:
        raise EvaluationError(
            f"{file} holds {len(twice)} pictures of ground_truth.csv more than once",
            f"One of them: {min(twice)}.",
            "Keep one row of each.",
        )


def _numbers(file: Path, arrays: Arrays, key: str, dtype: type[_T]) -> NDArray[_T]:
    values = arrays[key]
    try:
        # numpy makes some whole number or other of what is no number, and merely warns
        if np.issubdtype(dtype, np.integer) and values.dtype.kind == "f" and not np.isfinite(values).all():
            raise EvaluationError(f"{file}: {key} holds values that are no numbers")
        return values.astype(dtype)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"{file}: {key} does not hold numbers", str(error)) from error


def contour_from_pixels(rows: NDArray[np.integer], cols: NDArray[np.integer]) -> tuple[Float32, Float32]:
    """Contour of N masks of 640x480 as shares of the picture, two lines averaged into one.

    Args:
        rows: (N, 480, 2) first and last column of the person in each row, -1 where none.
        cols: (N, 640) first row of the person in each column, -1 where none.

    Returns:
        (N, 240, 2) and (N, 320) as in `Landmarks`. The last column's right-hand edge is the person's edge.

    Raises:
        ValueError: other shapes.
    """
    height, width = rows.shape[1], cols.shape[1]
    if rows.shape[1:] != (2 * CONTOUR_ROWS, 2) or cols.shape[1:] != (2 * CONTOUR_COLS,):
        raise ValueError(
            f"contour of shapes {rows.shape} and {cols.shape}, expected (N, 480, 2) and (N, 640)"
        )
    edges = np.where(rows < 0, np.nan, rows + np.array([0.0, 1.0])) / width
    tops = np.where(cols < 0, np.nan, cols.astype(np.float64)) / height
    return _pair_mean(edges).astype(np.float32), _pair_mean(tops).astype(np.float32)


def _pair_mean(values: Float) -> Float:
    """(N, 2k, ...) -> (N, k, ...), NaN only where both of a pair are NaN."""
    pairs = values.reshape(values.shape[0], values.shape[1] // 2, 2, *values.shape[2:])
    return nanmean_quiet(pairs, axis=2)
