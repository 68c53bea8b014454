"""`posture-cv check` on the sample recording: every quantity with baseline, limit, margin and uncertainty."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from posture_cv.cli import cli
from posture_cv.landmarks.recording import RecordingInfo, RecordingWriter, read_recording

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


def test_bad_requests_are_refused() -> None:
    assert check("--watch", "--at", "3").exit_code == 2
    assert check("--camera", "0").exit_code == 2
    late = check("--at", "500")
    assert late.exit_code != 0
    assert "ends before" in str(late.exception) + late.output


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
