"""The files of one replay: each takes its final name when it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from posture_cv._version import __version__
from posture_cv.assess import records as recs
from posture_cv.assess.records import Record
from posture_cv.assess.types import Episode
from posture_cv.atomic import atomic_path
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.output.summary import seconds_per_state, unmeasured_seconds
from posture_cv.output.tables import write_measurements
from posture_cv.replay.progress import Progress

if TYPE_CHECKING:
    from posture_cv.replay.run import Replayed

SCHEMA_VERSION = 1


def write_results(result: Replayed, progress: Progress) -> None:
    """Write every file of a replay into its folder."""
    out = result.options.out
    rows = alert_rows(result.assessment.records)
    done = result.assessment
    progress.stage("Writing tables", None)
    _write(out / "measurements.csv", lambda f: write_measurements(f, done.measured, done.states, done.state))
    _write(out / "alerts.jsonl", lambda f: f.writelines(json.dumps(row) + "\n" for row in rows))
    _write(out / "summary.json", lambda f: f.write(json.dumps(summary(result, rows), indent=2) + "\n"))
    if result.options.video:
        from posture_cv.replay.video import write_annotated_video  # heavy: only on request

        write_annotated_video(result, out / "annotated.mp4", progress)


def alert_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Each alert, the words that went with it, and the record of why it came, as plain values."""
    adviser = Adviser(load_catalogue())
    return [
        {
            "id": record.id,
            **asdict(record.alert),
            **adviser.words(record.alert, day_key=0),
            "record": recs.to_json(record),
        }
        for record in records
    ]


def summary(result: Replayed, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The recording in a few figures, with what is needed to repeat it."""
    states = result.assessment.states
    t_s = states.t_s
    duration_s = float(t_s[-1] - t_s[0]) if len(t_s) else 0.0
    return {
        "schema_version": SCHEMA_VERSION,
        "program": __version__,
        "source": result.recording.source,
        "estimator": result.recording.estimator,
        "baseline": {"view": result.baseline.baseline.view.label, **result.baseline.origin},
        "frames": len(states),
        "frames_with_person": result.frames_with_person,
        "duration_s": round(duration_s, 3),
        "frame_rate_hz": round((len(t_s) - 1) / duration_s, 3) if duration_s else None,
        "seconds_per_state": seconds_per_state(t_s, result.assessment.state),
        "unmeasured_seconds": unmeasured_seconds(states),
        "episodes": [_episode(e) for e in result.assessment.episodes],
        "alerts": [{key: row[key] for key in ("t_s", "cue", "level", "lasted_s", "repeat")} for row in rows],
        "settings": asdict(result.options.settings),
        "warnings": list(result.warnings),
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "state": episode.state.label,
        "start_s": episode.start_s,
        "end_s": episode.end_s,
        "peak_excess": None if isnan(episode.peak_excess) else round(episode.peak_excess, 3),
        "reason": episode.reason.label,
    }


def _write(path: Path, fill: Callable[[TextIO], object]) -> None:
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        fill(file)
