"""How `posture-cv agree` shows its postures: a table, and on a narrow terminal a few short lines a posture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from posture_cv.agreement.compare import PostureAgreement
from posture_cv.exposure.types import Figure

_TITLES: Final = ("posture", "rater s", "program s", "precision", "recall", "kappa")
_ANY_COLUMNS: Final = 1000


def figure_text(figure: Figure) -> str:
    """A figure with its interval, where it has one; "-" where there is none."""
    if not isfinite(figure.value):
        return "-"
    bounds = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.has_interval else ""
    return f"{figure.value:.2f}{bounds}"


class AgreeView:
    """The agreement of each posture; lays itself out for the terminal's width."""

    def __init__(self, postures: Sequence[PostureAgreement]) -> None:
        self._rows = [_texts(posture) for posture in postures]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown: RenderableType = _table(self._rows)
        anywhere = options.update(max_width=_ANY_COLUMNS)
        if Measurement.get(console, anywhere, shown).maximum > options.max_width:
            shown = Text("\n").join(_lines(self._rows))
        yield shown


def _texts(p: PostureAgreement) -> tuple[str, ...]:
    figures = (figure_text(figure) for figure in (p.precision, p.recall, p.kappa))
    return (p.posture.replace("_", " "), f"{p.rater_s:.1f}", f"{p.program_s:.1f}", *figures)


def _table(rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in _TITLES:
        table.add_column(title, justify="left" if title == _TITLES[0] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _lines(rows: Iterable[Sequence[str]]) -> Iterable[Text]:
    """The same without columns."""
    for posture, rater_s, program_s, *figures in rows:
        yield Text(posture, "bold")
        yield Text(f"  rater {rater_s} s, program {program_s} s")
        for title, figure in zip(_TITLES[3:], figures, strict=True):
            yield Text(f"  {title} {figure}")
