"""`posture-cv guidance [TOPIC]`: what the five documents say, with their own words and what studies say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from posture_cv.assess.wording import label_of, plain, words_of
from posture_cv.cli.echo import echo_json, print_indented, reading_console
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from rich.console import Console

    from posture_cv.guidance.entries import Catalogue, Entry, Kind

KIND_HEADINGS: dict[Kind, str] = {
    "cue": "What to do about it",
    "mechanism": "Why",
    "exercise": "Exercises",
    "break": "Breaks",
    "ergonomics": "At your desk",
    "daily": "Every day",
    "red_flag": "When to get help",
    "disclaimer": "Please note",
    "evidence": "What studies say",
}


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from posture_cv.guidance.catalogue import load_catalogue

    topics = load_catalogue().topics
    return [CompletionItem(t.id, help=t.title) for t in topics if t.id.startswith(incomplete)]


@click.command(name="guidance", short_help="Read what to do, from the five documents.")
@click.argument("words", nargs=-1, metavar="[TOPIC]", shell_complete=_complete)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(words: tuple[str, ...], *, as_json: bool) -> None:
    """Read what the five documents say about posture, exercises and when to see a doctor.

    Without TOPIC it lists the topics. TOPIC may also be "all", "sources", the name of a posture
    (such as shrug) or of an exercise (such as arms_overhead).
    """
    from posture_cv.guidance.catalogue import load_catalogue

    catalogue, topic = load_catalogue(), " ".join(words)
    if not words:
        echo_json(_overview_json(catalogue)) if as_json else _print_overview(reading_console(), catalogue)
    elif words_of(topic) == "sources":
        echo_json(_sources_json(catalogue)) if as_json else _print_sources(reading_console(), catalogue)
    else:
        page = find_page(catalogue, topic)
        echo_json(_page_json(catalogue, page)) if as_json else _print_page(reading_console(), catalogue, page)


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for: `name` as it is typed, a `title` (may be empty) and the entries by kind."""

    name: str
    title: str
    entries: tuple[Entry, ...]


def find_page(catalogue: Catalogue, name: str) -> Page:
    """The page for a topic, a posture, an exercise or "all"; `_` and `-` are the same.

    Raises:
        InputError: nothing has that name; the error suggests what is near.
    """
    wanted, cue = words_of(name), label_of(name, [known.id for known in catalogue.cues])
    if wanted == "all":
        return Page("all", "All guidance", _by_kind(catalogue.entries))
    for topic in catalogue.topics:
        if words_of(topic.id) in (wanted, words_of(cue or "")):
            return Page(topic.id, topic.title, _by_kind(catalogue.for_topic(topic.id)))
    if cue is not None:
        return Page(cue, f"When the program says: {plain(cue)}", _by_kind(catalogue.for_trigger(cue)))
    for entry in catalogue.entries:
        if words_of(entry.id) == wanted:
            return Page(entry.id, "", (entry,))
    raise _unknown(catalogue, name, wanted)


