"""What the monitor says and is answered: words, numbers, thresholds that follow from answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from posture_cv.assess.answers import Response
from posture_cv.assess.effects import Recovered
from posture_cv.assess.records import Record
from posture_cv.assess.stream import Step
from posture_cv.guidance.adviser import Adviser
from posture_cv.local_time import local
from posture_cv.monitor.judge import Judge
from posture_cv.monitor.moment import Said
from posture_cv.monitor.ports import Book

_REMEMBERED: Final = 64
"""So many of the latest alerts can still be answered, as the policy knows no more of them either (`assess.answers`)."""
_UNKNOWN: Final = 0
"""No notification has this number; silence is asked for all the same."""


class Teller:
    """Puts records into words, numbers them in the book, and finds the alert that an answer means.

    Args:
        adviser: chooses the words; None: there are none.
        book: where everything is written down.
        keys: the book's numbers of alerts told before, by the policy's.

    Attributes:
        count: so much was told; prompts: so much of it was not about a posture.
    """

    def __init__(self, adviser: Adviser | None, book: Book, keys: Mapping[int, int] | None = None) -> None:
        self._adviser, self._book = adviser, book
        self._keys = dict(keys or {})
        self.count = self.prompts = 0

    @property
    def keys(self) -> dict[int, int]:
        """The book's numbers of the last alerts, by the policy's."""
        return {number: self._book.number(key) for number, key in self._keys.items()}

    def tell(self, step: Step, wall_s: float) -> tuple[tuple[Said, ...], tuple[Recovered, ...]]:
        """What is to be said after a step, and which postures told of earlier are over."""
        said = tuple(self._say(record, wall_s) for record in step.records)
        recovered = tuple(effect for effect in step.effects if isinstance(effect, Recovered))
        for over in recovered:
            if over.id in self._keys:
                self._book.recovered(self._keys[over.id], over.after_s)
        return said, recovered

    def _say(self, record: Record, wall_s: float) -> Said:
        self.count += 1
        day_key = local(wall_s).toordinal()
        words = {} if self._adviser is None else self._adviser.words(record.alert, day_key, record.long_due_s)
        key = self._book.alert(record, words, wall_s)
        said = Said(record, words, key)
        self.prompts += not said.about_posture
        self._keys[record.id] = key
        while len(self._keys) > _REMEMBERED:
            del self._keys[next(iter(self._keys))]
        return said

    def take_answer(self, judge: Judge, key: int, response: Response, t_s: float, wall_s: float) -> None:
        """Hand an answer to the policy and the book; "right" and "wrong" may raise a threshold."""
        ids: Sequence[int] = [
            number for number, known in self.keys.items() if known == self._book.number(key)
        ]
        judge.engine.respond(ids[-1] if ids else _UNKNOWN, response, t_s)
        self._book.answer(key, response, wall_s)
        if response in ("right", "wrong"):
            self.apply_factors(judge, wall_s)

    def reset(self, judge: Judge, wall_s: float) -> None:
        """No answer counts any more: pauses at their own length, thresholds as the book has them."""
        judge.undo_backoff()
        self.apply_factors(judge, wall_s)

    def apply_factors(self, judge: Judge, wall_s: float) -> None:
        """Thresholds as the answers of the last days have raised them."""
        factors = self._book.factors(wall_s)
        if factors != judge.settings.policy.threshold_factor:
            judge.apply_settings(judge.criteria.settings.raised(factors))
