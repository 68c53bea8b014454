"""A labelled data set: its truth, the landmarks of every row, and which rows are a clip's baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.evaluate.errors import EvaluationError
from posture_cv.evaluate.landmark_file import FILE_NAME, has_contour, read_landmarks
from posture_cv.evaluate.making import (
    Job,
    Progress,
    fingerprint,
    make_landmarks,
    read_cache,
    write_cache,
)
from posture_cv.evaluate.truth import CALIBRATION, UPRIGHT, Truth, read_truth, split_frame
from posture_cv.landmarks.types import Landmarks

MIN_CALIBRATION_FRAMES: Final = 3
_MOST_NAMED: Final = 5
Rows = NDArray[np.intp]


class Source(StrEnum):
    """Where landmarks come from. AUTO: the file if it has the contour, else the pictures if all are there."""

    AUTO = "auto"
    NPZ = "npz"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Making:
    """How to get landmarks.

    Attributes:
        source: see `Source`.
        workers: processes that look at pictures.
        looks: how often each picture is looked at, 1 to 5; frames of videos always once, there time averages.
        cache: keep landmarks made from pictures in this file, and take them from it next time; None: no file.
    """

    source: Source = Source.AUTO
    workers: int = 1
    looks: int = 1
    cache: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One subject before one camera.

    Attributes:
        subject, camera, view: as in the ground truth.
        rows: its rows in the data set, in order.
        calibration: those that make the baseline.
        judged: those to be judged (the ones without a person too): all but the segment `calibration`.
        is_video: the rows are frames of one video, in the order of time.
    """

    subject: str
    camera: str
    view: str
    rows: Rows
    calibration: Rows
    judged: Rows
    is_video: bool

    @property
    def name(self) -> str:
        """For people: "p1/f1"."""
        return f"{self.subject}/{self.camera}"


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Truth and landmarks, row by row.

    Attributes:
        name: of the folder.
        truth: N rows.
        landmarks: N rows; t_s grows within a clip only.
        clips: in the order of their first row.
        landmarks_from: "pictures", "pictures (5 looks each)", "video", "landmarks.npz" or
            "landmarks.npz without contour".
    """

    name: str
    truth: Truth
    landmarks: Landmarks
    clips: tuple[Clip, ...]
    landmarks_from: str


def read_dataset(
    folder: Path,
    making: Making | None = None,
    progress: Progress | None = None,
    truth: Truth | None = None,
) -> Dataset:
    """Read a labelled data set and get the landmarks of all its rows.

    Args:
        folder: holds `ground_truth.csv`, or folders that do.
        making: how to get landmarks.
        progress: told how many more pictures have been looked at.
        truth: what `read_truth` says of the folder, where that was asked for before.

    Raises:
        EvaluationError: anything missing, damaged or contradictory.
    """
    truth = read_truth(folder) if truth is None else truth
    clips = _clips(truth)
    landmarks, origin = _landmarks(truth, clips, making or Making(), progress or (lambda _: None))
    return Dataset(folder.resolve().name, truth, landmarks, clips, origin)


def without(dataset: Dataset, cues: Sequence[str]) -> Dataset:
    """The data set as if some cues had not been seen: "face", "contour" (what each of them contributes).

    They are taken from the judged frames only; the baselines are those of a good calibration.
    """
    if not cues:
        return dataset
    lm = Landmarks.concat([dataset.landmarks])  # a copy
    judged = np.concatenate([clip.judged for clip in dataset.clips])
    for cue, fields in {"face": (lm.face,), "contour": (lm.rows, lm.cols)}.items():
        for field in fields if cue in cues else ():
            field[judged] = np.nan
    origin = ", ".join([dataset.landmarks_from, *(f"{cue} taken away" for cue in cues)])
    return replace(dataset, landmarks=lm, landmarks_from=origin)


def pictures_to_make(truth: Truth, making: Making) -> int:
    """How many pictures `read_dataset` would look at, for a progress bar; 0 when landmarks are ready."""
    return len(truth) if _chosen(truth, making.source) is Source.PICTURES else 0


def _clips(truth: Truth) -> tuple[Clip, ...]:
    clips = tuple(_clip(truth, rows) for rows in truth.rows_by_clip())
    without = [clip.name for clip in clips if len(clip.calibration) < MIN_CALIBRATION_FRAMES]
    if without:
        raise EvaluationError(
            f"Too few calibration frames in {len(without)} of {len(clips)} clips: {', '.join(without[:5])}",
            f"Each clip (one subject, one camera) needs {MIN_CALIBRATION_FRAMES} rows whose segment is "
            f"{CALIBRATION!r}; a video may begin with {UPRIGHT!r} rows instead.",
            "They show the person sitting upright, and everything else is judged against them.",
        )
    if not any(len(clip.judged) for clip in clips):
        raise EvaluationError(
            "Nothing to judge",
            f"Every row makes a baseline: its segment is {CALIBRATION!r}, or {UPRIGHT!r} at the beginning of a video.",
            "Add rows of other segments.",
        )
    return clips


def _clip(truth: Truth, rows: Rows) -> Clip:
    subject, camera, view = (str(column[rows[0]]) for column in (truth.subject, truth.camera, truth.view))
    views = sorted(set(truth.view[rows].tolist()))
    if len(views) > 1:
        raise EvaluationError(
            f"{subject}/{camera} has several views: {', '.join(views)}",
            "",
            "One camera has one view; name cameras apart.",
        )
    is_video = _is_video(truth, rows)
    calibration = rows[(truth.segment[rows] == CALIBRATION) & truth.person_present[rows]]
    if is_video and len(calibration) == 0:
        calibration = _first_hold(truth, rows)
    judged = rows[(truth.segment[rows] != CALIBRATION) & ~np.isin(rows, calibration)]
    return Clip(
        subject=subject,
        camera=camera,
        view=view,
        rows=rows,
        calibration=calibration,
        judged=judged,
        is_video=is_video,
    )


def _is_video(truth: Truth, rows: Rows) -> bool:
    """Whether the rows are frames of one video ("desk.mp4#80") and know their time.

    Raises:
        EvaluationError: some are and some are not, several videos, times that do not grow.
    """
    frames = [split_frame(str(name)) for name in truth.file[rows]]
    videos = {file for file, number in frames if number is not None}
    if not videos:
        return False
    where = f"{truth.subject[rows[0]]}/{truth.camera[rows[0]]}"
    if len(videos) > 1:
        raise EvaluationError(
            f"{where} has several videos: {', '.join(sorted(videos)[:_MOST_NAMED])}",
            "One subject before one camera is one clip with one baseline.",
            "Name the cameras apart, one for each video.",
        )
    if any(number is None for _, number in frames):
        raise EvaluationError(
            f"{where} mixes videos and pictures",
            f"The video: {', '.join(videos)}.",
            "Name the cameras apart, one for the video and one for the pictures.",
        )
    times, numbers = truth.t_s[rows], [number or 0 for _, number in frames]
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all() and (np.diff(numbers) > 0).all()):
        raise EvaluationError(f"{where}: the frames of a video need t_s and #frame, both growing")
    return True


def _first_hold(truth: Truth, rows: Rows) -> Rows:
    """The rows with which a video begins as long as the person stays upright."""
    upright = (truth.segment[rows] == UPRIGHT) & truth.person_present[rows]
    length = len(rows) if upright.all() else int(np.argmin(upright))
    return rows[:length]


def _landmarks(
    truth: Truth, clips: tuple[Clip, ...], making: Making, progress: Progress
) -> tuple[Landmarks, str]:
    if _chosen(truth, making.source) is Source.PICTURES:
        return _from_pictures(truth, clips, making, progress)
    landmarks = _with_times(_from_files(truth), truth)
    bare = not all(has_contour(folder / FILE_NAME) for folder in set(truth.folder))
    return landmarks, f"{FILE_NAME} without contour" if bare else FILE_NAME


def _chosen(truth: Truth, source: Source) -> Source:
    """AUTO resolved; NPZ and PICTURES as they are."""
    if source is not Source.AUTO:
        return source
    files = [folder / FILE_NAME for folder in sorted(set(truth.folder))]
    ready = all(file.is_file() for file in files)
    if ready and all(has_contour(file) for file in files):
        return Source.NPZ
    named = zip(truth.folder, truth.file, strict=True)
    pictures = dict.fromkeys(folder / split_frame(str(name))[0] for folder, name in named)
    missing = [path for path in pictures if not path.is_file()]
    if not missing:
        return Source.PICTURES
    if not ready:
        raise _without_pictures(missing, len(pictures), next(file for file in files if not file.is_file()))
    return Source.NPZ


def _without_pictures(missing: list[Path], count: int, file: Path) -> EvaluationError:
    """What is missing of the pictures (or videos), where there are no ready-made landmarks instead."""
    if len(missing) == count:
        title = f"No pictures and no {FILE_NAME} in {file.parent}"
    else:
        title = (
            f"{len(missing)} of {count} pictures are missing, and there is no {FILE_NAME} in {file.parent}"
        )
    more = f", and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return EvaluationError(
        title,
        f"Missing: {', '.join(map(str, missing[:_MOST_NAMED]))}{more}.",
        "Put the pictures where the column `file` says, or give landmarks.",
    )


def _from_files(truth: Truth) -> Landmarks:
    """The ready-made landmarks of all rows, in the order of the rows."""
    order: list[Rows] = []
    parts: list[Landmarks] = []
    for folder in dict.fromkeys(truth.folder):
        file = folder / FILE_NAME
        if not file.is_file():
            raise EvaluationError(
                f"No {FILE_NAME} in {folder}", "", "Use the pictures: --landmarks pictures."
            )
        rows = np.flatnonzero([other == folder for other in truth.folder])
        order.append(rows)
        parts.append(read_landmarks(file, truth.file[rows].tolist()))
    return Landmarks.concat(parts)[np.argsort(np.concatenate(order))]


def _with_times(lm: Landmarks, truth: Truth) -> Landmarks:
    """Times of the rows: the ground truth's own, else one second from picture to picture."""
    for rows in truth.rows_by_clip():
        known = np.isfinite(truth.t_s[rows]).all()
        lm.t_s[rows] = truth.t_s[rows] if known else np.arange(len(rows), dtype=np.float64)
    return lm


