"""The catalogue's types: documents, entries with citation and dose, and what one may ask of them.

Pure: no file is read here (see `catalogue.load_catalogue`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, get_args

Kind = Literal[
    "cue", "mechanism", "exercise", "break", "ergonomics", "daily", "red_flag", "disclaimer", "evidence"
]
Urgency = Literal["urgent", "see_doctor"]
CameraCheck = Literal["arms_overhead", "shoulder_raise", "shoulder_blade_squeeze", "neck_circles"]
DeskCheck = Literal[
    "screen_too_low", "screen_too_high", "too_close", "too_far", "laptop_at_the_side", "keyboard", "chair"
]

KINDS: tuple[Kind, ...] = get_args(Kind)
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
CAMERA_CHECKS: tuple[CameraCheck, ...] = get_args(CameraCheck)
DESK_CHECKS: tuple[DeskCheck, ...] = get_args(DeskCheck)

PAIN_LIMIT_ID = "pain_limit"


@dataclass(frozen=True, slots=True)
class Document:
    """One of the five source documents.

    Args:
        id: "000" to "004".
        file: name of the text file that the quotations are taken from.
        title: the document's own title.
        kind: what sort of page it is, and that it is advice.
    """

    id: str
    file: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A heading under which a reader finds entries: `id` is what is typed, `title` what is read."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Cue:
    """Something the program may speak about, with templates for what was seen.

    Args:
        id: name of a posture state or an occasion, e.g. "forward_head" or "break".
        seen: at least one template; may hold `{how_long}` and `{how_often}`.
    """

    id: str
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dose:
    """How long and how often; a value that is None is not given.

    Args:
        source: "document" when the entry's document gives these values, "ours" when it gives none.
        hold_s: hold in seconds, > 0.
        repetitions: repetitions in one set, >= 1.
        sets: sets, >= 1.
        per_side: once for each side, arm, leg or direction.
    """

    source: Literal["document", "ours"]
    hold_s: float | None = None
    repetitions: int | None = None
    sets: int | None = None
    per_side: bool = False

    def as_text(self) -> str:
        """The dose in words, e.g. "hold 2 s, 10 times, 3 sets"."""
        parts = [
            f"hold {_seconds(self.hold_s)}" if self.hold_s is not None else "",
            _times(self.repetitions),
            f"{self.sets} sets" if self.sets is not None else "",
            "each side" if self.per_side else "",
        ]
        return ", ".join(part for part in parts if part)

    def as_sentence(self) -> str:
        """The same, with whose choice it is."""
        origin = (
            "as the document says" if self.source == "document" else "our choice; the document gives none"
        )
        return f"{self.as_text()} ({origin})."


def _seconds(duration_s: float) -> str:
    return f"{duration_s / 60:.0f} min" if duration_s >= 120 else f"{duration_s:g} s"


def _times(repetitions: int | None) -> str:
    if repetitions is None:
        return ""
    return "once" if repetitions == 1 else f"{repetitions} times"


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of guidance with where it comes from.

    Args:
        id: unique name in snake case; an exercise's id is the name of the exercise.
        title: a short heading.
        kind: one of `KINDS`.
        topics: ids of the topics it is listed under.
        text: our own paraphrase.
        triggers: ids of the cues that may call for it; empty for what is only read, never prompted.
        document: id of the document quoted, or None when only studies say it.
        quotation: words that stand verbatim in that document; None exactly when `document` is.
        action: one thing to do; set for every entry that has triggers.
        steps: an exercise's steps in order.
        dose: an exercise's dose.
        camera_can_see: the movement by which a camera can follow the exercise, if it can.
        checks: findings of the desk check that it answers.
        urgency: for red flags.
        evidence: ids of evidence entries that disagree with or qualify the quotation.
        sources: studies, for what no document says.
    """

    id: str
    title: str
    kind: Kind
    topics: tuple[str, ...]
    text: str
    triggers: tuple[str, ...] = ()
    document: str | None = None
    quotation: str | None = None
    action: str | None = None
    steps: tuple[str, ...] = ()
    dose: Dose | None = None
    camera_can_see: CameraCheck | None = None
    checks: tuple[DeskCheck, ...] = ()
    urgency: Urgency | None = None
    evidence: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_NamedT = TypeVar("_NamedT", bound=_Named)


def _find(items: Iterable[_NamedT], wanted_id: str) -> _NamedT:
    for item in items:
        if item.id == wanted_id:
            return item
    raise KeyError(wanted_id)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be said. Order is the order of the data files and carries no weight."""

    documents: tuple[Document, ...]
    topics: tuple[Topic, ...]
    cues: tuple[Cue, ...]
    entries: tuple[Entry, ...]

    def entry(self, entry_id: str) -> Entry:
        """The entry of that id; raises KeyError when there is none."""
        return _find(self.entries, entry_id)

    def cue(self, cue_id: str) -> Cue:
        """The cue of that id; raises KeyError when there is none."""
        return _find(self.cues, cue_id)

    def document(self, document_id: str) -> Document:
        """The document of that id; raises KeyError when there is none."""
        return _find(self.documents, document_id)

    def for_topic(self, topic_id: str) -> tuple[Entry, ...]:
        """Entries of a topic, sorted by kind in the order of `KINDS`."""
        found = [entry for entry in self.entries if topic_id in entry.topics]
        return tuple(sorted(found, key=lambda entry: KINDS.index(entry.kind)))

    def for_trigger(self, cue_id: str) -> tuple[Entry, ...]:
        """Entries that the cue may call for."""
        return tuple(entry for entry in self.entries if cue_id in entry.triggers)

    def of_kind(self, kind: Kind) -> tuple[Entry, ...]:
        """Entries of one kind, e.g. every exercise."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def for_check(self, check: DeskCheck) -> tuple[Entry, ...]:
        """Entries that answer one finding of the desk check."""
        return tuple(entry for entry in self.entries if check in entry.checks)

    def evidence_for(self, entry: Entry) -> tuple[Entry, ...]:
        """What studies say where it qualifies the entry."""
        return tuple(self.entry(evidence_id) for evidence_id in entry.evidence)

    def citation(self, entry: Entry) -> str:
        """Where the entry comes from, in one line."""
        if entry.document is None:
            return "; ".join(entry.sources)
        document = self.document(entry.document)
        return f"document {document.id}, {document.title}"

    @property
    def safety_line(self) -> str:
        """What is said with every exercise (from document 000)."""
        return self.entry(PAIN_LIMIT_ID).text
