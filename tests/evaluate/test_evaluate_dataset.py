"""Reading data sets: landmarks of every row, clips, calibration frames, and everything that can be wrong."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from posture_cv.errors import PostureError
from posture_cv.evaluate.dataset import Clip, Making, Source, pictures_to_make, read_dataset
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.evaluate.landmark_file import contour_from_pixels, read_landmarks
from posture_cv.evaluate.making import read_cache, write_cache
from posture_cv.evaluate.quantities import COMPARED, true_changes
from posture_cv.evaluate.truth import read_truth
from posture_cv.landmarks.types import Landmarks
from shared_material import shared_path
from tools.tool import started

MakeDataset = Callable[..., Path]
Make = Callable[..., dict[str, Any]]
Write = Callable[[Path, list[dict[str, Any]]], None]


def test_rows_keep_their_own_landmarks_whatever_the_order_of_the_file(make_dataset: MakeDataset) -> None:
    folder = make_dataset(2)
    before = read_dataset(folder)
    with np.load(folder / "landmarks.npz") as archive:
        order = np.random.default_rng(0).permutation(len(archive["name"]))
        np.savez(folder / "landmarks.npz", **{key: archive[key][order] for key in archive.files})
    after = read_dataset(folder)
    np.testing.assert_array_equal(before.landmarks.pose, after.landmarks.pose)
    np.testing.assert_array_equal(before.landmarks.cols, after.landmarks.cols)


def test_clips_split_into_calibration_and_judged(make_dataset: MakeDataset) -> None:
    data = read_dataset(make_dataset(2))
    assert [clip.name for clip in data.clips] == ["s1/c1", "s2/c1"]
    for clip in data.clips:
        assert set(data.truth.segment[clip.calibration]) == {"calibration"}
        assert "calibration" not in set(data.truth.segment[clip.judged])
        assert len(clip.calibration) + len(clip.judged) == len(clip.rows)
        assert data.landmarks.t_s[clip.rows].tolist() == list(range(len(clip.rows))), "none is known"
    assert data.landmarks_from == "landmarks.npz"


def test_an_empty_chair_makes_no_baseline(make_dataset: MakeDataset, write_rows: Write) -> None:
    folder = make_dataset(1)
    with (folder / "ground_truth.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[-1]["segment"] = "calibration"
    write_rows(folder, rows)
    ((clip,), truth) = (read_dataset(folder).clips, read_truth(folder))
    assert len(clip.calibration) == 8
    assert truth.person_present[clip.calibration].all()


def test_contour_edges_are_shares_and_pairs_are_averaged() -> None:
    rows = np.full((1, 480, 2), -1, np.int16)
    cols = np.full((1, 640), -1, np.int16)
    rows[0, 10], rows[0, 11], rows[0, 12] = (100, 199), (102, 199), (0, 639)
    cols[0, 20], cols[0, 21] = 240, 242
    edges, tops = contour_from_pixels(rows, cols)
    assert edges.shape == (1, 240, 2)
    np.testing.assert_allclose(edges[0, 5], (101 / 640, 200 / 640))
    np.testing.assert_allclose(edges[0, 6], (0.0, 1.0))
    np.testing.assert_allclose(tops[0, 10], 241 / 480)
    assert np.isnan(edges[0, 7]).all()
    assert np.isnan(tops[0, 11])
    with pytest.raises(ValueError, match="shapes"):
        contour_from_pixels(rows[:, :100], cols)


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"pose": None}, "has no pose"),
        ({"pose": np.zeros((19, 33, 7))}, r"pose has shape \(19, 33, 7\), expected \(19, 33, 8\)"),
        ({"face": np.zeros((3, 468, 3))}, "face has shape"),
        ({"size": np.zeros((19, 2))}, "width or height below 1"),
        ({"size": np.full((19, 2), np.nan)}, "size holds values that are no numbers"),
        ({"cols": np.zeros((19, 320))}, "cols has shape"),
        ({"name": np.array([f"x{n}.jpg" for n in range(19)])}, "no landmarks of 19 of 19 pictures"),
        ({"pose": np.full((19, 33, 8), "text")}, "pose does not hold numbers"),
        ({"name": np.array("x.jpg")}, r"name has shape \(\), expected"),
    ],
)
def test_landmark_files_of_other_shapes_or_names_are_refused(
    make_dataset: MakeDataset, replaced: dict[str, Any], message: str
) -> None:
    folder = make_dataset(1)
    folder = make_dataset(1, **replaced)
    with pytest.raises(EvaluationError, match=message):
        read_dataset(folder, Making(Source.NPZ))


def test_landmarks_of_a_picture_that_stand_twice_are_refused(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1)
    file = folder / "landmarks.npz"
    with np.load(file) as archive:
        twice = np.append(np.arange(len(archive["name"])), 3)
        np.savez(file, **{key: archive[key][twice] for key in archive.files})
    with pytest.raises(EvaluationError, match=r"1 pictures of ground_truth\.csv more than once.*003_"):
        read_dataset(folder)


def test_frame_numbers_alone_tell_no_two_videos_apart(make_dataset: MakeDataset) -> None:
    file = make_dataset(1, name=np.arange(19)) / "landmarks.npz"
    assert len(read_landmarks(file, ["a.mp4#3", "a.mp4#4"])) == 2
    with pytest.raises(EvaluationError, match=r"by their number only.*a\.mp4, b\.mp4"):
        read_landmarks(file, ["a.mp4#3", "b.mp4#3"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x93NUMPY no"])
def test_damaged_landmark_files_are_refused(make_dataset: MakeDataset, content: bytes) -> None:
    folder = make_dataset(1)
    (folder / "landmarks.npz").write_bytes(content)
    with pytest.raises(EvaluationError, match="Cannot read"):
        read_dataset(folder, Making(Source.NPZ))


def test_a_single_array_is_not_taken_for_a_landmark_file(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1)
    with (folder / "landmarks.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(EvaluationError, match="single array"):
        read_dataset(folder, Making(Source.NPZ))


def test_arrays_that_claim_more_than_any_data_set_are_refused_unread(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1)
    header = io.BytesIO()
    claimed = {"descr": "<f4", "fortran_order": False, "shape": (10_000_000, 33, 8)}
    np.lib.format.write_array_header_1_0(header, claimed)
    with np.load(folder / "landmarks.npz") as archive:
        arrays = {key: archive[key] for key in archive.files if key != "pose"}
    np.savez(folder / "landmarks.npz", **arrays)
    with zipfile.ZipFile(folder / "landmarks.npz", "a") as file:
        file.writestr("pose.npy", header.getvalue())
    with pytest.raises(EvaluationError, match="holds too much"):
        read_dataset(folder, Making(Source.NPZ))


def test_pickles_are_not_opened(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1, pose=np.array([{"a": 1}] * 19, dtype=object))
    with pytest.raises(EvaluationError, match="Cannot read"):
        read_dataset(folder, Making(Source.NPZ))


def test_of_a_file_of_another_kind_nobody_is_told_to_trust_it(make_dataset: MakeDataset) -> None:
    """Numpy takes whatever is no file of its own for a pickle, and names an argument that nobody can give here."""
    folder = make_dataset(1)
    (folder / "landmarks.npz").write_bytes(b"a letter")
    with pytest.raises(EvaluationError, match="no file of NumPy") as refused:
        read_dataset(folder, Making(Source.NPZ))
    assert "trust" not in str(refused.value)


def test_pictures_that_are_not_there_are_counted_and_named(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1)
    with pytest.raises(EvaluationError, match=r"19 pictures of 19 are not there.*000_calibration\.jpg"):
        read_dataset(folder, Making(Source.PICTURES))
    (folder / "landmarks.npz").unlink()
    with pytest.raises(EvaluationError, match=r"No pictures and no landmarks\.npz"):
        read_dataset(folder)
    with pytest.raises(EvaluationError, match=r"No landmarks\.npz"):
        read_dataset(folder, Making(Source.NPZ))


def test_of_pictures_that_are_partly_there_the_missing_are_counted_and_named(
    make_dataset: MakeDataset,
) -> None:
    folder = make_dataset(1)
    names = read_dataset(folder).truth.file.tolist()
    (folder / "landmarks.npz").unlink()
    (folder / "s1").mkdir()
    for name in [*names[:3], *names[5:]]:
        (folder / name).write_bytes(b"there")
    with pytest.raises(EvaluationError) as raised:
        read_dataset(folder)
    assert "2 of 19 pictures are missing" in raised.value.title
    assert raised.value.detail == f"Missing: {folder / names[3]}, {folder / names[4]}."


def test_a_file_that_is_no_picture_is_named(make_dataset: MakeDataset) -> None:
    folder = make_dataset(1)
    (folder / "s1").mkdir()
    for row in read_dataset(folder).truth.file:
        (folder / row).write_bytes(b"no picture at all")
    with pytest.raises(EvaluationError, match="Cannot use the picture"):
        read_dataset(folder, Making(Source.PICTURES))


def test_without_calibration_frames_nothing_is_judged(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row(f"{n}.jpg", "upright") for n in range(5)])
    with pytest.raises(EvaluationError, match=r"Too few calibration frames in 1 of 1 clips: s1/c1"):
        read_dataset(tmp_path)


def test_with_calibration_frames_only_there_is_nothing_to_judge(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row(f"{n}.jpg", "calibration") for n in range(5)])
    with pytest.raises(EvaluationError, match="Nothing to judge"):
        read_dataset(tmp_path)


def test_a_video_that_is_upright_throughout_is_not_said_to_be_calibration(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row(f"a.mp4#{n}", "upright", t_s=n) for n in range(5)])
    with pytest.raises(EvaluationError, match="'upright' at the beginning of a video"):
        read_dataset(tmp_path)


def test_what_changed_is_told_against_the_middle_of_the_calibration(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    """As the baseline is: one calibration picture that is off moves neither."""
    angles = {"calibration": (50.0, 50.0, 51.0, 50.0, 70.0), "fhp_severe": (38.0,)}
    rows = [
        one_truth_row(f"{segment}{k}.jpg", segment, cva_deg=angle)
        for segment, known in angles.items()
        for k, angle in enumerate(known)
    ]
    write_rows(tmp_path, rows)
    truth = read_truth(tmp_path)
    every = np.arange(len(rows))
    clip = Clip(*("s1", "c1", "front"), every, every[:5], every[5:], is_video=False)
    assert true_changes(truth, clip, COMPARED["cva_change_deg"]).tolist() == [-12.0]


def test_a_clip_with_two_views_is_refused(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    rows = [one_truth_row(f"{n}.jpg", "calibration") for n in range(4)]
    write_rows(tmp_path, [*rows, one_truth_row("x.jpg", "shrug", view="side")])
    with pytest.raises(EvaluationError, match="several views: front, side"):
        read_dataset(tmp_path)


def test_a_video_needs_times_that_grow(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    rows = [one_truth_row(f"a.mp4#{n}", "upright", t_s=1.0) for n in range(5)]
    write_rows(tmp_path, rows)
    with pytest.raises(EvaluationError, match="need t_s and #frame, both growing"):
        read_dataset(tmp_path)


def test_a_clip_mixes_no_videos_and_pictures(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    rows = [one_truth_row("a.mp4#0", "calibration", t_s=0), one_truth_row("b.jpg", "calibration", t_s=1)]
    write_rows(tmp_path, rows)
    with pytest.raises(EvaluationError, match="mixes videos and pictures"):
        read_dataset(tmp_path)


def test_a_clip_of_several_videos_is_called_that(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    rows = [one_truth_row(f"{video}.mp4#{n}", "calibration", t_s=n) for video in "ab" for n in range(3)]
    write_rows(tmp_path, rows)
    with pytest.raises(EvaluationError) as caught:
        read_dataset(tmp_path)
    assert str(caught.value).startswith("s1/c1 has several videos: a.mp4, b.mp4")
    assert "cameras apart" in str(caught.value)


def test_a_video_that_ends_too_early_is_named(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for _ in range(6):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    rows = [one_truth_row(f"a.mp4#{n}", "calibration" if n < 4 else "absent", t_s=n / 10) for n in range(9)]
    write_rows(tmp_path, rows)
    with pytest.raises(EvaluationError, match="does not hold 3 of the 9 frames"):
        read_dataset(tmp_path)


@pytest.fixture
def pictures(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> Path:
    """Six grey pictures in two clips."""
    rows = []
    for number in range(8):
        name = f"{number}.png"
        cv2.imwrite(str(tmp_path / name), np.full((64, 96, 3), 20 * number, np.uint8))
        segment = "calibration" if number % 4 < 3 else "absent"
        rows.append(one_truth_row(name, segment, camera=f"c{number // 4}"))
    write_rows(tmp_path, rows)
    return tmp_path


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_are_looked_at_in_their_own_size_and_order(pictures: Path, workers: int) -> None:
    done: list[int] = []
    assert pictures_to_make(read_truth(pictures), Making()) == 8
    data = read_dataset(pictures, Making(workers=workers), done.append)
    assert sum(done) == 8
    assert data.landmarks_from == "pictures"
    assert data.landmarks.size_px.tolist() == [[96, 64]] * 8
    brightness = data.landmarks.scene[:, 0]
    np.testing.assert_allclose(brightness, np.arange(8) * 20 / 255, atol=0.01)
    assert not data.landmarks.person_found.any()


def test_the_cache_is_kept_only_for_the_same_pictures(pictures: Path) -> None:
    cache = pictures / "kept.npz"
    first = read_dataset(pictures, Making(cache=cache))
    assert cache.stat().st_mode & 0o777 == 0o600
    written = cache.stat().st_mtime_ns
    again = read_dataset(pictures, Making(cache=cache))
    assert cache.stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.landmarks.scene, again.landmarks.scene)
    os.utime(pictures / "0.png", ns=(0, 0))
    read_dataset(pictures, Making(cache=cache))
    assert cache.stat().st_mtime_ns != written, "another picture may be of the same size"
    written = cache.stat().st_mtime_ns
    cv2.imwrite(str(pictures / "0.png"), np.full((64, 96, 3), 250, np.uint8))
    assert read_dataset(pictures, Making(looks=3, cache=cache)).landmarks_from == "pictures (3 looks each)"
    assert cache.stat().st_mtime_ns != written
    changed = read_dataset(pictures, Making(cache=cache))
    assert changed.landmarks.scene[0, 0] > 0.9


def test_a_cache_of_another_version_is_made_anew(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have shown the models the pictures in another size."""
    cache = pictures / "kept.npz"
    with monkeypatch.context() as earlier:
        earlier.setattr("posture_cv.evaluate.making.__version__", "0.0")
        read_dataset(pictures, Making(cache=cache))
    written = cache.stat().st_mtime_ns
    read_dataset(pictures, Making(cache=cache))
    assert cache.stat().st_mtime_ns != written


