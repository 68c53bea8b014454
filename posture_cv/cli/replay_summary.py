"""The summary of a replay on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from posture_cv.assess.types import ALERTING, State
from posture_cv.output.summary import seconds_per_state, unmeasured_seconds
from posture_cv.replay.files import alert_rows

if TYPE_CHECKING:
    from posture_cv.replay.run import Replayed

_BAR_WIDTH = 24


def clock(seconds: float) -> str:
    """Minutes and seconds, "m:ss" or "h:mm:ss"."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def show(result: Replayed, console: Console | None = None) -> None:
    """Print time per state, alerts with their advice, unmeasured time, and where the files are."""
    console = console or Console()
    states = result.assessment.states
    per_state = seconds_per_state(states.t_s, result.assessment.state)
    total_s = sum(per_state.values())
    source = result.recording.source.get("name", result.options.source)
    view = result.baseline.baseline.view.label
    console.print(
        f"[bold]{escape(str(source))}[/bold]: {clock(total_s)}, {len(states)} frames, {view} view",
        highlight=False,
    )
    console.print(_state_table(per_state, total_s))
    unmeasured = unmeasured_seconds(states)
    if unmeasured:
        parts = ", ".join(f"{reason.replace('_', ' ')} {clock(s)}" for reason, s in unmeasured.items())
        console.print(f"Not measured: {parts}", highlight=False)
    _print_alerts(result, console)
    for warning in result.warnings:
        console.print(f"[yellow]Note:[/yellow] {escape(warning)}", highlight=False)
    console.print(f"Results: {escape(str(result.options.out))}", highlight=False)


def _state_table(per_state: dict[str, float], total_s: float) -> Table:
    alerting = {state.label for state in ALERTING}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for label, seconds in per_state.items():
        share = seconds / total_s if total_s else 0.0
        colour = "red" if label in alerting else "green" if label == State.GOOD.label else "default"
        bar = "█" * max(1, round(share * _BAR_WIDTH))
        table.add_row(label.replace("_", " "), clock(seconds), f"{share:4.0%}", f"[{colour}]{bar}[/]")
    return table


def _print_alerts(result: Replayed, console: Console) -> None:
    rows = alert_rows(result.assessment.records)
    console.print(f"[bold]{len(rows)} alert{'' if len(rows) == 1 else 's'}[/bold]", highlight=False)
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
