"""Small vector plots as text: agreement, Bland-Altman, bars, curves over time. Pure; no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from posture_cv.measure.types import Float
from posture_cv.report.svg import ticks

WIDTH: Final = 330.0
HEIGHT: Final = 250.0
_BAR_WIDTH: Final = 110.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 10.0, 26.0, 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """(N,) points of one kind; `kind` is a CSS class of the page."""

    kind: str
    x: Float
    y: Float


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle of the data, drawn into a rectangle of the picture."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    width: float = WIDTH
    height: float = HEIGHT

    def u(self, x: float) -> float:
        """Picture column of a value."""
        share = (x - self.x_low) / (self.x_high - self.x_low)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def v(self, y: float) -> float:
        """Picture row of a value."""
        share = (y - self.y_low) / (self.y_high - self.y_low)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)


def _range(values: Float, *, symmetric: bool = False) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def agreement_plot(title: str, unit: str, dots: Sequence[Dots]) -> str:
    """Estimate against truth, with the line on which they are equal."""
    both = np.concatenate([np.concatenate([d.x, d.y]) for d in dots])
    low, high = _range(both)
    axes = Axes(low, high, low, high)
    line = _line(axes, low, low, high, high, "equal")
    return _plot(axes, title, f"true change [{unit}]", f"estimate [{unit}]", line + _all_dots(axes, dots))


def bland_altman_plot(
    title: str, unit: str, dots: Sequence[Dots], limits: tuple[float, float, float] | None
) -> str:
    """Difference against mean, with bias and 95 % limits of agreement (`limits`: low, bias, high)."""
    flat = [Dots(d.kind, (d.x + d.y) / 2.0, d.y - d.x) for d in dots]
    x_low, x_high = _range(np.concatenate([d.x for d in flat]))
    reach = np.array([] if limits is None else limits)
    y_low, y_high = _range(np.concatenate([*[d.y for d in flat], reach]), symmetric=True)
    axes = Axes(x_low, x_high, y_low, y_high)
    inner = _line(axes, x_low, 0.0, x_high, 0.0, "zero") + _all_dots(axes, flat)
    for value, kind in zip(limits or (), ("limit", "bias", "limit"), strict=False):
        inner += _line(axes, x_low, value, x_high, value, kind)
        inner += _text(axes.width - _RIGHT, axes.v(value) - 3.0, f"{value:+.2f}", "end", "note")
    return _plot(axes, title, f"mean of both [{unit}]", f"estimate - truth [{unit}]", inner)


def time_plot(title: str, unit: str, t_s: Float, curves: Sequence[Dots]) -> str:
    """Curves over time; gaps where a value is missing."""
    low, high = _range(np.concatenate([c.y for c in curves]))
    axes = Axes(float(t_s[0]), float(t_s[-1]) or 1.0, low, high, width=2.0 * WIDTH + 20.0)
    inner = "".join(_curve(axes, curve) for curve in curves)
    return _plot(axes, title, "time [s]", f"change [{unit}]", inner)


def share_bar(share: float, kind: str) -> str:
    """One bar of a share 0-1, with its percentage."""
    label = f"{100 * share:.0f} %"
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH + 40:.0f} 14" width="{_BAR_WIDTH + 40:.0f}" height="14" role="img" '
        f'aria-label="{label}"><rect class="back" width="{_BAR_WIDTH:.0f}" height="14"/>'
        f'<rect class="{kind}" width="{share * _BAR_WIDTH:.1f}" height="14"/>'
        f"{_text(_BAR_WIDTH + 5, 11, label, 'start', '')}</svg>"
    )


def _plot(axes: Axes, title: str, x_title: str, y_title: str, inner: str) -> str:
    grid = "".join(_tick_x(axes, x) for x in ticks(axes.x_low, axes.x_high))
    grid += "".join(_tick_y(axes, y) for y in ticks(axes.y_low, axes.y_high))
    middle = _TOP + (axes.height - _TOP - _BOTTOM) / 2.0
    words = _text(_LEFT, 15.0, title, "start", "title")
    words += _text((_LEFT + axes.width - _RIGHT) / 2.0, axes.height - 6.0, x_title, "middle", "axis")
    words += (
        f'<text class="axis" text-anchor="middle" transform="translate(12 {middle:.1f}) rotate(-90)">'
        f"{escape(y_title)}</text>"
    )
    return (
        f'<svg class="plot" viewBox="0 0 {axes.width:.0f} {axes.height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{grid}{inner}{words}</svg>'
    )


def _tick_x(axes: Axes, x: float) -> str:
    u = axes.u(x)
    line = f'<line class="grid" x1="{u:.1f}" x2="{u:.1f}" y1="{_TOP}" y2="{axes.height - _BOTTOM}"/>'
    return line + _text(u, axes.height - _BOTTOM + 14.0, f"{x:g}", "middle", "tick")


def _tick_y(axes: Axes, y: float) -> str:
    v = axes.v(y)
    line = f'<line class="grid" x1="{_LEFT}" x2="{axes.width - _RIGHT}" y1="{v:.1f}" y2="{v:.1f}"/>'
    return line + _text(_LEFT - 5.0, v + 3.5, f"{y:g}", "end", "tick")


def _line(axes: Axes, x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    return (
        f'<line class="{kind}" x1="{axes.u(x0):.1f}" y1="{axes.v(y0):.1f}" '
        f'x2="{axes.u(x1):.1f}" y2="{axes.v(y1):.1f}"/>'
    )


def _all_dots(axes: Axes, dots: Sequence[Dots]) -> str:
    return "".join(_dots(axes, d) for d in dots)


def _dots(axes: Axes, dots: Dots) -> str:
    """Zero-length strokes with round ends: a dot costs a dozen bytes."""
    known = np.isfinite(dots.x) & np.isfinite(dots.y)
    path = "".join(
        f"M{axes.u(x):.1f} {axes.v(y):.1f}h0" for x, y in zip(dots.x[known], dots.y[known], strict=True)
    )
    return f'<path class="dots {dots.kind}" d="{path}"/>' if path else ""


def _curve(axes: Axes, curve: Dots) -> str:
    path, pen_down = "", False
    for x, y in zip(curve.x, curve.y, strict=True):
        known = bool(np.isfinite(y))
        if known:
            path += f"{'L' if pen_down else 'M'}{axes.u(x):.1f} {axes.v(y):.1f}"
        pen_down = known
    return f'<path class="curve {curve.kind}" d="{path}"/>' if path else ""


def _text(u: float, v: float, text: str, anchor: str, kind: str) -> str:
    return f'<text class="{kind}" x="{u:.1f}" y="{v:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
