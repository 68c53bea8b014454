"""What plain numbers and arrays do not share, so that one formula serves one frame as well as a whole recording.

Of a single frame an array of length 1 costs some twenty times what a number does; what is written with these
functions and with operators costs what it must in both, and cannot differ between the two.
"""

from __future__ import annotations

import math
from typing import Any, Protocol, TypeVar

import numpy as np

from posture_cv.measure.types import Float

Value = TypeVar("Value", float, Float)
_Value_co = TypeVar("_Value_co", float, Float, covariant=True)


class Readings(Protocol[_Value_co]):
    """Quantities by name: of one frame a number each, of N frames an array (N,) each; NaN where untold."""

    def value(self, name: str) -> _Value_co:
        """Its value."""
        ...

    def sd(self, name: str) -> _Value_co:
        """Standard deviation of its error."""
        ...


class Calculus(Protocol[Value]):
    """As the functions of NumPy of the same names."""

    def where(self, condition: Any, first: Any, second: Any) -> Any:  # noqa: ANN401  masks, codes and values
        """The one where the condition holds, else the other."""
        ...

    def negated(self, condition: Any) -> Any:  # noqa: ANN401  bool or mask
        """Where it does not hold."""
        ...

    def isnan(self, value: Value) -> Any:  # noqa: ANN401  bool or mask
        """Where it is NaN."""
        ...

    def fmax(self, first: Value | float, second: Value | float) -> Value:
        """The larger; NaN counts for nothing."""
        ...

    def minimum(self, first: Value | float, second: Value | float) -> Value:
        """The smaller; NaN if either is."""
        ...

    def maximum(self, first: Value | float, second: Value | float) -> Value:
        """The larger; NaN if either is."""
        ...

    def sqrt(self, value: Value) -> Value:
        """Square root of what is not negative."""
        ...


class Arrays:
    """For (N,) arrays."""

    where = staticmethod(np.where)
    negated = staticmethod(np.logical_not)
    isnan = staticmethod(np.isnan)
    fmax = staticmethod(np.fmax)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    sqrt = staticmethod(np.sqrt)


class Numbers:
    """For numbers."""

    isnan = staticmethod(math.isnan)
    sqrt = staticmethod(math.sqrt)

    @staticmethod
    def where(condition: bool, first: Any, second: Any) -> Any:  # noqa: ANN401, FBT001  see `Calculus`
        """See `Calculus`."""
        return first if condition else second

    @staticmethod
    def negated(condition: bool) -> bool:  # noqa: FBT001  see `Calculus`
        """See `Calculus`."""
        return not condition

    @staticmethod
    def fmax(first: float, second: float) -> float:
        """See `Calculus`."""
        return first if first >= second or math.isnan(second) else second

    @staticmethod
    def minimum(first: float, second: float) -> float:
        """See `Calculus`."""
        return first if first <= second or math.isnan(first) else second

    @staticmethod
    def maximum(first: float, second: float) -> float:
        """See `Calculus`."""
        return first if first >= second or math.isnan(first) else second


ARRAYS = Arrays()
NUMBERS = Numbers()
