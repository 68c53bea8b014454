"""A block of a landmark recording: int16 steps, differences along time, bytes of equal weight together, packed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.quantise import (
    NOT_THERE,
    PLACES,
    ROW,
    STEPS_PER_UNIT,
    fields_of,
    row_from_steps,
    to_steps,
)
from posture_cv.landmarks.types import SCENE_FIELDS, Float32, Landmarks

FORMAT_VERSION: Final = 4
_LEVEL: Final = 4  # of zlib: 6 takes twice as long and saves 3 % (measured)
SHAPES: Final[Mapping[str, tuple[int, ...]]] = {name: shape for name, (_, shape) in PLACES.items()}
# Of the scene, version 1 knew no more than brightness, shift and growth, version 2 no noise, version 3 nothing of the
# mask and of what is worn: what came later is unknown there.
SHAPES_OF: Final[Mapping[int, Mapping[str, tuple[int, ...]]]] = {
    1: {**SHAPES, "scene": (SCENE_FIELDS.index("bg_support") + 1,)},
    2: {**SHAPES, "scene": (SCENE_FIELDS.index("bg_roll_deg") + 1,)},
    3: {**SHAPES, "scene": (SCENE_FIELDS.index("noise") + 1,)},
    FORMAT_VERSION: SHAPES,
}
_HEAD_BYTES: Final = 8 + 2 * 4  # a frame's time, and the size of its picture
_AT_A_TIME: Final = 32  # frames


def micros(t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) times in seconds as the whole microseconds that a recording keeps."""
    return np.rint(t_s * 1e6)


def pack(lm: Landmarks) -> bytes:
    """The payload of a block."""
    columns = [_shuffled(micros(lm.t_s).astype(np.int64)), _shuffled(lm.size_px.astype(np.int32))]
    columns += [_shuffled(to_steps(name, getattr(lm, name))) for name in STEPS_PER_UNIT]
    return zlib.compress(b"".join(columns), _LEVEL)


def raw_bytes(frames: int, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """What a payload unpacks to."""
    int16 = sum(_size(shape) for shape in shapes.values())
    return frames * (_HEAD_BYTES + 2 * int16)


def unpack(payload: bytes, frames: int, shapes: Mapping[str, tuple[int, ...]]) -> Landmarks:
    """The frames of a block.

    Args:
        payload: as `pack` makes it.
        frames: how many there are.
        shapes: of the fields, from `SHAPES_OF`.

    Raises:
        ValueError: it cannot be unpacked, or does not hold what it should.
    """
    expected = raw_bytes(frames, shapes)
    raw = _inflated(payload, expected, expected + 1)  # one more would be too many
    t_s = _times(raw, frames)
    size_px = _unshuffled(raw[8 * frames : _HEAD_BYTES * frames], (frames, 2), np.int32)
    if (size_px < 1).any():
        raise ValueError("a picture size is not positive")
    return Landmarks(t_s=t_s, size_px=size_px, **fields_of(_rows(raw, frames, shapes)))


def times_of(payload: bytes, frames: int) -> NDArray[np.float64]:
    """(N,) their times alone, seconds: they come first. Raises ValueError, as `unpack`."""
    return _times(_inflated(payload, 8 * frames, 8 * frames), frames)


def _times(raw: bytes, frames: int) -> NDArray[np.float64]:
    return np.asarray(_unshuffled(raw[: 8 * frames], (frames,), np.int64) / 1e6)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _inflated(payload: bytes, expected: int, most: int) -> bytes:
    """The first bytes, `most` of them, which must be as many as expected."""
    try:
        raw = zlib.decompressobj().decompress(payload, most)
    except zlib.error as error:
        raise ValueError(f"a block cannot be unpacked: {error}") from error
    if len(raw) != expected:
        raise ValueError("a block has the wrong length")
    return raw


def _rows(raw: bytes, frames: int, shapes: Mapping[str, tuple[int, ...]]) -> Float32:
    """(N, 2485) all fields of a frame in a row; what an earlier version does not hold is not there.

    Some rows at a time, which stay in a core's cache: whole blocks take pages from the system that it clears anew.
    """
    fields = list(_weights(raw, frames, shapes))
    before = np.full(ROW, NOT_THERE, np.int16).view(np.uint16)
    for told, _ in fields:
        before[told] = 0
    values = np.empty((frames, ROW), np.float32)
    for start in range(0, frames, _AT_A_TIME):
        some = slice(start, min(start + _AT_A_TIME, frames))
        steps = _differences(fields, some)
        for row in steps:  # `np.cumsum` goes column by column
            before = np.add(row, before, out=row)
        row_from_steps(steps.view(np.int16), out=values[some])
    return values


def _weights(
    raw: bytes, frames: int, shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """Of each field where it stands in a row, and (2, N, width) the lower and the upper bytes of its differences."""
    at = _HEAD_BYTES * frames
    for name, (place, _) in PLACES.items():
        width = _size(shapes[name])
        part = np.frombuffer(raw, np.uint8, 2 * frames * width, at)
        yield slice(place.start, place.start + width), part.reshape(2, frames, width)
        at += len(part)


def _differences(fields: Sequence[tuple[slice, NDArray[np.uint8]]], frames: slice) -> NDArray[np.uint16]:
    """(N, 2485) what each number of these frames differs by from that of the frame before."""
    steps = np.zeros((frames.stop - frames.start, ROW), "<u2")
    low_high = steps.view(np.uint8).reshape(*steps.shape, 2)
    for told, weights in fields:
        low_high[:, told, 0], low_high[:, told, 1] = weights[:, frames]
    return steps


def _shuffled(values: NDArray[Any]) -> bytes:
    """Differences along time (wrapping), then the bytes of equal weight together: both compress well."""
    first, rest = values[:1], np.diff(values, axis=0)
    steps = np.ascontiguousarray(np.concatenate([first, rest]))
    return steps.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def _unshuffled(data: bytes, shape: tuple[int, ...], kind: type[np.signedinteger[Any]]) -> NDArray[Any]:
    """Undo `_shuffled`."""
    size = np.dtype(kind).itemsize
    steps = np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(size, -1).T).view(f"<u{size}")
    return np.cumsum(steps.reshape(shape), axis=0, dtype=f"<u{size}").view(kind)
