"""Who the shipped coefficients were fitted on, told by the truth of the frames rather than by their names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ROWS, PEOPLE = "fitted.rows", "fitted.people"
WITHOUT: Final = "without"  # without.PERSON.…: the same fit with that person left out
# What of a frame's truth makes its fingerprint; columns of a data set's ground_truth.csv.
COLUMNS: Final = (
    "cva_deg",
    "head_fwd_rel_trunk_delta_cm",
    "head_pitch_down_deg",
    "elevation_delta_cm_L",
    "elevation_delta_cm_R",
    "protraction_delta_cm_L",
    "protraction_delta_cm_R",
    "trunk_incl_deg",
)
_STEPS: Final = 1000.0  # of a degree or a centimetre

Prints = NDArray[np.uint64]


def fingerprints(truth: Mapping[str, NDArray[Any]]) -> Prints:
    """(N,) a number for each frame's truth, the same wherever the frame is copied to; 0 where nobody is seen.

    Args:
        truth: the `COLUMNS`, (N,) each; NaN where nobody is present.
    """
    values = np.stack([np.asarray(truth[name], np.float64) for name in COLUMNS], axis=1)
    known = np.asarray(np.isfinite(values).all(axis=1), np.bool_)
    steps = np.round(np.where(known[:, None], values, 0.0) * _STEPS).astype("<i8")
    return np.array(
        [_number(row.tobytes()) if ok else 0 for row, ok in zip(steps, known, strict=True)], np.uint64
    )


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def stamp(rows: Prints, people: NDArray[np.str_]) -> dict[str, NDArray[Any]]:
    """The arrays that record whose frames a fit has seen."""
    found, first = np.unique(rows, return_index=True)
    seen = found != 0
    return {ROWS: found[seen], PEOPLE: people[first[seen]]}


def person_in_fit(arrays: Mapping[str, NDArray[Any]], rows: Prints) -> str | None:
    """Which person of the fit the frames show; None where no frame was in it.

    Args:
        arrays: of the coefficients, with or without a record.
        rows: fingerprints of one subject's frames.
    """
    if ROWS not in arrays:
        return None
    found = np.flatnonzero(np.isin(arrays[ROWS], rows[rows != 0]))
    return str(arrays[PEOPLE][found[0]]) if len(found) else None


def belongs(key: str, person: str | None) -> bool:
    """Whether an array is one of the whole fit, or of the fit without that person."""
    return not key.startswith(f"{WITHOUT}.") or (
        person is not None and key.startswith(f"{WITHOUT}.{person}.")
    )


def can_leave_out(arrays: Mapping[str, NDArray[Any]], person: str) -> bool:
    """Whether the coefficients hold the fit without that person."""
    return any(key.startswith(f"{WITHOUT}.{person}.") for key in arrays)


def left_out(arrays: Mapping[str, NDArray[Any]], person: str) -> dict[str, NDArray[Any]]:
    """The arrays of the fit without that person, under the names of the whole fit."""
    start = f"{WITHOUT}.{person}."
    plain = {key: value for key, value in arrays.items() if not key.startswith(f"{WITHOUT}.")}
    return plain | {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
