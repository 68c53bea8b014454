"""Pictures and videos of a data set -> landmarks, in one process or several, kept in a file if asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv._version import __version__
from posture_cv.atomic import write_atomic
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.importing.arrays import NOT_READ
from posture_cv.landmarks.types import Landmarks
from posture_cv.utf8 import utf8

Progress = Callable[[int], None]  # told how many more pictures are done
_CACHE_MARK: Final = "posture-cv evaluate cache 1"


@dataclass(frozen=True, slots=True)
class Job:
    """Pictures that belong together: all of one clip, or all wanted frames of one video.

    Attributes:
        pictures: the files, in order; a single file for a video.
        frames: numbers of the wanted frames of the video, ascending; empty for pictures.
        t_s: time of each picture (ignored for a video, which brings its own).
    """

    pictures: tuple[Path, ...]
    frames: tuple[int, ...]
    t_s: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many frames of landmarks it yields."""
        return len(self.frames) or len(self.pictures)


def make_landmarks(jobs: Sequence[Job], workers: int, progress: Progress, looks: int) -> list[Landmarks]:
    """Landmarks of each job, in order.

    Args:
        jobs: what to look at; missing files are refused before the first model is opened.
        workers: processes; 1 works in this one.
        progress: called with the number of pictures done since the last call.
        looks: how often each picture is looked at (`EstimatorOptions.looks`); videos once.

    Raises:
        EvaluationError: a picture is missing or cannot be read, a video ends too early.
    """
    _check_files(jobs)
    if workers == 1 or len(jobs) == 1:
        return [_work(job, looks, progress) for job in jobs]
    return _parallel(jobs, workers, progress, looks)


def _check_files(jobs: Sequence[Job]) -> None:
    absent = [path for job in jobs for path in job.pictures if not path.is_file()]
    if absent:
        raise EvaluationError(
            f"{len(absent)} pictures of {sum(len(job.pictures) for job in jobs)} are not there",
            f"The first: {absent[0]}.",
            "Put them there, or use landmarks.npz with --landmarks npz.",
        )


@dataclass(frozen=True, slots=True)
class _Task:
    """A job for a worker process."""

    job: Job
    looks: int

    def run(self, told: Progress) -> Landmarks:
        """Do it."""
        return _work(self.job, self.looks, told)


def _parallel(jobs: Sequence[Job], workers: int, progress: Progress, looks: int) -> list[Landmarks]:
    from posture_cv.replay.pool import ProcessPool
    from posture_cv.replay.work import Done, Failed, Told

    found: dict[int, Landmarks] = {}
    coming = iter(enumerate(jobs))
    with ProcessPool(min(workers, len(jobs))) as pool:
        while len(found) < len(jobs):
            for number, job in islice(coming, pool.room):
                pool.submit(number, _Task(job, looks))
            event = pool.next_event(1.0)
            if isinstance(event, Told):
                progress(event.frames)
            elif isinstance(event, Done):
                found[event.number] = event.result
            elif isinstance(event, Failed):
                raise event.error
    return [found[number] for number in range(len(jobs))]


def _work(job: Job, looks: int, progress: Progress | None = None) -> Landmarks:
    return _video_landmarks(job, progress) if job.frames else _picture_landmarks(job, looks, progress)


def _picture_landmarks(job: Job, looks: int, progress: Progress | None) -> Landmarks:
    """Each picture on its own; one estimator a clip, as brightness and background are one camera's."""
    from posture_cv.capture.types import Frame
    from posture_cv.landmarks.estimator import EstimatorOptions, Mode
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    found = []
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE, looks=looks)) as estimator:
        for number, (path, t_s) in enumerate(zip(job.pictures, job.t_s, strict=True)):
            found.append(estimator.estimate(Frame(number, t_s, picture_of(path))))
            if progress is not None:
                progress(1)
    return Landmarks.concat(found)


