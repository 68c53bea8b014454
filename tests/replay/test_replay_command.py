"""`posture-cv replay` and what a user can get wrong with it: what, where, what to do; no traceback."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from cli_runner import Cli
from posture_cv.capture.types import SourceError
from posture_cv.cli.options import Rate
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.replay.scan import Look, scan

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return Cli().here("replay", *map(str, arguments))


def refused(done: subprocess.CompletedProcess[str], *says: str, code: int = 2) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for text in says:
        assert text in done.stderr


def test_a_recording_is_summarised_on_the_terminal(tmp_path: Path) -> None:
    words = ("--calibrate", "0:8", "--alert-after", "5", "--out", str(tmp_path / "o"))
    done = Cli()("replay", str(SAMPLES / "desk-front.landmarks"), *words)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for text in (
        "front view",
        "forward head",
        "rounded shoulders",
        "3 alerts",
        "document 00",
        "Not measured",
    ):
        assert text in done.stdout


def test_prompts_are_counted_apart_from_alerts_as_the_monitor_does(tmp_path: Path) -> None:
    """A break, stillness and a camera that was moved are about no posture."""
    settings, out = tmp_path / "s.toml", tmp_path / "o"
    settings.write_text("[breaks]\ninterval_s = 15.0\n")
    words = ("--calibrate", "0:8", "--alert-after", "5", "--settings", settings, "--out", out)
    done = run(SAMPLES / "desk-front.landmarks", *words)
    cues = [a["cue"] for a in json.loads((out / "summary.json").read_text())["alerts"]]
    assert cues == ["forward_head", "break", "rounded_shoulders", "break", "text_neck"]
    assert "3 alerts, 2 prompts\n" in done.stdout
    assert Cli().here("report", str(out), "--no-open").returncode == 0
    page = (out / "report.html").read_text()
    assert "<h2>Alerts and prompts</h2>" in page
    for counted in ("<b>3</b><span>alerts</span>", "<b>2</b><span>prompts</span>"):
        assert counted in page


def test_a_baseline_is_needed(tmp_path: Path) -> None:
    refused(run(SAMPLES / "desk-front.landmarks", "--out", tmp_path / "o"), "profile", "calibrate")
    assert not (tmp_path / "o" / "summary.json").exists()


def test_who_names_no_profile_is_told_of_the_seconds_and_who_names_one_is_not(tmp_path: Path) -> None:
    front, out = str(SAMPLES / "desk-front.landmarks"), ("--out", str(tmp_path / "o"))
    for command in ("replay", "sweep"):
        done = Cli().fails(command, front, *out, said="There is no profile 'default'")
        assert "--calibrate START:END, e.g. 0:8" in done.stderr
        done = Cli().fails(command, front, "--profile", "dsk", *out, said="There is no profile 'dsk'")
        assert "START:END" not in done.stderr


def test_profile_and_interval_together_are_refused(tmp_path: Path) -> None:
    done = run(
        SAMPLES / "desk-front.landmarks",
        *("--profile", SAMPLES / "desk-front.profile.json", "--calibrate", "0:8", "--out", tmp_path / "o"),
    )
    refused(done, "Two baselines")


def test_the_shipped_profile_judges_the_clip(tmp_path: Path) -> None:
    done = run(
        SAMPLES / "desk-front.landmarks",
        *("--profile", SAMPLES / "desk-front.profile.json", "--alert-after", "5", "--out", tmp_path / "o"),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert [a["cue"] for a in summary["alerts"]] == ["forward_head", "rounded_shoulders", "text_neck"]


def test_pictures_of_another_shape_are_not_judged_and_the_words_say_why(tmp_path: Path) -> None:
    """The 16:9 cut of the same camera: before, an upright person was called slumped or raised at the shoulders."""
    recording = read_recording(SAMPLES / "desk-front.landmarks")
    lm = recording.landmarks[recording.landmarks.t_s < 5.0]
    pose = lm.pose.copy()
    pose[:, :, 1] = (pose[:, :, 1] - 0.125) / 0.75
    wide = np.tile(np.array([1280, 720], np.int32), (len(lm), 1))
    with RecordingWriter(tmp_path / "wide.landmarks", recording.info) as writer:
        writer.write(replace(lm, pose=pose, size_px=wide))
    profile = SAMPLES / "desk-front.profile.json"
    done = run(tmp_path / "wide.landmarks", "--profile", profile, "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert "Not measured: other shape" in done.stdout
    assert "another shape than when you calibrated" in " ".join(done.stdout.split())
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert set(summary["seconds_per_state"]) == {"cannot_tell"}


@pytest.mark.parametrize("interval", ["8:0", "3:3", "x:y", "-1:4", "0-8", ""])
def test_an_interval_that_is_none(interval: str, tmp_path: Path) -> None:
    refused(
        run(SAMPLES / "desk-front.landmarks", "--calibrate", interval, "--out", tmp_path / "o"), "calibrate"
    )


def test_an_interval_outside_the_recording(tmp_path: Path) -> None:
    done = run(SAMPLES / "desk-front.landmarks", "--calibrate", "100:110", "--out", tmp_path / "o")
    refused(done, "100", "110")


def test_an_interval_outside_the_recording_says_what_lies_inside(tmp_path: Path) -> None:
    words = ("--calibrate", "90:98", "--out", str(tmp_path / "o"))
    done = Cli().here("replay", str(SAMPLES / "desk-front.landmarks"), *words)
    assert "desk-front.landmarks, 0.0 to 44.9 s." in done.stderr


@pytest.mark.parametrize(
    ("asked", "there"),
    [("0:60", [0.0, 7.0]), ("1:60", [3.0, 7.0]), ("3:7.9", [3.0, 7.9]), ("2.5:7", [2.5, 7.0])],
)
def test_of_an_interval_that_the_recording_does_not_have_the_part_that_it_has_is_noted(
    asked: str, there: list[float], tmp_path: Path
) -> None:
    """The recording is of 0 to 7 s, or of 3 to 7 s."""
    found, source = read_recording(SAMPLES / "desk-front.landmarks"), tmp_path / "short.landmarks"
    with RecordingWriter(source, found.info) as writer:
        writer.write(found.landmarks[0 if asked.startswith("0") else 30 : 70])
    done = run(source, "--calibrate", asked, "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "o" / "summary.json").read_text())["baseline"]["calibrated_s"] == there
    note = f"Of the seconds {asked.replace(':', ' to ')} the recording has"
    assert (note in " ".join(done.stdout.split())) == asked.endswith(":60")


def test_a_baseline_of_another_view_is_said(tmp_path: Path) -> None:
    words = ("--profile", str(SAMPLES / "desk-front.profile.json"), "--out", str(tmp_path / "o"))
    done = Cli().here("replay", str(SAMPLES / "desk-side.landmarks"), *words)
    assert "the baseline is a front view, the recording is not" in " ".join(done.stdout.split())
    fitting = Cli().here("replay", str(SAMPLES / "desk-front.landmarks"), *words[:3], str(tmp_path / "p"))
    assert "Hardly anything" not in fitting.stdout


def test_an_interval_outside_the_video_is_said_before_the_models_run(tmp_path: Path) -> None:
    done = run(SAMPLES / "desk-side.mp4", "--calibrate", "100:110", "--out", tmp_path / "o")
    refused(done, "100", "110", "inside the recording")
    assert not (tmp_path / "o").exists()


def test_an_interval_with_nobody_in_it(tmp_path: Path) -> None:
    done = run(SAMPLES / "desk-front.landmarks", "--calibrate", "43:45", "--out", tmp_path / "o")
    refused(done, "Nobody is in the picture")


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.mp4", b"not a video\n"), ("empty.mp4", b""), ("cut.landmarks", b"POSTURE-CV LANDMARKS\n{")],
)
def test_a_file_that_is_no_recording(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refused(run(tmp_path / name, "--calibrate", "0:8", "--out", tmp_path / "o"), name)
    assert not list((tmp_path / "o").glob("*.csv")) if (tmp_path / "o").exists() else True


def test_of_a_large_file_that_is_no_video_only_the_beginning_is_read(tmp_path: Path) -> None:
    counted = Path("/proc/self/io")
    if not counted.exists():
        pytest.skip("this system does not count what a process reads")
    path, size = tmp_path / "large.mp4", 512 << 20
    with path.open("wb") as file:
        file.truncate(size)
    before = int(counted.read_text().split()[1])
    with pytest.raises(SourceError, match="not a video"):
        scan(Look(str(path)))
    assert int(counted.read_text().split()[1]) - before < size // 4


def test_a_missing_file_and_an_empty_folder(tmp_path: Path) -> None:
    refused(run(tmp_path / "no.mp4", "--calibrate", "0:8", "--out", tmp_path / "o"), "no.mp4")
    (tmp_path / "pictures").mkdir()
    refused(run(tmp_path / "pictures", "--calibrate", "0:8", "--out", tmp_path / "o"), "pictures")


def test_nobody_at_all_is_an_answer_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "nobody.landmarks"
    with RecordingWriter(path, RecordingInfo({"name": "nobody"}, {})) as writer:
        writer.write(Landmarks.empty(20))
    refused(run(path, "--calibrate", "0:8", "--out", tmp_path / "o"), "Nobody", code=1)


def test_a_cut_off_recording_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = (SAMPLES / "desk-front.landmarks").read_bytes()
    (tmp_path / "cut.landmarks").write_bytes(whole[: len(whole) * 2 // 3])
    done = run(tmp_path / "cut.landmarks", "--calibrate", "0:8", "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert "cut off" in done.stdout
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert 100 < summary["frames"] < 450


def test_a_recording_cut_off_before_its_first_frame_shows_no_frame(tmp_path: Path) -> None:
    cut = tmp_path / "cut.landmarks"
    cut.write_bytes((SAMPLES / "desk-front.landmarks").read_bytes()[:3000])
    done = run(cut, "--profile", SAMPLES / "desk-front.profile.json", "--out", tmp_path / "o")
    refused(done, "No frame of", "cut off", "Make it again")


def test_a_stretch_without_a_frame_is_no_empty_room(tmp_path: Path) -> None:
    """Neither on its own nor among many, nor when it is asked for again."""
    manifest = tmp_path / "m.csv"
    shutil.copy(SAMPLES / "desk-side.landmarks", tmp_path / "side.landmarks")
    manifest.write_text("file,start,end\nside.landmarks,100,200\nside.landmarks,5,9\n")
    for _ in range(2):
        done = run(manifest, "--calibrate", "0:5", "--out", tmp_path / "o")
        refused(done, "No frame of", "side.landmarks", "Its frames are of 0.0 to 24.9 s", code=3)
        assert "cut off" not in done.stderr
        assert done.stderr.rstrip().endswith("(side_100s-200s)"), "the failed one of two stretches"
        with (tmp_path / "o" / "recordings.csv").open(newline="") as file:
            assert [row["status"] for row in csv.DictReader(file)] == ["failed", "done"]
    assert not (tmp_path / "o" / "side_100s-200s" / "summary.json").exists()


def test_no_annotated_video_without_pictures(tmp_path: Path) -> None:
    done = run(SAMPLES / "desk-side.landmarks", "--calibrate", "0:5", "--video", "--out", tmp_path / "o")
    refused(done, "pictures")
    assert not (tmp_path / "o").exists(), "it is said before any work"


def run_side(out: Path, dwell: str) -> dict[str, Any]:
    """The summary after a replay of the side clip."""
    done = run(SAMPLES / "desk-side.landmarks", "--calibrate", "0:5", "--alert-after", dwell, "--out", out)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return summary


@pytest.mark.parametrize("is_own", [True, False])
def test_a_video_of_earlier_results_does_not_pass_for_one_of_the_new(is_own: bool, tmp_path: Path) -> None:
    """Only the program's own goes: a file that the user has put there stays."""
    summary = run_side(tmp_path, "5")
    video = tmp_path / "annotated.mp4"
    video.write_bytes(b"pictures")
    if is_own:
        summary["run"]["files"][video.name] = hashlib.sha256(b"pictures").hexdigest()
        (tmp_path / "summary.json").write_text(json.dumps(summary))
    run_side(tmp_path, "6")
    assert video.exists() is not is_own


