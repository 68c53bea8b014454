"""What a page says of where its numbers come from: sources with their checksums, models, baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from posture_cv.measure.types import Float
from posture_cv.opendata.files import PROVENANCE
from posture_cv.opendata.folder import Result
from posture_cv.opendata.sidecar import frame_timing

_ELSEWHERE: Final = ("import", "array")  # by `posture-cv import`, or from Python


def source_names(result: Result) -> list[str]:
    """Of one camera's recording, or of both."""
    return [name for name, _ in _sources(result)]


def cameras(result: Result) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What is noted of the source and of what found its landmarks, for each camera."""
    pair = result.pair
    found = [(result.source, result.summary.get("estimator", {}))]
    if pair:
        found.append((pair.get("side_source", {}), pair.get("side_estimator", {})))
    return found


def made_elsewhere(source: Mapping[str, Any]) -> bool:
    """Whether another program found the landmarks of a source."""
    return source.get("kind") in _ELSEWHERE


def named_model(model: Mapping[str, Any], digits: int = 64) -> str:
    """A model with as many digits of its checksum; imported landmarks name one without."""
    digest = str(model.get("sha256") or "")
    cut = "…" if len(digest) > digits else ""
    return f"{model['name']}, SHA-256 {digest[:digits]}{cut}" if digest else str(model["name"])


def shared_baselines(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Participants who were judged by one and the same baseline, sorted; a baseline is one person's."""
    people: dict[str, set[str]] = {}
    for result in results:
        digest = result.noted(PROVENANCE)
        if digest and result.participant:
            people.setdefault(digest, set()).add(result.participant)
    return sorted({tuple(sorted(names)) for names in people.values() if len(names) > 1})


def provenance(result: Result) -> list[tuple[str, str]]:
    """What is told, and what it is, in the order of the page."""
    summary = result.summary
    estimators = [estimator for _, estimator in cameras(result)]
    t_s = result.measured.t_s
    models = dict.fromkeys(named_model(e[k]) for e in estimators for k in ("pose", "face") if e.get(k))
    return [
        ("program", f"posture-cv {summary.get('program', 'unknown')}"),
        *(("source", f"{name}, SHA-256 {digest}") for name, digest in _sources(result)),
        *_offset(result.pair),
        ("frames", f"{len(t_s)} pictures without times" if result.pictures else _frames(t_s, result.source)),
        ("models", "; ".join(models) or "unknown"),
        ("engine", "; ".join(dict.fromkeys(str(e.get("engine", "unknown")) for e in estimators if e))),
        ("baseline", _facts(summary.get("baseline", {}))),
        (
            "longest frame gap",
            f"{np.diff(t_s).max():.3f} s" if len(t_s) > 1 and not result.pictures else "none",
        ),
    ]


def _frames(t_s: Float, source: Mapping[str, Any]) -> str:
    """How many a recording has, and how many a second."""
    timing = frame_timing(t_s, source.get("frame_rate_hz"))
    says = "" if timing["nominal_hz"] is None else f" (source says {timing['nominal_hz']})"
    found = f"{timing['frames']}; {timing['found_hz']} a second as found{says}"
    return f"{found}; missing by their times: {timing['dropped_frames']}"


def _sources(result: Result) -> list[tuple[str, str]]:
    """Name and checksum of the recording, or of the front camera's and the side camera's."""
    pair = result.pair
    found = [(result.source, result.run.get("source_sha256"))]
    if pair:
        found.append((pair.get("side_source", {}), pair.get("side_sha256")))
    return [(str(source.get("name", "unknown")), digest or "not noted") for source, digest in found]


def _offset(pair: Mapping[str, Any]) -> list[tuple[str, str]]:
    """When the side camera's recording began, and how sure that is; empty for one camera."""
    if pair.get("offset_s") is None:
        return []
    text = f"{pair['offset_s']:+.2f} s, "
    if not pair.get("offset_found"):
        return [("offset of the second source", text + "given")]
    text += f"found, standard deviation {pair.get('offset_sd_s')} s, agreement r = {pair.get('agreement')}"
    if pair.get("offset_drift_s") is not None:
        text += f", drift {pair['offset_drift_s']:+.2f} s"
    return [("offset of the second source", text)]


def _facts(about: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_fact(value)}" for name, value in about.items())


def _fact(value: object) -> str:
    if isinstance(value, Mapping):
        return f"({_facts(value)})"
    if isinstance(value, list):
        return " to ".join("the end" if part is None else _fact(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