def _from_pictures(
    truth: Truth, clips: tuple[Clip, ...], making: Making, progress: Progress
) -> tuple[Landmarks, str]:
    parts = _cached([_job(truth, clip) for clip in clips], making, progress)
    landmarks = Landmarks.concat(parts)[np.argsort(np.concatenate([clip.rows for clip in clips]))]
    if all(clip.is_video for clip in clips):
        return landmarks, "video"
    return landmarks, "pictures" if making.looks == 1 else f"pictures ({making.looks} looks each)"


def _cached(jobs: list[Job], making: Making, progress: Progress) -> list[Landmarks]:
    if making.cache is None:
        return make_landmarks(jobs, making.workers, progress, making.looks)
    counts = [job.count for job in jobs]
    make = all(path.is_file() for job in jobs for path in job.pictures)
    key = fingerprint(jobs, making.looks) if make else ""
    kept = read_cache(making.cache, key, counts) if make else None
    if kept is None:
        kept = make_landmarks(jobs, making.workers, progress, making.looks)
        write_cache(making.cache, key, kept)
    else:
        progress(sum(counts))
    return kept


def _job(truth: Truth, clip: Clip) -> Job:
    places = [split_frame(str(truth.file[row])) for row in clip.rows]
    paths = [truth.folder[row] / file for row, (file, _) in zip(clip.rows, places, strict=True)]
    if not clip.is_video:
        return Job(tuple(paths), (), tuple(float(n) for n in range(len(paths))))
    return Job((paths[0],), tuple(number for _, number in places if number is not None), ())