@pytest.mark.parametrize("name", ["measurements.csv", "alerts.jsonl", "provenance.json", "summary.json"])
def test_results_replace_nobodys_own_file_of_their_name(name: str, tmp_path: Path) -> None:
    mine = tmp_path / name
    mine.write_text("t_s,heart_rate\n0,70\n")
    side, front = (str(SAMPLES / f"desk-{view}.landmarks") for view in ("side", "front"))
    for words in (("replay", side), ("replay-pair", front, side, "--offset", "0")):
        Cli().fails(
            *words, "--calibrate", "0:5", "--out", str(tmp_path), said="There is another file of that name"
        )
        assert mine.read_text() == "t_s,heart_rate\n0,70\n"
        assert list(tmp_path.iterdir()) == [mine]


def test_results_of_a_first_run_that_was_cut_off_are_made_again(tmp_path: Path) -> None:
    run_side(tmp_path, "5")
    (tmp_path / "summary.json").unlink()
    assert run_side(tmp_path, "6")["frames"] == 250


def test_results_that_were_cut_off_have_no_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_side(tmp_path, "5")

    def killed(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("posture_cv.replay.files.provenance_text", killed)
        with pytest.raises(AssertionError):
            run_side(tmp_path, "6")
    assert not (tmp_path / "summary.json").exists()
    Cli().fails("export", str(tmp_path), "--out", str(tmp_path / "open"), said="summary.json")
    run_side(tmp_path, "6")
    assert not list(tmp_path.glob(".*")), "nothing is left of the earlier run"


@pytest.mark.parametrize(
    ("option", "text"), [("--segment", "nan"), ("--segment", "0.001"), ("--alert-after", "nan")]
)
def test_a_number_that_is_none_or_makes_no_sense(option: str, text: str, tmp_path: Path) -> None:
    done = run(
        SAMPLES / "desk-front.landmarks", "--calibrate", "0:8", option, text, "--out", tmp_path / "out"
    )
    refused(done, option, text)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("text", "hz"), [("5hz", 5), ("5", 5), ("200ms", 5), ("0.2s", 5), ("2s", 0.5)])
