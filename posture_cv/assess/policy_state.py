"""What the alert policy remembers: explicit, immutable, and written to JSON and back without loss.

Named tuples where every tick makes a new one: they are made several times faster than frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isnan, nan
from typing import Any, Final, Literal, NamedTuple, TypeVar

from posture_cv.assess.breaks import BreakState
from posture_cv.assess.effects import Ambient, Level
from posture_cv.assess.lookdown import RECOVERY, Budget
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import State
from posture_cv.measure.types import Reason

VERSION: Final = 1
SettledBy = Literal["ignored", "dismissed", "left", "right", "wrong"]
SETTLED_BY: Final[tuple[SettledBy, ...]] = ("ignored", "dismissed", "left", "right", "wrong")
_NO_BITS: Final = (0,) * len(CUES)


class Window(NamedTuple):
    """What the last ticks showed, a bit a tick, the latest lowest.

    Attributes:
        measured: every tick up to the age limit: whether it was measured.
        down: every tick of the last minute: the head bent beyond 25 degrees.
        cues: measured ticks only, for each of `CUES`: beyond and named so.
        severe: measured ticks only: beyond the severe threshold.
        excess: measured ticks only, latest last: the excess of each cue.
    """

    measured: int = 0
    down: int = 0
    cues: tuple[int, ...] = _NO_BITS
    severe: int = 0
    excess: tuple[tuple[float, ...], ...] = ()


class Bout(NamedTuple):
    """A stretch of poor posture, from the ambient cue to the held exit.

    Attributes:
        start: tick index at which it began.
        cue: index into `CUES`, the one it shows.
        measured_s: measured time since the beginning.
        good_s: measured time below the exit threshold, so far.
        poor_s: when it was last seen above it.
        notices: number of notifications so far, for each of `CUES`.
        told: id, index into `CUES` and time of its notifications.
        named_s: measured time named each of `CUES`.
    """

    start: int
    cue: int
    measured_s: float = 0.0
    good_s: float = 0.0
    notices: tuple[int, ...] = _NO_BITS
    told: tuple[tuple[int, int, float], ...] = ()
    named_s: tuple[float, ...] = (0.0,) * len(CUES)
    poor_s: float = 0.0


class Ledger(NamedTuple):
    """What was told and how it was answered.

    Attributes:
        next_id: of the next notification.
        given_s: times of the posture notifications of the last hour.
        cue_s: time of the last notification of each of `CUES`, None without.
        nudge_s: time of the last break, stillness or recalibration prompt, None without.
        unheeded: notifications in a row that were ignored, dismissed or called wrong, for each of `CUES`.
        backoff: multiple of each cue's cool-down.
        doubled: id of the notification that last doubled it, for each of `CUES`, 0 without.
        settled: id of the last notifications that are settled, and by what: an answer, or "left" (the posture).
        recent: id and cue label of the last notifications, so that answers find their cue.
        silent_until_s: snoozed until then.
    """

    next_id: int = 1
    given_s: tuple[float, ...] = ()
    cue_s: tuple[float | None, ...] = (None,) * len(CUES)
    nudge_s: float | None = None
    unheeded: tuple[int, ...] = _NO_BITS
    backoff: tuple[int, ...] = (1,) * len(CUES)
    doubled: tuple[int, ...] = _NO_BITS
    settled: tuple[tuple[int, SettledBy], ...] = ()
    recent: tuple[tuple[int, str], ...] = ()
    silent_until_s: float = 0.0


class PolicyState(NamedTuple):
    """Everything the policy knows after a tick.

    Attributes:
        tick: index of the last tick, None before the first.
        started_s: begin of the session, from which the grace runs; None before the first tick.
        posture: the state shown: as named, looking down with the budget spent is text neck, and a posture
            once entered is kept until it falls below the exit threshold.
        reason: why nothing is shown, OK where a posture is.
        size: excess of the posture shown, 0 for harmless ones.
        unmeasured_s: the unmeasured stretch so far, 0 while measured.
        moved_s: how long the camera has been seen moved.
        told_moved: that this was said.
    """

    tick: int | None = None
    started_s: float | None = None
    posture: State = State.CANNOT_TELL
    reason: Reason = Reason.UNSTABLE
    size: float = 0.0
    unmeasured_s: float = 0.0
    moved_s: float = 0.0
    told_moved: bool = False
    window: Window = Window()
    budget: Budget = Budget()
    bout: Bout | None = None
    ledger: Ledger = Ledger()
    breaks: BreakState = BreakState()
    ambient: Ambient = Ambient(Level.STARTING, "", 0.0)


T = TypeVar("T")


def with_item(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    """The same tuple with one item replaced."""
    return (*values[:index], value, *values[index + 1 :])


def to_json(state: PolicyState) -> dict[str, Any]:
    """The state as what `json` can write; bit strings as hexadecimal text, NaN as null."""
    window, breaks = state.window._asdict(), state.breaks._asdict()
    for name in _BITS:
        window[name] = format(window[name], "x")
    window["cues"] = [format(bits, "x") for bits in state.window.cues]
    breaks["told"] = format(breaks["told"], "x")
    for name in _PLACES:
        place = breaks[name]
        breaks[name] = None if place is None else [None if isnan(x) else x for x in place]
    parts = {
        "posture": int(state.posture),
        "reason": int(state.reason),
        "window": window,
        "budget": state.budget._asdict(),
        "bout": None if state.bout is None else state.bout._asdict(),
        "ledger": state.ledger._asdict(),
        "breaks": breaks,
        "ambient": asdict(state.ambient),
    }
    return {"version": VERSION, **state._asdict(), **parts}


def from_json(data: Mapping[str, Any]) -> PolicyState:
    """The state that `to_json` wrote.

    Raises:
        ValueError: another version, or a value is missing or of the wrong kind.
    """
    if data.get("version") != VERSION:
        raise ValueError(f"policy state of version {data.get('version')!r}, expected {VERSION}")
    try:
        bout, ambient = data["bout"], data["ambient"]
        return PolicyState(
            tick=None if data["tick"] is None else int(data["tick"]),
            started_s=_number(data["started_s"]),
            posture=State(data["posture"]),
            reason=Reason(data["reason"]),
            size=float(data["size"]),
            unmeasured_s=float(data["unmeasured_s"]),
            moved_s=float(data["moved_s"]),
            told_moved=bool(data["told_moved"]),
            window=_window(data["window"]),
            budget=_budget(data["budget"]),
            bout=None if bout is None else _bout(bout),
            ledger=_ledger(data["ledger"]),
            breaks=_breaks(data["breaks"]),
            ambient=Ambient(Level(ambient["level"]), str(ambient["cue"]), float(ambient["t_s"])),
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a policy state: {error!r}") from error


_BITS: Final = ("measured", "down", "severe")
_PLACES: Final = ("anchor", "candidate")
# A state written before they were known has none of these.
_LATER: Final = ("unbroken_s", "postponed_to_s", "prompts", "told", "told_s")
_SECONDS: Final = tuple(
    name for name, value in BreakState._field_defaults.items() if isinstance(value, float)
)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _five(values: Sequence[Any], kind: Callable[[Any], T]) -> tuple[T, ...]:
    if len(values) != len(CUES):
        raise TypeError(f"{len(values)} values, expected {len(CUES)}")
    return tuple(kind(value) for value in values)


def _cue(index: Any) -> int:  # noqa: ANN401 - whatever the file holds
    if index not in range(len(CUES)):
        raise TypeError(f"{index!r} is no cue")
    return int(index)


def _settled_by(how: Any) -> SettledBy:  # noqa: ANN401 - whatever the file holds
    for known in SETTLED_BY:
        if how == known:
            return known
    raise TypeError(f"{how!r} settles nothing")


def _window(data: Mapping[str, Any]) -> Window:
    bits = {name: int(data[name], 16) for name in _BITS}
    excess = tuple(_five(row, float) for row in data["excess"])
    return Window(**bits, cues=_five(data["cues"], lambda text: int(text, 16)), excess=excess)


def _budget(data: Mapping[str, Any]) -> Budget:
    spent, owed_s = float(data["spent"]), float(data["owed_s"])
    return Budget(spent, owed_s, float(data.get("held_s", owed_s / RECOVERY)))


def _bout(data: Mapping[str, Any]) -> Bout:
    return Bout(
        start=int(data["start"]),
        cue=_cue(data["cue"]),
        measured_s=float(data["measured_s"]),
        good_s=float(data["good_s"]),
        notices=_five(data["notices"], int),
        told=tuple((int(number), _cue(cue), float(t_s)) for number, cue, t_s in data.get("told", ())),
        named_s=_five(data.get("named_s", Bout._field_defaults["named_s"]), float),
        poor_s=float(data.get("poor_s", 0.0)),
    )


def _ledger(data: Mapping[str, Any]) -> Ledger:
    return Ledger(
        next_id=int(data["next_id"]),
        given_s=tuple(map(float, data["given_s"])),
        cue_s=_five(data["cue_s"], _number),
        nudge_s=_number(data["nudge_s"]),
        unheeded=_five(data["unheeded"], int),
        backoff=_five(data["backoff"], int),
        doubled=_five(data.get("doubled", _NO_BITS), int),
        settled=tuple((int(number), _settled_by(how)) for number, how in data.get("settled", ())),
        recent=tuple((int(number), str(cue)) for number, cue in data["recent"]),
        silent_until_s=float(data["silent_until_s"]),
    )


def _breaks(data: Mapping[str, Any]) -> BreakState:
    known: dict[str, Any] = {name: data[name] for name in BreakState._fields if name not in _LATER}
    known |= {name: data.get(name, BreakState._field_defaults[name]) for name in _LATER}
    known |= {name: float(known[name]) for name in _SECONDS}
    for name in _PLACES:
        place = known[name]
        known[name] = None if place is None else tuple(nan if x is None else float(x) for x in place)
    known |= {
        "postponed_to_s": _number(known["postponed_to_s"]),
        "prompts": int(known["prompts"]),
        "told": int(str(known["told"]), 16),
        "shifts": tuple(map(float, known["shifts"])),
    }
    return BreakState(**known)
