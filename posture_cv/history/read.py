"""Reads the history: what happened on which days. A day is the user's own, by the offset kept with each row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from posture_cv.assess.answers import HEEDED_WITHIN_S
from posture_cv.assess.feedback import Raised, threshold_factors
from posture_cv.assess.settings import CUES
from posture_cv.closing import Closing
from posture_cv.history.schema import HistoryError, connect, finite, history_error, unusable

_DAY_S: Final = 86400


@dataclass(frozen=True, slots=True)
class Minute:
    """Seconds of one minute spent in one state.

    Attributes:
        local_s: begin of the minute on the user's own clock, which shows some minutes twice.
        state, reason: see `MinuteKey`.
        seconds: of that minute.
        offset_s: that clock minus UTC, which tells the two apart.
    """

    local_s: int
    state: str
    reason: str
    seconds: float
    offset_s: int = 0


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert and what followed.

    Attributes:
        number: the history's.
        time_s: seconds since 1970; local_s: the same on the user's own clock.
        cue, level, lasted_s, repeat: see `Alert`.
        words: title, text, quotation, citation.
        record: see `assess.records.from_json`.
        delivered: by whom it was shown; empty: nobody; None: not known.
        problem: why not.
        recovered_s: how long after it the posture was left, None if it was not seen to be.
        answers: in the order given.
    """

    number: int
    time_s: float
    local_s: float
    cue: str
    level: str
    lasted_s: float
    repeat: int
    words: dict[str, Any]
    record: dict[str, Any]
    delivered: str | None
    problem: str | None
    recovered_s: float | None
    answers: tuple[str, ...]

    @property
    def offset_s(self) -> int:
        """The user's own clock minus UTC, in seconds."""
        return round(self.local_s - self.time_s)

    @property
    def day(self) -> int:
        """The user's own day (since 1970) on which it came."""
        return int(self.local_s // _DAY_S)

    @property
    def about_posture(self) -> bool:
        """Whether a posture was told of; else it was a prompt: a break, stillness, a camera that was moved."""
        return self.cue in CUES

    @property
    def meant(self) -> tuple[str, ...]:
        """The answers, without an "ignored" that was only taken for one: the user's word or deed says otherwise."""
        heeded = self.recovered_s is not None and self.recovered_s <= HEEDED_WITHIN_S
        refuted = heeded or "right" in self.answers or "wrong" in self.answers
        return tuple(answer for answer in self.answers if not (refuted and answer == "ignored"))


@dataclass(frozen=True, slots=True)
class BreakRow:
    """An absence of a minute or more: begin on the user's own clock, length, that clock minus UTC."""

    local_s: float
    seconds: float
    offset_s: int = 0


class Reader(Closing):
    """The history file, for reading; a context manager.

    Raises:
        HistoryError: there is none, or it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = connect(path, create=False)

    def close(self) -> None:
        """Leave the file."""
        self._db.close()

    def minutes(self, first_day: int, last_day: int) -> list[Minute]:
        """Of the local days `first_day` to `last_day`, both included (days since 1970), in order."""
        query = (
            "SELECT minute_s + offset_s AS local_s, state, reason, seconds, offset_s FROM minutes"
            " WHERE local_s >= ? AND local_s < ? ORDER BY minute_s, offset_s, state, reason"
        )
        with self.damage_in_words():
            rows = self._db.execute(query, _bounds(first_day, last_day))
            return [
                Minute(int(at_s), str(state), str(why), finite(s), int(off_s))
                for at_s, state, why, s, off_s in rows
            ]

    def alerts(self, first_day: int, last_day: int) -> list[AlertRow]:
        """Of those days, in order."""
        return self._alerts(
            "WHERE time_s + offset_s >= ? AND time_s + offset_s < ? ORDER BY time_s, id",
            _bounds(first_day, last_day),
        )

    def alert(self, number: int | None, cues: Sequence[str] = ()) -> AlertRow:
        """The alert of that number; without one the last, of these cues if any; HistoryError if there is none."""
        if number is None:
            which = f"WHERE cue IN ({', '.join('?' * len(cues))})" if cues else ""
            found = self._alerts(f"{which} ORDER BY id DESC LIMIT 1", tuple(cues))
        else:
            found = self._alerts("WHERE id = ?", (number,))
        if not found:
            kind = "alert about a posture" if tuple(cues) == CUES else "alert"
            what = f"There is no {kind} in the history." if number is None else f"There is no alert {number}."
            raise HistoryError(what, "", "List them: posture-cv history show")
        return found[0]

    def breaks(self, first_day: int, last_day: int) -> list[BreakRow]:
        """Of those days, in order."""
        query = (
            "SELECT start_s + offset_s AS local_s, end_s - start_s, offset_s FROM breaks"
            " WHERE local_s >= ? AND local_s < ? ORDER BY start_s"
        )
        with self.damage_in_words():
            rows = self._db.execute(query, _bounds(first_day, last_day))
            return [BreakRow(finite(at_s), finite(seconds), _offset(off_s)) for at_s, seconds, off_s in rows]

    def factors(self) -> tuple[float, ...]:
        """What answers have raised the thresholds by, in the order of `CUES`; looking changes nothing."""
        _, rows = self.table("thresholds")
        return threshold_factors({cue: Raised(factor) for cue, factor, _ in rows})

    def table(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a whole table."""
        known = _known(name)
        with self.damage_in_words():
            cursor = self._db.execute(f"SELECT * FROM {known}")  # noqa: S608 - one of our own names
            columns = [column[0] for column in cursor.description]
            kinds = {name: kind for _, name, kind, *_ in self._db.execute(f"PRAGMA table_info({known})")}
            rows = cursor.fetchall()
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    _check_kind(value, kinds.get(column, ""), f"{known}.{column}")
            return columns, rows

    def _alerts(self, where: str, values: tuple[float | str, ...]) -> list[AlertRow]:
        query = (
            "SELECT id, time_s, time_s + offset_s, cue, level, lasted_s, repeat, words, record, delivered,"  # noqa: S608
            f" problem, recovered_s FROM alerts {where}"
        )
        with self.damage_in_words():
            return [self._alert_row(row) for row in self._db.execute(query, values)]

    @contextmanager
    def damage_in_words(self) -> Iterator[None]:
        """What a damaged file makes of a question."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise history_error(self._path, error) from error
        except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
            raise unusable(self._path, f"It is damaged: {error}.") from error

    def _alert_row(self, row: tuple[Any, ...]) -> AlertRow:
        number, time_s, local_s, cue, level, lasted_s, repeat, words, record, delivered, problem, after = row
        _offset(local_s - time_s)
        answers = self._db.execute("SELECT answer FROM answers WHERE alert = ? ORDER BY id", (number,))
        return AlertRow(
            number=int(number),
            time_s=_on_the_calendar(time_s),
            local_s=_on_the_calendar(local_s),
            cue=str(cue),
            level=str(level),
            lasted_s=finite(lasted_s),
            repeat=int(repeat),
            words=parsed(words),
            record=parsed(record),
            delivered=None if delivered is None else str(delivered),
            problem=None if problem is None else str(problem),
            recovered_s=None if after is None else finite(after),
            answers=tuple(str(answer) for (answer,) in answers),
        )


TABLES: Final = ("sessions", "minutes", "episodes", "alerts", "answers", "breaks", "thresholds")


def _known(name: str) -> str:
    if name not in TABLES:
        raise ValueError(f"{name!r} is no table")
    return name


def _bounds(first_day: int, last_day: int) -> tuple[int, int]:
    return first_day * _DAY_S, (last_day + 1) * _DAY_S


def _on_the_calendar(value: Any) -> float:  # noqa: ANN401 - whatever the column holds
    """Seconds since 1970. Raises ValueError or OverflowError for what no calendar has."""
    seconds = finite(value)
    datetime.fromtimestamp(seconds, UTC)
    return seconds


def _offset(value: Any) -> int:  # noqa: ANN401 - likewise
    """Local time minus UTC, in seconds. Raises ValueError for what is no zone's: a day or more."""
    seconds = round(finite(value))
    if abs(seconds) >= _DAY_S:
        raise ValueError(f"{seconds} s is no offset from UTC")
    return seconds


# What a value of each declared kind is in Python; SQLite keeps a text or bytes in a column of numbers, too.
_KINDS: Final[dict[str, tuple[type, ...]]] = {"INTEGER": (int,), "REAL": (int, float), "TEXT": (str,)}


def _check_kind(value: Any, kind: str, where: str) -> None:  # noqa: ANN401 - likewise
    """Raises TypeError for a value of another kind than its column, ValueError for an endless one; NULL may stand."""
    if value is None:
        return
    if not isinstance(value, _KINDS.get(kind, ())):
        raise TypeError(f"{where} holds something else than {kind}")
    if isinstance(value, float):
        finite(value)


def parsed(text: str) -> dict[str, Any]:
    """The object in a column of JSON. Raises ValueError for what is none, as in a damaged file."""
    try:
        plain = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"an alert's record is no JSON: {error}") from error
    return plain if isinstance(plain, dict) else {}
