"""Many recordings on a pool of workers: what is finished stays, what fails is told at the end, the others go on."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from posture_cv.atomic import OutputError, private_folder, write_atomic
from posture_cv.errors import InputError, NobodyFoundError, PostureError
from posture_cv.file_facts import json_object
from posture_cv.replay.earlier import last_run
from posture_cv.replay.items import identity_of_file
from posture_cv.replay.jobs import Job, JudgeJob, LookJob, PartJob
from posture_cv.replay.keys import Known, Stamp
from posture_cv.replay.plan import Plan, check_options, look_of, plan
from posture_cv.replay.pool import Pool
from posture_cv.replay.progress import BatchProgress, NoBatchProgress
from posture_cv.replay.scan import Scan
from posture_cv.replay.table import write_table
from posture_cv.replay.targets import check_table
from posture_cv.replay.types import ReplayOptions
from posture_cv.replay.work import Done, Event, Failed, Told
from posture_cv.replay.workplace import begin, finished, landmarks_are_kept, note_part, noted_parts

Status = Literal["done", "nobody", "failed"]
SOURCES_FILE: Final = ".sources.json"
_TABLE_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How one recording ended.

    Attributes:
        options: as asked.
        status: "done", "nobody" (everything worked and nobody was seen) or "failed".
        problem: why there is no result.
        summary: as written; empty where there is none.
        earlier: an earlier run had finished it, and it was not done again.
    """

    options: ReplayOptions
    status: Status
    problem: PostureError | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    earlier: bool = False


@dataclass(slots=True)
class _Course:
    """One recording on its way."""

    options: ReplayOptions
    plan: Plan | None = None
    missing: set[int] = field(default_factory=set)
    frames: int = 0
    ended: Ended | None = None


def replay_many(
    recordings: Sequence[ReplayOptions],
    pool: Pool,
    *,
    table: Path | None = None,
    again: bool = False,
    progress: BatchProgress | None = None,
    looked: Scan | None = None,
) -> list[Ended]:
    """Replay recordings on a pool.

    Args:
        recordings: each with a folder of its own.
        pool: entered; who does the work.
        table: folder of `recordings.csv`, the table of all; None: no table.
        again: do again what an earlier run has finished.
        progress: told of frames and recordings.
        looked: at the first recording, if somebody has: its checksum is not made again.

    Returns:
        How each ended, in the order given. One recording's failure leaves the others alone.

    Raises:
        InputError: the table would take another file's place.
        PostureError: the folder of the results cannot be written.
    """
    for options in recordings:
        check_options(options)
    if table is not None:
        check_table(table)
    batch = _Batch(recordings, pool, table, progress or NoBatchProgress(), again=again)
    if looked is not None:
        batch.note(recordings[0].source, looked)
    return batch.run()


