"""What `--remember` keeps of a landmark recording besides its measurements: its checksum, and baselines taken from it.

A file NAME.landmarks.known.json beside the recording; it may be deleted. The checksum holds while the recording's size
and time of change stay the same, a baseline while the recording and everything that calibrates and measures do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from posture_cv.atomic import write_atomic
from posture_cv.file_facts import json_object
from posture_cv.landmarks.recording import block_heads
from posture_cv.measure.baseline import Background, Baseline
from posture_cv.measure.types import View
from posture_cv.replay.keys import Known, Stamp, digest
from posture_cv.replay.remembered import beside_the_recording, estimators_digest
from posture_cv.replay.types import BaselineUsed

SUFFIX: Final = ".known.json"
_ARRAYS: Final = ("pose", "face", "rows", "cols", "dress")


def known_checksum(recording: Path) -> Known | None:
    """The recording's checksum as it was noted."""
    with suppress(KeyError, TypeError, ValueError):
        size, changed_ns, sha256 = _read(recording)["checksum"]
        return Known(Stamp(int(size), int(changed_ns)), str(sha256))
    return None


def note_checksum(recording: Path, known: Known) -> None:
    """Keep it. Raises OutputError."""
    if known_checksum(recording) != known:
        _write(recording, _read(recording) | {"checksum": [*known.stamp, known.sha256]})


def known_baseline(recording: Path, calibrate_s: tuple[float, float]) -> BaselineUsed | None:
    """The baseline that was taken from these seconds of the recording before."""
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        return _baseline_of(_read(recording)["baselines"][_key(recording, calibrate_s)])
    return None


def note_baseline(recording: Path, calibrate_s: tuple[float, float], used: BaselineUsed) -> None:
    """Keep it. Raises OutputError."""
    plain = _read(recording)
    baselines = plain.get("baselines")
    baselines = dict(baselines) if isinstance(baselines, dict) else {}
    baselines[_key(recording, calibrate_s)] = _plain(used)
    _write(recording, plain | {"baselines": baselines})


def _path(recording: Path) -> Path:
    return recording.with_name(recording.name + SUFFIX)


def _read(recording: Path) -> dict[str, Any]:
    return json_object(_path(recording)) or {}


def _write(recording: Path, plain: Mapping[str, Any]) -> None:
    with beside_the_recording():
        write_atomic(_path(recording), json.dumps(plain))


def _key(recording: Path, calibrate_s: tuple[float, float]) -> str:
    heads = hashlib.sha256(block_heads(recording)).hexdigest()
    return digest([heads, list(calibrate_s), estimators_digest().hex()])


def _plain(used: BaselineUsed) -> dict[str, Any]:
    """As JSON holds it without a loss: numbers in full, NaN as Python's reader takes it."""
    baseline = {**asdict(used.baseline), "view": used.baseline.view.label}
    lists = {name: np.asarray(baseline[name]).tolist() for name in _ARRAYS}
    return {"baseline": baseline | lists, "origin": used.origin, "warnings": used.warnings}


def _baseline_of(plain: Mapping[str, Any]) -> BaselineUsed:
    values = dict(plain["baseline"])
    width, height = values["size_px"]
    background = Background(*map(float, values["background"]))
    arrays = {name: np.array(values[name], np.float64) for name in _ARRAYS}
    baseline = Baseline(
        **values
        | arrays
        | {
            "view": View[values["view"].upper()],
            "size_px": (int(width), int(height)),
            "background": background,
            "outline_unsure": float(values["outline_unsure"]),
        }
    )
    return BaselineUsed(baseline, dict(plain["origin"]), tuple(map(str, plain["warnings"])))
