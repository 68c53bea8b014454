"""A profile of another view than the video's is named before the models run over all of it; who only turns is not."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_runner import Cli
from damage_material import Picture, empty_room, sitting, write
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.measure.types import View
from posture_cv.replay.first_look import ViewCheck, check_view, view_check
from posture_cv.replay.record import default_estimator
from posture_cv.replay.scan import Look, Scan, scan

SAMPLES: Final = Path(__file__).resolve().parents[2] / "samples"
PROFILE: Final = SAMPLES / "desk-front.profile.json"


@pytest.fixture(scope="module")
def in_profile() -> list[Picture]:
    with av.open(str(SAMPLES / "desk-side.mp4")) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return [np.asarray(frame, np.uint8) for frame in frames[:24]]


def _look(source: Path, view: View) -> None:
    """Raises InputError where the video is of another view."""
    check = view_check(view, 0.0, None, scan(Look(str(source))))
    assert check is not None
    check_view(str(source), check, EstimatorOptions(), default_estimator)


def test_one_video_is_refused_before_any_landmark_is_kept(tmp_path: Path) -> None:
    done = Cli().here(
        "replay", str(SAMPLES / "desk-side.mp4"), "--profile", str(PROFILE), "--out", str(tmp_path / "o")
    )
    assert done.returncode == 2, done.stdout + done.stderr
    said = " ".join(done.stderr.split())
    for text in ("the profile is a front view", "desk-side.mp4 shows somebody from the side", "--calibrate"):
        assert text in said
    assert not [file for file in (tmp_path / "o").rglob("*") if file.is_file()]


def test_of_many_it_alone_fails(tmp_path: Path) -> None:
    sources = [str(SAMPLES / name) for name in ("desk-side.mp4", "desk-front.landmarks")]
    done = Cli().here("replay", *sources, "--profile", str(PROFILE), "--out", str(tmp_path / "o"))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "desk-side: failed: Hardly anything could be judged" in done.stderr
    assert [file.parent.name for file in (tmp_path / "o").rglob("summary.json")] == ["desk-front"]


def test_a_side_profile_does_not_fit_a_front_video_and_a_front_one_does() -> None:
    with pytest.raises(InputError, match="the profile is a side view, the recording is not") as caught:
        _look(SAMPLES / "desk-front.mp4", View.SIDE)
    assert "from the front" in caught.value.detail
    _look(SAMPLES / "desk-front.mp4", View.FRONT)


def test_who_is_seen_from_the_profiles_side_for_a_while_is_not_refused(
    in_profile: list[Picture], tmp_path: Path
) -> None:
    _look(write(tmp_path / "turned.mp4", in_profile[:20] + sitting(4), rate_hz=1), View.FRONT)


def test_a_few_pictures_of_somebody_do_not_speak_for_a_recording(
    in_profile: list[Picture], tmp_path: Path
) -> None:
    _look(write(tmp_path / "seldom.mp4", in_profile[:8] + empty_room(16), rate_hz=1), View.FRONT)
    with pytest.raises(InputError, match="in all of 7 pictures"):
        _look(write(tmp_path / "often.mp4", in_profile[:14] + empty_room(10), rate_hz=1), View.FRONT)


def test_one_picture_looked_at_often_is_one(in_profile: list[Picture], tmp_path: Path) -> None:
    _look(write(tmp_path / "short.mp4", in_profile[:5], rate_hz=1), View.FRONT)


@given(start_s=st.floats(0.0, 1e4), length_s=st.floats(0.1, 1e5), rest_s=st.floats(0.0, 1e4))
def test_the_pictures_lie_within_the_stretch_and_all_over_it(
    start_s: float, length_s: float, rest_s: float
) -> None:
    end_s = start_s + length_s
    check = view_check(View.SIDE, start_s, end_s, Scan(None, last_s=end_s + rest_s, cuttable=True))
    assert check == view_check(View.SIDE, start_s, None, Scan(None, last_s=end_s, cuttable=True))
    assert check is not None
    assert start_s < check.at_s[0] < start_s + length_s / 10
    assert end_s - length_s / 10 < check.at_s[-1] < end_s
    assert np.ptp(np.diff(check.at_s)) < 1e-6 * (length_s + start_s)


def test_where_nothing_speaks_against_a_profile_or_no_jump_is_sure_nothing_is_looked_at() -> None:
    cuttable = Scan(None, last_s=100.0, cuttable=True)
    assert view_check(View.OBLIQUE, 0.0, None, cuttable) is None
    assert view_check(View.FRONT, 0.0, None, Scan(None, last_s=100.0)) is None
    assert view_check(View.FRONT, 100.0, None, cuttable) is None


def test_a_stretch_that_cannot_be_read_is_left_to_the_replay() -> None:
    source, at_s = str(SAMPLES / "desk-side.mp4"), (1000.0, *np.arange(1.0, 7.0).tolist())
    with pytest.raises(InputError, match="in all of 6 pictures"):
        check_view(source, ViewCheck(View.FRONT, at_s), EstimatorOptions(), default_estimator)