def test_rates(text: str, hz: float) -> None:
    assert np.isclose(Rate()(text), hz)


@pytest.mark.parametrize(
    "text",
    ["fast", "0hz", "9" * 400 + "hz", "9" * 400 + "s", "0." + "0" * 320 + "1s"],
    ids=lambda text: text[:6],
)
def test_a_rate_that_is_none(text: str, tmp_path: Path) -> None:
    refused(
        run(SAMPLES / "desk-side.mp4", "--calibrate", "0:5", "--every", text, "--out", tmp_path / "o"),
        f"{text[:50]}",
        "is not a rate",
    )


def test_a_landmark_recording_is_not_recorded_again(tmp_path: Path) -> None:
    out = tmp_path / "x.landmarks"
    source = str(SAMPLES / "desk-side.landmarks")
    Cli().fails("record", source, "--out", str(out), said="is a landmark recording already")
    assert not list(tmp_path.iterdir())


def test_options_that_keep_something_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    clip, recording = SAMPLES / "desk-side.mp4", SAMPLES / "desk-side.landmarks"
    words = ("--calibrate", "0:5", "--out", tmp_path / "o")
    for inputs in ((clip,), (recording, clip)):
        refused(run(*inputs, "--remember", *words), "desk-side.mp4 none is kept", "add --record")
    assert not (tmp_path / "o").exists()
    done = run(recording, "--record", *words)
    assert done.returncode == 0, done.stderr
    assert "desk-side.landmarks is a landmark recording already" in done.stderr


