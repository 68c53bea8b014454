"""Files that are no landmarks, or hold what cannot be: refused, each with what is wrong with it."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli_runner import Cli
from importing_material import NUMBERED, SIZE, coco, edited, openpose
from posture_cv.importing.read import read_foreign
from posture_cv.importing.types import ImportingError, ImportOptions
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No landmarks in the columns"),
        ("a,b\n1,2\n", "No landmarks in the columns"),
        ("x0,y0\n0.1,0.2\n", "No column of time"),
        ("t_s,x0,y0\n0,zero,0.2\n", "'zero' is no number"),
        ("t_s,x0,y0\n0,0.1\n", "2 cells, the header has 3"),
        ("t_s,x0,y0,x0\n0,0.1,0.2,0.3\n", "Columns stand twice"),
        ("t_s,x0,y0\n0,0.1,0.2\n0,0.1,0.2\n", "same time"),
        ("t_s,x0,y0\n-1,0.1,0.2\n", "negative"),
        ("t_s,x0,y0\n,0.1,0.2\n", "missing"),
        ("t_s,x0,y0\n1.7e9,0.1,0.2\n,0.1,0.2\n", "missing"),
        ("t_s,x0,y0\n0,0.1,0.2\n1.7e9,0.1,0.2\n", "too large"),
        ("t_s,x0,y0\n0,,\n", "shows anybody"),
        ("t_s,x0,y0\n0,inf,nan\n", "shows anybody"),
        ("t_s,x0,y0\n0,1e300,1e300\n", "shows anybody"),
        ("t_s,x0,y0,visibility0\n0,0.1,0.2,87\n", "between 0 and 1"),
        ("t_s,x0,y0\n", "no frame"),
        ("t_s,landmark,x,y\n0,33,0.1,0.2\n", "does not have"),
        ("t_s,landmark,x,y\n0,tail,0.1,0.2\n", "'tail' is no number"),
        ("t_s,landmark,x,y\n0,0,0.1,0.2\n0,nose,0.1,0.2\n", "twice in one frame"),
        ('t_s,x0,y0\n0,"0.1,0.2\n', "CSV"),
        ("t_s,x0,y0,x_0\n0,0.1,0.2,0.3\n", "x0 and x_0"),
        ("t_s,nose_x,nose_y,x0\n0,0.1,0.2,0.3\n", "nose_x and x0"),
        ("t_s,landmark,x,y,v,visibility\n0,0,0.1,0.2,1,1\n", "v and visibility"),
        ("t_s,landmark,x,y\n0,0,0.1,0.2\n1,,0.1,0.2\n", "does not have"),
        ("t_s,x0,y0\n0,9000,9000\n", "lie far outside the picture"),
    ],
)
def test_tables_that_are_none(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(ImportingError) as raised:
        read_foreign([path], SIZE)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"pose": np.zeros((4, 32, 3))}, "No array of pose"),
        ({"pose": np.zeros((4, 33))}, "No array of pose"),
        ({"a": np.zeros((4, 33, 3)), "b": np.zeros((4, 33, 3))}, "More than one"),
        ({"pose": np.array([["x"] * 33])}, "No array of pose"),
        ({"pose": np.zeros((4, 33, 3)), "t_s": np.arange(3)}, "t_s has shape"),
        ({"pose": np.zeros((4, 33, 3)), "face": np.zeros((4, 400, 3))}, "face has shape"),
        ({"pose": np.full((4, 33, 3), np.nan), "t_s": np.arange(4)}, "shows anybody"),
        ({"pose": np.zeros((0, 33, 3)), "t_s": np.arange(0)}, "no frame"),
        ({"pose": np.zeros((2, 33, 3)), "t_s": np.arange(2), "size": np.array([0, 0])}, "no size"),
        ({"pose": np.zeros((2, 33, 3), complex)}, "not numbers"),
        ({"pose": np.zeros((2, 33, 3)), "t_s": np.array(["0", "1"])}, "not numbers"),
        ({"pose": np.zeros((2, 33, 3)), "t_s": np.array([0, 1], "datetime64[s]")}, "not numbers"),
        ({"pose": np.zeros((2, 33, 3)), "t_s": np.arange(2), "size": np.array([640.5, 480])}, "whole pixels"),
    ],
)
def test_arrays_that_are_none(arrays: dict[str, np.ndarray[Any, Any]], says: str, tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(ImportingError) as raised:
        read_foreign([path], ImportOptions() if "size" in arrays else SIZE)
    assert says in str(raised.value)


@pytest.mark.parametrize("count", [17, 18, 25, 468])
def test_the_numbers_of_another_model_are_not_mediapipes(count: int, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    names = [f"{axis}{number}" for number in range(count) for axis in "xy"]
    path.write_text(",".join(["t_s", *names]) + "\n" + ",".join(["0", *["0.5"] * len(names)]) + "\n")
    with pytest.raises(ImportingError, match="not the numbers of MediaPipe's pose"):
        read_foreign([path], SIZE)
    if count <= 33:
        path.write_text("t_s,landmark,x,y\n" + "".join(f"0,{k},0.5,0.5\n" for k in range(count)))
        with pytest.raises(ImportingError, match="not the numbers of MediaPipe's pose"):
            read_foreign([path], SIZE)


@pytest.mark.parametrize(
    ("scale", "offset", "pixels", "says"),
    [
        (2.0, -1.0, None, "the head lies outside of the picture"),  # -1 to 1 instead of 0 to 1
        (1.0, 0.0, True, "smaller than a hundredth of the picture"),
    ],
)
def test_a_size_or_unit_that_cannot_be_is_said(
    scale: float, offset: float, pixels: bool | None, says: str, side: Landmarks, tmp_path: Path
) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, pose=side.pose[:, :, :2] * scale + offset, t_s=side.t_s)
    options = ImportOptions(size_px=(640, 480), pixels=pixels)
    assert any(says in note for note in read_foreign([path], options).notes)
    np.savez(path, pose=side.pose[:, :, :2], t_s=side.t_s)
    assert read_foreign([path], SIZE).notes == ()


@pytest.mark.parametrize(("with_face", "most_kilobytes"), [(False, 8), (True, 35)])
def test_an_import_takes_memory_for_what_the_file_holds(
    with_face: bool, most_kilobytes: float, side: Landmarks, tmp_path: Path
) -> None:
    """For each frame; an hour has a hundred thousand of them."""
    n, path = 5000, tmp_path / "long.npz"
    face: dict[str, Any] = {"face": np.full((n, 468, 3), 0.5, np.float32)} if with_face else {}
    np.savez(path, pose=side.pose[np.arange(n) % len(side), :, :4], t_s=np.arange(n) / 30, **face)
    tracemalloc.start()
    lm = read_foreign([path], SIZE).landmarks
    with RecordingWriter(tmp_path / "long.landmarks", RecordingInfo({}, {})) as writer:
        writer.write(lm)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lm) == n
    assert peak / n < most_kilobytes * 1000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"(3, 33, 3), }", b"(3, 33, 3,   "),  # the header's text ends too early
        (b"(3, 33, 3), }           ", b"(3000000000000, 33, 3),}"),  # more than any memory
    ],
)
def test_a_damaged_array_is_none(old: bytes, new: bytes, tmp_path: Path) -> None:
    path = tmp_path / "marks.npy"
    np.save(path, np.zeros((3, 33, 3)))
    raw = path.read_bytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, new))
    with pytest.raises(ImportingError, match="no NumPy file"):
        read_foreign([path], SIZE)


@pytest.mark.parametrize(("place", "value"), [(4, 99), (6, 1)])  # a later version of zip; encrypted
def test_an_archive_that_numpy_cannot_read_is_none(place: int, value: int, tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, pose=np.zeros((3, 33, 3)))
    raw = bytearray(path.read_bytes())
    entry = raw.rindex(b"PK\x01\x02")  # the directory's, where all stands two bytes later
    raw[place] = raw[entry + place + 2] = value
    path.write_bytes(raw)
    with pytest.raises(ImportingError, match="no NumPy file"):
        read_foreign([path], SIZE)


def test_of_a_file_of_another_kind_nobody_is_told_to_trust_it(tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    path.write_bytes(b"a letter")
    with pytest.raises(ImportingError, match="or holds objects") as refused:
        read_foreign([path], SIZE)
    assert "trust" not in str(refused.value)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, pose=np.array([print], object))
    with pytest.raises(ImportingError, match="no NumPy file"):
        read_foreign([path], SIZE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[" * 100_000, "no JSON"),
        ("{}", "No COCO keypoints"),
        ("3", "No COCO keypoints"),
        ('[{"image_id": 1}]', "keypoints has NoneType"),
        ('[{"keypoints": []}]', "no image_id"),
        ('[{"image_id": "a", "keypoints": [1]}]', "no frame number"),
        (json.dumps([{"image_id": 1, "keypoints": [1, 2]}]), "has 2 numbers, expected 51"),
        (json.dumps([{"image_id": 1, "keypoints": ["1"] * 51}]), "which is no number"),
        (json.dumps([{"image_id": 1, "keypoints": [True] * 51}]), "which is no number"),
        (json.dumps([{"image_id": 1, "keypoints": [10**400] * 51}]), "shows anybody"),
        ('[{"image_id": 1, "keypoints": [' + "NaN," * 50 + "NaN]}]", "shows anybody"),
    ],
)
def test_keypoints_that_are_none(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    path.write_text(content)
    with pytest.raises(ImportingError) as raised:
        read_foreign([path], NUMBERED)
    assert says in str(raised.value)


def test_every_faulty_file_of_a_folder_is_named(side: Landmarks, tmp_path: Path) -> None:
    folder, options = openpose(side[:4], tmp_path)
    edited(folder / "clip_000000000001_keypoints.json", lambda _: [])
    edited(folder / "clip_000000000003_keypoints.json", lambda _: {"people": [{"pose_keypoints_2d": [1]}]})
    with pytest.raises(ImportingError) as raised:
        read_foreign([folder], options)
    assert raised.value.title == "2 of 4 files are faulty."


@settings(max_examples=40)
@given(st.lists(st.floats() | st.just(0.0), min_size=51, max_size=51))
def test_any_numbers_give_points_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    path = tmp_path_factory.mktemp("any") / "marks.json"
    path.write_text(json.dumps([{"image_id": 0, "keypoints": numbers}]))
    try:
        lm = read_foreign([path], NUMBERED).landmarks
    except ImportingError:
        return
    known = lm.pose[np.isfinite(lm.pose)]
    assert (np.abs(known) <= 8.0).all()
    np.testing.assert_array_equal(np.isfinite(lm.pose[:, :, 0]), np.isfinite(lm.pose[:, :, 1]))


def test_size_and_rate_must_be_known(side: Landmarks, tmp_path: Path) -> None:
    path, _ = coco(side, tmp_path)
    with pytest.raises(ImportingError, match="--size"):
        read_foreign([path], ImportOptions(rate_hz=10.0))
    with pytest.raises(ImportingError, match="--fps"):
        read_foreign([path], SIZE)
    for rate_hz in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ImportingError, match="no number of frames a second"):
            read_foreign([path], replace(NUMBERED, rate_hz=rate_hz))


def test_faults_on_the_command_line(tmp_path: Path) -> None:
    out = str(tmp_path / "x.landmarks")
    Cli().fails("import", str(tmp_path / "no.csv"), "--out", out, said="no such file")
    Cli().fails("import", str(tmp_path), "--size", "big", "--out", out, said="WIDTHxHEIGHT")
    Cli().fails("import", str(tmp_path), "--out", out, said="no JSON file")
    assert not Path(out).exists()
