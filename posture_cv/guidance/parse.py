"""From the data files' tables to a checked catalogue. Pure; every fault is named at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

from posture_cv.errors import PostureError
from posture_cv.guidance.entries import (
    CAMERA_CHECKS,
    DESK_CHECKS,
    KINDS,
    PAIN_LIMIT_ID,
    URGENCIES,
    Catalogue,
    Cue,
    Document,
    Dose,
    Entry,
    Topic,
)

Table = Mapping[str, Any]
_T = TypeVar("_T")

_TEXT_TUPLES = ("topics", "triggers", "steps", "checks", "evidence", "sources", "seen")


class CatalogueError(PostureError):
    """The guidance catalogue that ships with the program is damaged or incomplete."""


def parse_catalogue(frame: Table, entry_tables: Mapping[str, Table]) -> Catalogue:
    """Build the catalogue from parsed TOML.

    Args:
        frame: tables `documents`, `topics`, `cues`.
        entry_tables: tables with `entries`, keyed by document id ("000" to "004") or "evidence". Entries
            under a document id are taken to quote that document.

    Raises:
        CatalogueError: naming every fault found, with the entry it stands in.
    """
    faults: list[str] = []
    catalogue = Catalogue(
        documents=_build_all(Document, frame.get("documents", ()), faults),
        topics=_build_all(Topic, frame.get("topics", ()), faults),
        cues=_build_all(Cue, frame.get("cues", ()), faults),
        entries=_build_all(Entry, _entry_rows(entry_tables), faults),
    )
    if not faults:
        faults = [*_duplicates(catalogue), *_frame_faults(catalogue), *_entry_faults(catalogue)]
    if faults:
        raise CatalogueError(
            "The guidance catalogue cannot be used.", "; ".join(faults) + ".", "Install posture-cv again."
        )
    return catalogue


def _entry_rows(entry_tables: Mapping[str, Table]) -> list[Table]:
    rows: list[Table] = []
    for key, table in entry_tables.items():
        origin = {} if key == "evidence" else {"document": key}
        rows.extend({**row, **origin} for row in table.get("entries", ()))
    return rows


def _build_all(build: Callable[..., _T], rows: Iterable[Table], faults: list[str]) -> tuple[_T, ...]:
    built: list[_T] = []
    for row in rows:
        row_faults = _shape_faults(build, row)
        faults.extend(row_faults)
        if not row_faults:
            built.append(build(**{name: _value(name, value) for name, value in row.items()}))
    return tuple(built)


def _value(name: str, value: Any) -> object:  # noqa: ANN401 - whatever TOML held
    if name in _TEXT_TUPLES:
        return tuple(value)
    return Dose(**value) if name == "dose" else value


def _shape_faults(build: Callable[..., object], row: Table) -> list[str]:
    where = str(row.get("id", "an entry without id"))
    known = {field.name: field for field in fields(cast(Any, build))}
    required = [name for name, field in known.items() if field.default is MISSING]
    faults = [f"{where}: {name} is missing" for name in required if name not in row]
    faults += [f"{where}: {name} is not known" for name in row if name not in known]
    faults += [f"{where}: {fault}" for name, value in row.items() for fault in _value_faults(name, value)]
    return faults


def _value_faults(name: str, value: object) -> list[str]:
    if name == "dose":
        return _dose_faults(value)
    if name in _TEXT_TUPLES:
        good = isinstance(value, list) and bool(value) and all(_is_text(item) for item in value)
        return [] if good else [f"{name} must be a list of texts"]
    return [] if _is_text(value) else [f"{name} must be a text"]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _dose_faults(value: object) -> list[str]:
    if not isinstance(value, dict):
        return ["dose must be a table"]
    faults = [f"dose.{name} is not known" for name in value if name not in {f.name for f in fields(Dose)}]
    if value.get("source") not in ("document", "ours"):
        faults.append("dose.source must be document or ours")
    if not isinstance(value.get("hold_s", 1.0), float) or value.get("hold_s", 1.0) <= 0:
        faults.append("dose.hold_s must be seconds above 0")
    for name in ("repetitions", "sets"):
        number = value.get(name, 1)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            faults.append(f"dose.{name} must be a whole number, 1 or more")
    if not isinstance(value.get("per_side", False), bool):
        faults.append("dose.per_side must be true or false")
    return faults


def _duplicates(catalogue: Catalogue) -> list[str]:
    groups: dict[str, Sequence[Document | Topic | Cue | Entry]] = {
        "document": catalogue.documents,
        "topic": catalogue.topics,
        "cue": catalogue.cues,
        "entry": catalogue.entries,
    }
    faults = []
    for what, items in groups.items():
        ids = [item.id for item in items]
        twice = sorted({item_id for item_id in ids if ids.count(item_id) > 1})
        faults += [f"{what} {item_id} stands twice" for item_id in twice]
    return faults


def _frame_faults(catalogue: Catalogue) -> list[str]:
    used = {topic_id for entry in catalogue.entries for topic_id in entry.topics}
    faults = [f"topic {topic.id} has no entry" for topic in catalogue.topics if topic.id not in used]
    faults += [f"cue {c.id} has no entry" for c in catalogue.cues if not catalogue.for_trigger(c.id)]
    faults += [f"{c.id}: {fault}" for c in catalogue.cues for fault in _template_faults(c.seen)]
    if PAIN_LIMIT_ID not in {entry.id for entry in catalogue.entries}:
        faults.append(f"entry {PAIN_LIMIT_ID} is missing")
    return faults


def _template_faults(templates: Iterable[str]) -> list[str]:
    faults = []
    for template in templates:
        try:
            template.format(how_long="", how_often="")
        except (KeyError, IndexError, ValueError):
            faults.append(f"cannot fill in {template!r}")
    return faults


def _entry_faults(catalogue: Catalogue) -> list[str]:
    allowed: dict[str, frozenset[str]] = {
        "kind": frozenset(KINDS),
        "topics": frozenset(topic.id for topic in catalogue.topics),
        "triggers": frozenset(cue.id for cue in catalogue.cues),
        "document": frozenset(document.id for document in catalogue.documents),
        "camera_can_see": frozenset(CAMERA_CHECKS),
        "checks": frozenset(DESK_CHECKS),
        "urgency": frozenset(URGENCIES),
        "evidence": frozenset(entry.id for entry in catalogue.of_kind("evidence")),
    }
    faults = []
    for entry in catalogue.entries:
        for name, names in allowed.items():
            unknown = [value for value in _values(getattr(entry, name)) if value not in names]
            faults += [f"{entry.id}: {name} {value} is not known" for value in unknown]
        faults += [f"{entry.id}: {fault}" for fault in _rule_faults(entry)]
    return faults


def _values(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _rule_faults(entry: Entry) -> list[str]:
    rules = {
        "a document needs a quotation, and a quotation a document": (entry.document is None)
        == (entry.quotation is None),
        "neither document nor sources": bool(entry.document or entry.sources),
        "a trigger needs an action": not entry.triggers or entry.action is not None,
        "an exercise needs steps and a dose": entry.kind != "exercise" or bool(entry.steps and entry.dose),
        "only an exercise has steps, a dose or a camera check": entry.kind == "exercise"
        or not (entry.steps or entry.dose or entry.camera_can_see),
        "a red flag, and only a red flag, has an urgency": (entry.kind == "red_flag")
        == (entry.urgency is not None),
        "red flags, disclaimers and evidence are never prompted": entry.kind
        not in ("red_flag", "disclaimer", "evidence")
        or not entry.triggers,
    }
    return [rule for rule, holds in rules.items() if not holds]
