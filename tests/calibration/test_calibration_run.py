"""From pictures to a profile, live and recorded, with the real models."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.errors import CalibrationError
from calibration.fit import fit_baseline
from calibration.protocol import Progress, Step, Timing
from calibration.run import MOST_FRAMES, collect_live, collect_recorded, collect_recording, make_profile
from calibration.ui import PreviewUi, TerminalUi
from calibration_material import sitting_still
from posture_cv.capture import CaptureOptions, Frame, open_source
from posture_cv.capture.types import SourceInfo
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.estimator import EstimatorInfo, EstimatorOptions, Mode, ModelInfo
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.recording import RecordingInfo, RecordingReader
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.profiles.format import profile_from_json, profile_to_json

TIMING = Timing(countdown_s=0.5, still_s=0.5, duration_s=1.5, give_up_s=20.0)
QUICK = TIMING.__class__(countdown_s=0.5, still_s=0.5, duration_s=1.5, give_up_s=0.8)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a person who does not move, ten pictures a second."""
    import skimage.data

    astronaut = np.asarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    folder = tmp_path_factory.mktemp("film")
    for number in range(40):
        cv2.imwrite(str(folder / f"{number:03}.jpg"), astronaut[:, :, ::-1])
    return folder


class Recorder:
    """Remembers every moment; stops when told to."""

    def __init__(self, stop_after: int = 10_000) -> None:
        self.moments: list[Progress] = []
        self._stop_after = stop_after

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:
        assert frame.t_s == lm.t_s[0] == progress.now_s
        self.moments.append(progress)
        return len(self.moments) < self._stop_after


def live(film: Path, timing: Timing, ui: Recorder | TerminalUi | PreviewUi) -> Landmarks:
    """As the models see it: always the same, so that they look once."""
    options = CaptureOptions(frame_rate_hz=10.0)
    with open_source(str(film), options=options) as source:
        return collect_live(source, Shown(_seen(film)), timing, ui).landmarks  # type: ignore[arg-type]


@cache
def _seen(film: Path) -> Landmarks:
    """What the models find in the film's first picture, for each of them."""
    with open_source(str(film)) as source, MediaPipeEstimator() as estimator:
        return estimator.estimate(next(iter(source.frames())))[np.zeros(40, np.intp)]


def test_live_records_only_the_stillness_after_the_countdown(film: Path) -> None:
    ui = Recorder()
    options = CaptureOptions(frame_rate_hz=10.0)
    with open_source(str(film), options=options) as source, MediaPipeEstimator() as estimator:
        lm = collect_live(source, estimator, TIMING, ui).landmarks
    steps = list(dict.fromkeys(p.step for p in ui.moments))
    assert steps == [Step.PREPARE, Step.COUNTDOWN, Step.RECORD, Step.DONE]
    assert 15 <= len(lm) <= 18
    begun = next(p.now_s for p in ui.moments if p.step is Step.RECORD)
    assert lm.t_s[0] == begun
    assert fit_baseline(lm, load_coefficients()).baseline.frame_count == len(lm)


class Shown:
    """A camera that shows given landmarks, by the number of the picture: no model runs."""

    def __init__(self, lm: Landmarks) -> None:
        self._lm = lm
        pose = ModelInfo("pose", "0" * 64, bundled=True)
        self.info = EstimatorInfo("test", Mode.VIDEO, pose, pose, contour=True)

    def estimate(self, frame: Frame) -> Landmarks:
        lm = self._lm[frame.index : frame.index + 1]
        return dataclasses.replace(lm, t_s=np.array([frame.t_s]))


class Early:
    """Finds somebody else until a time, and remembers when it was asked."""

    def __init__(self, until_s: float) -> None:
        self.asked_s: list[float] = []
        self._until_s = until_s

    def has_company(self, image_bgr: NDArray[np.uint8], lm: Landmarks) -> bool:
        assert image_bgr.ndim == 3
        self.asked_s.append(float(lm.t_s[0]))
        return self.asked_s[-1] < self._until_s


def test_live_keeps_nothing_of_what_was_seen_while_it_paused(film: Path) -> None:
    lm = sitting_still(40)
    lm.pose[15:18, :, 0] += 0.2  # a reach while it is recorded
    ui, finder = Recorder(), Early(np.inf)
    with open_source(str(film), options=CaptureOptions(frame_rate_hz=10.0)) as source:
        collected = collect_live(source, Shown(lm), TIMING, ui, finder)  # type: ignore[arg-type]
    kept = collected.landmarks
    paused = [p.now_s for p in ui.moments if p.step is Step.RECORD and p.problems]
    assert len(paused) > 4
    assert not set(paused) & set(kept.t_s.tolist())
    assert len(finder.asked_s) == 2
    assert set(finder.asked_s) <= set(kept.t_s.tolist())
    assert collected.company_share == 1.0
    assert len(kept) >= 15


def test_live_keeps_nothing_from_before_it_began_anew(film: Path) -> None:
    lm = sitting_still(100)
    lm.pose[14:54, :, 0] += np.where(np.arange(40) % 2, 0.2, 0.0)[
        :, None
    ]  # restless for longer than it waits
    ui, finder = Recorder(), Early(5.0)
    with open_source(str(film), options=CaptureOptions(frame_rate_hz=10.0)) as source:
        pictures = list(source.frames()) * 3
    frames = [dataclasses.replace(one, index=k, t_s=0.1 * k) for k, one in enumerate(pictures[:100])]
    with open_source(str(film), options=CaptureOptions(frame_rate_hz=10.0)) as source:
        shown = Showing(source.info, frames)
        collected = collect_live(shown, Shown(lm), TIMING, ui, finder)  # type: ignore[arg-type]
    kept = collected.landmarks
    begun = [b.now_s for a, b in pairwise(ui.moments) if (a.step, b.step) == (Step.COUNTDOWN, Step.RECORD)]
    assert len(begun) == 2
    assert kept.t_s[0] == begun[1]
    assert finder.asked_s[0] == begun[0]
    assert begun[1] in finder.asked_s
    assert collected.company_share == 0.0


