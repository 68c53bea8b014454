"""The three kinds of work on a recording, as values that can be sent to another process or machine."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posture_cv.landmarks.native_memory import freed_memory_returned
from posture_cv.replay.parts import Part, PartDone, record_part
from posture_cv.replay.plan import Plan
from posture_cv.replay.progress import NoProgress
from posture_cv.replay.run import judge_plan
from posture_cv.replay.scan import Look, Scan, scan

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class LookJob:
    """Look at a source; needs the video."""

    look: Look

    def run(self, told: Told) -> Scan:  # noqa: ARG002  one call for all kinds
        """What is known of the source. Raises PostureError."""
        return scan(self.look)


@dataclass(frozen=True, slots=True)
class PartJob:
    """Find the landmarks of a part and write them to `path`; needs the video and the models.

    `overlap`: see `estimated`.
    """

    part: Part
    path: Path
    overlap: bool = True

    def run(self, told: Told) -> PartDone:
        """What came of it. Raises PostureError."""
        done = record_part(self.part, self.path, told=told, overlap=self.overlap)
        gc.collect()  # readers and models are cycles: without it memory creeps up from part to part
        freed_memory_returned()
        return done


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of judging: the summary as written, and whether anybody was seen."""

    summary: dict[str, Any]
    anybody: bool


@dataclass(frozen=True, slots=True)
class JudgeJob:
    """Judge a recording whose parts are all there; needs the folder of the results."""

    plan: Plan

    def run(self, told: Told) -> Judged:  # noqa: ARG002
        """What came of it. Raises PostureError."""
        result, summary = judge_plan(self.plan, NoProgress())
        return Judged(summary, result.frames_with_person > 0)


Job = LookJob | PartJob | JudgeJob
