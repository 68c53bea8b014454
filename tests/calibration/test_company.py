"""Somebody else in the picture is noticed while a person is calibrated, and said; who sits alone hears nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calibration.company import LOOK_EVERY_S, Company
from calibration.verdict import COMPANY, COMPANY_SHARE, Grade, about_company
from calibration_material import sitting_still
from cli_runner import Cli
from damage_material import Picture, sitting, write
from posture_cv.capture import open_source
from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.finders import CompanyFinder
from posture_cv.landmarks.types import Landmarks
from posture_cv.profiles.store import load_profile
from posture_cv.replay.calibration_watch import of_these_seconds
from posture_cv.replay.kept import note_kept
from posture_cv.replay.pair import PairOptions, _landmarks
from posture_cv.replay.progress import NoProgress
from posture_cv.replay.record import record
from posture_cv.replay.types import Provenance

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
BLANK = np.zeros((8, 8, 3), np.uint8)


def frame(t_s: float) -> Frame:
    return Frame(round(t_s * 1000), t_s, BLANK)


class Seen:
    """Sees company in the looks whose numbers it is given."""

    def __init__(self, looks: set[int]) -> None:
        self.count, self._looks = 0, looks

    def has_company(self, image_bgr: NDArray[np.uint8], lm: Landmarks) -> bool:
        assert image_bgr is BLANK
        assert len(lm) == 1
        self.count += 1
        return self.count - 1 in self._looks


@given(looks=st.sets(st.integers(0, 7)), rate_hz=st.sampled_from([1.0, 2.0, 10.0, 30.0]))
def test_a_look_a_second_whatever_the_rate(looks: set[int], rate_hz: float) -> None:
    finder = Seen(looks)
    company, one = Company(finder), sitting_still(1)
    for k in range(int(8 * rate_hz)):
        company.look(frame(k / rate_hz), one)
    assert finder.count == 8 / LOOK_EVERY_S
    assert company.share == len(looks) / 8


def test_what_is_forgotten_does_not_count_and_nothing_is_known_without_a_look() -> None:
    company, one = Company(Seen({0})), sitting_still(1)
    assert np.isnan(company.share)
    company.look(frame(5.0), one)
    assert company.share == 1.0
    company.forget()
    assert np.isnan(company.share)
    company.look(frame(5.1), one)
    assert company.share == 0.0
    unwatched = Company(None)
    unwatched.look(frame(0.0), one)
    assert np.isnan(unwatched.share)


def test_who_passes_by_is_not_said_and_who_stays_is() -> None:
    assert not list(about_company(float("nan")))
    assert not list(about_company(COMPANY_SHARE - 0.01))
    (finding,) = about_company(COMPANY_SHARE)
    assert (finding.code, finding.grade) == ("company", Grade.WARN)


@pytest.fixture(scope="module")
def finder() -> Iterator[CompanyFinder]:
    with CompanyFinder() as found:
        yield found


def with_another(picture: Picture, left: int, top: int) -> Picture:
    """Another head beside the person's, two thirds of its size."""
    other = cv2.imread(str(SAMPLES / "frames" / "p1_f1_000_calibration.jpg"))
    assert other is not None
    head = cv2.resize(other[110:330, 200:440], None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    out = picture.copy()
    out[top : top + head.shape[0], left : left + head.shape[1]] = head
    return out


def marks(picture: Picture) -> Landmarks:
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE, contour=False)) as estimator:
        return estimator.estimate(Frame(0, 0.0, picture))


@pytest.mark.parametrize(
    "name", ["p1_f1_000_calibration.jpg", "p2_s2_000_calibration.jpg", "p3_o2_000_calibration.jpg"]
)
def test_who_sits_alone_has_no_company_from_any_side(finder: CompanyFinder, name: str) -> None:
    picture = np.asarray(cv2.imread(str(SAMPLES / "frames" / name)), np.uint8)
    alone = marks(picture)
    assert alone.person_found[0]
    assert not finder.has_company(picture, alone)
    assert finder.has_company(with_another(picture, 8, 8), alone)


def test_beside_nobody_there_is_no_company(finder: CompanyFinder) -> None:
    picture = with_another(np.full((480, 640, 3), 90, np.uint8), 250, 100)
    assert not finder.has_company(picture, Landmarks.empty(1))


