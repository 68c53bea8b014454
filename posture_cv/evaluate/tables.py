"""The result as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture_cv.assess.types import UNMEASURED, State
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.schema import (
    EvaluationResult,
    GroupResult,
    QuantityResult,
    RivalViewResult,
    SegmentResult,
    VideoResult,
    ViewResult,
)
from posture_cv.evaluate.segments import HARMLESS

DASH: Final = "-"
WIDE: Final = 125  # columns from which the confusion table and all rules fit
NARROW_RIVALS: Final = ("nose_height", "face_size", "ear_shoulder_gap")


def print_result(console: Console, result: EvaluationResult) -> None:
    """Everything, view by view; a terminal narrower than `WIDE` gets less of it."""
    amount = f"{counted(result.frames, 'frame')}, {counted(len(result.clips), 'clip')}"
    console.print(Text(f"{result.dataset}: {amount}, landmarks from {result.landmarks_from}", style="bold"))
    for name, view in result.views.items():
        console.print()
        _print_view(console, name, view, result)
    for video in result.videos:
        console.print()
        _print_video(console, video)
    _print_clips(console, result)
    _print_worst(console, result)


def _print_view(console: Console, name: str, view: ViewResult, result: EvaluationResult) -> None:
    wide = console.width >= WIDE
    people = counted(view.subjects, "person", "people")
    title = f"{name}: {counted(view.frames, 'frame')} of {people} in {counted(view.clips, 'clip')}"
    console.print(_quantity_table(title, view.quantities, wide=wide))
    _print_withheld(console, view.quantities)
    for style, text in fit_notes(view):
        console.print(Text(text, style=style))
    for subject, group in (view.by_subject or {}).items():
        console.print(_quantity_table(f"{name}, {subject}", group.quantities, wide=wide))
    _print_budget_note(console, [view, *(view.by_subject or {}).values()], wide=wide)
    console.print()
    console.print(_segment_table(f"{name}: names by segment (frames)", view, wide=wide))
    if on_the_way := on_the_way_note(name, result):
        console.print(on_the_way)
    rivals = {
        key: views[name]
        for key, views in result.baselines.items()
        if name in views and (wide or key in NARROW_RIVALS)
    }
    console.print()
    console.print(_rival_table(f"{name}: flagged, ours beside other rules (%)", view, rivals))


def on_the_way_note(view: str, result: EvaluationResult) -> str:
    """What the segments of videos hold besides the posture; empty for a view without videos."""
    if not any(video.view == view for video in result.videos):
        return ""
    return (
        "Of videos, frames on the way into a posture count in its segment; held postures alone stand below."
    )


def budget_note(quantities: Mapping[str, QuantityResult]) -> str:
    """Why no error is divided into its parts; empty where one is."""
    if any(q.error_budget.frame is not None for q in quantities.values()):
        return ""
    return (
        "SD clip/posture/frame cannot be told (-): it takes two clips or more, several postures in them, and several "
        "frames of one posture."
    )


def _print_budget_note(console: Console, shown: Sequence[GroupResult], *, wide: bool) -> None:
    """Once for all tables: the column is there where they are wide."""
    note = next(filter(None, (budget_note(group.quantities) for group in shown)), "")
    if wide and note:
        console.print(Text(note, style="dim"))


def counted(count: int, one: str, many: str = "") -> str:
    """A number of things, with their name."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def fit_notes(view: ViewResult) -> list[tuple[str, str]]:
    """What must be known of the figures when people of the data set were in the fit: (style, sentence)."""
    notes = []
    if view.fit.in_sample:
        share = f"{len(view.fit.in_sample)} of {counted(view.subjects, 'person', 'people')}"
        text = f"In the fit: {share} ({_some(view.fit.in_sample)}): these figures are too good."
        notes.append(("bold red", text))
    if view.fit.left_out:
        who = _some(view.fit.left_out)
        text = f"Leave-one-person-out: who was in the fit ({who}) is judged by one made without that person."
        notes.append(("", text))
    return notes


def _some(names: Sequence[str]) -> str:
    """At most six of the names."""
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )


def _quantity_table(title: str, quantities: Mapping[str, QuantityResult], *, wide: bool) -> Table:
    table = _table(title)
    table.add_column("change of", no_wrap=True)
    headings = ("MAE", "r", "bias", "95 % limits", "n", "withheld", "in 90 %")
    for heading in (*headings, "SD clip/posture/frame") if wide else headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, q in quantities.items():
        about = COMPARED[name]
        row: list[str | Text] = [Text.assemble(about.short, (f" [{about.unit}]", "dim")), *_figures(q)]
        table.add_row(*row, *([_budget(q)] if wide else []))
    return table


def _figures(q: QuantityResult) -> list[str]:
    limits = f"{number(q.loa_low, 1)} to {number(q.loa_high, 1)}" if q.loa_low is not None else DASH
    agreement = [number(q.mae), number(q.r), number(q.bias, signed=True), limits]
    return [*agreement, str(q.n), percent(q.withheld), percent(q.coverage_90)]


def _budget(q: QuantityResult) -> str:
    parts = q.error_budget
    return " / ".join(number(value) for value in (parts.clip, parts.posture, parts.frame))


