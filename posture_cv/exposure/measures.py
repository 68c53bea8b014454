"""Every exposure measure of one recording, with its replicates; what each is stands in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import UNMEASURED, State
from posture_cv.exposure.bootstrap import ERROR_STEPS, Resampling, block_length, resampling
from posture_cv.exposure.catalogue import TITLES, estimate_name
from posture_cv.exposure.epochs import Epochs, Quantity, epochs_of
from posture_cv.exposure.holding import Curve, head_holding_time_s, holding, trunk_holding_time_s
from posture_cv.exposure.recovery import recovery_s
from posture_cv.exposure.sampled import PERCENTS, Distribution, Plain, Ratio, Sampled
from posture_cv.exposure.schemes import SCHEMES, SURE, Scheme, members
from posture_cv.exposure.still import RULA_STATIC_S, Stillness, stillness
from posture_cv.exposure.types import Series
from posture_cv.measure.types import QUANTITIES, Float, View

NOT_FROM_VIEW: Final = "not assessable from this view"
NEVER_TOLD: Final = "could not be told in this recording"
NOT_MEASURED: Final = "not measured by this program"
NO_ALERTS: Final = "no posture notification came"
NO_TIMES: Final = "not told of pictures without times"
UNDER_10_MIN: Final = "not assessable: a recording of 10 minutes or less holds no longer spell"


_ANY: Final = frozenset({View.FRONT, View.SIDE, View.OBLIQUE})
_VIEWS: Final[Mapping[str, frozenset[View]]] = MappingProxyType(
    {
        "forward_head_deg": _ANY,
        "head_pitch_deg": frozenset({View.FRONT, View.SIDE}),
        "trunk_incl_deg": frozenset({View.SIDE}),
        "shoulder_rounding_deg": _ANY,
        "shoulder_elevation_cm": frozenset({View.FRONT}),
    }
)
_DOSES: Final = {
    "dose_forward_head": "forward_head_deg",
    "dose_shoulder_rounding": "shoulder_rounding_deg",
}
_HOLDS: Final[Mapping[str, tuple[str, Curve]]] = MappingProxyType(
    {
        "hold_head": ("head_pitch_deg", head_holding_time_s),
        "hold_trunk": ("trunk_incl_deg", trunk_holding_time_s),
    }
)


_OF_TIME: Final = frozenset({"rula_static", "shifts", "longest_static", "recovery", *_HOLDS, *_DOSES})


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One number of a measure in one recording.

    Attributes:
        measure, item, unit: as in `Row`.
        sampled: its statistic; None where it cannot be assessed, and then `reason` says why.
        told_s: time in which it could be told.
        share: whether the value is a share of `told_s`.
    """

    measure: str
    item: str
    unit: str
    sampled: Sampled | None
    told_s: float
    reason: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One recording: whose it is, its epochs, how it is resampled, and every number of every measure.

    `pictures`: of pictures without times.
    """

    name: str
    participant: str
    condition: str
    views: frozenset[View]
    epochs: Epochs
    block_s: float
    enough: bool
    items: tuple[Item, ...]
    pictures: bool = False


def exposure(series: Series) -> Exposure:
    """All measures of one recording."""
    epochs = epochs_of(series)
    drawn = resampling(series.name, len(epochs), _block(epochs))
    items = (
        *_states(epochs, drawn),
        *(item for scheme in SCHEMES for item in _scheme(scheme, epochs, drawn)),
        _raised(epochs, drawn),
        Item("rula_upper_arm", "", "1", None, 0.0, NOT_MEASURED),
        *_stillness(epochs, drawn),
        *(item for key in _HOLDS for item in _holding(key, epochs, drawn)),
        *(item for name in TITLES for item in _percentiles(name, epochs, drawn)),
        *(_dose(key, name, epochs, drawn) for key, name in _DOSES.items()),
        *_recovery(series, epochs),
    )
    if series.pictures:
        items = tuple(_timeless(item) if item.measure in _OF_TIME else item for item in items)
    block_s = drawn.block * epochs.epoch_s
    whose = (series.name, series.participant, series.condition, series.views)
    return Exposure(*whose, epochs, block_s, drawn.enough, items, series.pictures)


def _timeless(item: Item) -> Item:
    """An item that hangs on order or duration, of which pictures say nothing."""
    return replace(item, sampled=None, told_s=0.0, reason=NO_TIMES, share=False)


def _block(epochs: Epochs) -> float:
    """The longest block that any of the headline quantities asks for, in epochs."""
    lengths = [1.0]
    for name in ("forward_head_deg", "head_pitch_deg", "trunk_incl_deg", "shoulder_rounding_deg"):
        told = epochs.quantities[name].seconds > 0.0
        if told.any():
            lengths.append(block_length(epochs.quantities[name].mean[told]))
    return max(lengths)


def _why_not(quantity: Quantity, views: frozenset[View]) -> str:
    """Why a measure on this quantity cannot be assessed; empty where it can."""
    if quantity.view not in views:
        return NOT_FROM_VIEW
    return "" if quantity.seconds.any() else NEVER_TOLD


def _states(epochs: Epochs, drawn: Resampling) -> list[Item]:
    named = [s for s in State if s not in UNMEASURED]
    whole = epochs.state_s[:, [int(s) for s in named]].sum(axis=1)
    told = float(whole.sum())
    if not told:
        return [Item("state", "", "1", None, 0.0, NEVER_TOLD)]
    return [
        Item("state", s.label, "1", Ratio.of(epochs.state_s[:, s], whole, drawn), told, share=True)
        for s in named
    ]


def _scheme(scheme: Scheme, epochs: Epochs, drawn: Resampling) -> list[Item]:
    angle = epochs.quantities[scheme.quantity]
    reason = _why_not(angle, scheme.views)
    told = float(angle.seconds.sum())
    if reason:
        return [Item(scheme.key, c.name, "1", None, 0.0, reason) for c in scheme.classes]
    table = np.stack([members(scheme, angle, shift) for shift in ERROR_STEPS.tolist()], axis=1)  # (K, 21, E)
    return [
        Item(
            scheme.key,
            c.name,
            "1",
            Ratio.of(table[k] * angle.seconds, angle.seconds, drawn),
            told,
            share=True,
        )
        for k, c in enumerate(scheme.classes)
    ]


def _raised(epochs: Epochs, drawn: Resampling) -> Item:
    lift = epochs.quantities["shoulder_elevation_cm"]
    reason = _why_not(lift, _VIEWS["shoulder_elevation_cm"])
    if reason:
        return Item("rula_shoulder_raised", "raised", "1", None, 0.0, reason)
    limit = np.maximum(Thresholds().elevation_cm, SURE * lift.sd)
    table = np.stack([(lift.mean + z * lift.sd >= limit) * lift.seconds for z in ERROR_STEPS.tolist()])
    told = float(lift.seconds.sum())
    return Item("rula_shoulder_raised", "raised", "1", Ratio.of(table, lift.seconds, drawn), told, share=True)


def _stillness(epochs: Epochs, drawn: Resampling) -> list[Item]:
    found = stillness(epochs)
    told = float(found.told_s.sum())
    if not told:
        keys = (("rula_static", "over 10 min", "1"), ("shifts", "", "1/h"), ("longest_static", "", "s"))
        return [Item(key, item, unit, None, 0.0, NEVER_TOLD) for key, item, unit in keys]
    return [
        _static(found, epochs.total_s, drawn),
        Item("shifts", "", "1/h", Ratio.of(found.shifts, found.told_s, drawn, 3600.0), told),
        Item("longest_static", "", "s", Plain((max(found.spells_s),), "max"), told),
    ]


def _static(found: Stillness, total_s: float, drawn: Resampling) -> Item:
    if total_s <= RULA_STATIC_S:  # a share of nought would be the recording's length, not the person's doing
        return Item("rula_static", "over 10 min", "1", None, 0.0, UNDER_10_MIN)
    share = Ratio.of(found.static_s, found.told_s, drawn)
    return Item("rula_static", "over 10 min", "1", share, float(found.told_s.sum()), share=True)


def _holding(key: str, epochs: Epochs, drawn: Resampling) -> list[Item]:
    name, curve = _HOLDS[key]
    angle = epochs.quantities[name]
    reason = _why_not(angle, _VIEWS[name])
    if reason:
        return [
            Item(key, item, unit, None, 0.0, reason) for item, unit in (("beyond", "1"), ("times", "count"))
        ]
    told = float(angle.seconds.sum())
    table = np.stack([holding(angle, curve, shift).beyond_s for shift in ERROR_STEPS.tolist()])
    times = holding(angle, curve).times
    return [
        Item(key, "beyond", "1", Ratio.of(table, angle.seconds, drawn), told, share=True),
        Item(key, "times", "count", Plain((float(times),), "sum"), told),
    ]


def _percentiles(name: str, epochs: Epochs, drawn: Resampling) -> list[Item]:
    q, about, key = epochs.quantities[name], QUANTITIES[name], f"apdf_{estimate_name(name)}"
    reason = _why_not(q, _VIEWS[name])
    if reason:
        return [Item(key, f"p{p}", about.unit, None, 0.0, reason) for p in PERCENTS]
    spread = Distribution.of(q.mean, q.sd, q.seconds, drawn, 10.0**-about.decimals)
    told = float(q.seconds.sum())
    return [Item(key, f"p{p}", about.unit, spread.at(p), told) for p in PERCENTS]


def _dose(key: str, name: str, epochs: Epochs, drawn: Resampling) -> Item:
    q = epochs.quantities[name]
    reason = _why_not(q, _VIEWS[name])
    if reason:
        return Item(key, "", "deg*min/h", None, 0.0, reason)
    table = np.stack([_beyond(q, shift) * q.seconds / 60.0 for shift in ERROR_STEPS.tolist()])
    return Item(key, "", "deg*min/h", Ratio.of(table, q.seconds, drawn, 3600.0), float(q.seconds.sum()))


def _beyond(q: Quantity, shift: float) -> Float:
    """(E,) degrees beyond the baseline, 0 within the uncertainty."""
    value = q.mean + shift * q.sd
    return np.where(value > SURE * q.sd, value, 0.0)  # NaN is never larger


def _recovery(series: Series, epochs: Epochs) -> Sequence[Item]:
    told = float(epochs.state_s.sum() - epochs.state_s[:, [int(s) for s in UNMEASURED]].sum())
    if not series.told:
        return [
            Item("recovery", "median", "s", None, told, NO_ALERTS),
            Item("recovery", "recovered", "1", None, told, NO_ALERTS),
        ]
    found = recovery_s(series)
    seen = tuple(s for s in found if not np.isnan(s))
    flags = tuple(0.0 if np.isnan(s) else 1.0 for s in found)
    return [
        Item("recovery", "median", "s", Plain(seen, "median"), told),
        Item("recovery", "recovered", "1", Plain(flags, "mean"), told),
    ]
