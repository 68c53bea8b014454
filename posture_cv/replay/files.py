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
from posture_cv.assess.staleness import stale_signs
from posture_cv.assess.types import Episode
from posture_cv.atomic import atomic_path, write_atomic
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.output.summary import seconds_per_state, unmeasured_seconds
from posture_cv.output.tables import write_measurements
from posture_cv.replay.keys import sha256_of_file, versions
from posture_cv.replay.progress import Progress
from posture_cv.replay.results import extra_tables

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed

SCHEMA_VERSION = 1


def write_results(result: Replayed, progress: Progress) -> dict[str, Any]:
    """Write every file of a replay into its folder, the summary last: a folder with a summary is whole.

    Returns:
        The summary.

    Raises:
        OutputError: a file cannot be written.
    """
    options = result.options
    rows = alert_rows(result.assessment.records)
    progress.stage("Writing tables", None)
    written = _write_tables(result, rows)
    if options.video:
        from posture_cv.replay.video import write_annotated_video  # heavy: only on request

        write_annotated_video(result, options.out / "annotated.mp4", progress)
        written.append("annotated.mp4")
    if options.keep_landmarks and result.landmarks_path.parent == options.out:
        written.append(result.landmarks_path.name)
    told = summary(result, rows)
    told["run"]["files"] = {name: sha256_of_file(options.out / name) for name in written}
    write_atomic(options.out / "summary.json", json.dumps(told, indent=2) + "\n")
    return told


def _write_tables(result: Replayed, rows: list[dict[str, Any]]) -> list[str]:
    out, done = result.options.out, result.assessment
    _write(
        out / "measurements.csv",
        lambda f: write_measurements(f, done.measured, done.states, done.state, result.columns),
    )
    _write(out / "alerts.jsonl", lambda f: f.writelines(json.dumps(row) + "\n" for row in rows))
    more = extra_tables(result)
    for name, text in more.items():
        write_atomic(out / name, text)
    return ["measurements.csv", "alerts.jsonl", *more]


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
        "baseline_stale": _stale(result),
        "episodes": [_episode(e) for e in result.assessment.episodes],
        "alerts": [{key: row[key] for key in ("t_s", "cue", "level", "lasted_s", "repeat")} for row in rows],
        "settings": asdict(result.options.settings),
        "warnings": list(result.warnings),
        **_labels(result),
        **result.figures,
        "run": {
            "key": result.provenance.run_key,
            "landmarks_key": result.provenance.landmarks_key,
            "source_sha256": result.provenance.source_sha256,
            "versions": dict(versions()),
        },
    }


def _stale(result: Replayed) -> list[dict[str, Any]]:
    """What speaks against the baseline, and since when."""
    found = stale_signs(result.assessment.measured, result.baseline.baseline.view)
    return [{"sign": str(one.sign), "t_s": one.t_s, "hint": one.sign.hint} for one in found]


def _labels(result: Replayed) -> dict[str, Any]:
    labels, capture = result.options.labels, result.options.capture
    return {
        "recording": labels.recording,
        "participant": labels.participant,
        "condition": labels.condition,
        "start_s": capture.start_s or None,
        "end_s": capture.end_s,
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
