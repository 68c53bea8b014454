"""Posture shifts and static spells, by the rule that the monitor's stillness prompt uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.assess import breaks
from posture_cv.assess.settings import BreakSettings
from posture_cv.assess.smoothing import TRUNK_CM_PER_DEG
from posture_cv.assess.ticks import Place, Tick
from posture_cv.assess.types import State
from posture_cv.exposure.epochs import Epochs
from posture_cv.measure.types import Float, Reason

BRIDGE_S: Final = 5.0  # ours: a shorter stretch without a place is taken to hold the posture around it
RULA_STATIC_S: Final = 600.0
_PLACES: Final = (("approach_cm", 1.0), ("head_forward_cm", 1.0), ("sink_cm", 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Stillness:
    """Shifts and spells of one recording.

    Attributes:
        told_s: (E,) time in which a place was told.
        shifts: (E,) 1 where a posture shift was complete.
        spells_s: lengths of the static spells, from shift to shift.
        static_s: (E,) the part of `told_s` that lies in spells longer than 10 minutes.
    """

    told_s: Float
    shifts: Float
    spells_s: tuple[float, ...]
    static_s: Float


def places_cm(epochs: Epochs) -> Float:
    """(E, 4) where trunk and head are, in cm against the baseline (see `assess.ticks.place_cm`)."""
    q = epochs.quantities
    columns = [q[name].mean * factor for name, factor in _PLACES]
    trunk = q["trunk_incl_deg"].mean * TRUNK_CM_PER_DEG
    columns[0] = np.where(np.isnan(columns[0]), trunk, columns[0])
    columns.append(q["lateral_lean_deg"].mean * TRUNK_CM_PER_DEG)
    return np.stack(columns, axis=1)


def stillness(epochs: Epochs) -> Stillness:
    """Find shifts and spells.

    A shift is another place, 3 cm or more away in some direction, held for 5 s (`BreakSettings`); leaving the
    desk for a minute is one too. A spell ends with a shift, with leaving, and with more than `BRIDGE_S` in
    which no place was told: what was not seen is not called still.
    """
    settings = BreakSettings()
    places = places_cm(epochs)
    told = np.asarray(np.isfinite(places).any(axis=1))
    told_s = np.where(told, np.max([q.seconds for q in epochs.quantities.values()], axis=0), 0.0)
    state, shifts = breaks.BreakState(), np.zeros(len(epochs))
    for place, row in enumerate(places.tolist()):
        before = state.shifts
        tick = _tick(place, row, known=told_s[place] > 0.0, away=_away(epochs, place))
        state = breaks.advance(
            state, tick, float(epochs.span_s[place]), settings, settled=told_s[place] > 0.0
        )
        # Standing up may come at the very moment of the last shift; old shifts leave at the front.
        shifts[place] = float(state.shifts[-1:] not in (before[-1:], ()) or len(state.shifts) > len(before))
    spells, static = _spells(told_s, shifts, epochs.span_s)
    return Stillness(told_s, shifts, spells, static)


def _away(epochs: Epochs, place: int) -> bool:
    return bool(epochs.state_s[place, State.AWAY] > epochs.span_s[place] / 2.0)


def _tick(number: int, row: list[float], *, known: bool, away: bool) -> Tick:
    nan = float("nan")
    where: Place = (row[0], row[1], row[2], row[3])
    state, reason = State.GOOD, Reason.OK
    if not known:
        state, reason = (
            (State.AWAY, Reason.NOBODY) if away else (State.CANNOT_TELL, Reason.TOO_DARK)
        )  # dark: unknown
    return Tick(number, number, int(state), int(reason), (nan,) * 5, False, nan, nan, where)  # noqa: FBT003


def _spells(told_s: Float, shifts: Float, span_s: Float) -> tuple[tuple[float, ...], Float]:
    """Lengths of the spells, and the told time in those longer than RULA's 10 minutes."""
    spells: list[tuple[float, int, int]] = []  # length, first epoch, one past the last
    ends_s = np.cumsum(span_s)
    length = unseen = 0.0
    begin = end = -1
    for place in range(len(told_s)):
        span, told = float(span_s[place]), told_s[place] > 0.0
        unseen = 0.0 if told else unseen + span
        if begin >= 0 and (shifts[place] or unseen > BRIDGE_S):
            spells.append((length, begin, end))
            begin = -1
        if told and begin < 0:
            begin, length = place, 0.0
        if told:
            length, end = float(ends_s[place] - ends_s[begin] + span_s[begin]), place + 1
    if begin >= 0:
        spells.append((length, begin, end))
    static = np.zeros(len(told_s))
    for spell_s, first, last in spells:
        if spell_s > RULA_STATIC_S:
            static[first:last] = told_s[first:last]
    return tuple(spell_s for spell_s, _, _ in spells), static
