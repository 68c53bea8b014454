"""How far a rater and the program agree: Cohen's kappa, precision and recall per posture, with intervals.

Everything is weighted by time: a moment that both name the same way agrees, for as long as it lasts. On a sheet that
`agreement.ask` made, a stretch counts for as many as it stands for, so that the figures are those of the recording.
Compared is only time in which the rater and the program both named a posture; what either left open, or could not
tell, stands beside the figures and in none of them. Intervals come from a circular block bootstrap over seconds,
because neighbouring seconds are no independent judgements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.agreement.ask import STRETCH_S, stands_for
from posture_cv.agreement.course import OPEN, SAME_S, Course, course_of, near_edges, rater_codes
from posture_cv.agreement.types import Stretch
from posture_cv.assess.types import State
from posture_cv.exposure.bootstrap import block_length, interval, never_certain, resampling
from posture_cv.exposure.types import Figure, Series
from posture_cv.measure.types import Codes, Float, Reason
from posture_cv.spans import outside_s

NOT_NAMED: Final = (State.CANNOT_TELL,)  # of either; away and turned are answers: a rater can see them, too
EPOCH_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class PostureAgreement:
    """One posture.

    Attributes:
        posture: its name.
        rater_s, program_s, both_s: compared time that the rater, the program, both of them gave it, as it was labelled.
        precision: share of the program's time that the rater gave it, too.
        recall: share of the rater's time that the program gave it, too.
        kappa: of this posture against all others.
    """

    posture: str
    rater_s: float
    program_s: float
    both_s: float
    precision: Figure
    recall: Figure
    kappa: Figure


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A stretch in which the two differ; `reason` where the program could not tell."""

    start_s: float
    end_s: float
    rater: str
    program: str
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The whole comparison.

    Attributes:
        compared_s: time that both named.
        unlabelled_s: time of the recording without a label, holes without a picture included.
        outside_s: labelled time before or after the recording.
        undecided_s: time for which the rater's label is that it cannot be told.
        unnamed_s: other labelled time for which the program named nothing, or had no picture.
        at_edges_s: time left out because it lies near a change of the rater's label.
        of_recording: whether the figures stand for the whole recording, because the labels are a sheet's and each
            stretch counts for as many as it stands for; otherwise they are those of the compared time.
        agreed: share of the compared time named alike.
        kappa: Cohen's kappa over all postures.
        block_s: block length of the bootstrap.
        postures: those that either of them named, the rater's most frequent first.
        names: postures of `confusion_s`.
        confusion_s: (K, K) compared seconds, rows the rater, columns the program.
        disagreements: the longest first.
    """

    compared_s: float
    unlabelled_s: float
    outside_s: float
    undecided_s: float
    unnamed_s: float
    at_edges_s: float
    of_recording: bool
    agreed: Figure
    kappa: Figure
    block_s: float
    postures: tuple[PostureAgreement, ...]
    names: tuple[str, ...]
    confusion_s: Float
    disagreements: tuple[Disagreement, ...]


def compare(
    series: Series,
    labels: Sequence[tuple[Stretch, State]],
    rest: State | None = None,
    edge_s: float = 0.0,
) -> Agreement:
    """Compare a recording with a rater's labels.

    Args:
        series: the recording.
        labels: stretches without overlap, with the posture each means.
        rest: what unlabelled time means; None: it is not compared.
        edge_s: time within this of a change of the rater's label is left out (raters react late).
    """
    course = course_of(series, labels, edge_s)
    t_s, seconds = course.t_s, course.seconds
    rater = rater_codes(course.middle_s, labels, rest)
    named = ~np.isin(course.state, NOT_NAMED)
    near = near_edges(course, rater, edge_s)
    said = rater != OPEN
    undecided = np.isin(rater, NOT_NAMED)
    used = said & ~undecided & named & ~near
    codes = _codes(rater[used], course.state[used])
    place = ((t_s[used] - (t_s[0] if len(t_s) else 0.0) + SAME_S) / EPOCH_S).astype(np.intp)
    epochs, labelled = _by_epoch(
        place, rater[used], course.state[used], seconds[used], codes
    )  # (E,), (E, K, K)
    weight = _weight(series, labels, epochs) if rest is None else None
    table = labelled if weight is None else labelled * weight[:, None, None]
    drawn = resampling(f"agree {series.name}", len(table), _block(table, weight))
    tables = _Tables(
        whole=table.sum(axis=0),
        replicates=np.tensordot(drawn.counts, table, axes=1),
        blocks=len(table) / drawn.block,
        enough=drawn.enough,
    )
    names = tuple(State(code).label for code in codes)
    # What was not seen among few stretches that stand for many can be any share of those: no limit is known then.
    even = weight is None
    return Agreement(
        compared_s=float(seconds[used].sum()),
        unlabelled_s=float(seconds[~said].sum()),
        outside_s=_outside_s(labels, t_s, seconds),
        undecided_s=float(seconds[undecided & ~near].sum()),
        unnamed_s=float(seconds[said & ~undecided & ~named & ~near].sum()),
        at_edges_s=float(seconds[said & near].sum()),
        of_recording=weight is not None,
        agreed=tables.figure(_agreed, share=even),
        kappa=tables.figure(kappa),
        block_s=drawn.block * EPOCH_S,
        postures=_postures(names, labelled.sum(axis=0), tables, even=even),
        names=names,
        confusion_s=labelled.sum(axis=0),
        disagreements=tuple(_disagreements(course, rater, near)),
    )


def _outside_s(labels: Sequence[tuple[Stretch, State]], t_s: Float, seconds: Float) -> float:
    """Labelled time before the first frame and after the last has ended."""
    begin_s, end_s = (float(t_s[0]), float(t_s[-1] + seconds[-1])) if len(t_s) else (0.0, 0.0)
    return outside_s((stretch for stretch, _ in labels), begin_s, end_s)


def _codes(rater: Codes, program: Codes) -> list[int]:
    """The postures that either named, the rater's most frequent first."""
    found, counts = np.unique(rater, return_counts=True)
    order = [int(code) for code in found[np.argsort(-counts, kind="stable")]]
    return order + [int(code) for code in np.unique(program) if code not in found]


