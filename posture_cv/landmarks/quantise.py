"""Landmarks as small integers: what a recording stores, and what every estimator therefore returns.

Each estimator rounds its output to these steps, so that a recording replayed later gives the same numbers,
bit for bit, as the pictures gave when they were seen. The steps are far below the models' own noise: half a
step of a landmark is 0.04 px in a picture 640 px wide, against about 0.3 px of jitter.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Float32, Landmarks

NOT_THERE: Final = -32768
_LIMIT: Final = 32767
_AT_A_TIME: Final = 1024  # frames

# Steps per unit, of each number in the order of the field's columns (`POSE_FIELDS`, `SCENE_FIELDS`). Pose x, y reach
# +-4 (shares of the picture), z +-8, visibility and presence 0-1, world +-4 m; the roll of the background (100) all of
# its degrees.
STEPS_PER_UNIT: Final[Mapping[str, NDArray[np.float64]]] = MappingProxyType(
    {
        "pose": np.array([8000, 8000, 4000, 8000, 8000, 8000, 8000, 8000], np.float64),
        "face": np.array([8000, 8000, 8000], np.float64),
        "rows": np.array([30000, 30000], np.float64),
        "cols": np.array(30000, np.float64),
        "scene": np.array([8000] * 8 + [100, 8000, 30000] + [8000] * 6, np.float64),
    }
)


def to_steps(field: str, values: Float32) -> NDArray[np.int16]:
    """The values (N, …) of one field as int16 steps; NaN becomes `NOT_THERE`, what is beyond the range its end."""
    steps = np.rint(values.astype(np.float64) * STEPS_PER_UNIT[field])
    missing = np.isnan(steps)
    held = np.clip(np.where(missing, 0.0, steps), -_LIMIT, _LIMIT).astype(np.int16)
    held[missing] = NOT_THERE
    return held


def from_steps(field: str, steps: NDArray[np.int16]) -> Float32:
    """(N, …) the values of one field, of its steps (N, …); `NOT_THERE` becomes NaN."""
    return _valued(steps, STEPS_PER_UNIT[field].astype(np.float32), np.empty(steps.shape, np.float32))


def row_from_steps(steps: NDArray[np.int16], out: Float32) -> None:
    """The same for rows (N, 2485) of all fields of a frame; see `fields_of`."""
    _valued(steps, _UNITS_32, out)


def fields_of(rows: Float32) -> dict[str, Float32]:
    """The fields of N frames, parts of the rows (N, 2485) given, in which they stand in the order of `PLACES`."""
    return {name: rows[:, part].reshape(len(rows), *shape) for name, (part, shape) in PLACES.items()}


def _valued(steps: NDArray[np.int16], per_unit: Float32, out: Float32) -> Float32:
    """Of 16 bits by 16 bits, single precision gives the number that is nearest, as double precision does."""
    np.divide(steps, per_unit, out=out)
    missing = steps == NOT_THERE
    if missing.any():
        out[missing] = np.nan
    return out


def quantised(lm: Landmarks) -> Landmarks:
    """The same landmarks, rounded to what a recording can store (idempotent)."""
    names = tuple(STEPS_PER_UNIT)
    if len(lm) == 1:  # what a camera costs: all fields at once
        row = np.concatenate([getattr(lm, name).ravel() for name in names])
        row = _rounded(row, _UNITS)
        rounded = {name: row[part].reshape(1, *shape) for name, (part, shape) in PLACES.items()}
    else:
        rounded = {name: rounded_field(name, getattr(lm, name)) for name in names}
    return Landmarks(t_s=np.round(lm.t_s, 6), size_px=lm.size_px, **rounded)


def rounded_field(field: str, values: NDArray[np.floating]) -> Float32:
    """The values (N, ...) of one field, rounded likewise; some at a time, as the doubles in between are large."""
    out = np.empty(values.shape, np.float32)
    for start in range(0, len(values), _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        out[some] = _rounded(values[some].astype(np.float32), STEPS_PER_UNIT[field])
    return out


def _rounded(values: Float32, per_unit: NDArray[np.float64]) -> Float32:
    """What `from_steps` makes of `to_steps`, without the integers in between."""
    steps = values * per_unit
    np.rint(steps, out=steps)
    np.maximum(steps, -_LIMIT, out=steps)
    np.minimum(steps, _LIMIT, out=steps)
    steps += 0.0  # an integer has no -0.0
    steps /= per_unit
    return steps.astype(np.float32)


# Of one frame, all fields in a row: the steps per unit of each number, and where each field stands and its shape.
_FRAME: Final = Landmarks.empty(1)
_UNITS: Final = np.concatenate(
    [np.broadcast_to(unit, getattr(_FRAME, name).shape).ravel() for name, unit in STEPS_PER_UNIT.items()]
)
_UNITS_32: Final = _UNITS.astype(np.float32)
_STOPS: Final = np.cumsum([getattr(_FRAME, name).size for name in STEPS_PER_UNIT]).tolist()
PLACES: Final[Mapping[str, tuple[slice, tuple[int, ...]]]] = {
    name: (slice(start, stop), getattr(_FRAME, name).shape[1:])
    for name, start, stop in zip(STEPS_PER_UNIT, [0, *_STOPS], _STOPS, strict=False)
}
ROW: Final = _STOPS[-1]
