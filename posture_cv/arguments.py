"""Arguments of the Python interface: what is no path, number or array is refused in words, before it is used.

A caller's types are checked by type checkers only; without them the wrong kind would end in an error from deep
within, or, as with dates for seconds, in numbers that look right.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posture_cv.errors import InputError

T = TypeVar("T")
_NUMBERS: Final = "fiuO"  # kinds of arrays; objects may be numbers, and None
_DATES: Final = "mM"
_SECONDS: Final = "Times are seconds: (t - t[0]) / numpy.timedelta64(1, 's')."


def text_of(value: object, name: str) -> str:
    """A path or an address as text.

    Raises:
        InputError: it is neither text nor a path.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or "\0" in text:
        raise InputError(f"{name} is {_shown(value)}, not a path.", "", "Give text or a pathlib.Path.")
    return text


def path_of(value: object, name: str) -> Path:
    """A path; raises InputError, see `text_of`."""
    return Path(text_of(value, name))


def of_kind(value: object, kind: type[T], name: str, otherwise: str, held_as: str = "") -> T:
    """The same; what holds such a thing (a recording its landmarks, a profile its baseline) is mistaken for it easily.

    Args:
        value: as given.
        kind: what it must be.
        name: of the argument.
        otherwise: what to do where nothing of the kind was given.
        held_as: attribute under which others hold one; empty: as the argument is called.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(value, kind):
        attribute = held_as or name
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise InputError(
            f"{name} is a {type(value).__name__}, not {article} {kind.__name__}.",
            "",
            f"Give its .{attribute}." if isinstance(getattr(value, attribute, None), kind) else otherwise,
        )
    return value


def numbers_of(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """An array of numbers; what is masked, or None, is NaN.

    Raises:
        InputError: it holds texts, dates, complex numbers or truth values, or has no one shape.
    """
    try:
        found = np.ma.asanyarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
        kind = found.dtype.kind
        doubles = found.astype(np.float64) if kind in _NUMBERS else None
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} is no array of numbers.", f"{str(error).rstrip('.')}.") from error
    if doubles is None:
        raise InputError(
            f"{name} is no array of numbers.", f"It holds {found.dtype}.", _SECONDS if kind in _DATES else ""
        )
    return doubles.filled(np.nan) if isinstance(doubles, np.ma.MaskedArray) else doubles


def names_of(values: object, name: str) -> list[str]:
    """A list of texts; a single one is none.

    Raises:
        InputError: it is no list, or holds something else.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name} is {_shown(values)}, not a list of names.")
    given = list(values)
    wrong = [value for value in given if not isinstance(value, str)]
    if wrong:
        raise InputError(f"{name} holds {_shown(wrong[0])}, which is no name.")
    return given


def number_of(value: object, name: str) -> float:
    """One number, NaN included; raises InputError where it is none."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    raise InputError(f"{name} is {_shown(value)}, not a number.")


def pair_of(values: object, name: str, meaning: str) -> tuple[float, float]:
    """Two numbers.

    Args:
        values: a tuple, a list or an array.
        name: of the argument.
        meaning: of the two, for the error.

    Raises:
        InputError: they are not two numbers.
    """
    given = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InputError(f"{name} is {_shown(values)}, not two numbers.", "", f"Give {meaning}.")
    first, second = (number_of(value, f"{name}[{k}]") for k, value in enumerate(given))
    return first, second


def size_of(values: object) -> tuple[int, int]:
    """Width and height of a picture in pixels; raises InputError where they are not two whole numbers."""
    meaning = "(width, height) in pixels"
    try:
        sides = pair_of(values, "size_px", meaning)
    except InputError:
        sides = math.nan, math.nan
    if not all(side.is_integer() for side in sides):
        raise InputError(
            f"size_px is {_shown(values)}, which is no size of a picture.", "", f"Give {meaning}."
        )
    return int(sides[0]), int(sides[1])


def require_times(t_s: NDArray[np.float64], name: str) -> None:
    """See that times are those of frames in their order; equal ones are left to the caller.

    Raises:
        InputError: one is no number, or before the source's start, or goes back: in another order frames would belong
            to another's answers.
    """
    order = "Times are seconds since the start; give the frames in the order of their time."
    wrong = np.flatnonzero(~(np.isfinite(t_s) & (t_s >= 0.0)))
    if len(wrong):
        at = int(wrong[0])
        raise InputError(f"The times of {name} are no times.", f"Frame {at} is at {t_s[at]:g} s.", order)
    back = np.flatnonzero(t_s[1:] < t_s[:-1])
    if len(back):
        at = int(back[0])
        raise InputError(
            f"The times of {name} do not grow.",
            f"Frame {at} is at {t_s[at]:g} s, the next one at {t_s[at + 1]:g} s.",
            order,
        )


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever was given
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
