"""Writes the history: small transactions, each complete in itself, from any thread."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from posture_cv.assess import records as recs
from posture_cv.assess.answers import Response
from posture_cv.assess.feedback import Answer, Raised, raised, threshold_factors
from posture_cv.assess.records import Record
from posture_cv.assess.settings import FeedbackSettings
from posture_cv.atomic import OutputError
from posture_cv.file_facts import file_identity
from posture_cv.history.schema import (
    HistoryFullError,
    HistoryInUseError,
    HistoryShutError,
    beside,
    connect,
    finite,
    history_error,
    transaction,
    unusable,
)
from posture_cv.history.written_over import is_whole, save_from_beside, stamp
from posture_cv.local_time import offset_s

_DAY_S: Final = 86400.0

MinuteKey = tuple[int, int, str, str]
"""Begin of the minute, offset from UTC, state, reason."""
Absence = tuple[float, float, int]
"""Start and end, offset from UTC at its start."""


class History:
    """The open history file; close it.

    A file that is deleted while it is open would take everything written from then on with it. So whoever writes
    begins it anew where it is gone, or goes on with what has taken its place, or was copied over it.

    Args:
        path: of the file.
        feedback: how answers raise thresholds.
        wait: where it cannot be opened now, there is no room or another process holds it, begin it with the first
            write that can.

    Raises:
        HistoryError, OutputError: see `connect`, when opened and with every write.

    Attributes:
        path: of the file.
        session: its number; 0 before `begin_session`.
        begun_anew: how often the file was gone, or another one.
    """

    def __init__(self, path: Path, feedback: FeedbackSettings | None = None, *, wait: bool = False) -> None:
        self.path = path
        self._feedback = feedback or FeedbackSettings()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._stamp: tuple[int, int] | None = None
        self._begins_anew = False  # the file that is there now has not got this session yet
        self._beside: dict[Path, tuple[int, int] | None] = {}
        self._begun: tuple[float, str, str] | None = None
        self._last_alert = 0
        self.session = self.begun_anew = 0
        try:
            self._open()
        except (HistoryInUseError, HistoryFullError, HistoryShutError, OutputError):
            if not wait:
                raise

    def _open(self) -> sqlite3.Connection:
        connection = connect(self.path, create=True)
        self.close()
        self._connection, self._file = connection, file_identity(self.path)
        self._stamp = stamp(self.path)
        self._beside = {path: file_identity(path) for path in beside(self.path)}
        return connection

    def _drop_beside(self) -> None:
        """Delete what lies beside a file that is gone: SQLite would write it over the one in its place."""
        for path, file in self._beside.items():
            if file is not None and file_identity(path) == file:
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Close the file; harmless when done twice."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._lock, self._faults_in_words(), transaction(self._ready()) as db:
            yield db
        self._stamp = stamp(self.path)

    def _ready(self) -> sqlite3.Connection:
        """The connection to the file that has the name now."""
        if self._connection is None:
            return self._open()
        if file_identity(self.path) == self._file and stamp(self.path) != self._stamp:
            self._after_another()
        if file_identity(self.path) != self._file:
            self._drop_beside()
            self._open()
            self._begins_anew = True
        if self._begins_anew:
            self._begin_anew(self._connection)
        return self._connection

    def _after_another(self) -> None:
        """Another process wrote in the file itself: one of ours in good order, or one that copied another over it."""
        if is_whole(self.path):
            self._open()  # what was read before may have changed
        else:
            save_from_beside(self.path)

    @contextmanager
    def _faults_in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise history_error(self.path, error) from error
        except ValueError as error:  # a column holds something else than its table says
            raise unusable(self.path, f"It is damaged: {error}.") from error

    def _begin_anew(self, connection: sqlite3.Connection) -> None:
        """Go on in the file that is there now, or in a new one: the same session, and no number is given twice."""
        with transaction(connection) as db:
            db.execute("DELETE FROM sqlite_sequence WHERE name = 'alerts' AND seq < ?", (self._last_alert,))
            db.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'alerts', ?"
                " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'alerts')",
                (self._last_alert,),
            )
            if self._begun is not None:
                self.session = _session(db, *self._begun)
        self._begins_anew = False
        self.begun_anew += 1

    # The session

    def begin_session(self, wall_s: float, profile: str, camera: str) -> None:
        """A monitor starts."""
        with self._writing() as db:
            self.session = _session(db, wall_s, profile, camera)
        self._begun = (wall_s, profile, camera)

    def save(
        self,
        wall_s: float,
        minutes: Mapping[MinuteKey, float],
        episodes: list[tuple[str, str, float, float, float | None]],
        breaks: Sequence[Absence],
        *,
        clean: bool = False,
    ) -> None:
        """Add what has been gathered since the last time; one transaction.

        Args:
            wall_s: now.
            minutes: seconds to add.
            episodes: state, reason, start and end (seconds since 1970), peak excess.
            breaks: start and end (seconds since 1970), local time minus UTC at the start.
            clean: the monitor ends in good order.
        """
        with self._writing() as db:
            self._keep_session(db, wall_s)
            db.executemany(
                "INSERT INTO minutes VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds",
                [(*key, seconds) for key, seconds in minutes.items()],
            )
            db.executemany(
                "INSERT INTO episodes (session, state, reason, start_s, end_s, peak_excess) VALUES (?, ?, ?, ?, ?, ?)",
                [(self.session, *episode) for episode in episodes],
            )
            db.executemany(
                "INSERT INTO breaks (session, start_s, end_s, offset_s) VALUES (?, ?, ?, ?)",
                [(self.session, *absence) for absence in breaks],
            )
            db.execute(
                "UPDATE sessions SET ended_s = max(ended_s, ?), clean = ? WHERE id = ?",
                (wall_s, int(clean), self.session),
            )

    def _keep_session(self, db: sqlite3.Connection, wall_s: float) -> None:
        """Where everything was deleted meanwhile, the session begins now."""
        if self._begun is not None and not _has_session(db, self.session):
            self._begun = (wall_s, *self._begun[1:])
            self.session = _session(db, *self._begun)

    # Alerts and answers: a `Book`

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:
        """Write something told down at once; its number."""
        told = record.alert
        row = (
            self.session,
            wall_s,
            offset_s(wall_s),
            told.cue,
            told.level,
            told.lasted_s,
            told.repeat,
            json.dumps(dict(words)),
            json.dumps(recs.to_json(record)),
        )
        with self._writing() as db:
            done = db.execute(
                "INSERT INTO alerts (session, time_s, offset_s, cue, level, lasted_s, repeat, words, record)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._last_alert = done.lastrowid or 0
            return self._last_alert

    def delivered(self, key: int, by: str, problem: str) -> None:
        """By whom alert `key` was shown, or why it was not."""
        with self._writing() as db:
            db.execute("UPDATE alerts SET delivered = ?, problem = ? WHERE id = ?", (by, problem, key))

    def recovered(self, key: int, after_s: float) -> None:
        """The posture of alert `key` was left so long after it."""
        with self._writing() as db:
            db.execute("UPDATE alerts SET recovered_s = ? WHERE id = ?", (after_s, key))

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """Write an answer down; of "right" and "wrong" the last one counts, as of when the first was given.

        An alert is one answer, however often it is given: with a time of its own, each would raise a threshold anew.
        """
        with self._writing() as db:
            if response in ("right", "wrong"):
                done = db.execute(
                    "UPDATE answers SET answer = ? WHERE alert = ? AND answer IN ('right', 'wrong')",
                    (response, key),
                )
                if done.rowcount:
                    return
            db.execute(
                "INSERT INTO answers (alert, time_s, answer) SELECT ?, ?, ?"
                " WHERE EXISTS (SELECT 1 FROM alerts WHERE id = ?)",
                (key, wall_s, response, key),
            )

    def factors(self, wall_s: float) -> tuple[float, ...]:
        """Threshold factors in the order of `CUES`, raised by the answers of the last days where they say so."""
        with self._writing() as db:
            known = {
                cue: Raised(finite(factor), finite(since))
                for cue, factor, since in db.execute("SELECT cue, factor, since_s FROM thresholds")
            }
            found = raised(known, _answers(db), wall_s, self._feedback)
            for cue, now in found.items():
                if now != known.get(cue, Raised()):
                    db.execute(
                        "INSERT OR REPLACE INTO thresholds VALUES (?, ?, ?)", (cue, now.factor, now.since_s)
                    )
        return threshold_factors(found)

    def reset_factors(self) -> None:
        """Lower every threshold to where it was before any answer; the user's own act."""
        with self._writing() as db:
            db.execute("DELETE FROM thresholds")
            db.execute("DELETE FROM answers WHERE answer IN ('right', 'wrong')")

    # Retention

    def prune(self, wall_s: float, days: int) -> None:
        """Delete what is older than so many days; 0 deletes all."""
        before_s = wall_s - days * _DAY_S if days else float("inf")
        self.delete_before(before_s)

    def delete_before(self, before_s: float) -> None:
        """Delete everything that ended before then."""
        with self._writing() as db:
            db.execute("DELETE FROM minutes WHERE minute_s < ?", (before_s,))
            db.execute("DELETE FROM episodes WHERE end_s < ?", (before_s,))
            db.execute("DELETE FROM breaks WHERE end_s < ?", (before_s,))
            db.execute(
                "DELETE FROM answers WHERE alert IN (SELECT id FROM alerts WHERE time_s < ?)", (before_s,)
            )
            db.execute("DELETE FROM alerts WHERE time_s < ?", (before_s,))
            db.execute("DELETE FROM sessions WHERE ended_s < ?", (before_s,))
            if before_s == float("inf"):
                db.execute("DELETE FROM thresholds")

    def compact(self) -> None:
        """Give the space of what was deleted back."""
        with self._lock, self._faults_in_words():
            connection = self._ready()
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._stamp = stamp(self.path)


def _session(db: sqlite3.Connection, wall_s: float, profile: str, camera: str) -> int:
    row = db.execute(
        "INSERT INTO sessions (started_s, ended_s, profile, camera) VALUES (?, ?, ?, ?)",
        (wall_s, wall_s, profile, camera),
    )
    return row.lastrowid or 0


def _has_session(db: sqlite3.Connection, number: int) -> bool:
    return db.execute("SELECT 1 FROM sessions WHERE id = ?", (number,)).fetchone() is not None


def _answers(db: sqlite3.Connection) -> list[Answer]:
    rows = db.execute(
        "SELECT answers.time_s, alerts.cue, answers.answer FROM answers JOIN alerts ON alerts.id = answers.alert"
        " WHERE answers.answer IN ('right', 'wrong')"
    )
    return [Answer(finite(time_s), cue, answer == "right") for time_s, cue, answer in rows]
