"""Names of the files in a result folder, for all that need no more of it: what reads one is far slower to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from posture_cv.assess.settings import CUES

SUMMARY: Final = "summary.json"
SUMMARY_VERSION: Final = 1  # raised when a key goes or changes its meaning
TABLE: Final = "recordings.csv"
MEASUREMENTS: Final = "measurements.csv"
ALERTS: Final = "alerts.jsonl"
PROVENANCE: Final = "provenance.json"  # what the summary has no room for
LANDMARKS: Final = "landmarks.landmarks"


def checksum_noted(run: Mapping[str, Any], name: str) -> str | None:
    """SHA-256 that a summary's entry `run` notes of a file of the results; None where it notes none."""
    files = run.get("files")
    sha256 = files.get(name) if isinstance(files, dict) else None
    return None if sha256 is None else str(sha256)


def prompts_among(alerts: Sequence[Mapping[str, Any]]) -> int:
    """How many of the rows of `alerts.jsonl` are not about a posture."""
    return sum(alert["cue"] not in CUES for alert in alerts)
