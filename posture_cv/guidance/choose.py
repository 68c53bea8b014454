"""What to say: chosen by what was seen, for how long, and how often today. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posture_cv.errors import InputError
from posture_cv.guidance.entries import Catalogue, Cue, DeskCheck, Dose, Entry, Kind

LASTING_S = 600.0
"""An episode this long counts as static load: RULA's "static > 10 min" (McAtamney & Corlett 1993)."""

REPEATED_TIMES = 3
"""From this episode of a day on the desk and an exercise come first (ours)."""

_FIRST: tuple[Kind, ...] = ("cue",)
_LASTING: tuple[Kind, ...] = ("mechanism", "break", "exercise")
_REPEATED: tuple[Kind, ...] = ("exercise", "ergonomics")
# Occasions are no faults: what comes first does not depend on how often they came.
_OCCASIONS: dict[str, tuple[Kind, ...]] = {
    "break": ("break", "exercise"),
    "end_of_day": ("daily", "exercise"),
    "setup": ("ergonomics",),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to say.

    Args:
        seen: what was seen, for how long, how often today; a sentence.
        text: our paraphrase.
        action: one thing to do.
        quotation: the document's own words; None where only studies say it.
        citation: where it comes from.
        entry_id: the catalogue entry; pass it back in `shown_recently` next time.
        safety_line: "stay within the pain limit", with every exercise; else None.
        dose: the exercise's dose; None for anything else.
        evidence_note: what studies say where they qualify the quotation; else None.
    """

    seen: str
    text: str
    action: str
    quotation: str | None
    citation: str
    entry_id: str
    safety_line: str | None = None
    dose: Dose | None = None
    evidence_note: str | None = None

    @property
    def body(self) -> str:
        """Paraphrase, action and, with an exercise, the safety line: what a notification shows."""
        return " ".join(part for part in (self.text, self.action, self.safety_line) if part)


def choose(
    catalogue: Catalogue,
    cue: str,
    *,
    lasted_s: float,
    times_today: int,
    shown_recently: Sequence[str],
    day_key: int,
    said_today: int | None = None,
) -> Advice:
    """Choose what to say about a cue.

    The first episodes of a day get a posture cue; one of `LASTING_S` or more a reason to change, a break or
    an exercise; from episode `REPEATED_TIMES` on, exercises and changes to the desk take turns. Nothing that
    stands in `shown_recently` comes again while another entry fits; after that the one shown longest ago.

    Args:
        catalogue: what can be said.
        cue: a posture state or an occasion, one of the catalogue's cues.
        lasted_s: how long it lasted, in seconds, >= 0; 0 when that says nothing.
        times_today: episodes of this cue today, this one included, >= 0; 0 when not counted.
        shown_recently: ids of entries shown before, oldest first; best everything shown today.
        day_key: any number that changes with the day, e.g. days since a date; the start of the rotation.
        said_today: how often this cue was spoken of today, this time and reminders included, >= 0: sentences and
            kinds take turns by it. None: as often as there were episodes.

    Raises:
        InputError: the cue is not in the catalogue, or a number is negative or not finite.
    """
    known = _known_cue(catalogue, cue)
    said = times_today if said_today is None else said_today
    _check_numbers(lasted_s, times_today, said)
    kinds = _rotated(_kinds_first(cue, lasted_s, times_today), said)
    turn = day_key + said
    entry = _pick(catalogue.for_trigger(cue), kinds, shown_recently, turn)
    return _advice(catalogue, entry, _seen(known, lasted_s, times_today, turn))


def desk_advice(catalogue: Catalogue, check: DeskCheck) -> tuple[Advice, ...]:
    """What to change at the desk after one finding of the desk check, each with its source.

    Raises:
        InputError: the catalogue has no answer to that finding.
    """
    found = catalogue.for_check(check)
    if not found:
        raise InputError(f"No desk check named {check}.")
    seen = catalogue.cue("setup").seen[0]
    return tuple(_advice(catalogue, entry, seen) for entry in found)


def _known_cue(catalogue: Catalogue, cue: str) -> Cue:
    try:
        return catalogue.cue(cue)
    except KeyError:
        names = ", ".join(known.id for known in catalogue.cues)
        raise InputError(f"No guidance for {cue!r}.", f"There is guidance for {names}.") from None


def _check_numbers(lasted_s: float, times_today: int, said_today: int) -> None:
    if not 0 <= lasted_s < float("inf"):
        raise InputError(f"lasted_s must be 0 or more and finite, got {lasted_s}.")
    if times_today < 0:
        raise InputError(f"times_today must be 0 or more, got {times_today}.")
    if said_today < 0:
        raise InputError(f"said_today must be 0 or more, got {said_today}.")


def _kinds_first(cue: str, lasted_s: float, times_today: int) -> tuple[Kind, ...]:
    if cue in _OCCASIONS:
        return _OCCASIONS[cue]
    if times_today >= REPEATED_TIMES:
        return _REPEATED
    return _LASTING if lasted_s >= LASTING_S else _FIRST


def _rotated(kinds: tuple[Kind, ...], turn: int) -> tuple[Kind, ...]:
    start = turn % len(kinds)
    return kinds[start:] + kinds[:start]


def _pick(entries: Sequence[Entry], kinds: Sequence[Kind], shown: Sequence[str], turn: int) -> Entry:
    """One of the entries not shown yet, the kinds asked for first; else the one shown longest ago."""
    fresh = [entry for entry in entries if entry.id not in shown]
    if not fresh:
        last_shown = {entry_id: position for position, entry_id in enumerate(shown)}
        return min(entries, key=lambda entry: last_shown[entry.id])
    for kind in kinds:
        group = [entry for entry in fresh if entry.kind == kind]
        if group:
            return group[turn % len(group)]
    return fresh[turn % len(fresh)]


def _advice(catalogue: Catalogue, entry: Entry, seen: str) -> Advice:
    if entry.action is None:
        raise InputError(f"Guidance {entry.id} is for reading and has no action.")
    notes = [note.text for note in catalogue.evidence_for(entry)]
    return Advice(
        seen=seen,
        text=entry.text,
        action=entry.action,
        quotation=entry.quotation,
        citation=catalogue.citation(entry),
        entry_id=entry.id,
        safety_line=catalogue.safety_line if entry.kind == "exercise" else None,
        dose=entry.dose,
        evidence_note=" ".join(notes) or None,
    )


def _seen(cue: Cue, lasted_s: float, times_today: int, turn: int) -> str:
    how_long = f" for {duration_text(lasted_s)}" if lasted_s >= 1 else ""
    how_often = f", {ordinal(times_today)} time today" if times_today >= 2 else ""
    return cue.seen[turn % len(cue.seen)].format(how_long=how_long, how_often=how_often)


def duration_text(duration_s: float) -> str:
    """A duration in words, rounded to what a glance needs: "90 s", "2 min", "1 h 5 min"."""
    if duration_s < 119.5:
        return f"{duration_s:.0f} s"
    minutes = int(duration_s / 60 + 0.5)
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
