"""Made-up measurements and ticks for the assessment's tests: known postures at known times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.assess.ticks import Tick
from posture_cv.assess.types import ALERTING, State
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View

NAN: Final = float("nan")
# A posture as measured: quantities away from the baseline. Well beyond the thresholds of `naming`.
POSTURES: Final[dict[str, dict[str, float]]] = {
    "good": {},
    "forward_head": {"cva_change_deg": -8.0, "head_forward_cm": 3.5},
    "text_neck": {"cva_change_deg": -22.0, "head_pitch_deg": 35.0, "head_forward_cm": 4.0},
    "looking_down": {"cva_change_deg": -6.5, "head_pitch_deg": 30.0},
    "rounded_shoulders": {"protraction_cm": 2.6},
    "shrug": {
        "shoulder_elevation_cm": 2.4,
        "shoulder_elevation_left_cm": 2.4,
        "shoulder_elevation_right_cm": 2.4,
    },
    "slump": {"trunk_incl_deg": 4.0, "protraction_cm": 1.6},
    "leaning_in": {"trunk_incl_deg": 9.0, "approach_cm": 8.0},
}
UNMEASURED: Final[dict[str, Reason]] = {
    "away": Reason.NOBODY,
    "turned": Reason.HEAD_TURNED,
    "cannot_tell": Reason.TOO_DARK,
    "camera_moved": Reason.CAMERA_MOVED,
}


def measurements(
    t_s: Sequence[float] | NDArray[np.float64], labels: Sequence[str], noise: float = 0.0, seed: int = 0
) -> Measurements:
    """N frames showing the labelled postures; `noise` is the standard deviation added to every quantity."""
    rng = np.random.default_rng(seed)
    n = len(labels)
    known = list(dict.fromkeys(labels))  # a few; the frames may be many
    places = {label: place for place, label in enumerate(known)}
    which = np.array([places[label] for label in labels], np.intp)
    reason = np.array([UNMEASURED.get(label, Reason.OK) for label in known], np.int8)[which]
    values = {}
    for name in QUANTITIES:
        value = np.array([POSTURES.get(label, {}).get(name, 0.0) for label in known], np.float64)[which]
        values[name] = Estimate.of(value + rng.normal(0.0, noise, n) if noise else value, 0.5, reason)
    return Measurements(np.asarray(t_s, np.float64), np.full(n, View.FRONT, np.int8), reason, values)


def every(seconds: float, *stretches: tuple[str, float]) -> tuple[NDArray[np.float64], list[str]]:
    """Frame times `seconds` apart from 0 and their labels: each stretch a label and its length in seconds."""
    labels = [label for label, length in stretches for _ in range(round(length / seconds))]
    return np.arange(len(labels), dtype=np.float64) * seconds, labels


def baseline() -> Baseline:
    """A baseline that only records quote: spread and number of frames."""
    lm = Landmarks.empty(1)
    return Baseline(
        view=View.FRONT,
        size_px=(640, 480),
        pose=lm.pose[0].astype(np.float64),
        face=lm.face[0].astype(np.float64),
        rows=lm.rows[0].astype(np.float64),
        cols=lm.cols[0].astype(np.float64),
        frame_count=24,
        spread=dict.fromkeys(QUANTITIES, 0.4),
    )


@cache
def _excess(label: str, size: float) -> tuple[float, ...]:
    return tuple(size if state.label == label else 0.0 for state in ALERTING)


def tick(number: int, label: str, size: float = 1.5, pitch_deg: float = 0.0, activity: float = 0.0) -> Tick:
    """One tick of the policy; `size` is the excess of an alerting posture, "gap" has no frame."""
    reason = UNMEASURED.get(label, Reason.UNSTABLE if label == "gap" else Reason.OK)
    known = {"camera_moved": "cannot_tell", "gap": "cannot_tell"}
    return Tick(
        number,
        frame=-1 if label == "gap" else number,
        state=int(State.from_label(known.get(label, label))),
        reason=int(reason),
        excess=(NAN,) * 5 if reason else _excess(label, size),
        severe=label in {"forward_head", "text_neck"} and size >= 3.0,
        pitch_deg=NAN if reason else pitch_deg,
        activity=activity,
        place=(NAN,) * 4 if reason else (0.0, 0.0, 0.0, 0.0),
    )


Stretch = tuple[str, float] | tuple[str, float, float]


def ticks(*stretches: Stretch, start_s: float = 0.0) -> list[Tick]:
    """Ticks half a second apart: stretches of (label, seconds) or (label, seconds, size or pitch)."""
    out: list[Tick] = []
    first = round(start_s * 2)
    for label, seconds, *more in stretches:
        for _ in range(round(seconds * 2)):
            number = first + len(out)
            bent = label in {"looking_down", "text_neck"} and bool(more)
            size = more[0] if more and not bent else 1.5
            out.append(tick(number, label, size, more[0] if bent else 0.0))
    return out


LABELS: Final = (*POSTURES, *UNMEASURED)


@st.composite
def tick_runs(draw: st.DrawFn, labels: Sequence[str] = LABELS, longest: int = 30) -> list[Tick]:
    """Ticks of a session in stretches of random label, length, size, pitch and gaps without any tick."""
    out: list[Tick] = []
    number = draw(st.integers(0, 5))
    for _ in range(draw(st.integers(1, 12))):
        label = draw(st.sampled_from([*labels, "gap", "skip", "flicker"]))
        length = draw(st.integers(1, longest))
        if label == "skip":
            number += draw(st.sampled_from([1, 3, 40, 700]))
            continue
        sizes = st.floats(0.3, 4.0)
        size, pitch = draw(sizes), draw(st.floats(0.0, 90.0))
        for k in range(length):
            named = label if label != "flicker" else ("good", "forward_head", "slump")[k % 3]
            made = tick(
                number, named, size, pitch, draw(st.sampled_from([0.0, 0.0, 0.0, 30.0])) if k == 0 else 0.0
            )
            weak = (
                tuple(draw(st.floats(0.0, 0.99)) for _ in range(5))
                if named == "good" and k % 7 == 0
                else None
            )
            out.append(made._replace(excess=weak) if weak else made)
            number += 1
    return out
