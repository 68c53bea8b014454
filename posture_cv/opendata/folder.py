"""A result folder of `posture-cv replay`, read back as it was published."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from posture_cv.assess.types import State
from posture_cv.exposure.types import Series, Told
from posture_cv.file_facts import MOST_JSON_BYTES, bytes_of, lines_of, refuse_stream
from posture_cv.measure.types import QUANTITIES, Measurements, View
from posture_cv.opendata.files import (
    ALERTS,
    LANDMARKS,
    MEASUREMENTS,
    PROVENANCE,
    SUMMARY,
    SUMMARY_VERSION,
    TABLE,
    checksum_noted,
    prompts_among,
)
from posture_cv.opendata.frames import Frames, ResultError, fault, read_frames, require_unchanged, unreadable
from posture_cv.utf8 import legible

VIEWS: Final = {v.label: v for v in View}


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One recording's results. The time series is read when it is asked for and not kept: studies are long.

    Attributes:
        folder: where they lie.
        summary: of `summary.json`.
        alerts: of `alerts.jsonl`, in order.
        given: the time series, where it does not lie in the folder.
    """

    folder: Path
    summary: dict[str, Any]
    alerts: tuple[dict[str, Any], ...]
    given: Frames | None = None

    @property
    def frames(self) -> Frames:
        """The time series; raises ResultError where it is missing or damaged."""
        if self.given is not None:
            return self.given
        return read_frames(self.folder.resolve() / MEASUREMENTS, self.noted(MEASUREMENTS))

    @property
    def prompts(self) -> int:
        """How many of `alerts` are not about a posture: of a break, of stillness, of a camera that was moved."""
        return prompts_among(self.alerts)

    def noted(self, name: str) -> str | None:
        """SHA-256 that the summary notes of a file of the results; None where it notes none."""
        return checksum_noted(self.run, name)

    @property
    def run(self) -> Mapping[str, Any]:
        """The summary's entry of the run; empty where an early version has written none."""
        return self._entry("run")

    @property
    def source(self) -> Mapping[str, Any]:
        """Its entry of what was replayed; of two cameras the front camera's."""
        return self._entry("source")

    @property
    def pair(self) -> Mapping[str, Any]:
        """Its entry of two cameras; empty for one."""
        return self._entry("pair")

    def _entry(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.summary.get(name) or {}
        return found

    @property
    def measured(self) -> Measurements:
        """Of `frames`."""
        return self.frames.measured

    @property
    def name(self) -> str:
        """Of the recording: that of its run, else of the folder."""
        return legible(str(self.summary.get("recording") or self.folder.resolve().name))

    @property
    def participant(self) -> str:
        """Empty where unknown."""
        return legible(str(self.summary.get("participant") or ""))

    @property
    def condition(self) -> str:
        """Empty where unknown."""
        return legible(str(self.summary.get("condition") or ""))

    @property
    def pictures(self) -> bool:
        """Whether it is of pictures without times."""
        return bool(self.source.get("unrelated"))

    @property
    def view(self) -> View:
        """Of the baseline."""
        label = self.summary.get("baseline", {}).get("view", "")
        return VIEWS.get(label, View.UNKNOWN)

    @property
    def views(self) -> tuple[str, ...]:
        """From where the recording is seen: one view, or those of two cameras."""
        several = sorted({view.label for view in self.view_of.values()})
        return tuple(several) or (self.view.label,)

    @property
    def view_of(self) -> dict[str, View]:
        """Of two cameras: the view that each quantity is best seen from; a measure takes its values from no other."""
        found = self.pair.get("quantities", {})
        return {
            name: VIEWS[about["preferred"]]
            for name, about in found.items()
            if name in QUANTITIES and about.get("preferred") in VIEWS
        }

    @property
    def landmarks(self) -> Path | None:
        """The landmark recording, where one was kept of these very results."""
        path = self.folder / LANDMARKS
        files = self.run.get("files")
        is_of_these = files is None or LANDMARKS in files  # another may be left from an earlier run
        return path if is_of_these and path.is_file() else None

    def series(self) -> Series:
        """What the exposure measures take."""
        told = [Told(float(a["t_s"]), a["cue"]) for a in self.alerts if a["cue"].upper() in State.__members__]
        hold_s = self.summary.get("settings", {}).get("policy", {}).get("exit_hold_s", 10.0)
        frames, view_of = self.frames, self.view_of
        return Series(
            name=self.name,
            measured=frames.of_views(view_of),
            state=frames.state,
            reason=frames.reason,
            view=self.view,
            told=tuple(told),
            participant=self.participant,
            condition=self.condition,
            exit_hold_s=float(hold_s),
            view_of=view_of,
            pictures=self.pictures,
        )


def stale_results(paths: Sequence[Path]) -> list[Path]:
    """The result folders below those of runs of many that the latest run there does not name; see `find_results`."""
    return [
        folder
        for path in paths
        if not (path / SUMMARY).is_file()
        for folder in sorted(set(_below(path)) - set(_of_many(path)))
    ]


def _of_many(path: Path) -> list[Path]:
    """The results of a run of many: those its table names; without a table, all that lie there."""
    below = _below(path)
    if not (path / TABLE).exists():
        return below
    try:
        refuse_stream(path / TABLE)
        with (path / TABLE).open(encoding="utf-8", newline="") as file:
            named = {row["recording"] for row in csv.DictReader(lines_of(file)) if row["status"] != "failed"}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise fault(path / TABLE, "It is not the table that replay writes.") from error
    return [folder for folder in below if folder.name in named]


def _below(path: Path) -> list[Path]:
    return sorted(summary.parent for summary in path.glob(f"*/{SUMMARY}"))


def find_results(paths: Sequence[Path]) -> list[Path]:
    """The result folders among and below the given ones, in the order given, then by name.

    Below the folder of a run of many it is those that its `recordings.csv` names: others are of recordings that have
    left the manifest, or bear another name now (`stale_results`).

    Raises:
        ResultError: a path holds no results, or those of one recording beside the table of many; the same folder is
            given twice; all faults at once.
    """
    found: list[Path] = []
    faults = []
    for path in paths:
        is_one = (path / SUMMARY).is_file()
        if is_one and (path / TABLE).is_file():
            faults.append(
                f"{path} holds results of one recording and {TABLE}, the table of many: name the folders of "
                "the many, or replay the one into a folder of its own."
            )
            continue
        below = [path] if is_one else _of_many(path)
        if not below:
            kind = "is no folder" if not path.is_dir() else f"holds no {SUMMARY} and no folder with one"
            faults.append(f"{path} {kind}.")
        for folder in below:
            if any(folder.resolve() == other.resolve() for other in found):
                faults.append(f"{folder} is given twice.")
            found.append(folder)
    if faults:
        raise ResultError(
            "These are not results to work with.",
            "\n".join(faults),
            "Give folders that posture-cv replay --out has written, each once.",
        )
    return found


def read_result(folder: Path) -> Result:
    """Read a result folder, all but its time series.

    Raises:
        ResultError: a file is missing or damaged; says which, where and what to do.
    """
    summary = _summary(folder / SUMMARY)
    path = folder / MEASUREMENTS
    if not path.is_file():
        raise fault(path, "It is not there.")
    result = Result(folder, summary, tuple(_alerts(folder / ALERTS)))
    for name in (ALERTS, PROVENANCE):  # the time series when it is read: it is large
        require_unchanged(folder / name, result.noted(name))
    return result


def _summary(path: Path) -> dict[str, Any]:
    from posture_cv.opendata.form import (
        fault_of_summary,  # slow to load: not for who only needs the files' names
    )

    try:
        summary = json.loads(bytes_of(path, MOST_JSON_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from error
    if wrong := fault_of_summary(summary):
        raise fault(path, f"It is not the summary of a replay ({wrong}).")
    if summary.get("schema_version", SUMMARY_VERSION) > SUMMARY_VERSION:
        raise fault(path, "A later version of posture-cv has written it.")
    found: dict[str, Any] = summary
    return found


def _alerts(path: Path) -> Iterator[dict[str, Any]]:
    from posture_cv.opendata.form import fault_of_alert

    try:
        refuse_stream(path)
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(lines_of(file), 1):
                alert = json.loads(line)
                if wrong := fault_of_alert(alert):
                    raise fault(path, f"Line {number} is no alert ({wrong}).")
                yield alert
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from error