@dataclasses.dataclass
class Showing:
    """A source of given pictures."""

    info: SourceInfo
    given: list[Frame]

    def frames(self) -> Iterator[Frame]:
        yield from self.given


def test_live_gives_up_and_says_what_was_wrong(film: Path) -> None:
    with pytest.raises(CalibrationError, match="given up after 1 s"):
        live(film, QUICK, Recorder())


def test_live_stops_when_the_window_is_closed(film: Path) -> None:
    with pytest.raises(CalibrationError, match="stopped"):
        live(film, TIMING, Recorder(stop_after=3))


def test_live_says_when_the_pictures_end_too_early(film: Path) -> None:
    with pytest.raises(CalibrationError, match="ended before"):
        live(film, Timing(countdown_s=3.0, still_s=0.5, duration_s=8.0, give_up_s=20.0), Recorder())


def test_terminal_prompts_are_plain_lines_each_once(film: Path) -> None:
    out = io.StringIO()
    live(film, TIMING, TerminalUi(TIMING, out))
    lines = out.getvalue().splitlines()
    assert lines[2:] == [
        "Good. Stay like that.",
        "Hold still, recording in 1 ...",
        "Recording, 2 s left ...",
        "Recording, 1 s left ...",
        "Done.",
    ]


class Screen:
    """Stands in for the window, which needs a display."""

    def __init__(self) -> None:
        self.pictures: list[np.ndarray] = []

    def show(self, image_bgr: np.ndarray) -> bool:
        self.pictures.append(image_bgr)
        return True


def test_preview_shows_the_mirrored_picture_with_what_was_seen(film: Path) -> None:
    screen = Screen()
    live(film, TIMING, PreviewUi(TIMING, screen, TerminalUi(TIMING, io.StringIO())))  # type: ignore[arg-type]
    original = cv2.imread(str(next(film.iterdir())))
    assert original is not None
    middle = slice(60, 400)
    mirrored, shown = original[:, ::-1][middle].astype(float), screen.pictures[-1][middle].astype(float)
    assert np.abs(mirrored - shown).mean() < np.abs(original[middle].astype(float) - shown).mean()
    assert 0.005 < (np.abs(mirrored - shown).max(axis=2) > 20).mean() < 0.2, "skeleton, outline and face"


def test_unrelated_pictures_make_a_profile(film: Path, tmp_path: Path) -> None:
    seen = []
    with open_source(str(film), options=CaptureOptions(end_s=4.0)) as source:
        assert source.info.unrelated
        with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as estimator:
            collected = collect_recorded(source, estimator, lambda: seen.append(1))
    assert len(seen) == len(collected.landmarks) == 4
    assert collected.source.kind == "images"
    assert collected.source.name == film.name, "without the folders that lead there"
    result = fit_baseline(collected.landmarks, load_coefficients(), refuse=False)
    profile = make_profile("desk", result, collected, datetime(2026, 1, 2, 3, 4, 5, 678, UTC))
    assert profile.created == "2026-01-02T03:04:05+00:00"
    assert profile.pose_model.name == "pose_landmarker_full"
    assert profile.setup, "the desk check belongs to it"
    again = profile_from_json(profile_to_json(profile), "x.json", "desk")
    assert again.quality.grade == result.verdict.grade.value


def recording_of(lm: Landmarks, path: Path) -> Path:
    model = {"name": "pose_landmarker_full", "sha256": "c" * 64, "bundled": True}
    info = RecordingInfo({"name": "x.mp4"}, {"engine": "mediapipe 0.10.31", "pose": model, "face": None})
    with RecordingWriter(path, info) as writer:
        writer.write(lm)
    return path


def test_a_stretch_of_a_landmark_recording(tmp_path: Path) -> None:
    path = recording_of(sitting_still(100), tmp_path / "a.landmarks")
    with RecordingReader(path) as reader:
        collected = collect_recording(reader, 2.0, 7.0, path.name)
    assert (collected.landmarks.t_s[0], collected.landmarks.t_s[-1], len(collected.landmarks)) == (
        2.0,
        6.9,
        50,
    )
    assert collected.pose_model.sha256 == "c" * 64
    assert collected.face_model is None
    assert (collected.source.kind, collected.source.name) == ("landmarks", "a.landmarks")


def test_a_stretch_that_is_not_there(tmp_path: Path) -> None:
    path = recording_of(sitting_still(20), tmp_path / "a.landmarks")
    with (
        RecordingReader(path) as reader,
        pytest.raises(CalibrationError, match="no frames between 50 and 60 s") as e,
    ):
        collect_recording(reader, 50.0, 60.0, path.name)
    assert e.value.detail == "It ends at 1.9 s."


def test_a_recording_of_hours_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    empty = Landmarks.empty(MOST_FRAMES + 500)
    path = recording_of(empty, tmp_path / "long.landmarks")
    with RecordingReader(path) as reader, pytest.raises(CalibrationError, match="too long"):
        collect_recording(reader, 0.0, float("inf"), path.name)
