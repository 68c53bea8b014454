"""From recordings to tables: one recording, one participant, one condition, and conditions against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan
from typing import Final

import numpy as np

from posture_cv.exposure.bootstrap import interval, never_certain, never_differed, over_participants
from posture_cv.exposure.measures import Exposure, Item
from posture_cv.exposure.sampled import Plain, Sampled
from posture_cv.exposure.types import Figure, Row
from posture_cv.measure.types import Float, Reason, View

TOO_SHORT: Final = "too short for an interval"
NO_INTERVAL: Final = "no interval: a maximum, a count, or too few events"
ONE_PARTICIPANT: Final = "one participant: the interval is of this person's time only"
LEAST_PAIRS: Final = 3  # ours: limits of agreement of fewer differences say nothing


def rows_of(exposure: Exposure) -> list[Row]:
    """The table of one recording."""
    return [_row(item, [exposure]) for item in exposure.items]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """All recordings of one participant in one condition (or in all): every number pooled over their time."""

    participant: str
    condition: str
    exposures: tuple[Exposure, ...]
    items: tuple[Item, ...]


def pooled(participant: str, condition: str, exposures: Sequence[Exposure]) -> Cell:
    """Pool the recordings of one participant; what one of them does not tell is left to the others."""
    first, *others = exposures
    items = list(first.items)
    for other in others:
        items = _merged(items, other.items)
    return Cell(participant, condition, tuple(exposures), tuple(items))


def _merged(one: Iterable[Item], other: Iterable[Item]) -> list[Item]:
    """Items of both, added where both have a value; the order of the first."""
    later = {(i.measure, i.item): i for i in other}
    merged = []
    for item in one:
        twin = later.pop((item.measure, item.item), None)
        merged.append(item if twin is None else _added(item, twin))
    blank = {i.measure for i in merged if i.sampled is not None}
    return [i for i in merged if i.item or i.sampled is not None or i.measure not in blank] + list(
        later.values()
    )


def _added(one: Item, other: Item) -> Item:
    # Time without an alert is told, too, though nothing was sampled from it.
    told_s = one.told_s + other.told_s
    if one.sampled is None:
        return replace(other, told_s=told_s)
    if other.sampled is None:
        return replace(one, told_s=told_s)
    both: Sampled = one.sampled.plus(other.sampled)
    return replace(one, sampled=both, told_s=told_s)


def rows_of_cell(cell: Cell) -> list[Row]:
    """The table of a cell."""
    return [_row(item, cell.exposures) for item in cell.items]


def _behind(item: Item, exposures: Iterable[Exposure]) -> list[Exposure]:
    """The recordings that tell an item; the others have nothing to do with its interval."""
    key = (item.measure, item.item)
    return [
        e for e in exposures if any((i.measure, i.item) == key and i.sampled is not None for i in e.items)
    ]


def _row(item: Item, exposures: Sequence[Exposure]) -> Row:
    untold = _untold(item, item.told_s, sum(e.epochs.total_s for e in exposures), "recordings", item.reason)
    if item.sampled is None:
        return untold
    value = item.sampled.value()
    behind = _behind(item, exposures)
    enough = all(e.enough for e in behind)
    block_s = max(e.block_s for e in behind)
    figure = interval(value, item.sampled.replicates(), enough=enough)
    events = len(item.sampled.values) if isinstance(item.sampled, Plain) else item.told_s / block_s
    figure = never_certain(figure, item.unit, events, item.told_s / 3600.0)
    return replace(
        untold,
        figure=figure,
        seconds=value * item.told_s if item.share else nan,
        n=len(behind),
        block_s=block_s if figure.has_interval else nan,
        assessable=True,
        reason=_why_no_interval(figure, enough=enough),
    )


def _untold(item: Item, measured_s: float, total_s: float, of: str, reason: str) -> Row:
    """The row of an item that cannot be told; of one that can, what is told is put into it."""
    return Row(
        measure=item.measure,
        item=item.item,
        unit=item.unit,
        figure=Figure(nan),
        seconds=nan,
        measured_s=measured_s,
        unmeasured_s=max(total_s - measured_s, 0.0),
        n=0,
        of=of,
        block_s=nan,
        assessable=False,
        reason=reason,
    )


def _why_no_interval(figure: Figure, *, enough: bool) -> str:
    if figure.has_interval:
        return ""
    return NO_INTERVAL if enough else TOO_SHORT


def condition_rows(cells: Sequence[Cell]) -> list[Row]:
    """The table of one condition: means over its participants, each of equal weight."""
    rows = []
    for key in _keys(cells):
        found = [(cell, item) for cell in cells for item in cell.items if (item.measure, item.item) == key]
        rows.append(_over(found, sum(_total_s(cell) for cell in cells)))
    return rows


def _keys(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((i.measure, i.item) for cell in cells for i in cell.items))


def _total_s(cell: Cell) -> float:
    return sum(e.epochs.total_s for e in cell.exposures)


def _over(found: Sequence[tuple[Cell, Item]], total_s: float) -> Row:
    told = [(c, i) for c, i in found if i.sampled is not None and not isnan(i.sampled.value())]
    told_s = sum(i.told_s for _, i in found)
    # One that is told, where any is: the others do not know that they are shares.
    _, item = (told or found)[0]
    reasons = sorted({i.reason for _, i in found})
    untold = _untold(item, told_s, total_s, "participants", "; ".join(reasons))
    if not told:
        return untold
    behind = [e for c, i in told for e in _behind(i, c.exposures)]
    enough = all(e.enough for e in behind)
    value, replicates = over_participants([_sampled(i) for _, i in told], f"{item.measure} {item.item}")
    figure = interval(value, replicates, enough=enough)
    figure = never_certain(figure, item.unit, len(told), told_s / 3600.0)
    return replace(
        untold,
        figure=figure,
        seconds=sum(_sampled(i)[0] * i.told_s for _, i in told) if item.share else nan,
        n=len(told),
        block_s=max(e.block_s for e in behind) if figure.has_interval else nan,
        assessable=True,
        reason=_why_no_interval(figure, enough=enough) or (ONE_PARTICIPANT if len(told) == 1 else ""),
    )


def _sampled(item: Item) -> tuple[float, Float]:
    assert item.sampled is not None
    return item.sampled.value(), item.sampled.replicates()


@dataclass(frozen=True, slots=True)
class Difference:
    """One number in two conditions, in pairs of the same participant.

    Attributes:
        measure, item, unit: as in `Row`.
        first, second: the conditions; the difference is second minus first.
        pairs: (participant, value in the first, value in the second).
        mean: mean difference with its interval.
        agreement: lower and upper 95 % limits of agreement (Bland & Altman 1986); NaN with fewer than three
            participants, and where no two differences differ: no spread was seen, which is not a spread of nought.
        view: of all recordings behind it, or "mixed".
        reason: why there is no interval, or what limits it; empty where nothing does.
    """

    measure: str
    item: str
    unit: str
    first: str
    second: str
    pairs: tuple[tuple[str, float, float], ...]
    mean: Figure
    agreement: tuple[float, float]
    view: str
    reason: str


def view_of(exposures: Iterable[Exposure]) -> str:
    """The view of all of them, or "mixed"."""
    views = frozenset[View]().union(*(e.views for e in exposures))
    return next(iter(views)).label if len(views) == 1 else "mixed"


def differences(first: Sequence[Cell], second: Sequence[Cell]) -> list[Difference]:
    """Second condition against the first, for every number that a participant has in both."""
    if not first or not second:
        return []
    partner = {cell.participant: cell for cell in second}
    out = []
    for key in _keys(first):
        pairs = [
            (cell.participant, a, b)
            for cell in first
            if cell.participant in partner
            for a in _find(cell, key)
            for b in _find(partner[cell.participant], key)
        ]
        if pairs:
            out.append(_difference(pairs, first, second))
    return out


def _find(cell: Cell, key: tuple[str, str]) -> list[Item]:
    found = [i for i in cell.items if (i.measure, i.item) == key and i.sampled is not None]
    return [i for i in found if not isnan(_sampled(i)[0])]


def _difference(
    pairs: Sequence[tuple[str, Item, Item]], first: Sequence[Cell], second: Sequence[Cell]
) -> Difference:
    item = pairs[0][1]
    values = [(name, _sampled(a), _sampled(b)) for name, a, b in pairs]
    changes = [(b[0] - a[0], b[1] - a[1]) for _, a, b in values]
    value, replicates = over_participants(changes, f"difference {item.measure} {item.item}")
    names = {name for name, _, _ in pairs}
    theirs = [e for c in (*first, *second) if c.participant in names for e in c.exposures]
    behind = _behind(item, theirs)
    enough = all(e.enough for e in behind)
    mean = interval(value, replicates, enough=enough)
    if _never_seen(values):
        hours = sum(a.told_s for _, a, _ in pairs) / 3600.0, sum(b.told_s for _, _, b in pairs) / 3600.0
        mean = never_differed(mean, item.unit, len(pairs), hours)
    shifts = np.array([change for change, _ in changes])
    limits = (nan, nan)
    if len(shifts) >= LEAST_PAIRS and np.ptp(shifts) > 0.0:
        spread = 1.96 * float(shifts.std(ddof=1))
        limits = (value - spread, value + spread)
    return Difference(
        measure=item.measure,
        item=item.item,
        unit=item.unit,
        first=first[0].condition,
        second=second[0].condition,
        pairs=tuple((name, a[0], b[0]) for name, a, b in values),
        mean=mean,
        agreement=limits,
        view=view_of(behind),
        reason=_why_no_interval(mean, enough=enough) or (ONE_PARTICIPANT if len(pairs) == 1 else ""),
    )


def _never_seen(values: Sequence[tuple[str, tuple[float, Float], tuple[float, Float]]]) -> bool:
    """Whether everybody has the same 0 or 1 in both conditions: never seen, or never anything else."""
    seen = {share for _, a, b in values for share in (a[0], b[0])}
    return seen in ({0.0}, {1.0})


def unmeasured_by_reason(exposures: Sequence[Exposure]) -> dict[str, float]:
    """Seconds that could not be named, by reason, the longest first."""
    sums: dict[str, float] = {}
    for exposure in exposures:
        for code, seconds in exposure.epochs.reason_s.items():
            label = Reason(code).label
            sums[label] = sums.get(label, 0.0) + seconds
    return dict(sorted(sums.items(), key=lambda pair: -pair[1]))
