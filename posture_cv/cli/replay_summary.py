"""The summary of a replay on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from posture_cv.assess.types import ALERTING, State
from posture_cv.history.days import counted
from posture_cv.opendata.folder import prompts_among
from posture_cv.output.text import one_line

_BAR_WIDTH = 24


def clock(seconds: float) -> str:
    """Minutes and seconds, "m:ss" or "h:mm:ss"."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def show(summary: Mapping[str, Any], out: Path, console: Console | None = None) -> None:
    """Print time per state, alerts with their advice, unmeasured time, and where the files are.

    Args:
        summary: as written to `summary.json`.
        out: the folder of the results.
        console: to print to.
    """
    console = console or Console()
    per_state: dict[str, float] = summary["seconds_per_state"]
    total_s = sum(per_state.values())
    source, view = _what_and_whence(summary)
    console.print(
        f"[bold]{escape(one_line(source))}[/bold]: {clock(total_s)}, {summary['frames']} frames, {view}",
        highlight=False,
    )
    console.print(_state_table(per_state, total_s))
    per_reason: dict[str, float] = summary["unmeasured_seconds"]
    unmeasured = {reason: s for reason, s in per_reason.items() if round(s)}  # a frame or two is no news
    if unmeasured:
        parts = ", ".join(f"{reason.replace('_', ' ')} {clock(s)}" for reason, s in unmeasured.items())
        console.print(f"Not measured: {parts}", highlight=False)
    _print_alerts(out, console)
    for stale in summary["baseline_stale"]:
        hint = escape(f"The baseline looks stale from {clock(stale['t_s'])} on: {stale['hint']}")
        console.print(f"[yellow]Note:[/yellow] {hint}", highlight=False)
    for warning in summary["warnings"]:
        console.print(f"[yellow]Note:[/yellow] {escape(one_line(warning))}", highlight=False)
    console.print(f"Results: {escape(one_line(str(out)))}", highlight=False)


def _what_and_whence(summary: Mapping[str, Any]) -> tuple[str, str]:
    """The name of the recording, or of both cameras' ones, and from where the person is seen."""
    source = str(summary["source"].get("name") or "the recording")
    pair = summary.get("pair")
    if pair:
        return (
            f"{source} and {pair['side_source'].get('name') or 'the side recording'}",
            "front and side views",
        )
    return source, f"{summary['baseline']['view']} view"


def _state_table(per_state: dict[str, float], total_s: float) -> Table:
    alerting = {state.label for state in ALERTING}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for label, seconds in per_state.items():
        share = seconds / total_s if total_s else 0.0
        colour = "red" if label in alerting else "green" if label == State.GOOD.label else "default"
        bar = "█" * max(1, round(share * _BAR_WIDTH))
        table.add_row(label.replace("_", " "), clock(seconds), f"{share:4.0%}", f"[{colour}]{bar}[/]")
    return table


def _print_alerts(out: Path, console: Console) -> None:
    rows = [json.loads(line) for line in (out / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    prompts = prompts_among(rows)
    told = counted(len(rows) - prompts, "alert") + (f", {counted(prompts, 'prompt')}" if prompts else "")
    console.print(f"[bold]{told}[/bold]", highlight=False)
    for row in rows:
        title = f"{clock(row['t_s']):>7}  {row['cue'].replace('_', ' ')}"
        console.print(
            f"[bold red]{title}[/bold red] ({row['level']})  {escape(row['seen'])}", highlight=False
        )
        console.print(f"         {escape(row['text'])}", highlight=False)
        if row["quotation"]:
            console.print(
                f"         [dim]“{escape(row['quotation'])}” — {escape(row['citation'])}[/dim]",
                highlight=False,
            )
