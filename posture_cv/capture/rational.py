"""Ratios of PyAV, which since version 19 come in a kind of its own."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol


class Ratio(Protocol):
    """What a `fractions.Fraction` and PyAV's own kind have in common."""

    @property
    def numerator(self) -> int: ...  # noqa: D102
    @property
    def denominator(self) -> int: ...  # noqa: D102


def fraction(ratio: Ratio | None) -> Fraction | None:
    """The same as a Fraction; None where it is not known, which containers also write as 0/1 or 0/0."""
    if ratio is None or not ratio.numerator or not ratio.denominator:
        return None
    return Fraction(ratio.numerator, ratio.denominator)
