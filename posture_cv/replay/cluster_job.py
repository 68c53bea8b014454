"""A job on its way to a worker of a cluster and back: what runs there, and whose words its results are in.

What goes there names files so that they mean the same wherever the worker was started; what comes back names them as
the user did. A part's landmarks come back as bytes.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from posture_cv.errors import PostureError
from posture_cv.replay.jobs import Job, JudgeJob, LookJob, PartJob
from posture_cv.replay.parts import PartDone
from posture_cv.replay.work import Outcome, outcome


@dataclass(frozen=True, slots=True)
class Found:
    """A part's landmarks, on their way here."""

    done: PartDone
    recording: bytes | None


def run_far(job: Job) -> Outcome:
    """On a worker: do a job; a part's recording comes back as bytes."""
    if not isinstance(job, PartJob):
        return outcome(job, _nobody_listens)
    with tempfile.TemporaryDirectory(prefix="posture-cv-") as folder:
        path = Path(folder) / job.path.name
        ended = outcome(replace(job, path=path), _nobody_listens)
        if ended.error is not None:
            return ended
        return Outcome(Found(ended.result, path.read_bytes() if path.exists() else None))


def _nobody_listens(_frames: int) -> None:
    """Frames are told of by the part, when it is there."""


def error_here(error: PostureError, job: Job) -> PostureError:
    """What went wrong on a worker, of the file as the user named it."""
    here = PostureError(*(text_here(text, job) for text in (error.title, error.detail, error.what_to_do)))
    here.exit_code = error.exit_code
    return here


def text_here(text: str, job: Job) -> str:
    """The same text as this machine would have it: the tables must not tell where a part was made."""
    if isinstance(job, JudgeJob):
        return text
    source = job.look.source if isinstance(job, LookJob) else job.part.source
    return text.replace(absolute_path(source), source)


def absolute(job: LookJob | PartJob) -> LookJob | PartJob:
    """The same job with a path that means the same wherever the worker was started."""
    if isinstance(job, LookJob):
        return replace(job, look=replace(job.look, source=absolute_path(job.look.source)))
    return replace(job, part=replace(job.part, source=absolute_path(job.part.source)))


def absolute_path(source: str) -> str:
    """A path that means the same wherever it is read; an address as it is."""
    return source if "://" in source else os.path.abspath(source)  # noqa: PTH100  without following links
