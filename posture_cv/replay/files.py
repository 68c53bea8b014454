"""The files of one replay: each takes its final name when it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from math import isnan
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from posture_cv._version import __version__
from posture_cv.assess import records as recs
from posture_cv.assess.blocks import Assessed
from posture_cv.assess.records import Record
from posture_cv.assess.staleness import Stale, StaleWatch
from posture_cv.assess.types import Episode
from posture_cv.atomic import atomic_path, refuse_laid, write_atomic
from posture_cv.file_facts import sha256_of_file
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Reason
from posture_cv.opendata.files import ALERTS, LANDMARKS, MEASUREMENTS, PROVENANCE, SUMMARY, SUMMARY_VERSION
from posture_cv.opendata.sidecar import provenance_text
from posture_cv.output.behind import WriteBehind
from posture_cv.output.summary import StateTimes
from posture_cv.output.tables import MeasurementTable
from posture_cv.replay.earlier import (
    ANNOTATED,
    drop_stale,
    forget_set_aside,
    set_summary_aside,
)
from posture_cv.replay.keys import versions
from posture_cv.replay.pictures import of_pictures
from posture_cv.replay.progress import Progress

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed, ReplayOptions

MOST_OF_ANOTHER_VIEW: Final = 0.5  # of the time in which somebody is there (ours)
MOST_WITHOUT_PICTURE: Final = 0.5  # of the whole time (ours)


class ResultWriter:
    """Writes every file of a replay into its folder, the summary last: a folder with a summary is whole.

    The frames are added block by block; nothing of them is held in memory. A context manager: left before
    `finish`, it leaves the files of an earlier run as they were.

    Args:
        options: of the replay.
        baseline: what the frames are judged against.
        extra: names of further columns of `measurements.csv`.
        single_s: how long a frame stands that is the only one.

    Raises:
        OutputError: a file cannot be written.
    """

    def __init__(
        self, options: ReplayOptions, baseline: Baseline, extra: Sequence[str] = (), single_s: float = 0.0
    ) -> None:
        self.times = StateTimes(options.settings.ticks, single_s)
        self._options, self._extra = options, extra
        self._watch = StaleWatch(baseline.view)
        self._stale: list[Stale] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        refuse_laid(self._options.out)  # hours after it was made
        part = self._open.enter_context(atomic_path(self._options.out / MEASUREMENTS))
        file = self._open.enter_context(part.open("wb"))
        self._rows = self._open.enter_context(WriteBehind(file))
        self._table = MeasurementTable(self._rows, self._extra)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(
        self,
        block: Assessed,
        extra: Mapping[str, Sequence[str]] | None = None,
        made: bytes | None = None,
    ) -> None:
        """Write the rows of the next frames; see `MeasurementTable.write` for the further texts."""
        self._table.write(block.measured, block.states, block.state, extra, made)
        self.times.add(block.measured.t_s, block.state, block.states.reason)
        self._stale += self._watch.push(block.measured)

    def finish(
        self, result: Replayed, progress: Progress, frames: Callable[[], Iterator[Assessed]]
    ) -> dict[str, Any]:
        """Write what rests on all frames.

        Args:
            result: what came of them.
            progress: told of each stage.
            frames: gives them all once more, for the video.

        Returns:
            The summary.
        """
        self._rows.settle()
        out, rows = self._options.out, alert_rows(result.outcome.records)
        progress.stage("Writing tables", None)
        set_summary_aside(out)
        self._open.close()
        write_atomic(out / ALERTS, "".join(json.dumps(row) + "\n" for row in rows))
        # The whole baseline: with it, the source's checksum and the settings of the summary, the tables can be made
        # again. Exposure is computed where it is read: its bootstrap takes longer than a re-assessment.
        write_atomic(out / PROVENANCE, provenance_text(result.baseline.baseline, result.side_baseline))
        written = [MEASUREMENTS, ALERTS, PROVENANCE]
        if self._options.video:
            from posture_cv.replay.video import write_annotated_video  # heavy: only on request

            write_annotated_video(result, frames(), out / ANNOTATED, progress)
            written.append(ANNOTATED)
        if result.landmarks_path == out / LANDMARKS:  # just made, or kept from an earlier run
            written.append(LANDMARKS)
        drop_stale(out, written)
        told = _summary(result, rows, self.times, self._stale)
        told["run"]["files"] = {
            name: self._rows.sha256 if name == MEASUREMENTS else sha256_of_file(out / name)
            for name in written
        }
        write_atomic(out / SUMMARY, json.dumps(told, indent=2) + "\n")
        forget_set_aside(out)
        return told


def alert_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Each alert, the words that went with it, and the record of why it came, as plain values."""
    if not records:  # the catalogue takes longer to read than all else here
        return []
    adviser = Adviser(load_catalogue(), recorded=True)
    return [
        {
            "id": record.id,
            **asdict(record.alert),
            **adviser.words(record.alert, 0, record.long_due_s),
            "record": recs.to_json(record),
        }
        for record in records
    ]


