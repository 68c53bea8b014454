"""The history as the monitor writes it: every few seconds, and never in the way of watching."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from math import isnan
from types import TracebackType
from typing import Any, Final, Self

from posture_cv.assess.answers import Response
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES, BreakSettings
from posture_cv.assess.types import State
from posture_cv.errors import PostureError
from posture_cv.history.gather import Gatherer
from posture_cv.history.store import History
from posture_cv.local_time import offset_s
from posture_cv.monitor.backlog import Backlog
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink
from posture_cv.output.notify import Delivery

SAVE_EVERY_S: Final = 5.0
"""A monitor that is killed loses this much at most; ours."""
_PRUNE_EVERY_S: Final = 3600.0
"""What has grown old goes so often; ours."""
_CLOCK_SET_S: Final = 43200.0
"""A clock that is set this far otherwise may be wrong: nothing is old by it until it has stood for an hour; ours."""
_MOST_KEPT: Final = 5000
"""So many of the latest episodes wait to be written: days of them, and little memory; ours."""
_NOTE_EVERY_S: Final = 3600.0
"""A disk that is full now and again is said so often at most; ours."""

EpisodeRow = tuple[str, str, float, float, float | None]


class HistorySink(BaseSink):
    """Writes moments, alerts and answers down; a full disk or a locked file is noted once and waited out.

    It is the monitor's `Book` too. What cannot be written stays in memory, within limits, for the next time: an
    alert goes by a number of its own until then, below zero.

    Args:
        history: the open file; closed with the sink.
        note: shows a sentence to the user.
        source, profile: of this session; the camera's own name is used once it is known.
        days: how long things are kept.
        break_s: an absence this long is a break.

    Attributes:
        path: of the file.
        trouble: why nothing can be written now, in words; empty while all is well.
    """

    def __init__(
        self,
        history: History,
        note: Callable[[str], None],
        *,
        source: str,
        profile: str,
        days: int,
        break_s: float = BreakSettings().micro_absence_s,
    ) -> None:
        self._history, self._note, self._days = history, note, days
        self.path = history.path
        self._source, self._profile = source, profile
        self._gatherer = Gatherer(break_s)
        self._episodes: list[EpisodeRow] = []
        self._saved_t_s: float | None = None
        self._pruned_t_s: float | None = None
        self._begun = False
        self._noted_s: float | None = None
        self._wall_s = 0.0
        self._made_up = 0
        self._numbers: dict[int, int] = {}
        self._backlog = Backlog(self._try)
        self._begun_anew = 0
        self._factors = (1.0,) * len(CUES)
        self._clock_set_s: float | None = None
        self.trouble = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._save(self._wall_s, clean=error is None)
        self._history.close()

    def show(self, moment: Moment) -> None:
        """Gather the moment, and write every few seconds."""
        self._wall_s = moment.wall_s
        if not self._begun:
            self._begun = True
            name = self._source if moment.camera is None else moment.camera.name
            wall_s, profile = moment.wall_s, moment.profile or self._profile
            self._backlog.do(lambda: self._history.begin_session(wall_s, profile, name))
        away = moment.policy.breaks.absent_s > 0.0  # what the prompts take for a break is one on the page too
        label = label_of(moment)
        self._gatherer.moment(moment.t_s, moment.wall_s, offset_s(moment.wall_s), label, away=away)
        for e in moment.episodes:
            shift_s = moment.wall_s - moment.t_s
            peak = None if isnan(e.peak_excess) else e.peak_excess
            self._episodes.append(
                (e.state.label, e.reason.label, e.start_s + shift_s, e.end_s + shift_s, peak)
            )
        del self._episodes[:-_MOST_KEPT]
        if self._saved_t_s is None or moment.t_s - self._saved_t_s >= SAVE_EVERY_S:
            self._saved_t_s = moment.t_s
            self._save(moment.wall_s)
            self._prune(moment)

    def _save(self, wall_s: float, *, clean: bool = False) -> None:
        if not self._backlog.catch_up():  # what follows belongs to the session, whose beginning may wait, too
            return
        minutes, breaks = self._gatherer.take()
        episodes, self._episodes = self._episodes, []
        if not self._try(lambda: self._history.save(wall_s, minutes, episodes, breaks, clean=clean)):
            self._gatherer.put_back(minutes, breaks)
            self._episodes = episodes

    def _prune(self, moment: Moment) -> None:
        clock_set_s = moment.wall_s - moment.t_s
        if self._clock_set_s is not None and abs(clock_set_s - self._clock_set_s) > _CLOCK_SET_S:
            self._pruned_t_s = moment.t_s
        self._clock_set_s = clock_set_s
        if self._pruned_t_s is None or moment.t_s - self._pruned_t_s >= _PRUNE_EVERY_S:
            self._pruned_t_s = moment.t_s
            self._try(lambda: self._history.prune(moment.wall_s, self._days))

    def _try(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except (sqlite3.Error, PostureError) as error:
            why = (error.detail or error.title).rstrip(".") if isinstance(error, PostureError) else str(error)
            self.trouble = f"the history cannot be written: {why}; it is tried again"
            if self._noted_s is None or not 0 <= self._wall_s - self._noted_s < _NOTE_EVERY_S:
                self._noted_s = self._wall_s
                self._note(f"({self.trouble})")
            return False
        self.trouble = ""
        if self._history.begun_anew != self._begun_anew:
            self._begun_anew = self._history.begun_anew
            self._note(
                f"(the history was deleted or replaced, and goes on in the file there is now: {self.path})"
            )
        return True

    # The book

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:
        """See `Book`; a number below zero where it could not be written yet."""
        self._made_up -= 1
        key = self._made_up

        def write() -> None:
            self._numbers[key] = self._history.alert(record, words, wall_s)

        return self._numbers.pop(key) if self._backlog.do(write) else key

    def number(self, key: int) -> int:
        """See `Book`."""
        return self._numbers.get(key, key)

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """See `Book`."""
        self._backlog.do(lambda: self._history.answer(self.number(key), response, wall_s))

    def recovered(self, key: int, after_s: float) -> None:
        """See `Book`."""
        self._backlog.do(lambda: self._history.recovered(self.number(key), after_s))

    def delivered(self, key: int, delivery: Delivery) -> None:
        """What became of the notification; any thread."""
        self._backlog.do(lambda: self._history.delivered(self.number(key), delivery.by, delivery.problem))

    def factors(self, wall_s: float) -> tuple[float, ...]:
        """See `Book`; those known last where they cannot be looked up."""
        self._wall_s = wall_s  # asked for before the first moment

        def look_up() -> None:
            self._factors = self._history.factors(wall_s)

        self._try(look_up)
        return self._factors


def label_of(moment: Moment) -> tuple[str, str]:
    """State and reason as the history names them: a posture state, or what the monitor did instead."""
    if not moment.phase.watching:
        return moment.phase.value, ""
    if moment.state is None:
        return State.CANNOT_TELL.label, "no_picture"
    return moment.state.label, moment.reason.label
