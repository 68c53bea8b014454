"""Pictures without times: each is judged by itself, whatever lies before it, and nothing is told of their order."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from cli_runner import Cli
from posture_cv.assess.ticks import PICTURE_S
from posture_cv.capture.images import UNRELATED_RATE_HZ
from posture_cv.errors import InputError
from posture_cv.exposure.measures import NO_TIMES, exposure
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.opendata.export import check_formats
from posture_cv.opendata.folder import read_result
from posture_cv.opendata.sidecar import sidecar
from posture_cv.profiles.store import load_profile
from posture_cv.replay.run import replay
from posture_cv.replay.types import ReplayOptions
from posture_cv.report.methods import methods
from posture_cv.report.provenance import provenance

SAMPLES: Final = Path(__file__).resolve().parents[2] / "samples"
PROFILE: Final = SAMPLES / "desk-front.profile.json"
# Frames of the clip: upright, forward head, looking down, rounded shoulders.
UPRIGHT, FORWARD, DOWN, ROUNDED = 40, 160, 250, 310
OF_TIME: Final = (
    *("rula_static", "shifts", "longest_static", "hold_head", "dose_forward_head"),
    *("dose_shoulder_rounding", "recovery"),
)


def pictures(path: Path, frames: Sequence[int], places: Sequence[int] | None = None) -> Path:
    """Landmarks as of a folder of pictures: those frames of the clip, at these places in the folder."""
    found = read_recording(SAMPLES / "desk-front.landmarks")
    t_s = np.array(range(len(frames)) if places is None else places, np.float64)
    source = {**found.info.source, "kind": "images", "unrelated": True, "frame_rate_hz": None}
    with RecordingWriter(path, replace(found.info, source=source)) as writer:
        writer.write(replace(found.landmarks[np.array(frames)], t_s=t_s))
    return path


def judged(source: Path, out: Path) -> list[str]:
    """The posture of each picture."""
    replay(ReplayOptions(str(source), out, baseline=load_profile(str(PROFILE)).baseline, baseline_name="me"))
    with (out / "measurements.csv").open(newline="") as file:
        return [row["state"] for row in csv.DictReader(file)]


def test_a_picture_is_named_the_same_wherever_it_lies(tmp_path: Path) -> None:
    frames = [UPRIGHT, FORWARD, UPRIGHT, ROUNDED, DOWN, FORWARD, DOWN, UPRIGHT]
    names = judged(pictures(tmp_path / "a.landmarks", frames), tmp_path / "a")
    right = {UPRIGHT: "good", FORWARD: "forward_head", DOWN: "looking_down", ROUNDED: "rounded_shoulders"}
    assert names == [right[frame] for frame in frames]
    assert judged(pictures(tmp_path / "b.landmarks", frames[::-1]), tmp_path / "b") == names[::-1]


def test_nothing_lasts_in_pictures(tmp_path: Path) -> None:
    frames = [FORWARD] * 300 + [DOWN] * 300
    names = judged(pictures(tmp_path / "p.landmarks", frames), tmp_path / "o")
    assert names == ["forward_head"] * 300 + ["looking_down"] * 300
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert (summary["alerts"], summary["episodes"]) == ([], [])
    assert (tmp_path / "o" / "alerts.jsonl").read_text() == ""
    assert any("The pictures have no times" in warning for warning in summary["warnings"])


def test_each_counts_the_same_and_what_hangs_on_time_is_not_told(tmp_path: Path) -> None:
    """The pictures at 3 to 5 could not be read: none before them speaks for them."""
    source = pictures(tmp_path / "p.landmarks", [UPRIGHT, FORWARD, UPRIGHT, FORWARD], [0, 1, 2, 6])
    judged(source, tmp_path / "o")
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert summary["seconds_per_state"] == {"cannot_tell": 3.0, "good": 2.0, "forward_head": 2.0}
    assert summary["frame_rate_hz"] is None
    result = read_result(tmp_path / "o")
    timing = sidecar(result)["timing"]
    assert timing == {"nominal_hz": None, "found_hz": None, "frames": 4, "dropped_frames": 0}
    about = dict(provenance(result))
    assert (about["frames"], about["longest frame gap"]) == ("4 pictures without times", "none")
    found = exposure(result.series())
    shares = {
        i.item: i.sampled.value() for i in found.items if i.measure == "state" and i.sampled is not None
    }
    assert (shares["good"], shares["forward_head"]) == (0.5, 0.5)
    for item in found.items:
        if item.measure in OF_TIME:
            assert (item.sampled, item.reason) == (None, NO_TIMES)
    with pytest.raises(InputError, match="are no motion"):
        check_formats(["csv", "bids"], [result])
    check_formats(["csv"], [result])
    told = " ".join(methods([result], [found]))
    assert told.startswith("1 set of pictures without times (front view, each picture judged by itself and")
    assert "Postures were named from each picture by itself." in told
    assert "Alerts needed" not in told
    replay(ReplayOptions(str(SAMPLES / "desk-front.landmarks"), tmp_path / "v", calibrate_s=(0.0, 8.0)))
    video = read_result(tmp_path / "v")
    both = " ".join(methods([result, video], [found, exposure(video.series())]))
    assert both.startswith("2 recordings (front view, 10 frames a second as found) were analysed")
    assert "trailing means over 2.0 s, those in pictures without times from each picture by itself." in both


def test_a_single_picture_counts_too(tmp_path: Path) -> None:
    assert judged(pictures(tmp_path / "p.landmarks", [FORWARD]), tmp_path / "o") == ["forward_head"]
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert summary["seconds_per_state"] == {"forward_head": 1.0}
    shares = [i for i in exposure(read_result(tmp_path / "o").series()).items if i.measure == "state"]
    assert {i.item: i.sampled.value() for i in shares if i.sampled is not None}["forward_head"] == 1.0


@pytest.mark.parametrize("unrelated", [True, False])
def test_a_sweep_needs_times(tmp_path: Path, unrelated: bool) -> None:
    source = (
        pictures(tmp_path / "p.landmarks", [UPRIGHT, FORWARD])
        if unrelated
        else SAMPLES / "desk-front.landmarks"
    )
    given = ("sweep", str(source), "--profile", str(PROFILE), "--out", str(tmp_path / "o"))
    if unrelated:
        Cli().fails(*given, said="these are pictures without times")
    else:
        assert Cli()(*given).returncode == 0


def test_pictures_count_as_far_as_they_are_apart() -> None:
    assert PICTURE_S * UNRELATED_RATE_HZ == 1.0
