"""A recording and a rater's labels as one course of moments, in none of which either of them changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.agreement.types import Stretch
from posture_cv.assess.types import State
from posture_cv.exposure.epochs import frame_seconds
from posture_cv.exposure.types import Series
from posture_cv.measure.types import Codes, Float, Reason

OPEN: Final = -1  # the rater says nothing
SAME_S: Final = 1e-6  # times nearer than this are one, but for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A recording as N moments without holes, in none of which the program's answer or the rater's label changes.

    Attributes:
        t_s, seconds: (N,) when each begins and how long it lasts.
        state, reason: (N,) `State` and `Reason` codes; CANNOT_TELL and NO_PICTURE where no frame speaks.
    """

    t_s: Float
    seconds: Float
    state: Codes
    reason: Codes

    @property
    def middle_s(self) -> Float:
        """(N,) a time within each, away from the rounding of its ends."""
        return self.t_s + self.seconds / 2.0


def course_of(series: Series, labels: Sequence[tuple[Stretch, State]], edge_s: float) -> Course:
    """The recording, cut where frames and holes begin, and at the labels' ends: a label may be shorter than a frame.

    Args:
        series: the recording.
        labels: stretches without overlap, with the posture each means.
        edge_s: time within this of a label's end is cut off as well.
    """
    cuts_s = _cuts_s(labels, edge_s)
    t_s = series.measured.t_s
    ends = t_s + frame_seconds(t_s, pictures=series.pictures)
    holes = np.flatnonzero(t_s[1:] - ends[:-1] > SAME_S)
    begins = np.append(t_s, ends[holes])
    order = np.argsort(begins, kind="stable")
    begins = begins[order]
    stops = np.append(ends, t_s[holes + 1])[order]
    state = np.append(series.state, np.full(len(holes), State.CANNOT_TELL, np.int8))[order]
    reason = np.append(series.reason, np.full(len(holes), Reason.NO_PICTURE, np.int8))[order]
    cuts_s = cuts_s[(cuts_s > begins.min(initial=np.inf)) & (cuts_s < stops.max(initial=-np.inf))]
    inside = np.searchsorted(begins, cuts_s, "right") - 1
    apart = (cuts_s - begins[inside] > SAME_S) & (stops[inside] - cuts_s > SAME_S)
    knots = np.unique(np.append(begins, cuts_s[apart]))
    at = np.searchsorted(begins, knots, "right") - 1
    lasts = np.minimum(np.append(knots[1:], np.inf), stops[at]) - knots
    return Course(knots, lasts, state[at], reason[at])


def _cuts_s(labels: Sequence[tuple[Stretch, State]], edge_s: float) -> Float:
    """Where labels begin and end, and how far the time near that reaches."""
    bounds = np.array([t for stretch, _ in labels for t in (stretch.start_s, stretch.end_s)])
    return np.concatenate([bounds, bounds - edge_s, bounds + edge_s])


def rater_codes(t_s: Float, labels: Sequence[tuple[Stretch, State]], rest: State | None) -> Codes:
    """(N,) the rater's posture at each time; `rest`, or OPEN, where there is no label."""
    out = np.full(len(t_s), OPEN if rest is None else rest, np.int8)
    for stretch, state in labels:
        out[(t_s >= stretch.start_s) & (t_s < stretch.end_s)] = state
    return out


def near_edges(course: Course, rater: Codes, edge_s: float) -> NDArray[np.bool_]:
    """(N,) whether a moment lies within `edge_s` of a change of the rater's label."""
    near = np.zeros(len(rater), bool)
    for change_s in course.t_s[1:][np.diff(rater) != 0].tolist() if edge_s > 0.0 else ():
        near |= np.abs(course.middle_s - change_s) < edge_s
    return near