def film(path: Path, company: range) -> Path:
    """Four seconds of a person who sits still, ten pictures a second, in some another head beside theirs."""
    pictures = [np.asarray(one, np.uint8) for one in sitting(40)]
    write(path, [with_another(one, 20, 40) if k in company else one for k, one in enumerate(pictures)])
    return path


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In company for three seconds."""
    return film(tmp_path_factory.mktemp("company") / "two.mp4", range(30))


def test_a_profile_made_in_company_says_so(together: Path, tmp_path: Path) -> None:
    out = tmp_path / "two.json"
    done = Cli().here("calibrate", "--from", str(together), "--end", "3", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "usable, with reservations" in done.stdout
    assert "Somebody else was in the picture" in done.stdout
    profile = load_profile(out)
    assert COMPANY in profile.quality.reasons
    assert profile.quality.figures["company_share"] == 1.0
    Cli().here("calibrate", "--from", str(together), "--start", "3", "--out", str(out))
    assert COMPANY not in load_profile(out).quality.reasons
    assert load_profile(out).quality.figures["company_share"] == 0.0


@pytest.mark.parametrize(("calibrate", "said"), [("0:3", True), ("3:4", False)])
def test_a_replay_calibrated_in_company_says_so(
    together: Path, tmp_path: Path, calibrate: str, *, said: bool
) -> None:
    done = Cli().here("replay", str(together), "--calibrate", calibrate, "--out", str(tmp_path / "o"))
    assert done.returncode == 0, done.stderr
    warnings = json.loads((tmp_path / "o" / "summary.json").read_text())["warnings"]
    assert (f"Baseline, 0 s to 3 s: {COMPANY}" in warnings) == said
    assert any(COMPANY in one for one in warnings) == said


def test_kept_landmarks_say_nothing_of_another_calibration(together: Path, tmp_path: Path) -> None:
    """And say it again once the first one's seconds are asked for."""
    told = []
    for calibrate in ("0:3", "3:4", "0:3"):
        asked = ("--calibrate", calibrate, "--record", "--out", str(tmp_path / "o"))
        assert Cli().here("replay", str(together), *asked).returncode == 0
        warnings = json.loads((tmp_path / "o" / "summary.json").read_text())["warnings"]
        told.append([text for text in warnings if COMPANY in text])
    assert told == [[f"Baseline, 0 s to 3 s: {COMPANY}"], [], [f"Baseline, 0 s to 3 s: {COMPANY}"]]


@pytest.mark.parametrize(
    ("calibrate_s", "left"),
    [
        ((2.0, 8.5), ("cut off", "Baseline, 2 s to 8.5 s: x")),
        ((2.0, float("inf")), ("cut off", "Baseline, 2 s to the end: x")),
        ((2.0, 8.0), ("cut off",)),
        (None, ("cut off",)),
    ],
)
def test_only_what_is_said_of_the_same_seconds_is_said_again(
    calibrate_s: tuple[float, float] | None, left: tuple[str, ...]
) -> None:
    told = ("cut off", "Baseline, 2 s to 8.5 s: x", "Baseline, 2 s to the end: x")
    assert of_these_seconds(told, calibrate_s) == left


def test_kept_landmarks_of_two_cameras_say_nothing_of_another_calibration(tmp_path: Path) -> None:
    kept = Path(shutil.copy(SAMPLES / "desk-front.landmarks", tmp_path / "front.landmarks"))
    note_kept(kept, "key", ("cut off", "Baseline, 0 s to 3 s: x"))
    made_of, told = Provenance("run", "key", "checksum"), []
    for seconds in ((0.0, 3.0), (3.0, 6.0)):
        options = PairOptions("f.mp4", "s.mp4", tmp_path, calibrate_s=seconds)
        told.append(_landmarks("f.mp4", made_of, options, "front", NoProgress())[1].landmarks_warnings)
    assert told == [("cut off", "Baseline, 0 s to 3 s: x"), ("cut off",)]


@pytest.mark.parametrize(("calibrate_s", "said"), [((0.0, 3.0), True), ((3.0, 4.0), False), (None, False)])
def test_one_of_two_cameras_says_so(
    together: Path, tmp_path: Path, calibrate_s: tuple[float, float] | None, *, said: bool
) -> None:
    with open_source(str(together)) as source:
        made = record(source, tmp_path / "a.landmarks", EstimatorOptions(), calibrate_s=calibrate_s)
    assert made.frames == 40
    assert made.warnings == ((f"Baseline, 0 s to 3 s: {COMPANY}",) if said else ())


def test_who_comes_after_the_seconds_is_no_company(tmp_path: Path) -> None:
    with open_source(str(film(tmp_path / "later.mp4", range(10, 40)))) as source:
        made = record(source, tmp_path / "a.landmarks", EstimatorOptions(), calibrate_s=(0.0, 1.0))
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("name", "offset_s", "expected"),
    [
        ("front", None, (2.0, 8.0)),
        ("side", 1.5, (0.5, 6.5)),
        ("side", -1.0, (3.0, 9.0)),
        ("side", None, None),
    ],
)
def test_each_camera_is_watched_by_its_own_clock(
    name: str, offset_s: float | None, expected: tuple[float, float] | None
) -> None:
    options = PairOptions("f.mp4", "s.mp4", Path("o"), calibrate_s=(2.0, 8.0), offset_s=offset_s)
    assert options.calibrated_s(name) == expected
