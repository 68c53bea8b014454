"""Sitting posture from pictures: measured against a personal baseline, live or recorded.

The names below are loaded when they are first asked for: importing this package does nothing (docs/python-api.md).
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would be work; type checkers take it for true
if TYPE_CHECKING:
    from posture_cv.api import (
        alert_after,
        assess_landmarks,
        assess_measurements,
        calibrate,
        import_landmarks,
        landmarks_from_arrays,
        measure_landmarks,
        read_recording,
        replay_recording,
        table,
        write_recording,
    )
    from posture_cv.assess.recording import Assessment
    from posture_cv.assess.settings import AssessSettings
    from posture_cv.assess.types import State
    from posture_cv.errors import PostureError
    from posture_cv.landmarks.recording import Recording
    from posture_cv.landmarks.types import Landmarks
    from posture_cv.measure.baseline import Baseline
    from posture_cv.measure.types import (
        QUANTITIES,
        Estimate,
        Measurements,
        Reason,
        View,
    )
    from posture_cv.profiles.store import load_profile
    from posture_cv.replay.sync import find_offset

_HOMES = {
    "alert_after": "posture_cv.api",
    "assess_landmarks": "posture_cv.api",
    "assess_measurements": "posture_cv.api",
    "calibrate": "posture_cv.api",
    "import_landmarks": "posture_cv.api",
    "landmarks_from_arrays": "posture_cv.api",
    "measure_landmarks": "posture_cv.api",
    "replay_recording": "posture_cv.api",
    "table": "posture_cv.api",
    "write_recording": "posture_cv.api",
    "Assessment": "posture_cv.assess.recording",
    "AssessSettings": "posture_cv.assess.settings",
    "State": "posture_cv.assess.types",
    "PostureError": "posture_cv.errors",
    "Recording": "posture_cv.landmarks.recording",
    "read_recording": "posture_cv.api",
    "Landmarks": "posture_cv.landmarks.types",
    "Baseline": "posture_cv.measure.baseline",
    "Estimate": "posture_cv.measure.types",
    "Measurements": "posture_cv.measure.types",
    "QUANTITIES": "posture_cv.measure.types",
    "Reason": "posture_cv.measure.types",
    "View": "posture_cv.measure.types",
    "load_profile": "posture_cv.profiles.store",
    "find_offset": "posture_cv.replay.sync",
}
__all__ = [
    "QUANTITIES",
    "AssessSettings",
    "Assessment",
    "Baseline",
    "Estimate",
    "Landmarks",
    "Measurements",
    "PostureError",
    "Reason",
    "Recording",
    "State",
    "View",
    "alert_after",
    "assess_landmarks",
    "assess_measurements",
    "calibrate",
    "find_offset",
    "import_landmarks",
    "landmarks_from_arrays",
    "load_profile",
    "measure_landmarks",
    "read_recording",
    "replay_recording",
    "table",
    "write_recording",
]

if not TYPE_CHECKING:  # for a type checker there is nothing but the imports above

    def __getattr__(name: str) -> object:
        """Load a name from its home (PEP 562) and keep it."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """What there is, loaded or not."""
    return sorted({*globals(), *__all__})
