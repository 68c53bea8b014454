"""Values read back from JSON, each of the kind that its dataclass says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")
_LARGEST = 1e300  # an integer beyond it is no float


def typed(cls: type[T], data: object, **known: object) -> T:
    """The dataclass made of `data`; further keys are ignored.

    Args:
        cls: whose fields, but for the known ones, are float, int, str or bool, or one of them or None.
        data: an object of plain values; a float must be finite, and may be written as an integer.
        known: fields that are given as they are.

    Raises:
        ValueError, TypeError: a value is missing, or of another kind; the text names it.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"{_short(data)} is no object")
    hints = get_type_hints(cls)
    names = [f.name for f in fields(cls) if f.name not in known]  # type: ignore[arg-type]  # a dataclass
    return cls(**{name: _value(name, hints[name], data) for name in names}, **known)


def typed_rows(cls: type[T], data: object) -> tuple[T, ...]:
    """As `typed`, of each element of a list."""
    if not isinstance(data, list | tuple):
        raise TypeError(f"a list of {cls.__name__.lower()} is missing")
    return tuple(typed(cls, row) for row in data)


def finite(name: str, value: object) -> float:
    """The number; raises ValueError or TypeError where it is none that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {_short(value)}")
    if not (abs(value) < _LARGEST and isfinite(value)):
        raise ValueError(f"{name} is {_short(value)}")
    return float(value)


def _value(name: str, kind: Any, data: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type, and one of its values
    if name not in data:
        raise ValueError(f"{name} is missing")
    value, kinds = data[name], get_args(kind) or (kind,)
    if value is None and NoneType in kinds:
        return None
    if float in kinds:
        return finite(name, value)
    if not isinstance(value, kinds) or isinstance(value, bool) != (bool in kinds):
        raise TypeError(f"{name} is {_short(value)}")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
