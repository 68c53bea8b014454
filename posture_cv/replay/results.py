"""What each recording's results hold beyond the tables of the replay itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed


def extra_tables(result: Replayed) -> dict[str, str]:
    """File name to text of further tables of one recording; the same result gives the same text.

    `provenance.json` holds the whole baseline: with it, the source's checksum and the settings of the summary,
    the tables can be made again. Exposure is computed where it is read (`study`, `export`, `report`): its
    bootstrap takes longer than a re-assessment.
    """
    from posture_cv.opendata.sidecar import PROVENANCE, provenance_text

    return {PROVENANCE: provenance_text(result.baseline.baseline)}


def summary_figures(result: Replayed) -> dict[str, Any]:  # noqa: ARG001
    """Further plain values for the summary of one recording."""
    return {}


def recording_columns(summary: dict[str, Any]) -> dict[str, str]:  # noqa: ARG001
    """Further columns of `recordings.csv` from one summary; the same names for an empty one, with empty text."""
    return {}


def run_tables(out: Path, summaries: list[dict[str, Any]]) -> None:
    """Write what spans recordings, once all are done."""
