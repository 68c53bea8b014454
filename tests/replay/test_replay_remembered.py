"""Measurements kept beside a recording: the same answer, and never an old one."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from posture_cv.atomic import OutputError
from posture_cv.capture.types import CaptureOptions
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Float, Measurements
from posture_cv.output.tables import open_rows
from posture_cv.profiles.store import load_profile
from posture_cv.replay import measuring, remembered
from posture_cv.replay.baselines import calibrated
from posture_cv.replay.keys import Known, Stamp
from posture_cv.replay.known import known_baseline, known_checksum, note_checksum
from posture_cv.replay.measuring import Measuring, measured_recording
from posture_cv.replay.progress import NoProgress
from posture_cv.replay.remembered import recall, remembered_path
from posture_cv.replay.run import replay
from posture_cv.replay.scan import Look, scan
from posture_cv.replay.types import ReplayOptions

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return load_profile(str(SAMPLES / "desk-front.profile.json")).baseline


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The last hundred frames in which somebody sits there, and then leaves."""
    whole = read_recording(SAMPLES / "desk-front.landmarks")
    path = tmp_path / "desk.landmarks"
    with RecordingWriter(path, whole.info) as writer:
        writer.write(whole.landmarks[340:440])
    return path


def test_what_is_recalled_is_what_was_measured(recording: Path, baseline: Baseline) -> None:
    measured = measured_recording(recording, baseline, keep=True)
    kept = remembered_path(recording, baseline)
    assert kept.stat().st_mode & 0o077 == 0
    found = recall(kept)
    assert found is not None
    assert found.told == measured.told
    assert found.told.frames_with_person > 60
    assert found.told.complete
    recalled = Measurements.concat([block.measurements for block in found.blocks()])
    assert b"".join(block.rows or b"" for block in found.blocks(rows=True)) == open_rows(recalled)
    for name in QUANTITIES:
        one, other = measured.measurements.values[name], recalled.values[name]
        np.testing.assert_array_equal(one.value, other.value)
        np.testing.assert_array_equal(one.sd, other.sd)
        np.testing.assert_array_equal(one.reason, other.reason)
    np.testing.assert_array_equal(measured.measurements.t_s, recalled.t_s)
    np.testing.assert_array_equal(measured.measurements.view, recalled.view)


