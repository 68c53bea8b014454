"""A sweep as a picture: alerts an hour over the dwell, and where there are labels, precision over recall. SVG text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import floor, log10
from pathlib import Path
from typing import Final

from posture_cv.file_facts import head_of
from posture_cv.output.sweep_table import Row

_WIDTH, _HEIGHT = 420.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 16.0, 34.0, 48.0
# Okabe-Ito, told apart by colour-blind people too; the marks differ as well.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_STYLE: Final = "font-family: sans-serif; font-size: 12px"
_TITLE: Final = "<title>Alerts for each setting</title>"
_HEAD_BYTES: Final = 1000  # the title stands in them
Scale = Callable[[float], float]


def is_sweep_plot(path: Path) -> bool:
    """Whether a file is a picture that a sweep has drawn."""
    return _TITLE.encode() in head_of(path, _HEAD_BYTES)


def sweep_svg(rows: Sequence[Row], *, labelled: bool) -> str:
    """The whole picture; a line for each threshold.

    Args:
        rows: of one sweep.
        labelled: add the panel of precision over recall.
    """
    thresholds = sorted({row.threshold for row in rows})
    panels = [_alerts_panel(rows, thresholds)]
    if labelled:
        panels.append(_labels_panel(rows, thresholds))
    width = _WIDTH * len(panels)
    body = "".join(f'<g transform="translate({i * _WIDTH:g},0)">{p}</g>' for i, p in enumerate(panels))
    legend = _legend(thresholds, width)
    height = _HEIGHT + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" style="{_STYLE}">{_TITLE}'
        f'<rect width="100%" height="100%" fill="white"/>{body}{legend}</svg>\n'
    )


def _alerts_panel(rows: Sequence[Row], thresholds: Sequence[float]) -> str:
    dwells = sorted({row.dwell_s for row in rows})
    top = max((row.alerts_per_hour or 0.0 for row in rows), default=0.0) or 1.0
    u, v = _across(dwells[0], dwells[-1]), _up(0.0, top * 1.05)
    lines = []
    for number, threshold in enumerate(thresholds):
        mine = sorted((r for r in rows if r.threshold == threshold), key=lambda r: r.dwell_s)
        told = [(r.dwell_s, r.alerts_per_hour) for r in mine if r.alerts_per_hour is not None]
        points = [(u(dwell), v(rate)) for dwell, rate in told]
        names = [f"threshold x {threshold:g}, dwell {dwell:g} s: {rate:.1f} an hour" for dwell, rate in told]
        lines.append(_curve(points, names, number))
    axes = _axes(
        "Posture alerts an hour", "dwell, s", [(u(d), f"{d:g}") for d in dwells], _marks(v, top * 1.05)
    )
    return axes + "".join(lines)


def _labels_panel(rows: Sequence[Row], thresholds: Sequence[float]) -> str:
    u, v = _across(0.0, 1.0), _up(0.0, 1.0)
    lines = []
    for number, threshold in enumerate(thresholds):
        mine = sorted((r for r in rows if r.threshold == threshold), key=lambda r: r.dwell_s)
        told = [(r, r.recall, r.precision) for r in mine]
        points = [(u(rec), v(prec)) for _, rec, prec in told if rec is not None and prec is not None]
        names = [
            f"threshold x {r.threshold:g}, dwell {r.dwell_s:g} s: precision {prec:.2f}, recall {rec:.2f}"
            for r, rec, prec in told
            if rec is not None and prec is not None
        ]
        lines.append(_curve(points, names, number))
    marks = [(u(x / 4), f"{x / 4:g}") for x in range(5)]
    axes = _axes("Precision over recall", "recall", marks, [(v(y / 4), f"{y / 4:g}") for y in range(5)])
    return axes + "".join(lines)


def _across(low: float, high: float) -> Scale:
    span = (high - low) or 1.0
    return lambda x: _LEFT + (x - low) / span * (_WIDTH - _LEFT - _RIGHT)


def _up(low: float, high: float) -> Scale:
    return lambda y: _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _marks(v: Scale, top: float) -> list[tuple[float, str]]:
    """Five round marks from zero."""
    power = 10.0 ** floor(log10(top / 5.0))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if top / (m * power) <= 5.0)
    return [(v(k * step), f"{k * step:g}") for k in range(int(top / step) + 1)]


def _axes(
    title: str, below: str, across: Iterable[tuple[float, str]], up: Iterable[tuple[float, str]]
) -> str:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [
        f'<text x="{_LEFT:g}" y="20" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{_LEFT:g},{_TOP:g}V{bottom:g}H{right:g}" fill="none" stroke="#444"/>',
        f'<text x="{(_LEFT + right) / 2:.1f}" y="{bottom + 38:g}" text-anchor="middle">{escape(below)}</text>',
    ]
    parts += [
        f'<text x="{x:.1f}" y="{bottom + 17:g}" text-anchor="middle">{escape(text)}</text>'
        for x, text in across
    ]
    for y, text in up:
        parts.append(f'<path d="M{_LEFT:g},{y:.1f}H{right:g}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6:g}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>')
    return "".join(parts)


def _curve(points: Sequence[tuple[float, float]], names: Sequence[str], number: int) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>' if points else ""
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + number % 3}" fill="{colour}"><title>{escape(name)}</title></circle>'
        for (x, y), name in zip(points, names, strict=True)
    ]
    return line + "".join(dots)


def _legend(thresholds: Sequence[float], width: float) -> str:
    parts = [f'<text x="{_LEFT:g}" y="{_HEIGHT + 16:g}">threshold x</text>']
    step = min(70.0, (width - _LEFT - 80) / max(len(thresholds), 1))
    for number, threshold in enumerate(thresholds):
        x = _LEFT + 80 + number * step
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(f'<circle cx="{x:g}" cy="{_HEIGHT + 12:g}" r="{3 + number % 3}" fill="{colour}"/>')
        parts.append(f'<text x="{x + 8:g}" y="{_HEIGHT + 16:g}">{threshold:g}</text>')
    return "".join(parts)