def _summary(
    result: Replayed, rows: list[dict[str, Any]], times: StateTimes, stale: Sequence[Stale]
) -> dict[str, Any]:
    """The recording in a few figures, with what is needed to repeat it."""
    duration_s, timed = times.duration_s, not of_pictures(result.recording)
    return {
        "schema_version": SUMMARY_VERSION,
        "program": __version__,
        "source": result.recording.source,
        "estimator": result.recording.estimator,
        "baseline": {"view": result.baseline.baseline.view.label, **result.baseline.origin},
        "frames": result.frames,
        "frames_with_person": result.frames_with_person,
        "duration_s": round(duration_s, 3),
        "frame_rate_hz": round((result.frames - 1) / duration_s, 3) if duration_s and timed else None,
        "seconds_per_state": times.seconds_per_state(),
        "unmeasured_seconds": times.unmeasured_seconds(),
        "baseline_stale": [{"sign": str(one.sign), "t_s": one.t_s, "hint": one.sign.hint} for one in stale],
        "episodes": [_episode(e) for e in result.outcome.episodes],
        "alerts": [{key: row[key] for key in ("t_s", "cue", "level", "lasted_s", "repeat")} for row in rows],
        "settings": asdict(result.options.settings),
        "warnings": [
            *result.warnings,
            *_of_another_view(result.baseline.baseline, times),
            *_of_rare_pictures(result, times),
        ],
        **_labels(result),
        **result.figures,
        "run": {
            "key": result.provenance.run_key,
            "landmarks_key": result.provenance.landmarks_key,
            "source_sha256": result.provenance.source_sha256,
            "of_landmarks": result.provenance.of_landmarks,
            "landmarks_warnings": list(result.provenance.landmarks_warnings),
            "versions": dict(versions()),
        },
    }


def _of_another_view(baseline: Baseline, times: StateTimes) -> tuple[str, ...]:
    """Say so where the person is hardly ever seen from where the baseline is: nothing is judged then."""
    unmeasured = times.unmeasured_seconds()
    present_s = sum(times.seconds_per_state().values()) - unmeasured.get(Reason.NOBODY.label, 0.0)
    if unmeasured.get(Reason.WRONG_VIEW.label, 0.0) <= MOST_OF_ANOTHER_VIEW * present_s:
        return ()
    seen_from = baseline.view.label
    note = f"Hardly anything can be judged: the baseline is a {seen_from} view, the recording is not. "
    return (note + "Give a profile of this camera, or --calibrate",)


def _of_rare_pictures(result: Replayed, times: StateTimes) -> tuple[str, ...]:
    """Say so where most of the time has no picture: a time lapse, or times that are no seconds."""
    missing_s = times.unmeasured_seconds().get(Reason.NO_PICTURE.label, 0.0)
    if missing_s <= MOST_WITHOUT_PICTURE * times.duration_s:
        return ()
    share, hold_s = missing_s / times.duration_s, result.options.settings.ticks.hold_max_s
    note = f"There is no picture for {share:.0%} of the time: each speaks for {hold_s:g} s at most. "
    return (note + "All that is said is of the rest",)


def _labels(result: Replayed) -> dict[str, Any]:
    """Those that the user gives now, else those that were noted in the landmark recording."""
    labels, capture, notes = result.options.labels, result.options.capture, result.recording.notes
    return {
        "recording": labels.recording,
        "participant": labels.participant or _noted(notes, "participant"),
        "condition": labels.condition or _noted(notes, "condition"),
        "start_s": capture.start_s or None,
        "end_s": capture.end_s,
    }


def _noted(notes: Mapping[str, Any], name: str) -> str | None:
    """A note as text; whoever wrote the recording may have noted anything."""
    note = notes.get(name)
    return str(note) if isinstance(note, (str, int)) and not isinstance(note, bool) and str(note) else None


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "state": episode.state.label,
        "start_s": episode.start_s,
        "end_s": episode.end_s,
        "peak_excess": None if isnan(episode.peak_excess) else round(episode.peak_excess, 3),
        "reason": episode.reason.label,
    }
