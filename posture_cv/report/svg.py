"""Small vector figures as text, for the pages and as files of their own. Pure; no library.

A figure carries its own style with colours for light and dark, so that it looks the same in the page, in a paper
and in a slide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

import numpy as np

from posture_cv.measure.types import Float

STYLE: Final = (
    ".fg{fill:#1f2933}.quiet{fill:#5c6773}.axis{stroke:#9aa5b1;stroke-width:1}.grid{stroke:#e4e7eb;stroke-width:1}"
    ".bar{fill:#3d7ea6}.soft{fill:#3d7ea6;fill-opacity:.22}.line{stroke:#1d4e6b;fill:none;stroke-width:1.3}"
    ".mark{stroke:#c4473a;stroke-width:1.4}.dot{fill:#1d4e6b}.ci{stroke:#1d4e6b;stroke-width:2}"
    ".limit{stroke:#c4473a;stroke-width:1;stroke-dasharray:5 4}.pair{stroke:#9aa5b1;stroke-width:1}"
    "text{font:12px system-ui,sans-serif}.title{font-weight:600;font-size:13px}.small{font-size:11px}"
    "@media(prefers-color-scheme:dark){.fg{fill:#e6eaee}.quiet{fill:#9aa7b4}.axis{stroke:#5c6773}"
    ".grid{stroke:#2b343d}.bar{fill:#5aa5d1}.soft{fill:#5aa5d1}.line,.ci{stroke:#8fc7e8}.dot{fill:#8fc7e8}"
    ".mark,.limit{stroke:#ef8377}.pair{stroke:#5c6773}}"
)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` of them: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(-7.0, 12.0)
    [-5.0, 0.0, 5.0, 10.0]
    """
    span = max(high - low, 1e-9)
    power = 10.0 ** np.floor(np.log10(span / most))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if span / (m * power) <= most)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(float(k * step), 10) for k in range(first, last + 1)]


@dataclass(slots=True)
class Figure:
    """Shapes in a rectangle; `text` makes the whole element of them."""

    width: float
    height: float
    label: str
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line of a class of `STYLE`."""
        self.parts.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str, fill: str = "") -> None:
        """A rectangle of a class, or of a colour."""
        colour = f' fill="{fill}"' if fill else ""
        self.parts.append(
            f'<rect class="{kind}"{colour} x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
            f'height="{max(height, 0):.1f}"/>'
        )

    def dot(self, x: float, y: float, radius: float = 3.5, fill: str = "") -> None:
        """A disc."""
        colour = f' fill="{fill}"' if fill else ' class="dot"'
        self.parts.append(f'<circle{colour} cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')

    def words(self, x: float, y: float, text: str, kind: str = "fg", anchor: str = "start") -> None:
        """A line of text."""
        self.parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def path(self, points: Iterable[tuple[float, float] | None], kind: str) -> None:
        """A line through points; None lifts the pen."""
        out, down = [], False
        for point in points:
            if point is None:
                down = False
                continue
            out.append(f"{'L' if down else 'M'}{point[0]:.1f} {point[1]:.1f}")
            down = True
        if out:
            self.parts.append(f'<path class="{kind}" d="{"".join(out)}"/>')

    def area(
        self, upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], kind: str
    ) -> None:
        """What lies between two lines."""
        if len(upper) < 2:
            return
        corners = [*upper, *reversed(lower)]
        self.parts.append(f'<path class="{kind}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in corners)}Z"/>')

    def text(self, *, alone: bool = False) -> str:
        """The element; `alone`: as a file of its own, with its style."""
        head = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
        size = f' width="{self.width:.0f}" height="{self.height:.0f}"' if alone else ""
        style = f"<style>{STYLE}</style>" if alone else ""
        return (
            f'<svg{head}{size} viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" '
            f'aria-label="{escape(self.label)}"><title>{escape(self.label)}</title>{style}'
            f"{''.join(self.parts)}</svg>"
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values onto a range of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a value."""
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def bottom_axis(figure: Figure, scale: Scale, y: float, title: str, top: float) -> None:
    """Ticks, numbers and a title under a plot; a grid up to `top`."""
    for value in ticks(scale.low, scale.high):
        x = scale(value)
        figure.line(x, top, x, y, "grid")
        figure.words(x, y + 15, f"{value:g}", "quiet small", "middle")
    figure.line(scale.start, y, scale.end, y, "axis")
    figure.words((scale.start + scale.end) / 2, y + 31, title, "quiet small", "middle")


def left_axis(figure: Figure, scale: Scale, x: float, right: float) -> None:
    """Ticks and numbers beside a plot; a grid up to `right`."""
    for value in ticks(scale.low, scale.high, 5):
        y = scale(value)
        figure.line(x, y, right, y, "grid")
        figure.words(x - 6, y + 4, f"{value:g}", "quiet small", "end")


def span_of(*arrays: Float, least: float = 1.0) -> tuple[float, float]:
    """Range of all finite values with a margin; at least `least` wide."""
    known = np.concatenate([a[np.isfinite(a)] for a in arrays]) if arrays else np.zeros(0)
    if len(known) == 0:
        return -least, least
    low, high = float(known.min()), float(known.max())
    margin = max(0.06 * (high - low), least / 2 - (high - low) / 2, 0.0)
    return low - margin, high + margin