def picture_of(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) a picture of a data set, BGR.

    Raises:
        EvaluationError: it is not there, or no picture that can be read.
    """
    from posture_cv.capture.images import read_picture
    from posture_cv.capture.picture_header import PictureError
    from posture_cv.capture.types import MAX_PIXELS

    try:
        return read_picture(path, MAX_PIXELS)
    except PictureError as error:
        raise EvaluationError(f"Cannot use the picture {path}", f"It {error}.") from error


def _video_landmarks(job: Job, progress: Progress | None) -> Landmarks:
    """Every frame of the video goes through the tracker, as in a replay; the wanted ones are kept."""
    from posture_cv.capture.types import CaptureOptions
    from posture_cv.capture.video import VideoFile
    from posture_cv.landmarks.estimator import EstimatorOptions, Mode
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    path, wanted, found = job.pictures[0], set(job.frames), {}
    with (
        closing(VideoFile(path, path.name, CaptureOptions())) as video,
        MediaPipeEstimator(EstimatorOptions(mode=Mode.VIDEO)) as estimator,
    ):
        for frame in video.frames():
            landmarks = estimator.estimate(frame)
            if frame.index in wanted:
                found[frame.index] = landmarks
                if progress is not None:
                    progress(1)
    lost = sorted(wanted - set(found))
    if lost:
        raise EvaluationError(
            f"{path} does not hold {len(lost)} of the {len(wanted)} frames of ground_truth.csv",
            f"The first: frame {lost[0]}.",
            "Is the video cut off?",
        )
    return Landmarks.concat([found[number] for number in job.frames])


def fingerprint(jobs: Sequence[Job], looks: int) -> str:
    """What landmarks depend on: the files (place, size, time of change), the looks, the models, engine and program."""
    from posture_cv.landmarks.mediapipe_tasks import ENGINE
    from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model

    digest = hashlib.sha256(f"{_CACHE_MARK} {__version__} {ENGINE} {looks}".encode())
    for model in (resolve_pose_model(None), resolve_face_model(None)):
        digest.update(model.sha256.encode())
    for job in jobs:
        for path in job.pictures:
            state = path.stat()
            digest.update(utf8(f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"))
        digest.update(repr((job.frames, job.t_s)).encode())
    return digest.hexdigest()


def read_cache(file: Path, key: str, counts: Sequence[int]) -> list[Landmarks] | None:
    """The landmarks of the jobs kept in `file`, or None when there are none or they are of other pictures.

    Raises:
        EvaluationError: the file is damaged or something else, which must not be overwritten.
    """
    if not file.exists():
        return None
    try:
        whole = _kept(file, key)
    except NOT_READ as error:
        raise _no_cache(file) from error
    if whole is None:
        return None
    ends = np.cumsum(counts)
    return [whole[slice(int(end - count), int(end))] for end, count in zip(ends, counts, strict=True)]


def _kept(file: Path, key: str) -> Landmarks | None:
    """What the cache holds, None when it is of other pictures."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        if "mark" not in archive.files or str(archive["mark"]) != _CACHE_MARK:
            raise ValueError("another kind of file")
        if str(archive["key"]) != key:
            return None
        return Landmarks(**{f.name: archive[f.name] for f in fields(Landmarks)})


def write_cache(file: Path, key: str, landmarks: Sequence[Landmarks]) -> None:
    """Keep landmarks (no pictures) in `file`, readable by its owner only."""
    import io

    whole = Landmarks.concat(landmarks)
    arrays = {f.name: getattr(whole, f.name) for f in fields(Landmarks)}
    stream = io.BytesIO()
    np.savez_compressed(stream, mark=np.array(_CACHE_MARK), key=np.array(key), **arrays)
    write_atomic(file, stream.getvalue())


def _no_cache(file: Path) -> EvaluationError:
    return EvaluationError(
        f"{file} is no cache of posture-cv evaluate", "", "Give --cache the name of a new file."
    )
