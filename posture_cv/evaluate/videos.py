"""Clips that are videos: the mean over 2 s, which is what the monitor acts on, and the delay until it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.naming import name_states
from posture_cv.assess.settings import SmoothingSettings
from posture_cv.assess.smoothing import smooth
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import State, States
from posture_cv.evaluate.dataset import Dataset
from posture_cv.evaluate.grouping import Frames, group_result
from posture_cv.evaluate.judging import JudgedClip
from posture_cv.evaluate.schema import ChangeResult, VideoResult
from posture_cv.evaluate.segments import RIGHT_NAMES
from posture_cv.evaluate.truth import Text
from posture_cv.measure.types import Float

WINDOW_S: Final = 2.0
SETTLED_S: Final = 0.5  # a name counts once it has been given this long (ours)
MIN_HOLD_S: Final = 1.0  # shorter stretches of the truth are not asked for (ours)
_MOVE: Final = "move"


@dataclass(frozen=True, slots=True)
class Hold:
    """A stretch of the truth in which one posture is kept; times in seconds, `start_s` of the way to it."""

    segment: str
    start_s: float
    reached_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A video and its course: the smoothed frames, for plots."""

    result: VideoResult
    frames: Frames


def judge_video(dataset: Dataset, judged: JudgedClip, thresholds: Thresholds) -> Course:
    """The figures of the mean over 2 s and the delays of one video."""
    rows = judged.clip.judged
    truth = dataset.truth
    times = judged.measurements.t_s
    smoothed = smooth(judged.measurements, SmoothingSettings(window_s=WINDOW_S)).measurements
    states = name_states(smoothed, thresholds)
    held = holds(times, truth.segment[rows], truth.phase[rows])
    frames = Frames(
        clip=np.zeros(len(rows), np.intp),
        subject=truth.subject[rows],
        segment=truth.segment[rows],
        posture_class=truth.posture_class[rows],
        present=_windows(times, judged.present.astype(np.float64)) == 1.0,
        measurements=smoothed,
        states=states,
        truth={name: _windows(times, values) for name, values in judged.truth.items()},
    )
    settled = frames[_settled(times, held)]
    group = group_result(frames)
    result = VideoResult(
        subject=judged.clip.subject,
        camera=judged.clip.camera,
        view=judged.clip.view,
        duration_s=float(np.ptp(dataset.truth.t_s[judged.clip.rows])),
        window_s=WINDOW_S,
        mean=group.model_copy(update={"segments": group_result(settled).segments}),
        changes=[_change(hold, states) for hold in held if hold.segment in RIGHT_NAMES],
    )
    return Course(result, frames)


def _windows(t_s: Float, values: Float) -> Float:
    """(N,) mean over (t - 2 s, t]; NaN where any value in the window is."""
    start = np.searchsorted(t_s, t_s - WINDOW_S + 1e-6, side="right")
    end = np.arange(1, len(t_s) + 1)
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    missing = np.concatenate([[0], np.cumsum(np.isnan(values))])
    mean = (total[end] - total[start]) / (end - start)
    return np.where(missing[end] == missing[start], mean, np.nan)


def holds(t_s: Float, segment: Text, phase: Text) -> list[Hold]:
    """The stretches in which a posture is kept for `MIN_HOLD_S` at least.

    Args:
        t_s: (N,) times; segment: (N,) names; phase: (N,) "move" while the person is on the way, else anything.
    """
    moving = (phase == _MOVE) | (segment == _MOVE)
    key = np.where(moving, "", segment)
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    ends = np.append(starts[1:], len(key))
    found: list[Hold] = []
    for start, end in zip(starts, ends, strict=True):
        end_s = float(t_s[min(end, len(t_s) - 1)])
        if key[start] and end_s - t_s[start] >= MIN_HOLD_S:
            first = _way_begins(int(start), moving, segment)
            found.append(Hold(str(key[start]), float(t_s[first]), float(t_s[start]), end_s))
    return found


def _way_begins(start: int, moving: NDArray[np.bool_], segment: Text) -> int:
    """The first frame of the move that leads to a hold: its name is that of the hold, or just "move"."""
    first = start
    while first > 0 and moving[first - 1] and segment[first - 1] in {_MOVE, segment[start]}:
        first -= 1
    return first


def _settled(t_s: Float, held: list[Hold]) -> NDArray[np.bool_]:
    """(N,) whether the whole window of a frame lies within one hold."""
    inside = [(t_s >= hold.reached_s + WINDOW_S) & (t_s < hold.end_s) for hold in held]
    return np.any(inside, axis=0) if inside else np.zeros(len(t_s), bool)


def _change(hold: Hold, states: States) -> ChangeResult:
    said = states[(states.t_s >= hold.start_s) & (states.t_s < hold.end_s)]
    at = first_lasting(said, RIGHT_NAMES[hold.segment])
    t_named_s = None if at is None else float(said.t_s[at])
    return ChangeResult(
        segment=hold.segment,
        t_start_s=hold.start_s,
        t_reached_s=hold.reached_s,
        t_end_s=hold.end_s,
        named=None if at is None else State(int(said.state[at])).label,
        t_named_s=t_named_s,
        delay_s=None if t_named_s is None else t_named_s - hold.reached_s,
        delay_from_start_s=None if t_named_s is None else t_named_s - hold.start_s,
    )


def first_lasting(states: States, right: tuple[State, ...]) -> int | None:
    """The first frame from which on a right name is given for `SETTLED_S` at least, or to the end."""
    ok = np.isin(states.state, right)
    for at in np.flatnonzero(ok & ~np.concatenate([[False], ok[:-1]])):
        wrong = np.flatnonzero(~ok[at:])
        end = int(at + wrong[0]) if len(wrong) else len(ok)
        lasting = states.t_s[end] - states.t_s[at] if end < len(ok) else np.inf
        if lasting >= SETTLED_S:
            return int(at)
    return None
