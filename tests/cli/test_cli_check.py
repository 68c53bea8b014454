"""`posture-cv check` on the sample recording: every quantity with baseline, limit, margin and uncertainty."""

from __future__ import annotations

import io
import json
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from capture.mjpeg_server import MjpegServer, video_images
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import Alert
from posture_cv.cli import cli
from posture_cv.cli.check_view import CheckView
from posture_cv.history.schema import history_file
from posture_cv.history.store import History
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.monitor.checking import Row

SAMPLES = Path(__file__).parents[2] / "samples"
GIVEN = [
    "check",
    str(SAMPLES / "desk-front.landmarks"),
    "--profile",
    str(SAMPLES / "desk-front.profile.json"),
]


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, [*GIVEN, *arguments], env={"COLUMNS": "80"})


def test_a_forward_head_is_beyond_its_limit_and_the_rest_has_room() -> None:
    result = check("--at", "14")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    [neck] = [line for line in lines if line.startswith("neck ")]
    assert "forward head" in neck
    assert neck.rstrip().endswith("beyond")
    [shrug] = [line for line in lines if line.startswith("both shoulders up")]
    assert "raised shoulders" in shrug, "as everywhere else"
    assert "left" in shrug
    assert "°" in neck
    assert "±" in neck


def test_the_numbers_agree_with_each_other() -> None:
    rows = {row["quantity"]: row for row in json.loads(check("--at", "14", "--json").output)}
    neck = rows["neck_deg"]
    [limit] = [one for one in neck["limits"] if one["cue"] == "forward_head"]
    assert limit["left"] == pytest.approx(limit["limit"] - neck["value"], abs=0.01)
    assert limit["left"] < 0
    assert neck["sd"] > 0
    assert neck["baseline_spread"] > 0
    assert rows["forward_head_deg"]["value"] == pytest.approx(-rows["cva_change_deg"]["value"], abs=0.002)


