"""Stretches for a rater to label blindly: where something is to be seen, in the order of time, without an answer."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from posture_cv.assess.types import State
from posture_cv.exposure.types import Series

SEED: Final = 1960
STRETCH_S: Final = 5.0
HEADER: Final = ("start", "end", "label")


def stretches(series: Series, count: int, length_s: float = STRETCH_S) -> list[tuple[float, float]]:
    """Up to `count` stretches of a recording, spread over what it shows.

    As many of each posture that the program named as there are of the others, as far as they go, so that rare
    postures are judged, too; which is which is not told. So a precision is that of the whole recording, and a recall
    or kappa is of these stretches only. The choice is the same for the same recording.

    Args:
        series: the recording.
        count: how many.
        length_s: of each, in seconds.
    """
    t_s = series.measured.t_s
    if len(t_s) == 0:
        return []
    places = np.floor((t_s - t_s[0]) / length_s).astype(np.intp)
    whole = [k for k in np.unique(places) if t_s[-1] - t_s[0] >= (k + 1) * length_s - 1e-9]
    shown = {int(k): int(np.bincount(series.state[places == k]).argmax()) for k in whole}
    random = np.random.default_rng([SEED, zlib.crc32(series.name.encode())])
    waiting = {
        s: list(random.permutation([k for k, v in shown.items() if v == s]))
        for s in sorted(set(shown.values()))
    }
    chosen: list[int] = []
    while len(chosen) < count and any(waiting.values()):
        for left in waiting.values():
            if left and len(chosen) < count:
                chosen.append(int(left.pop()))
    start_s = float(t_s[0])
    return [(start_s + k * length_s, start_s + (k + 1) * length_s) for k in sorted(chosen)]


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
