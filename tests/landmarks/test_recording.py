"""Landmark recordings: what is written comes back bit for bit, and damage costs only what lies behind it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.errors import InputError, PostureError
from posture_cv.landmarks import recording as rec
from posture_cv.landmarks.joining import join_recordings
from posture_cv.landmarks.part_file import open_part
from posture_cv.landmarks.quantise import STEPS_PER_UNIT, from_steps, quantised, to_steps
from posture_cv.landmarks.recording import RecordingError, RecordingInfo, RecordingReader, read_recording
from posture_cv.landmarks.recording_writer import (
    BLOCK_SECONDS,
    RecordingWriter,
    check_recording_target,
    part_of,
)
from posture_cv.landmarks.types import DRESS, SCENE_FIELDS, Landmarks

INFO = RecordingInfo({"name": "made up", "kind": "video"}, {"engine": "none"}, notes={"participant": "p1"})
FIELDS = ("t_s", "size_px", "pose", "face", "rows", "cols", "scene")


def made_up(n: int, seed: int = 0) -> Landmarks:
    """Frames of smooth noise, with gaps where nobody, no face or no contour was seen."""
    rng = np.random.default_rng(seed)
    lm = Landmarks.empty(n)
    for name in ("pose", "face", "rows", "cols", "scene"):
        field = getattr(lm, name)
        field[:] = rng.normal(0.5, 0.2, field.shape) + np.linspace(0, 0.1, n).reshape(
            -1, *[1] * (field.ndim - 1)
        )
        field[rng.random(n) < 0.2] = np.nan
    lm.t_s[:] = np.cumsum(rng.uniform(0.001, 3.0, n))
    return quantised(lm)


def write(path: Path, lm: Landmarks, chunk: int = 7) -> None:
    with RecordingWriter(path, INFO) as writer:
        for start in range(0, len(lm), chunk):
            writer.write(lm[start : start + chunk])


def write_joined(path: Path, parts: Sequence[Landmarks]) -> None:
    """As another program might write it: parts one after the other, whatever their times."""
    places = [path.with_name(f"{k}.landmarks") for k in range(len(parts))]
    for place, part in zip(places, parts, strict=True):
        write(place, part)
    join_recordings(places, path)


def assert_same(found: Landmarks, expected: Landmarks) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 700])
def test_comes_back_bit_for_bit(tmp_path: Path, n: int) -> None:
    lm = made_up(n)
    write(tmp_path / "a.landmarks", lm)
    back = read_recording(tmp_path / "a.landmarks")
    assert back.complete
    assert back.warnings == ()
    assert back.info == INFO
    assert_same(back.landmarks, lm)


def test_a_recording_whose_time_goes_back_is_used_up_to_there(tmp_path: Path) -> None:
    lm = made_up(600)
    write_joined(tmp_path / "a.landmarks", [lm[:256], lm[100:356]])
    back = read_recording(tmp_path / "a.landmarks")
    assert not back.complete
    assert "damaged after 256 frames (its times do not grow)" in back.warnings[0]
    assert_same(back.landmarks, lm[:256])


@pytest.mark.parametrize("wrong_s", [1.0, 0.5, 1.0 + 4e-7, np.nan, np.inf])
def test_frames_that_a_reader_would_lose_are_not_written(tmp_path: Path, wrong_s: float) -> None:
    lm = Landmarks.empty(4)
    lm.t_s[:] = (0.5, 1.0, wrong_s, 3.0)
    with RecordingWriter(tmp_path / "a.landmarks", INFO) as writer:
        for wrong in (lm, lm[2:]):
            with pytest.raises(ValueError, match="times do not grow"):
                writer.write(wrong)
            if wrong is lm:
                writer.write(lm[:2])
        writer.write(lm[3:])
    back = read_recording(tmp_path / "a.landmarks")
    assert back.complete
    assert back.landmarks.t_s.tolist() == [0.5, 1.0, 3.0]


def test_no_frames_are_written_as_such_and_those_after_them_are_kept(tmp_path: Path) -> None:
    lm = made_up(20)
    with RecordingWriter(tmp_path / "a.landmarks", INFO) as writer:
        for part in (lm[:0], lm[:7], lm[7:7], lm[7:]):
            writer.write(part)
    assert_same(read_recording(tmp_path / "a.landmarks").landmarks, lm)


@pytest.mark.parametrize(
    ("version", "untold"),
    [
        (1, ("bg_roll_deg", "noise", "outline_unsure", *SCENE_FIELDS[DRESS])),
        (2, ("noise", "outline_unsure", *SCENE_FIELDS[DRESS])),
        (3, ("outline_unsure", *SCENE_FIELDS[DRESS])),
    ],
)
def test_a_recording_of_an_earlier_version_is_read_and_says_nothing_of_what_came_later(
    tmp_path: Path, version: int, untold: tuple[str, ...]
) -> None:
    lm = made_up(300)
    write(tmp_path / "new.landmarks", lm, chunk=300)
    old = _as_version(version, len(SCENE_FIELDS) - len(untold), (tmp_path / "new.landmarks").read_bytes())
    (tmp_path / "old.landmarks").write_bytes(old)
    back = read_recording(tmp_path / "old.landmarks")
    assert back.complete
    assert back.info == INFO
    for name in untold:
        lm.scene[:, SCENE_FIELDS.index(name)] = np.nan
    assert_same(back.landmarks, lm)


def _as_version(version: int, columns: int, data: bytes) -> bytes:
    """The same file as it was with fewer columns of the scene, which the last bytes of a block hold."""
    head, _, rest = data.partition(b"\n")
    header, _, blocks = rest.partition(b"\n")
    out = head + b"\n" + header.replace(b'"format_version": 4', b'"format_version": %d' % version) + b"\n"
    while blocks:
        kind, frames, length, _ = rec.BLOCK_HEAD.unpack(blocks[: rec.BLOCK_HEAD.size])
        payload, blocks = (
            blocks[rec.BLOCK_HEAD.size : rec.BLOCK_HEAD.size + length],
            blocks[rec.BLOCK_HEAD.size + length :],
        )
        if kind == rec.FRAMES:
            raw = zlib.decompress(payload)
            full = len(SCENE_FIELDS)
            wide = np.frombuffer(raw[-2 * full * frames :], np.uint8).reshape(2, frames, full)
            kept = np.ascontiguousarray(wide[:, :, :columns]).tobytes()
            payload = zlib.compress(raw[: -2 * full * frames] + kept)
        out += rec.BLOCK_HEAD.pack(kind, frames, len(payload), zlib.crc32(payload)) + payload
    return out


def test_quantising_twice_changes_nothing() -> None:
    lm = made_up(40, seed=3)
    assert_same(quantised(lm), lm)


@pytest.mark.parametrize("name", STEPS_PER_UNIT)
def test_a_step_is_the_number_nearest_to_it(name: str) -> None:
    """Every one there is, as double precision has it."""
    steps = np.arange(-32767, 32768).astype(np.int16)
    every = steps.reshape(-1, *[1] * STEPS_PER_UNIT[name].ndim)
    exact = (every / STEPS_PER_UNIT[name]).astype(np.float32)
    np.testing.assert_array_equal(from_steps(name, np.broadcast_to(every, exact.shape)), exact)


@pytest.mark.parametrize("n", [1, 3])
def test_quantising_is_what_the_integers_of_a_file_give_back(n: int) -> None:
    lm = Landmarks.empty(n)
    for name in STEPS_PER_UNIT:
        field = getattr(lm, name)
        field[:] = np.random.default_rng(n).normal(0.0, 3.0, field.shape)  # beyond the range, here and there
        field[:, 0] = np.nan
        field.ravel()[-2:] = (-1e-6, np.inf)  # no negative zero, no infinity
    found = quantised(lm)
    for name in STEPS_PER_UNIT:
        expected = from_steps(name, to_steps(name, getattr(lm, name)))
        np.testing.assert_array_equal(getattr(found, name), expected, err_msg=name)
        np.testing.assert_array_equal(np.signbit(getattr(found, name)), np.signbit(expected), err_msg=name)


def test_is_owner_only_and_has_no_final_name_before_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.landmarks"
    writer = RecordingWriter(path, INFO)
    writer.write(made_up(300))
    assert not path.exists()
    assert stat.S_IMODE(writer.part_path.stat().st_mode) == 0o600
    writer.close()
    assert path.exists()
    assert not writer.part_path.exists()


def test_a_killed_run_keeps_its_whole_blocks(tmp_path: Path) -> None:
    lm = made_up(600)
    writer = RecordingWriter(tmp_path / "a.landmarks", INFO)
    writer.write(lm)
    back = read_recording(writer.part_path)  # as it lies there after a kill
    assert not back.complete
    assert "cut off" in back.warnings[0]
    assert len(back.landmarks) == 600
    assert_same(back.landmarks, lm)
    writer.abandon()


@given(cut=st.floats(0.0, 1.0), seed=st.integers(0, 3))
def test_cut_anywhere_keeps_a_prefix(tmp_path_factory: pytest.TempPathFactory, cut: float, seed: int) -> None:
    folder = tmp_path_factory.mktemp("cut")
    lm = made_up(40, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rec, "BLOCK_FRAMES", 16)
        write(folder / "a.landmarks", lm, chunk=16)
    whole = (folder / "a.landmarks").read_bytes()
    (folder / "b.landmarks").write_bytes(whole[: int(cut * len(whole))])
    try:
        back = read_recording(folder / "b.landmarks")
    except RecordingError:
        header_end = whole.index(b"\n", len(b"POSTURE-CV LANDMARKS\n"))
        assert int(cut * len(whole)) <= header_end + 1
        return
    assert_same(back.landmarks, lm[: len(back.landmarks)])
    assert back.complete == (cut == 1.0)


@pytest.mark.parametrize("damaged", [False, True])
@given(first_s=st.floats(-1.0, 800.0), length_s=st.floats(0.0, 400.0), every=st.integers(1, 40))
def test_frames_that_are_chosen_by_their_times_are_those_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, damaged: bool, first_s: float, length_s: float, every: int
) -> None:
    path = tmp_path_factory.mktemp("chosen") / "a.landmarks"
    path.write_bytes(five_blocks(tmp_path_factory, damaged=damaged))

    def chosen(t_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        asked = (t_s >= first_s) & (t_s < first_s + length_s) & (np.rint(t_s * 1e6) % every == 0)
        return np.asarray(asked)

    whole = read_recording(path)
    with RecordingReader(path) as reader:
        blocks = list(reader.blocks(chosen))
    assert all(len(block) for block in blocks)
    assert_same(Landmarks.concat(blocks), whole.landmarks[chosen(whole.landmarks.t_s)])
    assert (reader.complete, tuple(reader.warnings)) == (whole.complete, whole.warnings)
    assert len(whole.landmarks) == (80 if damaged else 100)


_blocks: dict[bool, bytes] = {}


def five_blocks(folders: pytest.TempPathFactory, *, damaged: bool) -> bytes:
    """A recording of five blocks, the last one perhaps damaged; the same for every example."""
    if damaged not in _blocks:
        path = folders.mktemp("blocks") / "a.landmarks"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rec, "BLOCK_FRAMES", 20)
            write(path, made_up(100), chunk=20)
        data = bytearray(path.read_bytes())
        if damaged:
            data[-100] ^= 1
        _blocks[damaged] = bytes(data)
    return _blocks[damaged]


_recorded: list[tuple[Landmarks, bytes]] = []


def recorded_once(folder: Path) -> tuple[Landmarks, bytes]:
    """A recording in three chunks, the same for every example."""
    if not _recorded:
        lm = made_up(20)
        write(folder / "a.landmarks", lm, chunk=7)
        _recorded.append((lm, (folder / "a.landmarks").read_bytes()))
    return _recorded[0]


@given(at=st.floats(0.0, 0.999), flip=st.integers(1, 255))
def test_a_flipped_byte_never_yields_wrong_landmarks(
    tmp_path_factory: pytest.TempPathFactory, at: float, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    lm, whole = recorded_once(folder)
    data = bytearray(whole)
    body = data.index(b"\n", len(b"POSTURE-CV LANDMARKS\n")) + 1
    place = body + int(at * (len(data) - body))
    data[place] ^= flip
    (folder / "b.landmarks").write_bytes(data)
    back = read_recording(folder / "b.landmarks")
    assert_same(back.landmarks, lm[: len(back.landmarks)])


def test_a_block_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.landmarks"
    write(path, made_up(3))
    whole = path.read_bytes()
    body = whole.index(b"\n", len(b"POSTURE-CV LANDMARKS\n")) + 1
    bomb = zlib.compress(bytes(200_000_000), 9)
    head = rec.BLOCK_HEAD.pack(b"FRMS", 256, len(bomb), zlib.crc32(bomb))
    path.write_bytes(whole[:body] + head + bomb)
    back = read_recording(path)
    assert len(back.landmarks) == 0
    assert "wrong length" in back.warnings[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Not a landmark recording"),
        (b"hello\n", "Not a landmark recording"),
        (b"POSTURE-CV LANDMARKS\n", "header"),
        (b"POSTURE-CV LANDMARKS\n{}\n", "header"),
        (b"POSTURE-CV LANDMARKS\n" + b"[" * 100_000 + b"\n", "header"),
        (
            b'POSTURE-CV LANDMARKS\n{"format_version": 99, "source": {}, "estimator": {}, "program": "x"}\n',
            "version 99",
        ),
        (
            b'POSTURE-CV LANDMARKS\n{"format_version": [2], "source": {}, "estimator": {}, "program": "x"}\n',
            "format version",
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_words(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.landmarks"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=says) as caught:
        read_recording(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_an_unwritable_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="nowhere"):
        read_recording(tmp_path / "nowhere.landmarks")
    with pytest.raises(PostureError, match="cannot be written"):
        RecordingWriter(tmp_path / "no" / "folder" / "a.landmarks", INFO)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system has no O_NOFOLLOW")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("frames", [0, 2, 256])
def test_a_disk_that_is_full_is_said_however_little_is_left_to_write(tmp_path: Path, frames: int) -> None:
    lm = Landmarks.empty(frames)
    lm.t_s[:] *= BLOCK_SECONDS
    writer = RecordingWriter(tmp_path / "a.landmarks", INFO)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), writer._file.fileno())
    with pytest.raises(PostureError, match="No space left"), writer:
        writer.write(lm)
    assert writer._file.closed
    assert not (tmp_path / "a.landmarks").exists()


def test_does_not_write_through_a_symlink(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "a.landmarks.part").symlink_to(victim)
    with pytest.raises(PostureError, match="cannot be written"):
        RecordingWriter(tmp_path / "a.landmarks", INFO)
    assert victim.read_text() == "precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_a_named_pipe_is_no_recording_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.landmarks")
    assert not rec.is_recording(tmp_path / "pipe.landmarks")


def test_the_part_of_a_run_under_way_is_not_begun_anew_by_another(tmp_path: Path) -> None:
    path, lm = tmp_path / "a.landmarks", made_up(20)
    with RecordingWriter(path, INFO) as first:
        first.write(lm[:10])
        with pytest.raises(InputError, match="Another run is writing to"):
            RecordingWriter(path, INFO)
        first.write(lm[10:])
    assert_same(read_recording(path).landmarks, lm)
    write(path, lm[:3])
    assert len(read_recording(path).landmarks) == 3, "the lock has gone with the run"


def test_what_has_the_name_of_the_part_and_is_none_is_left_alone(tmp_path: Path) -> None:
    path, part = tmp_path / "x.landmarks", tmp_path / "x.landmarks.part"
    part.write_text("somebody's download, not yet complete")
    with pytest.raises(InputError, match="another file of that name"):
        check_recording_target(path, [])
    part.write_bytes(rec.MAGIC)  # of a run that was killed
    check_recording_target(path, [])
    with pytest.raises(InputError, match="its own input"):
        check_recording_target(path, iter([part]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_parts_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.landmarks.part")
    path = tmp_path / "x.landmarks"
    with pytest.raises(PostureError, match=r"x\.landmarks\.part"):
        check_recording_target(path, [])
    with pytest.raises(OSError) as caught:
        open_part(part_of(path))
    assert caught.value.errno == errno.ENXIO


def test_a_run_that_has_lost_its_part_gives_its_name_to_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.landmarks"
    first = RecordingWriter(path, INFO)
    first.part_path.unlink()
    with RecordingWriter(path, INFO) as second:
        second.write(made_up(3))
        with pytest.raises(PostureError, match="cannot be written"):
            first.close()
        assert not path.exists()
    assert len(read_recording(path).landmarks) == 3


@pytest.mark.skipif(os.name != "posix", reason="Windows deletes no open file")
def test_a_run_whose_folder_is_deleted_ends_with_the_next_block(tmp_path: Path) -> None:
    """Not in the end, after hours of work."""
    folder = tmp_path / "out"
    folder.mkdir()
    frames = made_up(3 * rec.BLOCK_FRAMES)
    writer = RecordingWriter(folder / "a.landmarks", INFO)
    writer.write(frames[: rec.BLOCK_FRAMES])
    shutil.rmtree(folder)
    with pytest.raises(PostureError, match="It was deleted meanwhile"):
        writer.write(frames[rec.BLOCK_FRAMES :])
    with suppress(PostureError):
        writer.abandon()
    assert not folder.exists()