@pytest.mark.parametrize("written", ["clip.mp4", "sub/../clip.mp4", "link.mp4", "notes.landmarks"])
def test_a_recording_replaces_neither_its_source_nor_another_file(written: str, tmp_path: Path) -> None:
    """The source under another path or through a link is the source all the same."""
    clip, notes = tmp_path / "clip.mp4", tmp_path / "notes.landmarks"
    (tmp_path / "sub").mkdir()
    for file in (clip, notes):
        file.write_bytes(b"the only copy")
    (tmp_path / "link.mp4").symlink_to(clip)
    done = Cli().here("record", str(clip), "--out", str(tmp_path / written))
    refused(done, "another name", str(tmp_path / written))
    assert clip.read_bytes() == notes.read_bytes() == b"the only copy"


def test_one_recording_is_one_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    done = run("./desk-side.landmarks", "--calibrate", "0:5", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "summary.json").exists()
    assert not (tmp_path / "recordings.csv").exists()


@pytest.mark.parametrize("rate", ["5s", "10s", "0.28hz"])
def test_looks_too_rare_to_judge_by(rate: str, tmp_path: Path) -> None:
    done = run(
        SAMPLES / "desk-front.landmarks", "--calibrate", "0:8", "--every", rate, "--out", tmp_path / "o"
    )
    refused(done, "too rare", "3.5 s", "--every 3.5s")
    assert not (tmp_path / "o").exists()


