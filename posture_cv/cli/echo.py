"""How the commands print: objects for programs, warnings, and text that is not wider than reads well."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture_cv.output.text import READING_WIDTH, lines_for, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def echo_json(plain: Mapping[str, Any] | Sequence[Any]) -> None:
    """An object or a list, indented, on standard output."""
    import json  # not needed for --help

    click.echo(json.dumps(plain, indent=2))


def echo_warnings(warnings: Iterable[str]) -> None:
    """A line each on standard error; they may name files."""
    for warning in warnings:
        click.echo(f"Warning: {one_line(warning)}", err=True)


def reading_console() -> Console:
    """The terminal, not wider than reads well."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False)
    console.width = min(console.width, READING_WIDTH)
    return console


def print_indented(console: Console, text: str | Text, columns: int, mark: str = "", style: str = "") -> None:
    """Wrap and indent, the first line with the mark; no trailing blanks, so that it copies and pipes well."""
    from rich.text import Text

    whole = Text(text, style=style) if isinstance(text, str) else text
    lead = " " * columns + mark
    for line in whole.wrap(console, max(console.width - len(lead), 10)):
        line.rstrip()
        console.print(Text.assemble(lead, line), soft_wrap=True)
        lead = " " * len(lead)


def echo_lines(*lines: str) -> None:
    """A line each on standard output; they may hold what others have written: a name, a path, a database's words."""
    for line in lines:
        click.echo(one_line(line))


def echo_sentences(*lines: str) -> None:
    """As `echo_lines`; on a terminal no line is longer than reads well, elsewhere each stays one."""
    for line in map(one_line, lines):
        for part in lines_for(sys.stdout, line):
            click.echo(part)


def echo_written(path: Path) -> None:
    """Say where something was written; its name may be anything and does not steer the terminal."""
    click.echo(f"Written: {one_line(str(path))}")


def echo_note(text: str) -> None:
    """A note beside the results, in one line on standard error; it may name files."""
    click.echo(f"Note: {one_line(text)}", err=True)
