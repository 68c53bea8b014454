"""What happens on a simulated desk day, second by second, drawn from a seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from posture_cv.assess.types import State

MINUTE: Final = 60.0
Times = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of frame: its true state, and which cues a notification may name while it lasts.

    `asked` is whether it must be notified when it lasts; mild forms and reading may be, but need not.
    """

    state: State
    cues: frozenset[str] = frozenset()
    asked: bool = False


def _bad(state: State, *also: State, asked: bool = True) -> Kind:
    return Kind(state, frozenset(s.label for s in (state, *also)), asked)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "work": Kind(State.GOOD),
        "glance_down": Kind(State.LOOKING_DOWN),
        "head_turn": Kind(State.TURNED),
        "trunk_turn": Kind(State.TURNED),
        "chair_closer": Kind(State.GOOD),
        "chair_back": Kind(State.GOOD),
        "lean_in": Kind(State.LEANING_IN),
        "recline": Kind(State.RECLINING),
        "lateral_lean": Kind(State.LEANING_SIDEWAYS),
        "stretch": Kind(State.GOOD),
        "drink": Kind(State.GOOD),
        "phone_call": Kind(State.GOOD),
        "passer_by": Kind(State.GOOD),
        "stranger": Kind(State.AWAY),
        "absent": Kind(State.AWAY),
        "reading": Kind(State.LOOKING_DOWN, frozenset({State.TEXT_NECK.label})),
        "mild_forward_head": _bad(State.FORWARD_HEAD, asked=False),
        "mild_rounding": _bad(State.ROUNDED_SHOULDERS, asked=False),
        "one_shoulder": _bad(State.SHRUG, asked=False),
        "forward_head": _bad(State.FORWARD_HEAD),
        "strong_forward_head": _bad(State.FORWARD_HEAD),
        "text_neck": _bad(State.TEXT_NECK),
        "rounded_shoulders": _bad(State.ROUNDED_SHOULDERS),
        "shrug": _bad(State.SHRUG),
        "slump": _bad(State.SLUMP),
        "slump_rounded": _bad(State.SLUMP, State.ROUNDED_SHOULDERS),
        "everything_at_once": _bad(State.SLUMP, State.FORWARD_HEAD, State.ROUNDED_SHOULDERS),
    }
)
# Short things between times: how often an hour of work, and how long in seconds.
INCIDENTS: Final[Mapping[str, tuple[float, Times]]] = MappingProxyType(
    {
        "glance_down": (20.0, (2.0, 7.0)),
        "head_turn": (12.0, (1.5, 8.0)),
        "trunk_turn": (4.0, (3.0, 20.0)),
        "lean_in": (4.0, (4.0, 30.0)),
        "recline": (2.0, (5.0, 40.0)),
        "lateral_lean": (2.0, (5.0, 30.0)),
        "drink": (3.0, (3.0, 8.0)),
        "stretch": (2.0, (5.0, 14.0)),
        "passer_by": (2.0, (3.0, 10.0)),
    }
)
# Bad postures too short to be told: well under two minutes, strong ones under the shorter time of severe ones.
LAPSES: Final[Mapping[str, tuple[float, Times]]] = MappingProxyType(
    {
        "forward_head": (1.5, (4.0, 40.0)),
        "slump": (1.5, (4.0, 40.0)),
        "text_neck": (1.5, (4.0, 25.0)),
        "rounded_shoulders": (1.0, (4.0, 15.0)),
        "shrug": (1.0, (4.0, 15.0)),
    }
)
_LASTING_INCIDENTS: Final = ("glance_down", "head_turn", "work")
_LASTING_AN_HOUR: Final = 60.0
# Long harmless things: how often a day, and how many minutes.
_LONG: Final[Mapping[str, tuple[int, Times]]] = MappingProxyType(
    {
        "chair_closer": (2, (12.0, 25.0)),
        "chair_back": (2, (12.0, 25.0)),
        "lean_in": (3, (3.0, 8.0)),
        "recline": (2, (3.0, 8.0)),
        "lateral_lean": (2, (2.0, 5.0)),
        "phone_call": (3, (3.0, 9.0)),
        "absent": (4, (2.0, 8.0)),
        "stranger": (1, (0.3, 0.8)),
    }
)
_SHORT_ABSENCES: Final = (5, (0.4, 1.6))
_LUNCH_MIN: Final = (28.0, 40.0)
# Work between two lasting postures: so long that no cool-down hides the second.
_LEAST_GAP_S: Final = 8.0 * MINUTE
_HELD: Final = (
    "forward_head",
    "strong_forward_head",
    "slump",
    "slump_rounded",
)  # the first known is held for an hour
_OPTIONAL: Final = ("reading", "mild_forward_head", "mild_rounding", "one_shoulder")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one kind of frame."""

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """A posture that lasts, incidents included: from when to when, and whether for the held hour."""

    kind: str
    start_s: float
    end_s: float
    hour: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A day: pieces one after the other, and the lasting postures among them."""

    pieces: tuple[Piece, ...]
    lasting: tuple[Lasting, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return sum(piece.seconds for piece in self.pieces)


class _Pen:
    """Writes pieces one after the other and knows the time."""

    def __init__(self, rng: np.random.Generator, known: Collection[str]) -> None:
        self.rng = rng
        self.known = known
        self.pieces: list[Piece] = []
        self.now_s = 0.0

    def write(self, kind: str, seconds: float) -> None:
        if seconds > 0.0 and kind in self.known:
            self.pieces.append(Piece(kind, seconds))
            self.now_s += seconds

    def between(self, limits: Times) -> float:
        return float(self.rng.uniform(*limits))

    def filled(self, kind: str, seconds: float, rates: Mapping[str, tuple[float, Times]]) -> None:
        """A stretch of one kind, interrupted at random by others."""
        rates = {name: rate for name, rate in rates.items() if name in self.known}
        total = sum(an_hour for an_hour, _ in rates.values())
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            pause = float(self.rng.exponential(3600.0 / total)) if total else seconds
            self.write(kind, min(pause, end_s - self.now_s))
            if self.now_s >= end_s:
                return
            share = np.array([an_hour for an_hour, _ in rates.values()]) / total
            name = list(rates)[int(self.rng.choice(len(rates), p=share))]
            self.write(name, min(self.between(rates[name][1]), end_s - self.now_s))


def plan_day(known: Collection[str], seed: int, hours: float) -> Plan:
    """A day of so many hours out of the kinds of frame that there are.

    Every bad posture known lasts once for 4 to 8 minutes and one of them for an hour; between them lie work
    with its glances, turns and lapses of seconds, and the long harmless things.

    Raises:
        ValueError: the day is too short for what must be in it.
    """
    rng = np.random.default_rng(seed)
    pen = _Pen(rng, known)
    bad = [kind for kind in KINDS if KINDS[kind].asked and kind in known]
    held = next((kind for kind in _HELD if kind in known), None)
    stretches = [(kind, pen.between((4.0, 8.0)) * MINUTE, False) for kind in bad]
    stretches += [(kind, pen.between((5.0, 12.0)) * MINUTE, False) for kind in _OPTIONAL if kind in known]
    stretches += [] if held is None else [(held, 3600.0, True)]
    order = [stretches[int(i)] for i in rng.permutation(len(stretches))]
    long = _long_pieces(pen)
    free_s = hours * 3600.0 - sum(seconds for _, seconds, _ in order) - sum(p.seconds for p in long)
    gaps = len(order) + 1
    if free_s < gaps * 1.1 * _LEAST_GAP_S:
        raise ValueError(
            f"{hours:g} h are too short for {len(order)} lasting postures and all that lies between"
        )
    share = rng.dirichlet(np.full(gaps, 6.0))
    work_s = _LEAST_GAP_S + share * (free_s - gaps * _LEAST_GAP_S)
    where = rng.integers(0, gaps, len(long))
    lasting: list[Lasting] = []
    for gap in range(gaps):
        _write_gap(
            pen, float(work_s[gap]), [piece for piece, at in zip(long, where, strict=True) if at == gap]
        )
        if gap < len(order):
            lasting.append(_write_lasting(pen, *order[gap]))
    return Plan(tuple(pen.pieces), tuple(lasting))


def _long_pieces(pen: _Pen) -> list[Piece]:
    many = [(kind, times, minutes) for kind, (times, minutes) in _LONG.items() if kind in pen.known]
    many += [("absent", *_SHORT_ABSENCES), ("absent", 1, _LUNCH_MIN)]
    return [Piece(kind, pen.between(minutes) * MINUTE) for kind, times, minutes in many for _ in range(times)]


def _write_gap(pen: _Pen, work_s: float, long: list[Piece]) -> None:
    """Work in equal parts with the long things between; work comes first, and five minutes more of it last."""
    last_s = 5.0 * MINUTE
    part_s = (work_s - last_s) / (len(long) + 1)
    for piece in long:
        pen.filled("work", part_s, {**INCIDENTS, **LAPSES})
        calm = piece.kind in ("absent", "stranger")
        pen.filled(piece.kind, piece.seconds, {} if calm else {"glance_down": INCIDENTS["glance_down"]})
    pen.filled("work", part_s + last_s, {**INCIDENTS, **LAPSES})


def _write_lasting(pen: _Pen, kind: str, seconds: float, hour: bool) -> Lasting:  # noqa: FBT001
    """A lasting posture with glances, turns and good moments of seconds in it."""
    start_s = pen.now_s
    each = _LASTING_AN_HOUR / len(_LASTING_INCIDENTS)
    names = [name for name in _LASTING_INCIDENTS if not (name == "glance_down" and kind == "reading")]
    pen.filled(kind, seconds, dict.fromkeys(names, (each, (0.5, 4.0))))
    return Lasting(kind, start_s, pen.now_s, hour)