def test_the_rarest_looks_lose_no_time(tmp_path: Path) -> None:
    profile = SAMPLES / "desk-front.profile.json"
    done = run(SAMPLES / "desk-front.landmarks", "--profile", profile, "--every", "3.5s", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0:46, 13 frames" in done.stdout, "each of them stands for 3.5 s"
    assert "no picture" not in done.stdout


@pytest.mark.parametrize(("apart_s", "without"), [(3.5, 0.0), (6.9, 0.0), (10.0, 0.65)])
def test_most_of_the_time_without_a_picture_is_said(apart_s: float, without: float, tmp_path: Path) -> None:
    """A time lapse, or times that are milliseconds."""
    whole = read_recording(SAMPLES / "desk-front.landmarks")
    path = tmp_path / "lapse.landmarks"
    with RecordingWriter(path, whole.info) as writer:
        writer.write(replace(whole.landmarks, t_s=np.arange(450.0) * apart_s))
    out = tmp_path / "o"
    done = run(path, "--profile", SAMPLES / "desk-front.profile.json", "--out", out)
    assert done.returncode == 0, done.stderr
    warnings = json.loads((out / "summary.json").read_text())["warnings"]
    said = [text for text in warnings if "no picture" in text]
    assert [f"for {without:.0%} of the time" in text for text in said] == ([True] if without else [])
    assert all(text in " ".join(done.stdout.split()) for text in said)


def test_time_without_pictures_is_unmeasured_time(tmp_path: Path) -> None:
    """An hour's gap, in the summary and in the table; alerts are counted against the whole duration."""
    whole = read_recording(SAMPLES / "desk-front.landmarks")
    lm, path = whole.landmarks, tmp_path / "gap.landmarks"
    with RecordingWriter(path, whole.info) as writer:
        writer.write(replace(lm, t_s=lm.t_s + 3600.0 * (lm.t_s >= 30.0)))
    more = ("--calibrate", "0:8", "--alert-after", "5", "--out", tmp_path / "o")
    done = run(tmp_path, *more)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "o" / "gap" / "summary.json").read_text())
    assert summary["unmeasured_seconds"]["no_picture"] == pytest.approx(3600.0 - 3.5, abs=0.2)
    assert sum(summary["seconds_per_state"].values()) == pytest.approx(summary["duration_s"], abs=0.2)
    with (tmp_path / "o" / "recordings.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["unmeasured_s"]) >= 3596.0
    hours = float(row["duration_s"]) / 3600.0
    assert float(row["alerts_per_hour"]) == pytest.approx(int(row["alerts"]) / hours, rel=1e-3)


def test_results_do_not_replace_the_video_they_are_of(tmp_path: Path) -> None:
    video = shutil.copy(SAMPLES / "desk-side.mp4", tmp_path / "annotated.mp4")
    done = run(video, "--calibrate", "0:5", "--video", "--out", tmp_path)
    refused(done, "its own input", "annotated.mp4")
    assert Path(video).read_bytes() == (SAMPLES / "desk-side.mp4").read_bytes()


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    done = Cli().here("record", str(SAMPLES / "desk-side.mp4"), "--out", str(tmp_path / ("x" * 300)))
    refused(done, "name")