class _Batch:
    def __init__(
        self,
        recordings: Sequence[ReplayOptions],
        pool: Pool,
        table: Path | None,
        progress: BatchProgress,
        *,
        again: bool,
    ) -> None:
        self._courses = [_Course(options) for options in recordings]
        self._pool, self._table, self._progress, self._again = pool, table, progress, again
        self._jobs: dict[int, tuple[int, int | None, Job]] = {}  # job number -> recording, part, job
        self._to_look = deque(range(len(self._courses)))
        self._to_record: deque[tuple[int, int]] = deque()
        self._to_judge: deque[int] = deque()
        self._count = 0
        self._sources = _Sources(table)
        self._table_at = time.monotonic()

    def note(self, source: str, found: Scan) -> None:
        """Keep a checksum that is known."""
        self._sources.note(source, found)

    def run(self) -> list[Ended]:
        """Until every recording has ended."""
        self._progress.begin(len(self._courses))
        try:
            while any(course.ended is None for course in self._courses):
                while self._pool.room > 0 and (job := self._next()) is not None:
                    self._submit(*job)
                event = self._pool.next_event(0.5)
                if event is not None:
                    self._hear(event)
        finally:  # Ctrl-C: what is finished is in the table
            self._write_table()
        return [course.ended for course in self._courses if course.ended is not None]

    def _next(self) -> tuple[int, int | None, Job] | None:
        """What to do next: what ends a recording first; looking ahead only as far as the workers need it."""
        if self._to_judge:
            index = self._to_judge.popleft()
            return index, None, JudgeJob(_planned(self._courses[index]))
        if self._to_look and len(self._to_record) <= self._pool.room:
            index = self._to_look.popleft()
            look = look_of(self._courses[index].options)
            return index, None, LookJob(replace(look, known=self._sources.known(look.source)))
        if self._to_record:
            index, number = self._to_record.popleft()
            made = _planned(self._courses[index])
            job = PartJob(made.parts[number], made.part_path(number), overlap=self._pool.processors_to_spare)
            return index, number, job
        return None

    def _submit(self, index: int, part: int | None, job: Job) -> None:
        self._count += 1
        self._jobs[self._count] = index, part, job
        self._pool.submit(self._count, job)

    def _hear(self, event: Event) -> None:
        index, part, job = self._jobs[event.number]
        course = self._courses[index]
        if isinstance(event, Told):
            course.frames += event.frames
            self._progress.advance(event.frames)
            return
        del self._jobs[event.number]
        if course.ended is not None:
            return  # another part has failed meanwhile
        try:
            if isinstance(event, Failed):
                raise event.error
            self._take(index, part, job, event)
        except PostureError as error:
            self._fail(index, error)

    def _take(self, index: int, part: int | None, job: Job, event: Done) -> None:
        if isinstance(job, LookJob):
            self._sources.note(job.look.source, event.result)
            self._looked(index, event.result)
        elif isinstance(job, PartJob):
            assert part is not None
            course = self._courses[index]
            note_part(_planned(course), part, event.result)
            course.missing.discard(part)
            if not course.missing:
                self._to_judge.append(index)
        else:
            status: Status = "done" if event.result.anybody else "nobody"
            self._end(index, Ended(self._courses[index].options, status, None, event.result.summary))

    def _looked(self, index: int, found: Scan) -> None:
        course = self._courses[index]
        course.plan = made = plan(course.options, found)
        summary = None if self._again else finished(made)
        if summary is not None:
            status: Status = "done" if summary["frames_with_person"] else "nobody"
            self._end(index, Ended(course.options, status, None, summary, earlier=True))
            return
        self._check_owner(course.options, found)
        begin(made)
        there = noted_parts(made)
        course.missing = set() if landmarks_are_kept(made) else set(made.parts) - set(there)
        frames = found.frames if course.missing else None
        done = sum(part.frames for part in there.values())
        self._progress.expect(
            index, max(0, (frames or 0) - done), known=frames is not None or not course.missing
        )
        self._to_record.extend((index, number) for number in sorted(course.missing))
        if not course.missing:
            self._to_judge.append(index)

    def _check_owner(self, options: ReplayOptions, found: Scan) -> None:
        """See that an earlier run's results in this folder are not those of another file of the same name."""
        sha256 = last_run(options.out).get("source_sha256")
        other = None if sha256 in (None, found.sha256) else self._sources.other_of(sha256, options.source)
        if other is not None:
            raise InputError(
                f"The results of another recording lie in {options.out}",
                f"They are of {other} and would be lost.",
                "Give another --out, or replay both in one run: each then gets a folder of its own.",
            )

    def _fail(self, index: int, error: PostureError) -> None:
        course = self._courses[index]
        self._to_record = deque(job for job in self._to_record if job[0] != index)
        if course.plan is not None:  # no more of its frames will come
            self._progress.expect(index, course.frames, known=True)
        nobody = error.exit_code == NobodyFoundError.exit_code
        self._end(index, Ended(course.options, "nobody" if nobody else "failed", error))

    def _end(self, index: int, ended: Ended) -> None:
        self._courses[index].ended = ended
        self._progress.ended(index, ended)
        if time.monotonic() - self._table_at > _TABLE_EVERY_S:
            with suppress(OutputError):  # a recording that is done stays so; the table comes at the end
                self._write_table()

    def _write_table(self) -> None:
        self._table_at = time.monotonic()
        if self._table is not None:
            write_table(self._table, [c.options if c.ended is None else c.ended for c in self._courses])
            self._sources.write()


def _planned(course: _Course) -> Plan:
    assert course.plan is not None  # it has been looked at
    return course.plan


class _Sources:
    """The checksums of files whose size and time of change have stayed the same: a cache, no result."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / SOURCES_FILE
        self._noted: dict[str, list[Any]] = {}
        if self._path is not None:
            self._noted = json_object(self._path) or {}
        self._before = dict(self._noted)

    def known(self, source: str) -> Known | None:
        """What an earlier run has noted."""
        with suppress(KeyError, ValueError, TypeError):
            size, changed_ns, sha256 = self._noted[identity_of_file(source)]
            return Known(Stamp(int(size), int(changed_ns)), str(sha256))
        return None

    def other_of(self, sha256: str, source: str) -> str | None:
        """The other file that had this checksum in an earlier run; None: none, or `source` itself had it."""
        with suppress(KeyError, ValueError, TypeError):
            owners = [path for path, (_, _, noted) in self._before.items() if noted == sha256]
            return None if identity_of_file(source) in owners else next(iter(owners), None)
        return None

    def note(self, source: str, found: Scan) -> None:
        """Keep it for the next run."""
        if found.known is not None:
            self._noted[identity_of_file(source)] = [*found.known.stamp, found.known.sha256]

    def write(self) -> None:
        """To the disk."""
        if self._path is not None:
            private_folder(self._path.parent)
            write_atomic(self._path, json.dumps(self._noted))
