"""The table of all recordings: one row each, in the order in which they were given."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posture_cv.assess.settings import CUES
from posture_cv.assess.types import State
from posture_cv.atomic import private_folder, write_atomic
from posture_cv.errors import PostureError
from posture_cv.file_facts import lines_of, refuse_stream
from posture_cv.opendata.files import SUMMARY, TABLE
from posture_cv.replay.types import ReplayOptions

if TYPE_CHECKING:
    from posture_cv.replay.batch import Ended


def write_table(folder: Path, recordings: Sequence[Ended | ReplayOptions]) -> Path:
    """Write `recordings.csv`, whole or not at all.

    Args:
        folder: of the table.
        recordings: how each ended. One that is still on its way has the row of an earlier run, as long as the
            results of that one are there.

    Raises:
        OutputError: it cannot be written.
    """
    path = private_folder(folder) / TABLE
    earlier = _rows_of(path)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_empty_row()), lineterminator="\n")
    writer.writeheader()
    for one in recordings:
        if isinstance(one, ReplayOptions):
            if one.out.name in earlier and (one.out / SUMMARY).exists():
                writer.writerow(earlier[one.out.name])
        else:
            writer.writerow(row_of(one))
    write_atomic(path, text.getvalue())
    return path


def _rows_of(path: Path) -> dict[str, dict[str, str]]:
    """The rows that an earlier run has written, by recording; none where the table has other columns."""
    try:
        refuse_stream(path)
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(lines_of(file))
            if reader.fieldnames != list(_empty_row()):
                return {}
            return {row["recording"]: row for row in reader if None not in row and None not in row.values()}
    except (OSError, ValueError, csv.Error):
        return {}


def row_of(ended: Ended) -> dict[str, str]:
    """One recording's row: text of every column, empty where it is not known."""
    options, summary = ended.options, ended.summary
    labels = options.labels
    return {
        **_empty_row(),
        "recording": labels.recording or options.out.name,
        "file": options.source,
        "participant": labels.participant or (summary or {}).get("participant") or "",
        "condition": labels.condition or (summary or {}).get("condition") or "",
        "status": ended.status,
        "problem": "" if ended.problem is None else problem_line(ended.problem),
        **(_figures(summary) if summary else {}),
    }


def problem_line(problem: PostureError) -> str:
    """What is wrong and where, in one line."""
    parts = [part.strip().rstrip(".") for part in (problem.title, problem.detail) if part.strip()]
    return " ".join(". ".join(parts).split()) + "."


def _empty_row() -> dict[str, str]:
    names = ["recording", "file", "participant", "condition", "status", "problem", "view", "calibration"]
    names += ["duration_s", "frames", "frames_with_person", "frame_rate_hz"]
    names += [f"{state.label}_s" for state in State]
    names += ["unmeasured_s", "alerts", "alerts_per_hour", *(f"{cue}_alerts" for cue in CUES), "warnings"]
    return dict.fromkeys(names, "")


def _figures(summary: Mapping[str, Any]) -> dict[str, str]:
    baseline, alerts = summary["baseline"], summary["alerts"]
    per_state = summary["seconds_per_state"]
    duration_s = summary["duration_s"]
    return {
        "view": baseline["view"],
        "calibration": str(baseline.get("quality") or baseline.get("profile") or ""),
        "duration_s": _number(duration_s),
        "frames": str(summary["frames"]),
        "frames_with_person": str(summary["frames_with_person"]),
        "frame_rate_hz": _number(summary["frame_rate_hz"]),
        **{f"{state.label}_s": _number(per_state.get(state.label, 0.0)) for state in State},
        "unmeasured_s": _number(sum(summary["unmeasured_seconds"].values())),
        "alerts": str(len(alerts)),
        "alerts_per_hour": _number(3600 * len(alerts) / duration_s) if duration_s else "",
        **{f"{cue}_alerts": str(sum(alert["cue"] == cue for alert in alerts)) for cue in CUES},
        "warnings": str(len(summary["warnings"])),
    }


def _number(value: float | None) -> str:
    """Three decimals at most, whatever the size: the seconds of hours add up as those of minutes do."""
    if value is None:
        return ""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