def _by_kind(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    order = list(KIND_HEADINGS)
    return tuple(sorted(entries, key=lambda entry: (order.index(entry.kind), entry.urgency == "see_doctor")))


def _unknown(catalogue: Catalogue, name: str, wanted: str) -> InputError:
    import difflib

    topics = [topic.id for topic in catalogue.topics] + ["all", "sources"]
    others = [cue.id for cue in catalogue.cues] + [entry.id for entry in catalogue.of_kind("exercise")]
    by_words = {words_of(known): known for known in [*others, *topics]}
    near = [by_words[match] for match in difflib.get_close_matches(wanted, by_words, n=3, cutoff=0.5)]
    near += [known for key, known in by_words.items() if wanted and wanted in key and known not in near][:3]
    detail = f"Did you mean {' or '.join(near)}?" if near else f"Topics: {', '.join(topics)}."
    return InputError(f"No guidance topic {name!r}.", detail, "List the topics with: posture-cv guidance")


def _print_overview(console: Console, catalogue: Catalogue) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(Text("Guidance from five documents, in their own words and ours", style="bold"))
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("TOPIC", no_wrap=True, style="cyan")
    table.add_column("what it is about")
    table.add_column("entries", justify="right", no_wrap=True, style="dim")
    for topic in catalogue.topics:
        table.add_row(topic.id, Text(topic.title), str(len(catalogue.for_topic(topic.id))))
    table.add_row("sources", "The five documents", str(len(catalogue.documents)))
    table.add_row("all", "Everything", str(len(catalogue.entries)))
    console.print(table)
    console.print()
    console.print(Text.assemble("Read one with: ", ("posture-cv guidance TOPIC", "bold")))
    print_indented(console, f"{catalogue.safety_line} {catalogue.entry('common_sense').text}", 0)


def _print_sources(console: Console, catalogue: Catalogue) -> None:
    from rich.text import Text

    console.print(Text("The five documents", style="bold"))
    for document in catalogue.documents:
        count = sum(entry.document == document.id for entry in catalogue.entries)
        console.print()
        print_indented(console, Text(document.title, style="bold"), 0, mark=f"{document.id}  ")
        print_indented(console, f"{document.kind}.", 5)
        print_indented(console, f"{document.file}: {count} entries here quote it.", 5)
    console.print()
    print_indented(
        console, "They are advice, not evidence. What studies say: posture-cv guidance evidence", 0
    )


def _print_page(console: Console, catalogue: Catalogue, page: Page) -> None:
    from rich.text import Text

    notes = _notes(page.entries)
    if page.title:
        console.print(Text(page.title, style="bold underline"))
    for kind, heading in KIND_HEADINGS.items():
        group = [entry for entry in page.entries if entry.kind == kind]
        if not group or kind == "evidence":
            continue
        console.print()
        console.print(Text(heading, style="bold cyan"))
        for entry in group:
            _print_entry(console, catalogue, entry, notes)
    _print_notes(console, catalogue, notes)


def _notes(entries: Sequence[Entry]) -> dict[str, int]:
    """Number of each study note on the page: those referred to, then those listed."""
    wanted = [evidence_id for entry in entries for evidence_id in entry.evidence]
    wanted += [entry.id for entry in entries if entry.kind == "evidence"]
    return {evidence_id: number for number, evidence_id in enumerate(dict.fromkeys(wanted), start=1)}


def _print_entry(console: Console, catalogue: Catalogue, entry: Entry, notes: dict[str, int]) -> None:
    from rich.text import Text

    console.print()
    marks = "".join(f" [{notes[evidence_id]}]" for evidence_id in entry.evidence)
    label = (" - urgent", "bold red") if entry.urgency == "urgent" else ""
    print_indented(console, Text.assemble((entry.title, "bold"), label, (marks, "dim")), 2)
    print_indented(console, entry.text, 4)
    if entry.kind == "exercise":
        _print_exercise(console, catalogue, entry)
    elif entry.action:
        print_indented(console, Text.assemble(("Do: ", "green"), entry.action), 4)
    if entry.quotation:
        print_indented(console, Text(f'"{entry.quotation}"', style="italic"), 4)
    print_indented(console, Text(f"({catalogue.citation(entry)})", style="dim"), 4)


def _print_exercise(console: Console, catalogue: Catalogue, entry: Entry) -> None:
    from rich.text import Text

    for number, step in enumerate(entry.steps, start=1):
        print_indented(console, step, 4, mark=f"{number}. ")
    if entry.dose:
        print_indented(console, Text.assemble(("Dose: ", "green"), entry.dose.as_sentence()), 4)
    print_indented(console, Text(catalogue.safety_line, style="yellow"), 4)
    camera = " (the camera can count along)" if entry.camera_can_see else ""
    print_indented(
        console, Text.assemble(("Guided: ", "green"), f"posture-cv exercise {entry.id}{camera}"), 4
    )


def _print_notes(console: Console, catalogue: Catalogue, notes: dict[str, int]) -> None:
    from rich.text import Text

    if not notes:
        return
    console.print()
    console.print(Text(KIND_HEADINGS["evidence"], style="bold cyan"))
    for evidence_id, number in notes.items():
        entry = catalogue.entry(evidence_id)
        console.print()
        print_indented(console, Text(entry.title, style="bold"), 2, mark=f"[{number}] ")
        print_indented(console, entry.text, 6)
        print_indented(console, Text(f"({catalogue.citation(entry)})", style="dim"), 6)


def _overview_json(catalogue: Catalogue) -> dict[str, Any]:
    topics = [{**asdict(topic), "entries": len(catalogue.for_topic(topic.id))} for topic in catalogue.topics]
    return {"topics": topics, **_sources_json(catalogue)}


def _sources_json(catalogue: Catalogue) -> dict[str, Any]:
    return {"documents": [asdict(document) for document in catalogue.documents]}


def _page_json(catalogue: Catalogue, page: Page) -> dict[str, Any]:
    rows = []
    for entry in page.entries:
        safety_line = catalogue.safety_line if entry.kind == "exercise" else None
        rows.append({**asdict(entry), "safety_line": safety_line, "citation": catalogue.citation(entry)})
    notes = [asdict(catalogue.entry(evidence_id)) for evidence_id in _notes(page.entries)]
    listed = {"topic": page.name, "title": page.title, "entries": rows, "evidence": notes}
    return {**listed, **_sources_json(catalogue)}