def _weight(
    series: Series, labels: Sequence[tuple[Stretch, State]], epochs: NDArray[np.intp]
) -> Float | None:
    """(E,) how many stretches of the recording each epoch's stretch stands for; None where labels are no sheet's."""
    weights = stands_for(series, [stretch for stretch, _ in labels])
    if weights is None:
        return None
    numbers = np.array(sorted(weights))
    # A sheet's times are rounded: a thousandth of a second may lie in the stretch beside, which is not labelled.
    at = np.abs(epochs[:, None] // round(STRETCH_S / EPOCH_S) - numbers).argmin(axis=1)
    return np.array([weights[k] for k in numbers[at].tolist()])


def _by_epoch(
    place: NDArray[np.intp], rater: Codes, program: Codes, seconds: Float, codes: list[int]
) -> tuple[NDArray[np.intp], Float]:
    """(E,) the epochs that hold compared time and (E, K, K) the seconds of each pair of names in each."""
    index = {code: k for k, code in enumerate(codes)}
    epochs, at = np.unique(place, return_inverse=True)
    table = np.zeros((len(epochs), len(codes), len(codes)))
    rows = np.array([index[int(c)] for c in rater], np.intp)
    columns = np.array([index[int(c)] for c in program], np.intp)
    np.add.at(table, (at, rows, columns), seconds)
    return epochs, table


def _block(table: Float, weight: Float | None) -> float:
    """The longest block that agreement, or any posture of either, asks for, in epochs; of a sheet, whole stretches."""
    least = 1.0 if weight is None else STRETCH_S / EPOCH_S
    if len(table) < 2:
        return 1.0
    whole = table.sum(axis=(1, 2))
    agreed = np.trace(table, axis1=1, axis2=2) / whole
    named = [table.sum(axis=axis) / whole[:, None] for axis in (1, 2)]
    return max(least, *(block_length(x) for x in (agreed, *named[0].T, *named[1].T)))


def _agreed(table: Float) -> Float:
    """(…) share of the time named alike, of (…, K, K) confusion tables."""
    whole = table.sum(axis=(-1, -2))
    return _share(np.trace(table, axis1=-2, axis2=-1), whole)


def kappa(table: Float) -> Float:
    """(…) Cohen's kappa of (…, K, K) confusion tables, weighted by time (Cohen 1960).

    (agreed - expected) / (1 - expected), `expected` being the agreement of two who name the same shares at
    random. NaN where only one name was used by both: nothing can be told then.
    """
    whole = table.sum(axis=(-1, -2))
    divisor = np.where(whole > 0.0, whole, 1.0)
    rows, columns = table.sum(axis=-1) / divisor[..., None], table.sum(axis=-2) / divisor[..., None]
    expected = (rows * columns).sum(axis=-1)
    told = (whole > 0.0) & (expected < 1.0 - 1e-12)
    agreed = np.trace(table, axis1=-2, axis2=-1) / divisor
    return np.where(told, (agreed - expected) / np.where(told, 1.0 - expected, 1.0), nan)


def _share(part: Float, whole: Float) -> Float:
    return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Confusion tables of which figures are made.

    Attributes:
        whole: (K, K) seconds.
        replicates: (B, K, K) of the bootstrap.
        blocks: in what time is counted.
        enough: whether there are blocks enough for an interval.
    """

    whole: Float
    replicates: Float
    blocks: float
    enough: bool

    def figure(
        self, function: Callable[[Float], Float], *, share: bool = False, blocks: float | None = None
    ) -> Figure:
        """A figure of the whole table, with its interval from the replicates.

        Args:
            function: of (…, K, K) confusion tables.
            share: the figure is a share, which is never certain to be 0 or 1.
            blocks: for a share of a posture's time, those of that posture; None: all.
        """
        found = interval(float(function(self.whole)), function(self.replicates), enough=self.enough)
        if share:
            found = never_certain(found, "1", self.blocks if blocks is None else blocks, 0.0)
        # one value in all replicates (no exception, or a posture of one block only) says nothing of how it would vary
        return Figure(found.value) if found.low == found.high else found


def _postures(
    names: Sequence[str], labelled: Float, tables: _Tables, *, even: bool
) -> tuple[PostureAgreement, ...]:
    """Of (K, K) seconds as labelled, and as they stand for the recording; `even`: whether these are the same."""
    labelled_s = max(float(labelled.sum()), 1e-9)
    out = []
    for k, name in enumerate(names):
        rater_s, program_s = float(labelled[k].sum()), float(labelled[:, k].sum())
        asked, answered = (tables.blocks * s / labelled_s for s in (rater_s, program_s))
        out.append(
            PostureAgreement(
                posture=name,
                rater_s=rater_s,
                program_s=program_s,
                both_s=float(labelled[k, k]),
                precision=tables.figure(partial(_precision, k=k), share=True, blocks=answered),
                recall=tables.figure(partial(_recall, k=k), share=even, blocks=asked),
                kappa=tables.figure(partial(_kappa_against_others, k=k)),
            )
        )
    return tuple(out)


def _precision(table: Float, k: int) -> Float:
    return _share(table[..., k, k], table[..., :, k].sum(axis=-1))


def _recall(table: Float, k: int) -> Float:
    return _share(table[..., k, k], table[..., k, :].sum(axis=-1))


def _kappa_against_others(table: Float, k: int) -> Float:
    return kappa(_against_others(table, k))


def _against_others(table: Float, k: int) -> Float:
    """(…, 2, 2) confusion of one posture against all others."""
    both = table[..., k, k]
    only_rater = table[..., k, :].sum(axis=-1) - both
    only_program = table[..., :, k].sum(axis=-1) - both
    neither = table.sum(axis=(-1, -2)) - both - only_rater - only_program
    return np.stack([np.stack([both, only_rater], -1), np.stack([only_program, neither], -1)], -2)


def _disagreements(course: Course, rater: Codes, near: NDArray[np.bool_]) -> list[Disagreement]:
    """Stretches of one pair of differing names; unnamed time among them, the longest first."""
    t_s, ends = course.t_s, course.t_s + course.seconds
    differ = ~np.isin(rater, (OPEN, *NOT_NAMED)) & (rater != course.state) & ~near
    found: list[Disagreement] = []
    begin = -1
    for k in range(len(t_s) + 1):
        inside = k < len(t_s) and bool(differ[k])
        same = (
            inside
            and begin >= 0
            and rater[k] == rater[begin]
            and course.state[k] == course.state[begin]
            and t_s[k] <= ends[k - 1] + 1e-6
        )
        if begin >= 0 and not same:
            reason = Reason(int(course.reason[begin])).label
            names = [State(int(c[begin])).label for c in (rater, course.state)]
            found.append(Disagreement(float(t_s[begin]), float(ends[k - 1]), names[0], names[1], reason))
            begin = -1
        if inside and begin < 0:
            begin = k
    return sorted(found, key=lambda d: (d.start_s - d.end_s, d.start_s))
