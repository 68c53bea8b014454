"""A sweep as a table: one row a setting; what cannot be counted is an empty field."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol, TextIO

from posture_cv.assess.settings import CUES
from posture_cv.file_facts import head_of


class Row(Protocol):
    """What a table or plot needs of one setting; see `posture_cv.replay.sweep.SweepRow`."""

    @property
    def threshold(self) -> float: ...  # noqa: D102
    @property
    def dwell_s(self) -> float: ...  # noqa: D102
    @property
    def duration_s(self) -> float: ...  # noqa: D102
    @property
    def alerts(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def alerts_per_hour(self) -> float | None: ...  # noqa: D102
    @property
    def right(self) -> int: ...  # noqa: D102
    @property
    def bouts(self) -> int: ...  # noqa: D102
    @property
    def found(self) -> int: ...  # noqa: D102
    @property
    def precision(self) -> float | None: ...  # noqa: D102
    @property
    def recall(self) -> float | None: ...  # noqa: D102


COLUMNS: Final = (
    *("threshold", "dwell_s", "duration_s", "alerts", "alerts_per_hour"),
    *(f"alerts_{cue}" for cue in CUES),
    *("right", "precision", "bouts", "found", "recall"),
)


def write_sweep(file: TextIO, rows: Iterable[Row], *, labelled: bool) -> None:
    """Write the header and a row for each setting (RFC 4180); `labelled` False leaves the last five empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        counted = (row.right, share(row.precision), row.bouts, row.found, share(row.recall))
        writer.writerow(
            [
                f"{row.threshold:g}",
                f"{row.dwell_s:g}",
                f"{row.duration_s:.3f}",
                sum(row.alerts),
                "" if row.alerts_per_hour is None else f"{row.alerts_per_hour:.3f}",
                *row.alerts,
                *(counted if labelled else [""] * len(counted)),
            ]
        )


def is_sweep_table(path: Path) -> bool:
    """Whether a file is a table that a sweep has written."""
    header = f"{','.join(COLUMNS)}\n".encode()
    return head_of(path, len(header)) == header


def share(value: float | None) -> str:
    """A share with three decimals; empty where there is none."""
    return "" if value is None else f"{value:.3f}"
