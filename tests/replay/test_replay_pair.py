"""Two cameras: the offset is found where it can be, refused where not; each quantity comes from the surer view."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cli_runner import Cli
from pair_material import SAMPLES, seen, session
from posture_cv.api import write_recording
from posture_cv.capture.types import FrameSource, SourceError
from posture_cv.errors import InputError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View
from posture_cv.opendata.folder import read_result
from posture_cv.opendata.sidecar import sidecar
from posture_cv.replay.pair import PairOptions, replay_pair
from posture_cv.replay.pairing import pair
from posture_cv.replay.record import Recorded
from posture_cv.replay.sync import Offset, OffsetNotFoundError, find_offset

NAME = "cva_change_deg"


@pytest.mark.parametrize(("offset_s", "seed"), [(0.0, 1), (3.37, 2), (-2.21, 3), (20.0, 4)])
def test_a_known_offset_is_found_with_its_uncertainty(offset_s: float, seed: int) -> None:
    front, side = session(offset_s, seed=seed)
    found = find_offset([front], [side])
    assert found.offset_s == pytest.approx(offset_s, abs=0.06)
    assert abs(found.offset_s - offset_s) < 4.0 * found.sd_s
    assert 0.01 < found.sd_s < 0.1
    assert found.found
    assert 0.5 <= found.agreement <= 1.0
    assert 0.15 <= found.lead < found.agreement + 1.0
    begin_s = max(front.t_s[0], side.t_s[0] + offset_s)
    end_s = min(front.t_s[-1], side.t_s[-1] + offset_s)
    assert found.overlap_s == pytest.approx(end_s - begin_s, abs=0.2)


def test_an_offset_beyond_those_that_are_tried_is_refused_and_they_are_named() -> None:
    front, side = session(20.0, seed=4)
    with pytest.raises(OffsetNotFoundError) as raised:
        find_offset(front, side, most_s=12.0)
    assert "Offsets up to 12 s were tried" in raised.value.detail


@pytest.mark.parametrize("drift_s", [-0.6, 0.4, 0.9])
def test_an_offset_that_drifts_is_as_unsure_as_it_is_wrong_over_the_session(drift_s: float) -> None:
    front, side = session(3.0, length_s=120.0, drift=drift_s / 120.0)
    found = find_offset(front, side)
    assert found.drift_s == pytest.approx(drift_s, abs=0.15)
    errors_s = 3.0 + np.linspace(0.0, drift_s, 100) - found.offset_s
    assert float(np.sqrt((errors_s**2).mean())) == pytest.approx(found.sd_s, rel=0.2)


def bowing(view: str, shown_s: NDArray[np.float64], moments_s: list[float], lasting_s: float) -> Landmarks:
    """Somebody who bows at these moments and sits still otherwise, ten frames a second that show `shown_s`."""
    bows = [np.exp(-(((shown_s - moment_s) / lasting_s) ** 2)) for moment_s in moments_s]
    return seen(view, np.arange(len(shown_s)) / 10.0, np.sum(bows, axis=0), len(view), tremble=0.0002)


def test_clocks_that_drift_apart_by_more_than_a_second_are_refused() -> None:
    shown_s = np.arange(0.0, 120.0, 0.1)
    moments_s = [12.0, 21.0, 40.0, 55.0, 73.0, 80.0, 104.0]
    front = bowing("front", shown_s, moments_s, 1.5)
    assert find_offset(front, bowing("side", shown_s * 1.004, moments_s, 1.5)).found
    with pytest.raises(OffsetNotFoundError) as raised:
        find_offset(front, bowing("side", shown_s * 1.012, moments_s, 1.5))
    assert "drift" in raised.value.detail


def test_bowing_as_the_error_advises_makes_a_still_session_findable() -> None:
    shown_s = np.arange(0.0, 300.0, 0.1)
    moments_s = [10.0, 13.0, 280.0, 285.0, 292.0]
    front, side = (bowing(v, shown_s + late, moments_s, 0.6) for v, late in (("front", 0.0), ("side", 4.2)))
    assert find_offset(front, side).offset_s == pytest.approx(4.2, abs=0.05)


def test_blocks_and_a_whole_give_the_same_offset() -> None:
    front, side = session(3.37)
    blocks = [front[k : k + 100] for k in range(0, len(front), 100)]
    assert find_offset(blocks, [side]) == find_offset([front], [side]) == find_offset(front, side)


@pytest.mark.parametrize("seed", range(5, 11))
def test_movements_that_have_nothing_in_common_are_refused(seed: int) -> None:
    front, _ = session(0.0, seed=seed)
    _, side = session(0.0, seed=seed + 100)
    with pytest.raises(OffsetNotFoundError):
        find_offset([front], [side])


def test_a_false_time_is_said_and_does_not_fill_the_memory() -> None:
    front, side = (read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks for view in ("front", "side"))
    front.t_s[-1] = 1e9
    with pytest.raises(OffsetNotFoundError, match="span more than 48 hours"):
        find_offset([front], [side])


def test_what_else_does_not_tell_an_offset() -> None:
    front, side = session(0.0)
    still = side[np.zeros(200, int)]
    still = replace(still, t_s=np.arange(200) / 10.0)
    for other, says in (
        (still, "in common"),
        (side[:40], "shorter"),
        (side[:1], "fewer than two"),
        (Landmarks.empty(100), "nobody"),
    ):
        with pytest.raises(OffsetNotFoundError) as raised:
            find_offset([front], [other])
        assert says in raised.value.detail
    two_people = [read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks for view in ("front", "side")]
    with pytest.raises(OffsetNotFoundError):
        find_offset(two_people[:1], two_people[1:])


def measured(
    n: int, value: float, sd: float, reason: Reason = Reason.OK, *, view: View = View.FRONT
) -> Measurements:
    """N frames at 10 Hz with one quantity told, the others not."""
    values = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    values[NAME] = Estimate.of(np.full(n, value), sd, np.full(n, reason, np.int8))
    frame = reason if reason in (Reason.HEAD_TURNED, Reason.NOBODY, Reason.TOO_DARK) else Reason.OK
    return Measurements(np.arange(n) / 10.0, np.full(n, view, np.int8), np.full(n, frame, np.int8), values)


@settings(max_examples=30)
@given(front_sd=st.floats(0.1, 5.0), side_sd=st.floats(0.1, 5.0))
def test_the_surer_view_is_taken(front_sd: float, side_sd: float) -> None:
    both = pair(measured(20, 1.0, front_sd), measured(20, 2.0, side_sd, view=View.SIDE), Offset(0.0))
    expected = View.SIDE if side_sd < front_sd else View.FRONT
    assert both.preferred[NAME] is expected
    assert set(both.origin[NAME]) == {expected}
    assert set(both.measurements.value(NAME)) == {2.0 if expected is View.SIDE else 1.0}
    np.testing.assert_allclose(both.measurements.values[NAME].sd, min(front_sd, side_sd))


@pytest.mark.parametrize(
    ("front", "side", "origin", "frame"),
    [
        (Reason.OK, Reason.FACE_NOT_SEEN, View.FRONT, Reason.OK),
        (Reason.FACE_NOT_SEEN, Reason.OK, View.SIDE, Reason.OK),
        (Reason.NOBODY, Reason.OK, View.SIDE, Reason.OK),
        (Reason.NOBODY, Reason.HEAD_TURNED, View.UNKNOWN, Reason.HEAD_TURNED),
        (Reason.NOBODY, Reason.NOBODY, View.UNKNOWN, Reason.NOBODY),
        (Reason.TOO_DARK, Reason.TOO_DARK, View.UNKNOWN, Reason.TOO_DARK),
        (Reason.HEAD_TURNED, Reason.OK, View.UNKNOWN, Reason.HEAD_TURNED),
    ],
)
def test_where_one_view_cannot_tell(front: Reason, side: Reason, origin: View, frame: Reason) -> None:
    both = pair(measured(5, 1.0, 1.0, front), measured(5, 2.0, 0.5, side, view=View.SIDE), Offset(0.0))
    assert set(both.origin[NAME]) == {origin}
    assert set(both.measurements.reason) == {frame}
    told = both.measurements.values[NAME]
    assert told.valid.all() == (origin is not View.UNKNOWN)
    assert np.isfinite(told.value).all() == (origin is not View.UNKNOWN)


def test_where_the_side_has_no_picture_the_front_says_why() -> None:
    front, side = measured(50, 1.0, 1.0, Reason.UNCERTAIN), measured(20, 2.0, 0.5, view=View.SIDE)
    reason = pair(front, side, Offset(0.0)).measurements.values[NAME].reason
    assert set(reason[:20]) == {Reason.OK}
    assert set(reason[21:]) == {Reason.UNCERTAIN}


def test_a_dark_side_camera_does_not_bring_anybody_back() -> None:
    dark = measured(5, 2.0, 0.5, Reason.TOO_DARK, view=View.UNKNOWN)
    both = pair(measured(5, 1.0, 1.0, Reason.NOBODY), dark, Offset(0.0))
    assert set(both.measurements.reason) == {Reason.NOBODY}


def test_a_quantity_that_neither_view_tells_stays_untold() -> None:
    both = pair(measured(5, 1.0, 1.0), measured(5, 2.0, 1.0, view=View.SIDE), Offset(0.0))
    assert both.preferred["sink_cm"] is View.UNKNOWN
    assert set(both.measurements.values["sink_cm"].reason) == {Reason.NOT_FROM_THIS_VIEW}


def test_the_offset_shifts_the_side_and_its_ends_are_the_fronts() -> None:
    side = measured(20, 2.0, 0.5, view=View.SIDE)
    both = pair(measured(50, 1.0, 1.0), side, Offset(1.0))
    origin = both.origin[NAME]
    assert set(origin[10:30]) == {View.SIDE}
    assert set(origin[:10]) | set(origin[31:]) == {View.FRONT}
    assert both.both_share == pytest.approx(0.4, abs=0.03)


def test_an_unsure_offset_widens_what_changes_fast() -> None:
    side = measured(50, 0.0, 0.5, view=View.SIDE)
    ramp = np.where(np.arange(50) < 25, 0.0, 4.0 * (np.arange(50) - 25) / 10.0)  # 4 degrees a second
    side.values[NAME].value[:] = ramp
    sd = pair(measured(50, 1.0, 9.0), side, Offset(0.0, sd_s=0.2)).measurements.values[NAME].sd
    np.testing.assert_allclose(sd[:20], 0.5)
    np.testing.assert_allclose(sd[30:45], np.hypot(0.5, 4.0 * 0.2))


@pytest.mark.parametrize(("late_s", "near"), [(0.07, True), (0.08, False)])
def test_a_frame_of_the_side_counts_up_to_three_quarters_of_its_step(late_s: float, near: bool) -> None:
    """Frames of both at 10 a second; the last of the side's is so much older than the last of the front's."""
    both = pair(measured(11, 1.0, 9.0), measured(10, 2.0, 0.5, view=View.SIDE), Offset(0.1 - late_s))
    assert both.origin[NAME][-1] == (View.SIDE if near else View.FRONT)
    assert both.measurements.values[NAME].value[-1] == (2.0 if near else 1.0)


def test_the_nearest_frame_of_the_side_is_taken() -> None:
    side = measured(50, 0.0, 0.5, view=View.SIDE)
    side.values[NAME].value[:] = np.arange(50.0)
    for offset_s, step in ((0.04, 0), (0.06, -1), (-0.04, 0), (-0.06, 1)):
        both = pair(measured(50, 1.0, 99.0), side, Offset(offset_s))
        np.testing.assert_array_equal(both.measurements.value(NAME)[10:40], np.arange(10.0, 40.0) + step)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("pair")
    paths = []
    for view, lm in zip(("front", "side"), session(3.37, seed=2), strict=True):
        paths.append(folder / f"{view}.landmarks")
        info = read_recording(SAMPLES / f"desk-{view}.landmarks").info
        with RecordingWriter(paths[-1], info) as writer:
            writer.write(lm)
    return str(paths[0]), str(paths[1])


def test_on_the_command_line(recordings: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "o"
    done = Cli()("replay-pair", *recordings, "--find-offset", "--calibrate", "4:9", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "Offset +3.3" in done.stdout
    assert "desk-front.mp4 and desk-side.mp4: 1:00, 600 frames, front and side views" in done.stdout
    summary = json.loads((out / "summary.json").read_text())
    told = summary["pair"]
    noted = [summary["run"]["source_sha256"], told["side_sha256"]]
    assert noted == [sha256_of_file(Path(path)) for path in recordings]
    assert told["offset_s"] == pytest.approx(3.37, abs=0.06)
    assert told["quantities"][NAME]["preferred"] == "side"
    assert told["quantities"]["head_yaw_deg"]["preferred"] == "front"
    with (out / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["cva_change_est_view"] for row in rows[50:]} == {"side"}
    assert {row["head_yaw_est_view"] for row in rows} == {"front"}
    assert {row["forward_head_est_view"] for row in rows[50:]} == {"side"}


def test_who_it_is_both_profiles_and_the_sides_models_are_noted(
    recordings: tuple[str, str], tmp_path: Path
) -> None:
    out, beside = tmp_path / "o", tmp_path / "beside.json"
    given = (
        "--from",
        str(SAMPLES / "desk-side.landmarks"),
        "--end",
        "6",
        "--name",
        "beside",
        "--out",
        str(beside),
    )
    assert Cli()("calibrate", *given).returncode == 0
    who = ("--participant", "P 7", "--condition", "screen")
    named = (*who, "--profile", str(SAMPLES / "desk-front.profile.json"), "--side-profile", str(beside))
    done = Cli()("replay-pair", *recordings, "--offset", "3.37", *named, "--out", str(out))
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert (
        summary["baseline"]["front"]["profile"]
        == json.loads((SAMPLES / "desk-front.profile.json").read_text())["name"]
    )
    assert summary["baseline"]["side"]["profile"] == "beside"
    assert summary["pair"]["side_estimator"] == read_recording(Path(recordings[1])).info.estimator
    assert (read_result(out).participant, read_result(out).condition) == ("P 7", "screen")
    about = sidecar(read_result(out))["baseline"]
    assert (about["values"]["view"], about["side_values"]["view"]) == ("front", "side")
    noted = json.loads(beside.read_text())
    assert about["side_values"]["pose"] == noted["baseline"]["pose"]


def test_notes_say_which_camera_they_are_about(recordings: tuple[str, str], tmp_path: Path) -> None:
    given = (*recordings, "--offset", "3.37", "--calibrate", "3:3.9", "--out", str(tmp_path / "o"))
    done = Cli().here("replay-pair", *given)
    assert done.returncode == 0, done.stderr
    assert "FRONT: Baseline: It rests on 9 frames only." in done.stdout
    assert "SIDE: Baseline: It rests on 7 frames only." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--calibrate", "4:9"], "either --offset"),
        (["--find-offset", "--offset", "1", "--calibrate", "4:9"], "either --offset"),
        (["--offset", "3.37"], "Two baselines are needed"),
        (["--offset", "nan", "--calibrate", "4:9"], "nan"),
        (["--offset", "500", "--calibrate", "4:9"], "had not begun"),
        (
            ["--find-offset", "--profile", str(SAMPLES / "desk-front.profile.json")],
            "Two baselines are needed",
        ),
        (
            ["--offset", "3.37"]
            + [f"--{name}={SAMPLES / 'desk-front.profile.json'}" for name in ("profile", "side-profile")],
            "--side-profile is of a front view, not of a side view",
        ),
    ],
)
def test_what_can_be_given_wrongly(
    recordings: tuple[str, str], arguments: list[str], says: str, tmp_path: Path
) -> None:
    Cli().fails("replay-pair", *recordings, *arguments, "--out", str(tmp_path / "o"), said=says)


def test_the_cameras_the_wrong_way_round(recordings: tuple[str, str], tmp_path: Path) -> None:
    given_wrongly = (*reversed(recordings), "--offset", "-3.37", "--calibrate", "1:5")
    Cli().fails("replay-pair", *given_wrongly, "--out", str(tmp_path / "o"), said="seen from the side")


@dataclass
class Videos:
    """Two files that stand for videos, and whatever stands for the models and looks at them."""

    front: Path
    side: Path
    looked_at: list[str]

    def __call__(self, out: Path) -> list[str]:
        """Replay both; the names of those that were looked at."""
        self.looked_at.clear()
        replay_pair(PairOptions(str(self.front), str(self.side), out, offset_s=3.37, calibrate_s=(4.0, 9.0)))
        return list(self.looked_at)


@pytest.fixture
def videos(recordings: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Videos:
    made = Videos(tmp_path / "front.mp4", tmp_path / "side.mp4", [])

    def look(source: FrameSource, path: Path, *_: object, **__: object) -> Recorded:
        name = Path(source.info.name).stem
        made.looked_at.append(name)
        shutil.copy(recordings[name == "side"], path)
        return Recorded(path, 1, 1, (f"{name} is truncated",))

    shutil.copy(SAMPLES / "desk-front.mp4", made.front)
    shutil.copy(SAMPLES / "desk-side.mp4", made.side)
    monkeypatch.setattr("posture_cv.replay.pair.record", look)
    return made


def test_videos_are_looked_at_once(videos: Videos, tmp_path: Path) -> None:
    out = tmp_path / "o"
    assert videos(out) == ["front", "side"]
    table = (out / "measurements.csv").read_bytes()
    assert videos(out) == []
    assert (out / "measurements.csv").read_bytes() == table


def test_both_videos_are_there_before_the_models_run_over_one(videos: Videos, tmp_path: Path) -> None:
    videos.side.write_bytes(bytes(1000))
    with pytest.raises(SourceError, match=r"side\.mp4"):
        videos(tmp_path / "o")
    assert videos.looked_at == []


def test_confused_cameras_are_seen_before_the_models_run_over_one(videos: Videos, tmp_path: Path) -> None:
    videos.front, videos.side = videos.side, videos.front
    with pytest.raises(InputError, match="FRONT is seen from the side, not from the front"):
        videos(tmp_path / "o")
    videos.front = videos.side
    with pytest.raises(InputError, match="SIDE is seen from the front, not from the side"):
        videos(tmp_path / "o")
    assert videos.looked_at == []


def test_a_side_that_is_another_front_is_said(tmp_path: Path) -> None:
    beside, front = tmp_path / "beside.json", str(SAMPLES / "desk-front.landmarks")
    given = ("--from", str(SAMPLES / "desk-side.landmarks"), "--end", "6", "--out", str(beside))
    assert Cli()("calibrate", *given).returncode == 0
    profiles = ("--profile", str(SAMPLES / "desk-front.profile.json"), "--side-profile", str(beside))
    done = Cli().here("replay-pair", front, front, "--offset", "0", *profiles, "--out", str(tmp_path / "o"))
    said = " ".join(done.stdout.split())
    assert "SIDE: Hardly anything can be judged: the baseline is a side view, the recording is not" in said
    assert "FRONT:" not in said


def test_recordings_without_a_name_are_called_what_they_are(tmp_path: Path) -> None:
    paths = []
    for view, lm in zip(("front", "side"), session(0.0, length_s=20.0), strict=True):
        paths.append(str(tmp_path / f"{view}.landmarks"))
        write_recording(paths[-1], lm)
    asked = ("--offset", "0", "--calibrate", "0:9", "--out", str(tmp_path / "o"))
    done = Cli().here("replay-pair", *paths, *asked)
    assert done.stdout.startswith("the recording and the side recording: 0:20, 200 frames"), done.stderr
    done = Cli().here("replay", paths[0], "--calibrate", "0:9", "--out", str(tmp_path / "one"))
    assert done.stdout.startswith("the recording: 0:20, 200 frames"), done.stderr


def test_pictures_without_times_have_no_counterpart(recordings: tuple[str, str], tmp_path: Path) -> None:
    pictures, front = tmp_path / "pictures.landmarks", read_recording(SAMPLES / "desk-front.landmarks")
    source = {**front.info.source, "kind": "images", "unrelated": True}
    with RecordingWriter(pictures, replace(front.info, source=source)) as writer:
        writer.write(front.landmarks[:20])
    for timeless in (str(SAMPLES / "frames"), str(pictures)):
        with pytest.raises(InputError, match="needs a recording, and these are pictures without times"):
            replay_pair(PairOptions(timeless, recordings[1], tmp_path / "o", 0.0, calibrate_s=(0.0, 5.0)))


def test_what_was_wrong_with_a_video_is_said_of_its_kept_landmarks_too(
    videos: Videos, tmp_path: Path
) -> None:
    for _ in range(2):
        videos(tmp_path)
        said = json.loads((tmp_path / "summary.json").read_text())["warnings"]
        assert said == ["FRONT: front is truncated", "SIDE: side is truncated"]


def test_what_has_changed_is_looked_at_again(videos: Videos, tmp_path: Path) -> None:
    out = tmp_path / "o"
    videos(out)
    with videos.side.open("ab") as file:
        file.write(b"\0" * 16)
    assert videos(out) == ["side"]
    shutil.copy(SAMPLES / "desk-front.landmarks", out / "front.landmarks")
    assert videos(out) == ["front"]
    (out / ".side.landmarks.json").write_text("[]")
    assert videos(out) == ["side"]
