"""Fitted coefficients of the estimators, shipped as data; `tools/fit_estimators.py` makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.coefficients import people
from posture_cv.coefficients.people import Prints
from posture_cv.measure.block_model import block_model
from posture_cv.measure.front_arrays import EXPRESSION, front_model
from posture_cv.measure.front_model import FrontModel

VIEWS: Final = ("front", "side", "oblique")


def _front(arrays: Mapping[str, NDArray[Any]]) -> FrontModel:
    """Of the front's arrays, and of what faces do, which is fitted on other people."""
    return front_model({**arrays, **{f"{EXPRESSION}.{key}": v for key, v in _arrays(EXPRESSION).items()}})


_READERS: Final = {"front": _front, "side": block_model, "oblique": block_model}


@lru_cache(maxsize=1)
def load_coefficients() -> Mapping[str, Any]:
    """The shipped coefficients of every view, each read once per process, when it is first asked for.

    Returns:
        "front" -> a `FrontModel`; "partial" -> of what few points tell;
        "side" and "oblique" -> a `BlockModel` each.
    """
    return _Shipped()


class _Shipped(Mapping[str, Any]):
    """A view that is not looked from costs a starting monitor nothing."""

    def __init__(self) -> None:
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - each view has its own kind
        if name not in self._read:
            self._read[name] = _SHIPPED[name]()
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_SHIPPED)

    def __len__(self) -> int:
        return len(_SHIPPED)


def _view(name: str) -> Callable[[], Any]:
    return lambda: _READERS[name](_arrays(name))


def _arrays(name: str, without: str | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a file: those of the whole fit, and those of the fit without one person."""
    file = resources.files(__package__) / f"{name}.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files if people.belongs(key, without)}


_SHIPPED: Final[Mapping[str, Callable[[], Any]]] = {
    **{name: _view(name) for name in VIEWS},
    "partial": lambda: _arrays("partial"),
}


def person_fitted_on(view: str, rows: Prints) -> str | None:
    """The person of the fit of a view whom the frames with these fingerprints show; None: not in it."""
    return people.person_in_fit(_arrays(view), rows)


def coefficients_without(view: str, person: str) -> Mapping[str, Any] | None:
    """The coefficients of a view fitted without that person, beside the others; None where there are none."""
    arrays = _arrays(view, without=person)
    if view not in _READERS or not people.can_leave_out(arrays, person):
        return None
    return MappingProxyType({**load_coefficients(), view: _READERS[view](people.left_out(arrays, person))})