def _print_withheld(console: Console, quantities: Mapping[str, QuantityResult]) -> None:
    """Why values were withheld; one line when it is the same for all."""
    found = {
        COMPARED[name].short: ", ".join(f"{reason} {count}" for reason, count in q.reasons.items())
        for name, q in quantities.items()
        if q.reasons
    }
    if found and len(set(found.values())) == 1 and len(found) == len(quantities):
        console.print(Text(f"withheld: {next(iter(found.values()))}", style="dim"))
        return
    for name, reasons in found.items():
        console.print(Text(f"withheld, {name}: {reasons}", style="dim"))


def _segment_table(title: str, group: GroupResult, *, wide: bool) -> Table:
    states = [s.label for s in _ORDER if any(seg.named[s.label] for seg in group.segments.values())]
    table = _table(title)
    table.add_column("segment", no_wrap=True)
    for heading in ("n", "flagged", "right"):
        table.add_column(heading, justify="right", no_wrap=True)
    if wide:
        for state in states:
            table.add_column(state.replace("_", "\n"), justify="right")
    else:
        table.add_column("named")
    for name, segment in group.segments.items():
        counts = {state: segment.named[state] for state in states if segment.named[state]}
        named = [str(counts.get(state, "")) for state in states] if wide else [_listed(counts)]
        figures = (str(segment.n), _flag_text(name, segment), percent(segment.named_right))
        table.add_row(name, *figures, *named)
    return table


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{state} {n}" for state, n in sorted(counts.items(), key=lambda item: -item[1]))


_ORDER: Final = (*(s for s in State if s not in UNMEASURED), State.TURNED, State.AWAY, State.CANNOT_TELL)


def _flag_text(name: str, segment: SegmentResult) -> Text:
    style = ""
    if name in HARMLESS:
        style = "red" if segment.flagged > 0.03 else "green"
    return Text(percent(segment.flagged), style=style)


def _rival_table(title: str, view: ViewResult, rivals: Mapping[str, RivalViewResult]) -> Table:
    table = _table(title)
    table.add_column("segment", no_wrap=True)
    table.add_column("ours", justify="right")
    for key in rivals:
        table.add_column(key.replace("_", "\n"), justify="right", no_wrap=True)
    for name, segment in view.segments.items():
        others = [f"{100 * rival.segments[name].flagged:.0f}" for rival in rivals.values()]
        table.add_row(name, Text(f"{100 * segment.flagged:.0f}", style="bold"), *others)
    aucs = [number(rival.auc) for rival in rivals.values()]
    table.add_row(Text("AUC bad / harmless", style="dim"), Text(number(view.auc), style="bold"), *aucs)
    return table


def _print_video(console: Console, video: VideoResult) -> None:
    wide = console.width >= WIDE
    title = f"{video.subject}/{video.camera} ({video.view}): mean over {video.window_s:g} s"
    console.print(_quantity_table(title, video.mean.quantities, wide=wide))
    _print_budget_note(console, [video.mean], wide=wide)
    console.print()
    console.print(_segment_table("held postures, whole window inside (frames)", video.mean, wide=wide))
    console.print()
    table = _table("delay until a change is named (s)")
    for heading in ("posture", "begins", "reached", "named", "as", "delay"):
        table.add_column(heading, justify="left" if heading in {"posture", "as"} else "right", no_wrap=True)
    for change in video.changes:
        times = [number(t, 1) for t in (change.t_start_s, change.t_reached_s, change.t_named_s)]
        table.add_row(change.segment, *times, change.named or "never", number(change.delay_s, 1, signed=True))
    console.print(table)


def _print_clips(console: Console, result: EvaluationResult) -> None:
    poor = [
        clip
        for clip in result.clips
        if clip.baseline.grade != "accept" or clip.baseline.view_found != clip.view
    ]
    console.print()
    accepted = (
        f"Calibration: {len(result.clips) - len(poor)} of {counted(len(result.clips), 'clip')} accepted."
    )
    console.print(Text(accepted, style="bold"))
    for clip in poor:
        found, findings = clip.baseline.view_found, " ".join(clip.baseline.findings)
        seen = f" (seen as {found})" if found not in {clip.view, None} else ""
        console.print(
            Text(f"  {clip.subject}/{clip.camera} {clip.view}{seen}: {clip.baseline.grade}. {findings}")
        )


def _print_worst(console: Console, result: EvaluationResult) -> None:
    if not result.worst:
        return
    table = _table("frames that went wrong, the worst first")
    for heading in ("what", "file", "named", "quantity", "truth", "estimate"):
        table.add_column(heading, justify="right" if heading in {"truth", "estimate"} else "left")
    for case in result.worst:
        quantity = DASH if case.quantity is None else COMPARED[case.quantity].short
        figures = (number(case.truth, 1, signed=True), number(case.estimate, 1, signed=True))
        table.add_row(case.kind.replace("_", " "), case.file, case.named, quantity, *figures)
    console.print()
    console.print(table)


def number(value: float | None, decimals: int = 2, *, signed: bool = False) -> str:
    """A number with fixed decimals; "-" where there is none."""
    if value is None:
        return DASH
    return f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"


def percent(share: float | None) -> str:
    """A share as "12 %"."""
    return DASH if share is None else f"{100 * share:.0f} %"