def called_wrong(times: int) -> float:
    """What so many wrong alerts of rounded shoulders raise their threshold by, in the user's own history."""
    told = Alert(100.0, "rounded_shoulders", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    history_file().parent.mkdir(parents=True, mode=0o700)
    with closing(History(history_file())) as history:
        history.begin_session(1000.0, "p", "c")
        for number in range(times):
            history.answer(history.alert(Record(number, told), {}, 1000.0 + number), "wrong", 2000.0)
        return history.factors(3000.0)[CUES.index("rounded_shoulders")]


def rounding_limit(source: str, *arguments: str) -> float:
    given = ["check", source, *GIVEN[2:], "--once", "--json", *arguments]
    rows = {row["quantity"]: row for row in json.loads(CliRunner().invoke(cli, given).stdout)}
    [limit] = [one for one in rows["protraction_cm"]["limits"] if one["cue"] == "rounded_shoulders"]
    return float(limit["limit"])


def test_before_a_camera_the_limits_are_those_that_answers_have_raised() -> None:
    with MjpegServer(video_images(str(SAMPLES / "desk-front.mp4"), 40), rate_hz=5.0) as camera:
        without_history = rounding_limit(camera.url)
        raised = called_wrong(4)
        assert raised > 1.1
        assert rounding_limit(camera.url) == pytest.approx(1.5 * raised, abs=0.002)
    assert without_history == 1.5
    assert rounding_limit(GIVEN[1], "--at", "4") == 1.5, "as replay judges the recording"


def test_what_cannot_be_told_says_why() -> None:
    rows = json.loads(check("--at", "44", "--json").output)
    assert {row["value"] for row in rows} == {None}
    assert {row["reason"] for row in rows} == {"nobody"}
    assert "cannot tell" in check("--at", "44").output


def test_it_goes_on_looking_to_the_end_of_a_recording(tmp_path: Path) -> None:
    whole = read_recording(SAMPLES / "desk-front.landmarks")
    cut = tmp_path / "cut.landmarks"
    with RecordingWriter(cut, RecordingInfo({"name": "cut"}, {"engine": "none"})) as writer:
        writer.write(whole.landmarks[70:130])  # sitting upright, then a forward head
    arguments = ["check", str(cut), *GIVEN[2:], "--watch", "--json"]
    looks = [json.loads(line) for line in CliRunner().invoke(cli, arguments).output.splitlines()]
    assert len(looks) == 12  # 6 s, two a second
    necks = [next(row["value"] for row in rows if row["quantity"] == "neck_deg") for rows in looks]
    assert abs(necks[0]) < 3 < necks[-1]
    piped = CliRunner().invoke(cli, arguments[:-1], env={"COLUMNS": "80"}).output
    assert piped.count("against profile") == 12, "all of them where one cannot take the place of another"
    assert piped.endswith("\n")


def test_a_recording_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell leaves the ~ of --from=~/desk.landmarks as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    shutil.copy(GIVEN[1], tmp_path / "desk.landmarks")
    for words in (
        ["check", "~/desk.landmarks", *GIVEN[2:], "--at", "4"],
        ["exercise", "shoulder_raises", "--from=~/desk.landmarks"],
        ["calibrate", "--from=~/desk.landmarks", "--end", "3", "--out=~/a.json"],
        ["replay", "~/desk.landmarks", *GIVEN[2:], "--out=~/many"],
        ["settings", "init", "--out=~/s.toml"],
        ["settings", "show", "--settings=~/s.toml"],
    ):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
    assert {"a.json", "many", "s.toml"} <= {path.name for path in tmp_path.iterdir()}
    assert not Path("~").exists()
    refused = CliRunner().invoke(cli, ["record", "~/desk.landmarks", "--out", str(tmp_path / "b.landmarks")])
    assert "is a landmark recording already" in refused.output


def test_bad_requests_are_refused() -> None:
    assert check("--watch", "--at", "3").exit_code == 2
    assert check("--camera", "0").exit_code == 2
    assert check("--at", "44.9").exit_code == check("--at", "45").exit_code == 0
    for at in ("46.5", "500"):
        late = check("--at", at)
        assert late.exit_code == 2
        assert f"ends before second {at}" in late.output
        assert "44.9 s long" in late.output
        assert "--at" in late.output
    no_time = CliRunner().invoke(cli, ["check", "--camera", "77", "--at", "3", *GIVEN[2:]])
    assert no_time.exit_code == 2
    assert "--at is for a recording" in no_time.output


def test_a_recording_cut_off_before_its_first_frame_says_so(tmp_path: Path) -> None:
    cut = tmp_path / "cut.landmarks"
    cut.write_bytes(Path(GIVEN[1]).read_bytes()[:3000])
    result = CliRunner().invoke(cli, ["check", str(cut), *GIVEN[2:]])
    assert result.exit_code == 2
    assert "holds no frame" in result.output
    assert "cut off" in result.output


def test_a_missing_file_is_said_before_a_missing_profile(tmp_path: Path) -> None:
    missing = CliRunner().invoke(cli, ["check", str(tmp_path / "none.mp4")])
    assert missing.exit_code == 2
    assert "Cannot find" in missing.output
    unknown = CliRunner().invoke(cli, ["check", GIVEN[1]])
    assert unknown.exit_code == 2
    assert "profile" in unknown.output


@pytest.mark.parametrize("columns", [24, 40, 60, 80, 120])
@pytest.mark.parametrize("at_s", ["14", "44"])
def test_no_name_and_no_number_is_cut_on_a_narrow_terminal(columns: int, at_s: str) -> None:
    shown = CliRunner().invoke(cli, [*GIVEN, "--at", at_s], env={"COLUMNS": str(columns)}).output
    assert max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown
    words = shown.replace(":", "").split()
    assert {"rounded", "shoulders", "24.0°", "CVA"} <= set(words)
    if columns >= 40:
        assert "head pitch" in shown
        assert "rounded shoulders" in shown
        assert re.search(r"\d\.\d left" if at_s == "14" else r"cannot tell: nobody \(everything\)", shown)


def test_what_cannot_be_told_is_named_under_its_reason() -> None:
    rows = [
        Row("neck_deg", "deg", "", None, None, None, "head_turned", ()),
        Row("head_yaw_deg", "deg", "", 30.0, 1.0, None, "", ()),
        Row("sink_cm", "cm", "", None, None, 0.3, "shoulders_not_seen", ()),
        Row("approach_cm", "cm", "", None, None, 0.3, "head_turned", ()),
    ]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(CheckView(rows, "me"))
    lines = console.export_text().splitlines()
    assert lines[-2:] == [
        "cannot tell: head turned (neck, approach)",
        "cannot tell: shoulders not seen (sink)",
    ]


def test_a_name_that_begins_with_a_tilde_is_a_file_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    profile = Path("~mine.json")
    profile.write_bytes((SAMPLES / "desk-front.profile.json").read_bytes())
    there = CliRunner().invoke(cli, ["check", GIVEN[1], "--profile", profile.name, "--at", "1"])
    assert there.exit_code == 0, there.output
    missing = CliRunner().invoke(cli, ["check", "~none/clip.mp4", "--profile", profile.name])
    assert missing.exit_code == 2
    assert "Cannot find ~none/clip.mp4" in missing.output


def test_a_profile_s_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    sent = tmp_path / "sent\x1b[2J.json"
    shutil.copy(SAMPLES / "desk-front.profile.json", sent)
    result = CliRunner().invoke(cli, [*GIVEN[:-1], str(sent), "--at", "14"])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "against profile sent?[2J" in result.output