def test_a_replay_writes_the_same_bytes_from_memory(
    recording: Path, baseline: Baseline, tmp_path: Path
) -> None:
    options = ReplayOptions(str(recording), tmp_path / "first", baseline=baseline, remember=True)
    replay(options)
    kept = remembered_path(recording, baseline)
    before = kept.stat().st_mtime_ns
    replay(replace(options, out=tmp_path / "second"))
    assert kept.stat().st_mtime_ns == before
    for name in ("measurements.csv", "alerts.jsonl", "summary.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


@pytest.mark.parametrize(
    "capture", [CaptureOptions(max_rate_hz=5.0), CaptureOptions(start_s=35.0, end_s=40.0)]
)
def test_a_part_of_what_is_remembered_is_written_as_if_it_were_not(
    recording: Path, baseline: Baseline, tmp_path: Path, capture: CaptureOptions
) -> None:
    whole = ReplayOptions(str(recording), tmp_path / "whole", baseline=baseline, remember=True)
    replay(replace(whole, out=tmp_path / "fresh", capture=capture, remember=False))
    replay(whole)
    replay(replace(whole, out=tmp_path / "remembered", capture=capture))
    fresh, remembered_rows = (
        (tmp_path / name / "measurements.csv").read_bytes() for name in ("fresh", "remembered")
    )
    assert fresh == remembered_rows
    assert 10 < fresh.count(b"\n") < 100


@dataclass
class Counting(NoProgress):
    """Counts the frames that are measured."""

    frames: int = 0

    def advance(self, frames: int = 1) -> None:
        self.frames += frames


@pytest.mark.parametrize("keep", [False, True])
def test_no_more_is_measured_than_is_asked_for_unless_it_is_kept(
    recording: Path, baseline: Baseline, keep: bool
) -> None:
    whole = measured_recording(recording, baseline).measurements
    asked = whole[np.flatnonzero(seconds_asked_for(whole.t_s))]
    progress = Counting()
    made = Measuring(recording, baseline, keep=keep, progress=progress)
    found = Measurements.concat([b.measurements for b in made.blocks(chosen=seconds_asked_for)])
    assert progress.frames == (len(whole) if keep else len(asked))
    assert found.t_s.tolist() == asked.t_s.tolist()
    np.testing.assert_array_equal(found.reason, asked.reason)
    np.testing.assert_allclose(found.value("cva_change_deg"), asked.value("cva_change_deg"), atol=1e-5)
    assert np.isfinite(found.value("cva_change_deg")).sum() > 10


def seconds_asked_for(t_s: Float) -> NDArray[np.bool_]:
    return (t_s >= 35.0) & (t_s < 38.0)


def test_nothing_is_kept_unless_it_is_asked_for(recording: Path, baseline: Baseline) -> None:
    measured_recording(recording, baseline)
    assert [path.name for path in recording.parent.iterdir()] == ["desk.landmarks"]


def test_what_a_killed_run_has_left_is_taken_away_and_what_one_under_way_writes_is_not(
    recording: Path, baseline: Baseline
) -> None:
    kept = remembered_path(recording, baseline)
    dead, alive = (kept.with_name(f".{kept.name}.{end}.part") for end in ("abcdefgh", "01234567"))
    for part in (dead, alive):
        part.write_bytes(b"half")
    hours_ago_s = time.time() - 2 * 3600.0
    os.utime(dead, (hours_ago_s, hours_ago_s))
    measured_recording(recording, baseline, keep=True)
    assert set(recording.parent.iterdir()) == {recording, kept, alive}


def test_another_baseline_recording_or_estimator_finds_nothing_old(
    recording: Path, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = remembered_path(recording, baseline)
    moved = replace(baseline, pose=baseline.pose + 1e-6)
    surer = replace(baseline, outline_unsure=0.01)
    dressed = replace(baseline, dress=np.zeros(6))
    keys = {here, *(remembered_path(recording, other) for other in (moved, surer, dressed))}
    lm = read_recording(recording)
    one_point = lm.landmarks.pose.copy()
    one_point[10, 0, 0] += 0.001
    with RecordingWriter(recording, lm.info) as writer:
        writer.write(replace(lm.landmarks, pose=one_point))
    keys.add(remembered_path(recording, baseline))
    monkeypatch.setattr(remembered, "estimators_digest", lambda: b"another estimator")
    keys.add(remembered_path(recording, baseline))
    assert len(keys) == 6


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_damaged_memory_is_measured_again(recording: Path, baseline: Baseline, damage: str) -> None:
    measured = measured_recording(recording, baseline, keep=True)
    kept = remembered_path(recording, baseline)
    raw = bytearray(kept.read_bytes())
    if damage == "cut":
        raw = raw[: len(raw) // 2]
    elif damage == "flipped":
        raw[-100] ^= 1
    else:
        raw = bytearray(b"" if damage == "empty" else b"POSTURE-CV MEASURED 3\nFRMS\xff\xff\xff\xff{}")
    kept.write_bytes(raw)
    assert recall(kept) is None
    again = measured_recording(recording, baseline, keep=True)
    np.testing.assert_array_equal(
        again.measurements.value("cva_change_deg"), measured.measurements.value("cva_change_deg")
    )
    assert recall(kept) is not None


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_follows_damage_in_the_middle_is_measured_again(
    recording: Path, baseline: Baseline, share: float, keep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BLOCK", "AT_ONCE"):
        monkeypatch.setattr(measuring, name, 30)
    measured = measured_recording(recording, baseline, keep=True)
    kept = remembered_path(recording, baseline)
    written = kept.read_bytes()
    damaged = bytearray(written)
    damaged[int(share * len(written))] ^= 1
    kept.write_bytes(damaged)
    again = Measuring(recording, baseline, keep=keep, progress=None)
    blocks = list(again.blocks(rows=True, chosen=seconds_asked_for))
    found = Measurements.concat([block.measurements for block in blocks])
    asked = measured.measurements[np.flatnonzero(seconds_asked_for(measured.measurements.t_s))]
    assert found.t_s.tolist() == asked.t_s.tolist()
    for name in QUANTITIES:
        np.testing.assert_array_equal(found.value(name), asked.value(name))
    assert again.told.complete
    assert (kept.read_bytes() == written) == keep
    for name in QUANTITIES:
        np.testing.assert_array_equal(
            measured_recording(recording, baseline).measurements.value(name),
            measured.measurements.value(name),
        )


def test_a_baseline_taken_from_the_recording_is_kept_without_loss(recording: Path, tmp_path: Path) -> None:
    asked = ReplayOptions(str(recording), tmp_path / "first", calibrate_s=(34.0, 37.0), remember=True)
    replay(asked)
    fresh = calibrated(recording, (34.0, 37.0), source="")
    known = known_baseline(recording, (34.0, 37.0))
    assert known is not None
    assert (known.origin, known.warnings) == (fresh.origin, fresh.warnings)
    assert known.baseline.frame_count == fresh.baseline.frame_count
    assert (known.baseline.spread, known.baseline.view) == (fresh.baseline.spread, fresh.baseline.view)
    assert remembered_path(recording, known.baseline) == remembered_path(recording, fresh.baseline)
    assert known_baseline(recording, (34.0, 36.0)) is None
    replay(replace(asked, out=tmp_path / "second"))
    for name in ("measurements.csv", "alerts.jsonl", "provenance.json", "summary.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_checksum_is_believed_only_while_the_file_is_the_same(
    recording: Path, baseline: Baseline, tmp_path: Path
) -> None:
    replay(ReplayOptions(str(recording), tmp_path / "out", baseline=baseline, remember=True))
    looked = scan(Look(str(recording)))
    assert looked.stamp is not None
    assert looked.sha256 is not None
    assert known_checksum(recording) == Known(looked.stamp, looked.sha256)
    lm = read_recording(recording)
    with RecordingWriter(recording, lm.info) as writer:
        writer.write(lm.landmarks[:50])
    assert scan(Look(str(recording))).sha256 != looked.sha256


@pytest.mark.parametrize("text", ["", "[]", "{", '{"checksum": [1], "baselines": 3}', "[" * 5000])
def test_damaged_notes_are_no_notes(recording: Path, text: str) -> None:
    recording.with_name(recording.name + ".known.json").write_text(text)
    assert known_checksum(recording) is None
    assert known_baseline(recording, (0.0, 8.0)) is None
    stamp = Stamp(1, 2)
    note_checksum(recording, Known(stamp, "0"))
    assert known_checksum(recording) == Known(stamp, "0")


@pytest.mark.parametrize("calibrate_s", [None, (34.0, 38.0)])
def test_a_recording_on_a_disk_that_cannot_be_written_to(
    calibrate_s: tuple[float, float] | None,
    recording: Path,
    baseline: Baseline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The advice is about the recording's place: another --out would not help."""
    make = tempfile.mkstemp

    def read_only_there(*, prefix: str, suffix: str, dir: Path) -> tuple[int, str]:  # noqa: A002
        if dir == recording.parent:
            raise OSError(errno.EROFS, "Read-only file system")
        return make(prefix=prefix, suffix=suffix, dir=dir)

    monkeypatch.setattr("posture_cv.atomic.tempfile.mkstemp", read_only_there)
    judged_by = {"calibrate_s": calibrate_s} if calibrate_s else {"baseline": baseline}
    with pytest.raises(OutputError, match=r"desk\.landmarks") as told:
        replay(ReplayOptions(str(recording), tmp_path / "out", remember=True, **judged_by))
    assert "leave it out, or copy the recording" in told.value.what_to_do
