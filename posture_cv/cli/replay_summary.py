"""The summary of a replay on the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from posture_cv.assess.types import ALERTING, State
from posture_cv.opendata.files import prompts_among
from posture_cv.output.text import lines_for, one_line

_BAR_WIDTH = 24


def clock(seconds: float) -> str:
    """Minutes and seconds, "m:ss" or "h:mm:ss"."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def show(summary: Mapping[str, Any], out: Path) -> None:
    """Print time per state, alerts with their advice, unmeasured time, and where the files are.

    Args:
        summary: as written to `summary.json`.
        out: the folder of the results.
    """
    per_state: dict[str, float] = summary["seconds_per_state"]
    total_s = sum(per_state.values())
    source, view = _what_and_whence(summary)
    _say(f": {clock(total_s)}, {summary['frames']} frames, {view}", one_line(source), bold=True)
    for line in _state_lines(per_state, total_s):
        _echo(line)
    per_reason: dict[str, float] = summary["unmeasured_seconds"]
    unmeasured = {reason: s for reason, s in per_reason.items() if round(s)}  # a frame or two is no news
    if unmeasured:
        parts = ", ".join(f"{reason.replace('_', ' ')} {clock(s)}" for reason, s in unmeasured.items())
        _say(f"Not measured: {parts}")
    _show_alerts(out)
    for stale in summary["baseline_stale"]:
        _note(f"The baseline looks stale from {clock(stale['t_s'])} on: {stale['hint']}")
    for warning in summary["warnings"]:
        _note(warning)
    _say(f"Results: {one_line(str(out))}")


def _say(text: str, lead: str = "", **style: Any) -> None:  # noqa: ANN401 - what click.style takes
    """A line, on a terminal several that are no longer than reads well; `lead`, with which it begins, is styled."""
    first, *more = lines_for(sys.stdout, lead + text)
    _echo(click.style(first[: len(lead)], **style) + first[len(lead) :])
    for line in more:
        _echo(line)


def _note(text: str) -> None:
    _say(f" {one_line(text)}", "Note:", fg="yellow")


def _echo(line: str) -> None:
    """A styled line; without its colours where there is no terminal, or they are not wanted."""
    click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


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


def _state_lines(per_state: Mapping[str, float], total_s: float) -> Iterator[str]:
    alerting = {state.label for state in ALERTING}
    names, clocks = [label.replace("_", " ") for label in per_state], [*map(clock, per_state.values())]
    wide, long = (max(map(len, texts), default=0) for texts in (names, clocks))
    for (label, seconds), name, time in zip(per_state.items(), names, clocks, strict=True):
        share = seconds / total_s if total_s else 0.0
        colour = "red" if label in alerting else "green" if label == State.GOOD.label else None
        bar = click.style("█" * max(1, round(share * _BAR_WIDTH)), fg=colour)
        yield f"{name:{wide}}  {time:{long}}  {share:4.0%}  {bar}"


def _show_alerts(out: Path) -> None:
    rows = [json.loads(line) for line in (out / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    prompts = prompts_among(rows)
    counts = {"alert": len(rows) - prompts, **({"prompt": prompts} if prompts else {})}
    told = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
    _say("", told, bold=True)
    for row in rows:
        title = f"{clock(row['t_s']):>7}  {row['cue'].replace('_', ' ')}"
        _say(f" ({row['level']})  {row['seen']}", title, fg="red", bold=True)
        _say(f"         {row['text']}")
        if row["quotation"]:
            for line in lines_for(sys.stdout, f"         “{row['quotation']}” — {row['citation']}"):
                _echo(click.style(line, dim=True))
