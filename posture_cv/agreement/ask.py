"""Stretches for a rater to label blindly, without an answer, and how much of the recording each stands for."""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from posture_cv.agreement.types import Stretch
from posture_cv.assess.types import State
from posture_cv.exposure.types import Series

SEED: Final = 1960
STRETCH_S: Final = 5.0
HEADER: Final = ("start", "end", "label")
_SAME_S: Final = 2e-3  # a sheet's times are rounded to milliseconds


def shown(series: Series) -> dict[int, int]:
    """The whole stretches of a recording, counted from its first frame, and the `State` that fills most of each."""
    t_s = series.measured.t_s
    if len(t_s) == 0:
        return {}
    places = np.floor((t_s - t_s[0]) / STRETCH_S).astype(np.intp)
    whole = [k for k in np.unique(places) if t_s[-1] - t_s[0] >= (k + 1) * STRETCH_S - 1e-9]
    return {int(k): int(np.bincount(series.state[places == k]).argmax()) for k in whole}


def stretches(series: Series, count: int) -> list[tuple[float, float]]:
    """Up to `count` stretches of a recording, spread over what it shows.

    As many of each posture that the program named as there are of the others, as far as they go, so that rare
    postures are judged, too; which is which is not told. `stands_for` takes that out of the figures again. The
    choice is the same for the same recording.

    Args:
        series: the recording.
        count: how many.
    """
    seen = shown(series)
    random = np.random.default_rng([SEED, zlib.crc32(series.name.encode())])
    waiting = {
        s: list(random.permutation([k for k, v in seen.items() if v == s]))
        for s in sorted(set(seen.values()))
    }
    chosen: list[int] = []
    while len(chosen) < count and any(waiting.values()):
        for left in waiting.values():
            if left and len(chosen) < count:
                chosen.append(int(left.pop()))
    return [(_start_s(series, k), _start_s(series, k + 1)) for k in sorted(chosen)]


def stands_for(series: Series, labelled: Sequence[Stretch]) -> Mapping[int, float] | None:
    """How many stretches of the recording each labelled one stands for, itself included.

    That is the number of whole stretches that mostly show the same posture, over the number of those labelled
    (post-stratification: Holt & Smith 1979). None where the labels are no sheet's, that is, not all of them whole
    stretches, each once; or where a posture that the recording shows was not asked about at all.

    Args:
        series: the recording.
        labelled: the rater's stretches.
    """
    seen = shown(series)
    numbers = [_number(series, stretch) for stretch in labelled]
    asked = [k for k in numbers if k is not None and k in seen]
    if not seen or len(set(asked)) < len(numbers):
        return None
    there, among = Counter(seen.values()), Counter(seen[k] for k in asked)
    if len(among) < len(there):
        return None
    return {k: there[seen[k]] / among[seen[k]] for k in asked}


def _start_s(series: Series, number: int) -> float:
    return float(series.measured.t_s[0]) + number * STRETCH_S


def _number(series: Series, stretch: Stretch) -> int | None:
    """Which whole stretch this is; None if it is none."""
    number = round((stretch.start_s - _start_s(series, 0)) / STRETCH_S)
    ends = (_start_s(series, number), _start_s(series, number + 1))
    apart = max(abs(stretch.start_s - ends[0]), abs(stretch.end_s - ends[1]))
    return number if apart <= _SAME_S else None


def sheet(chosen: Iterable[tuple[float, float]]) -> str:
    """A CSV of stretches with the columns start, end and label, the last one empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((f"{a:.3f}", f"{b:.3f}", "") for a, b in chosen)
    return text.getvalue()


def postures() -> str:
    """What may be written into the sheet."""
    return ", ".join(s.label for s in State if s is not State.CANNOT_TELL)
