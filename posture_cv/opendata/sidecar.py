"""Provenance of one recording: enough to make its tables again."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from posture_cv._version import __version__
from posture_cv.file_facts import json_object
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Float
from posture_cv.opendata.files import PROVENANCE
from posture_cv.profiles.plain import baseline_to_json

if TYPE_CHECKING:
    from posture_cv.opendata.folder import Result

_LATE: Final = 1.5  # a step so many times the median one means that frames are missing


def frame_timing(t_s: Float, nominal_hz: float | None, *, pictures: bool = False) -> dict[str, Any]:
    """The frame rate as found, and the frames that are not there.

    Args:
        t_s: (N,) times of the frames, s.
        nominal_hz: what the source says of itself.
        pictures: they are pictures without times: there is no rate, and none is late.

    A step longer than 1.5 median steps is taken for missing frames, as many as fit into it (ours): the source
    dropped them, or a camera slowed down.
    """
    steps = np.diff(t_s)
    if len(steps) == 0 or pictures:
        return {"nominal_hz": nominal_hz, "found_hz": None, "frames": len(t_s), "dropped_frames": 0}
    median = float(np.median(steps))
    late = steps[steps > _LATE * median]
    low, high = np.quantile(steps, [0.05, 0.95])
    return {
        "nominal_hz": nominal_hz,
        "found_hz": round((len(t_s) - 1) / float(t_s[-1] - t_s[0]), 4),
        "median_step_s": round(median, 6),
        "step_5_to_95_percent_s": [round(float(low), 6), round(float(high), 6)],
        "longest_step_s": round(float(steps.max()), 6),
        "frames": len(t_s),
        "dropped_frames": int(np.rint(late / median - 1.0).sum()),
    }


def versions() -> dict[str, str]:
    """This program and what computes for it."""
    return {"posture-cv": __version__, "python": platform.python_version(), "numpy": np.__version__}


def sidecar(result: Result) -> dict[str, Any]:
    """Everything known of how a recording's tables came to be."""
    summary = result.summary
    return {
        "program": {"name": "posture-cv", "version": summary.get("program", "")},
        "written_by": versions(),
        "recording": result.name,
        "participant": result.participant or None,
        "condition": result.condition or None,
        "source": {**result.source, "sha256": result.run.get("source_sha256")},
        "stretch_s": [summary.get("start_s"), summary.get("end_s")],
        "estimator": summary.get("estimator", {}),
        "baseline": {**summary.get("baseline", {}), **_values(provenance(result))},
        **({"pair": result.pair} if result.pair else {}),
        "settings": summary.get("settings", {}),
        "timing": frame_timing(
            result.measured.t_s, result.source.get("frame_rate_hz"), pictures=result.pictures
        ),
        "warnings": summary.get("warnings", []),
        "t_s": "seconds since the start of the source",
    }


def _values(noted: Mapping[str, Any]) -> dict[str, Any]:
    """The baseline's numbers; of two cameras the side camera's, too."""
    side = {"side_values": noted["side_baseline"]} if "side_baseline" in noted else {}
    return {"values": noted.get("baseline"), **side}


def provenance_text(baseline: Baseline, side: Baseline | None) -> str:
    """What `replay` writes beside its tables: the baseline that everything was judged against.

    Args:
        baseline: of the camera, or of the front camera.
        side: of the side camera; None: there is one camera.
    """
    noted = {"baseline": _noted(baseline)}
    if side is not None:
        noted["side_baseline"] = _noted(side)
    return json.dumps(noted, sort_keys=True) + "\n"


def _noted(baseline: Baseline) -> dict[str, Any]:
    return {
        "view": baseline.view.label,
        "size_px": list(baseline.size_px),
        "background": list(baseline.background),
        **baseline_to_json(baseline),
    }


def provenance(result: Result) -> dict[str, Any]:
    """What `replay` wrote beside the tables; empty for results that are older than that."""
    return json_object(result.folder / PROVENANCE) or {}
