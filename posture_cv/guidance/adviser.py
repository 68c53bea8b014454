"""What was said today, so that the next thing said is another one. Pure: time and day are arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from posture_cv.assess.types import Alert
from posture_cv.guidance.choose import Advice, choose, duration_text
from posture_cv.guidance.entries import Catalogue

RECALIBRATE = "recalibrate"
RECALIBRATE_TEXT = (
    "You are not judged until the baseline fits again. Do you sit as before? Press m, or posture-cv recalibrate "
    "--moved. Otherwise sit as you want to sit and recalibrate."
)
RECORDED_TEXT = (
    "Nothing is judged until the camera stands as in the baseline. For what follows make another baseline, of seconds "
    "after the move in which you sit as you want to sit: posture-cv replay --calibrate START:END."
)
LONG_BREAK_TEXT = "No long break for {} at the screen: take 5 to 10 minutes this time."
"""HSE: 5 to 10 minutes after 50 to 60 (see the catalogue's "breaks_studied")."""
_SHORT_BREAKS = ("micro_breaks",)  # entries that speak against a long one
EVENING_AFTER_S = 3600.0
"""Who was watched for less has not ended a day at the desk; ours."""


def evening_advice(catalogue: Catalogue, watched_s: float, day_key: int) -> Advice | None:
    """What to do after a day at the desk, another thing each day; None after a short while.

    Args:
        catalogue: where it stands.
        watched_s: how long it was watched.
        day_key: the number of the day.
    """
    if watched_s < EVENING_AFTER_S:
        return None
    return choose(catalogue, "end_of_day", lasted_s=0.0, times_today=0, shown_recently=(), day_key=day_key)


class Adviser:
    """Chooses the words of one alert after the other; counts by day and forgets when the day changes.

    Args:
        catalogue: where they stand.
        recorded: it is told of a recording, whose camera nobody can do anything about.
    """

    def __init__(self, catalogue: Catalogue, *, recorded: bool = False) -> None:
        self._catalogue, self._recorded = catalogue, recorded
        self._day_key: int | None = None
        self._shown: list[str] = []
        self._times: Counter[str] = Counter()  # episodes of each cue
        self._said: Counter[str] = Counter()  # those and their reminders

    def remember(self, day_key: int, told: Iterable[tuple[str, int, str]]) -> None:
        """Go on from what an earlier run said on that day.

        Args:
            day_key: see `advise`.
            told: cue, number of the reminder (0: the first of its bout) and catalogue entry, in the order said.
        """
        self._on(day_key)
        for cue, repeat, entry_id in told:
            self._count(cue, repeat)
            self._shown.append(entry_id)

    def advise(self, alert: Alert, day_key: int, last: Sequence[str] = ()) -> Advice:
        """The advice for `alert`.

        Args:
            alert: a posture alert, or a nudge whose cue the catalogue knows.
            day_key: the number of the day (any count of days); a recording's is 0.
            last: entries that are said last of all.
        """
        self._on(day_key)
        self._count(alert.cue, alert.repeat)
        advice = choose(
            self._catalogue,
            alert.cue,
            lasted_s=alert.lasted_s,
            times_today=self._times[alert.cue],
            shown_recently=[*self._shown, *last],
            day_key=day_key,
            said_today=self._said[alert.cue],
        )
        self._shown.append(advice.entry_id)
        return advice

    def _on(self, day_key: int) -> None:
        """A new day forgets the one before."""
        if day_key != self._day_key:
            self._day_key, self._shown = day_key, []
            self._times.clear()
            self._said.clear()

    def _count(self, cue: str, repeat: int) -> None:
        """A reminder is no new episode, but it is said in other words."""
        self._said[cue] += 1
        if repeat == 0:
            self._times[cue] += 1

    def words(self, alert: Alert, day_key: int, long_due_s: float = 0.0) -> dict[str, Any]:
        """Title, text, quotation and citation of an alert, as plain values; of "recalibrate" our own words.

        Args:
            alert, day_key: see `advise`.
            long_due_s: presence without a long break where one is due, in seconds; else 0.
        """
        if alert.cue == RECALIBRATE:
            return {
                "seen": "The camera has moved.",
                "text": RECORDED_TEXT if self._recorded else RECALIBRATE_TEXT,
                "quotation": None,
                "citation": None,
            }
        advice = self.advise(alert, day_key, _SHORT_BREAKS if long_due_s else ())
        asked = f"{LONG_BREAK_TEXT.format(duration_text(long_due_s))} " if long_due_s else ""
        return {
            "seen": advice.seen,
            "text": f"{asked}{advice.body}",
            "quotation": advice.quotation,
            "citation": advice.citation,
            "entry_id": advice.entry_id,
        }
