"""The figures of a recording and of a study; the same in the page and as SVG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np

from posture_cv.assess.types import State
from posture_cv.exposure.epochs import Epochs, Quantity
from posture_cv.exposure.groups import Difference
from posture_cv.exposure.types import Row
from posture_cv.measure.types import QUANTITIES, Float
from posture_cv.report.look import COLOURS, title, words
from posture_cv.report.svg import Figure, Scale, bottom_axis, left_axis, span_of, ticks

WIDE = 920.0
_CONDITIONS = ("#3d7ea6", "#d1762f", "#5a8f4e", "#8e4585", "#8a5a3b", "#4a4f57")


def state_strip(epochs: Epochs, title: str) -> Figure:
    """Postures over time: for every pixel the one that lasted longest."""
    present = [state for state in State if epochs.state_s[:, state].any()]
    figure = Figure(WIDE, 96, f"Postures over time, {title}")
    figure.words(0, 14, title, "fg title")
    if len(epochs) == 0:
        return figure
    scale = Scale(float(epochs.start_s[0]), float(epochs.start_s[-1] + epochs.epoch_s), 0.0, WIDE)
    columns = min(len(epochs), 920)
    first = np.arange(columns) * len(epochs) // columns
    sums = np.add.reduceat(epochs.state_s, first, axis=0)
    top = np.where(sums.sum(axis=1) > 0.0, sums.argmax(axis=1), -1)
    edges = np.append(first, len(epochs))
    start = 0
    for k in range(1, columns + 1):
        if k < columns and top[k] == top[start]:
            continue
        x1 = scale(float(epochs.start_s[0]) + edges[start] * epochs.epoch_s)
        x2 = scale(float(epochs.start_s[0]) + edges[k] * epochs.epoch_s)
        if top[start] >= 0:
            figure.rect(x1, 24, x2 - x1, 34, "state", COLOURS[State(int(top[start])).label])
        start = k
    _clock_axis(figure, scale, 62)
    _legend(figure, 96, [(words(state.label), COLOURS[state.label]) for state in present])
    return figure


def _legend(figure: Figure, y: float, entries: Sequence[tuple[str, str]]) -> None:
    """Names beside their colours, in rows below a figure: a file of its own has no page around it to say them."""
    x = 0.0
    for name, colour in entries:
        room = 24.0 + 6.8 * len(name)
        if x > 0.0 and x + room > figure.width:
            x, y = 0.0, y + 16.0
        figure.rect(x, y - 8, 10, 10, "swatch", colour)
        figure.words(x + 14, y + 1, name, "quiet small")
        x += room
    figure.height = max(figure.height, y + 10.0)


def _clock_axis(figure: Figure, scale: Scale, y: float) -> None:
    unit, name = (
        (3600.0, "h")
        if scale.high - scale.low > 7200
        else (60.0, "min")
        if scale.high - scale.low > 180
        else (1.0, "s")
    )
    inner = Scale(scale.low / unit, scale.high / unit, scale.start, scale.end)
    for value in ticks(inner.low, inner.high, 10):
        figure.line(inner(value), y - 4, inner(value), y, "axis")
        x, room = inner(value), 24.0
        anchor = "start" if x < room else "end" if x > figure.width - room else "middle"
        figure.words(x, y + 14, f"{value:g} {name}", "quiet small", anchor)


def curve(epochs: Epochs, name: str, limits: Sequence[tuple[float, str]]) -> Figure:
    """One quantity over time with its uncertainty band (90 % of the error) and its limits."""
    quantity, about = epochs.quantities[name], QUANTITIES[name]
    figure = Figure(WIDE, 200, f"{title(name)} over time")
    figure.words(0, 14, f"{title(name)} [{about.unit}], against the baseline", "fg title")
    if not (quantity.seconds > 0.0).any():
        figure.words(WIDE / 2, 100, "could not be told", "quiet", "middle")
        return figure
    mean, sd = _thinned(quantity, 1200)
    t_s = np.linspace(float(epochs.start_s[0]), float(epochs.start_s[-1] + epochs.epoch_s), len(mean) + 1)[
        :-1
    ]
    t_s = t_s + (t_s[1] - t_s[0]) / 2 if len(t_s) > 1 else t_s
    xs = Scale(float(epochs.start_s[0]), float(epochs.start_s[-1] + epochs.epoch_s), 44.0, WIDE)
    low, high = span_of(mean - 1.645 * sd, mean + 1.645 * sd, np.zeros(1))
    ys = Scale(low, high, 166.0, 26.0)
    left_axis(figure, ys, 44.0, WIDE)
    points = [None if isnan(m) else (xs(t), ys(m)) for t, m in zip(t_s.tolist(), mean.tolist(), strict=True)]
    for a, b in _stretches(mean):
        upper = [(xs(t_s[k]), ys(mean[k] + 1.645 * sd[k])) for k in range(a, b)]
        lower = [(xs(t_s[k]), ys(mean[k] - 1.645 * sd[k])) for k in range(a, b)]
        figure.area(upper, lower, "soft")
    figure.path(points, "line")
    for value, text in limits:
        if low < value < high:
            figure.line(44.0, ys(value), WIDE, ys(value), "limit")
            figure.words(WIDE - 4, ys(value) - 4, text, "quiet small", "end")
    _clock_axis(figure, xs, 174)
    return figure


def _thinned(quantity: Quantity, most: int) -> tuple[Float, Float]:
    """Means and uncertainty in at most so many steps of equal length."""
    count = len(quantity.mean)
    first = np.unique(np.arange(min(count, most)) * count // min(count, most))
    seconds = np.add.reduceat(quantity.seconds, first)
    divisor = np.where(seconds > 0.0, seconds, np.nan)
    mean = np.add.reduceat(np.nan_to_num(quantity.mean) * quantity.seconds, first) / divisor
    sd = np.add.reduceat(np.nan_to_num(quantity.sd) * quantity.seconds, first) / divisor
    return mean, sd


def _stretches(mean: Float) -> list[tuple[int, int]]:
    told = np.isfinite(mean).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], told, [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def distribution(quantity: Quantity, name: str, rows: Sequence[Row]) -> Figure:
    """Share of the measured time by value, with the 10th, 50th and 90th percentile."""
    about = QUANTITIES[name]
    figure = Figure(440, 220, f"Distribution of {title(name)}")
    figure.words(0, 14, title(name), "fg title")
    told = quantity.seconds > 0.0
    if not told.any() or not any(row.assessable for row in rows):
        reason = next((row.reason for row in rows if row.reason), "could not be told")
        figure.words(220, 110, reason, "quiet", "middle")
        return figure
    values, weight = quantity.mean[told], quantity.seconds[told]
    low, high = span_of(values, least=4.0 if about.unit == "deg" else 1.0)
    precision = 10.0**-about.decimals
    step = precision * max(
        1.0, np.ceil((high - low) / 40.0 / precision)
    )  # no bin between two possible values
    first = np.floor(low / step - 0.5)
    edges = (np.arange(first, np.ceil(high / step) + 1.0) + 0.5) * step
    counts, _ = np.histogram(values, edges, weights=weight)
    low, high = float(edges[0]), float(edges[-1])
    share = counts / weight.sum()
    xs, ys = Scale(low, high, 10.0, 430.0), Scale(0.0, float(share.max()), 172.0, 44.0)
    bottom_axis(figure, xs, 172.0, f"{about.unit} against the baseline", 44.0)
    for k, part in enumerate(share.tolist()):
        figure.rect(xs(edges[k]), ys(part), xs(edges[k + 1]) - xs(edges[k]) - 1, 172.0 - ys(part), "bar")
    marks = [row for row in rows if row.assessable]
    places = [xs(row.figure.value) for row in marks]
    for row, x, name_x in zip(marks, places, apart(places, 12.0, 428.0), strict=True):
        figure.line(x, 36.0, x, 172.0, "mark")
        figure.words(name_x, 32.0, row.item, "quiet small", "middle")
    return figure


def apart(places: Sequence[float], low: float, high: float, room: float = 24.0) -> list[float]:
    """Rising places from `low` to `high`, moved until each has its `room`: names of marks that lie together."""
    out = list(places)
    for k in reversed(range(len(out))):
        out[k] = min(out[k], out[k + 1] - room if k + 1 < len(out) else high)
    for k in range(len(out)):
        out[k] = max(out[k], out[k - 1] + room if k else low)
    return out


def forest(
    title: str, unit: str, lines: Sequence[tuple[str, Row, int]], conditions: Sequence[str] = ()
) -> Figure:
    """Values with their intervals, one a line; the number chooses the condition, and with it the colour."""
    percent = unit == "1"
    factor = 100.0 if percent else 1.0
    axis = 24.0 + 22.0 * len(lines)
    figure = Figure(440, axis + 34.0, title)
    figure.words(0, 14, title, "fg title")
    known = [row.figure for _, row, _ in lines if row.assessable]
    if not known:
        figure.words(220, figure.height / 2, lines[0][1].reason if lines else "", "quiet", "middle")
        return figure
    ends = np.array([[f.value, f.low, f.high] for f in known]).ravel() * factor
    low, high = span_of(ends, np.zeros(1), least=5.0 if percent else 1.0)
    xs = Scale(max(low, 0.0) if (ends[np.isfinite(ends)] >= 0).all() else low, high, 150.0, 430.0)
    bottom_axis(figure, xs, axis, "% of the measured time" if percent else unit, 24.0)
    if conditions:
        _legend(figure, axis + 50.0, [(c, condition_colour(k)) for k, c in enumerate(conditions)])
    for k, (name, row, which) in enumerate(lines):
        y, colour = 36.0 + 22.0 * k, condition_colour(which)
        figure.words(140, y + 4, name if len(name) <= 22 else f"…{name[-21:]}", "fg small", "end")
        if not row.assessable:
            figure.words(155, y + 4, row.reason, "quiet small")
            continue
        if row.figure.has_interval:
            x1, x2 = xs(row.figure.low * factor), xs(row.figure.high * factor)
            figure.rect(x1, y - 1.5, x2 - x1, 3.0, "span", colour)
        figure.dot(xs(row.figure.value * factor), y, 4.5, colour)
    return figure


def agreement(difference: Difference, title: str) -> Figure:
    """Difference against mean of each participant in two conditions (Bland & Altman 1986)."""
    factor = 100.0 if difference.unit == "1" else 1.0
    unit = "% of time" if difference.unit == "1" else difference.unit
    figure = Figure(440, 258, f"{title}: {difference.second} less {difference.first}")
    figure.words(0, 14, title, "fg title")
    figure.words(0, 30, f"{words(difference.second)} less {words(difference.first)}", "fg")
    first = np.array([a for _, a, _ in difference.pairs]) * factor
    second = np.array([b for _, _, b in difference.pairs]) * factor
    mean, shift = (first + second) / 2.0, second - first
    lines = [difference.mean.value * factor, *(v * factor for v in difference.agreement)]
    x_low, x_high = span_of(mean, least=2.0)
    y_low, y_high = span_of(shift, np.array(lines), np.zeros(1), least=2.0)
    xs, ys = Scale(x_low, x_high, 52.0, 380.0), Scale(y_low, y_high, 214.0, 46.0)
    left_axis(figure, ys, 52.0, 380.0)
    bottom_axis(figure, xs, 214.0, f"mean of both conditions [{unit}]", 46.0)
    for value, text in zip(lines, ("mean", "-1.96 SD", "+1.96 SD"), strict=True):
        if not isnan(value):
            figure.line(52.0, ys(value), 380.0, ys(value), "mark" if text == "mean" else "limit")
            figure.words(384.0, ys(value) + 4, text, "quiet small")
    for (name, _, _), x, y in zip(difference.pairs, mean.tolist(), shift.tolist(), strict=True):
        figure.dot(xs(x), ys(y))
        side, anchor = (6.0, "start") if xs(x) < 220.0 else (-6.0, "end")  # the side with more room
        figure.words(xs(x) + side, ys(y) - 5, name, "quiet small", anchor)
    return figure


def stacked_bar(shares: Mapping[str, float], width: float) -> str:
    """Time by posture as one bar (for the page only); shares of the whole recording add up to 1 at most."""
    figure = Figure(width, 16, ", ".join(f"{words(k)} {v:.0%}" for k, v in shares.items()))
    x = 0.0
    for label, share in shares.items():
        figure.rect(x, 0, share * width, 16, "state", COLOURS[label])
        x += share * width
    return figure.text()


def condition_colour(place: int) -> str:
    """Colour of the condition in that place."""
    return _CONDITIONS[place % len(_CONDITIONS)]