def test_a_cache_file_that_is_something_else_is_not_overwritten(pictures: Path) -> None:
    other = pictures / "thesis.txt"
    other.write_text("all my work")
    with pytest.raises(EvaluationError, match="is no cache"):
        read_dataset(pictures, Making(cache=other))
    assert other.read_text() == "all my work"


@pytest.mark.parametrize("damage", ["bytes", "missing"])
def test_a_damaged_cache_is_told_as_such(tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "kept.npz"
    write_cache(cache, "key", [Landmarks.empty(3)])
    if damage == "bytes":
        raw = bytearray(cache.read_bytes())
        place = raw.index(b"pose.npy") + 40  # within the packed numbers
        raw[place : place + 20] = bytes(20)
        cache.write_bytes(raw)
    else:
        with np.load(cache) as archive:
            np.savez_compressed(cache, mark=archive["mark"], key=archive["key"])
    with pytest.raises(EvaluationError, match="is no cache"):
        read_cache(cache, "key", [3])


def test_the_rendered_videos_are_calibrated_by_their_upright_beginning() -> None:
    data = read_dataset(shared_path("ground-truth", "clips"), Making(Source.NPZ))
    ends = {clip.camera: data.truth.t_s[clip.calibration[-1]] for clip in data.clips}
    assert ends == {"C1f": pytest.approx(7.9), "C2s": pytest.approx(5.9)}
    assert all(clip.is_video for clip in data.clips)
    assert data.landmarks_from == "landmarks.npz without contour"


def test_a_bad_picture_is_named_by_a_worker_process_too(pictures: Path) -> None:
    (pictures / "5.png").write_bytes(b"no picture")
    with pytest.raises(PostureError, match=r"Cannot use the picture .*5\.png"):
        read_dataset(pictures, Making(workers=2))


def test_a_script_that_its_processes_would_begin_anew_ends_with_a_word(
    pictures: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from posture_cv.evaluate.dataset import Making, read_dataset\n"
        f"read_dataset(Path({str(pictures)!r}), Making(workers=2))\n"
    )
    done = started(str(script), place=tmp_path)
    assert done.returncode == 1
    assert "No worker process can be started" in done.stderr
    assert 'under `if __name__ == "__main__":`' in done.stderr
