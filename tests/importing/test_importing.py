"""Landmarks made elsewhere: every format gives the same landmarks, what is missing is said, nonsense is refused."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.fit import fit_baseline
from cli_runner import Cli
from importing_material import SIZE, wide
from posture_cv.assess.naming import name_states
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import ALERTING, State
from posture_cv.coefficients import load_coefficients
from posture_cv.importing.keypoints import _BODY_25
from posture_cv.importing.read import read_foreign
from posture_cv.importing.types import COCO_17, POSE_NAMES, ImportingError, ImportOptions
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Reason, View

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NUMBERED = ImportOptions(size_px=(640, 480), rate_hz=10.0)
Make = Callable[[Landmarks, Path], tuple[Path, ImportOptions]]


@pytest.fixture(scope="module")
def side() -> Landmarks:
    return read_recording(SAMPLES / "desk-side.landmarks").landmarks[:140]


@pytest.fixture(scope="module")
def front() -> Landmarks:
    """Somebody who leaves in the end."""
    return read_recording(SAMPLES / "desk-front.landmarks").landmarks[::4]


def long(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    path = folder / "long.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "landmark", "x", "y", "z", "visibility"])
        for frame, pose in enumerate(lm.pose):
            for point, values in enumerate(pose[:, :4].tolist()):
                if not np.isnan(values[0]) or point == 0:
                    writer.writerow([frame, POSE_NAMES[point], *("" if np.isnan(v) else v for v in values)])
    return path, NUMBERED


def npz(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    path = folder / "marks.npz"
    np.savez(path, pose=lm.pose[:, :, :4], face=lm.face, t_s=lm.t_s, size=lm.size_px[0])
    return path, ImportOptions()


def triples(lm: Landmarks, frame: int, places: tuple[int, ...]) -> list[float]:
    px = lm.pose_px()[frame]
    values: list[float] = []
    for place in places:
        values += [*px[place].tolist(), float(lm.pose[frame, place, 3])] if place >= 0 else [0.0, 0.0, 0.0]
    return values


def openpose(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    path = folder / "frames"
    path.mkdir()
    for frame in range(len(lm)):
        people = []
        if lm.person_found[frame]:
            stranger = {"pose_keypoints_2d": [10.0, 10.0, 0.1] * 25}
            people = [stranger, {"pose_keypoints_2d": triples(lm, frame, _BODY_25)}]
        (path / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    return path, NUMBERED


def coco(lm: Landmarks, folder: Path) -> tuple[Path, ImportOptions]:
    path = folder / "results.json"
    entries = [
        {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": triples(lm, frame, COCO_17), "score": 0.9}
        for frame in range(len(lm))
        if lm.person_found[frame]
    ]
    path.write_text(json.dumps(entries))
    return path, NUMBERED


@pytest.mark.parametrize("make", [wide, long, npz, openpose, coco])
def test_each_format_brings_the_points_home(make: Make, side: Landmarks, tmp_path: Path) -> None:
    path, options = make(side, tmp_path)
    lm = read_foreign([path], options).landmarks
    assert len(lm) == len(side)
    np.testing.assert_allclose(
        lm.t_s, side.t_s - (side.t_s[0] if make in (long, openpose, coco) else 0), atol=1e-6
    )
    places = list(range(33)) if make in (wide, long, npz) else list(COCO_17)
    np.testing.assert_allclose(lm.pose[:, places, :2], side.pose[:, places, :2], atol=2e-4)
    np.testing.assert_allclose(lm.pose[:, places, 3], side.pose[:, places, 3], atol=2e-4)
    assert np.isnan(lm.rows).all()
    assert np.isnan(lm.scene).all()


@pytest.mark.parametrize(
    ("name", "first"),
    [("{axis}_{point}", 0), ("landmark_{point}_{axis}", 0), ("{name}_{axis}", 0), ("{axis}{point}", 1)],
)
def test_other_names_of_the_same_columns(name: str, first: int, side: Landmarks, tmp_path: Path) -> None:
    path, options = wide(side[:5], tmp_path, name, first)
    np.testing.assert_allclose(
        read_foreign([path], options).landmarks.pose[:, :, :4], side.pose[:5, :, :4], atol=1e-6
    )


@pytest.mark.parametrize("unit", [None, True])
def test_a_face_in_shares_beside_a_pose_in_pixels(
    unit: bool | None, front: Landmarks, tmp_path: Path
) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, pose=front.pose_px(), face=front.face, t_s=front.t_s)
    done = read_foreign([path], ImportOptions(size_px=(640, 480), pixels=unit))
    np.testing.assert_array_equal(done.landmarks.face, front.face)
    assert "The face mesh is in shares of the picture, the pose in pixels." in done.notes
    scale = np.array([640, 480, 640])
    np.savez(path, pose=front.pose[:, :, :3], face=front.face * scale, t_s=front.t_s)
    done = read_foreign([path], SIZE)
    np.testing.assert_allclose(done.landmarks.face, front.face, atol=1e-4)


def test_times_of_a_clock_begin_with_the_first_frame(side: Landmarks, tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    np.savez(path, pose=side.pose, t_s=side.t_s + 1.7e9)
    done = read_foreign([path], SIZE)
    np.testing.assert_allclose(done.landmarks.t_s, side.t_s - side.t_s[0], atol=1e-5)
    assert any("a clock's" in note for note in done.notes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str, side: Landmarks, tmp_path: Path) -> None:
    path, options = wide(side, tmp_path)
    with_commas = read_foreign([path], options).landmarks
    path.write_text(path.read_text().replace(",", delimiter))
    np.testing.assert_array_equal(read_foreign([path], options).landmarks.pose, with_commas.pose)


def entries(*images: object) -> list[dict[str, object]]:
    return [{"image_id": image, "keypoints": [9.0, 9.0, 0.9] * 17} for image in images]


@pytest.mark.parametrize(
    "content",
    [
        entries("a_0.jpg", "b_0.jpg"),
        {
            "images": [{"id": 7, "file_name": "a_0.jpg"}, {"id": 8, "file_name": "b_0.jpg"}],
            "annotations": entries(7, 8),
        },
        {"images": [{"id": 7, "file_name": "a_0.jpg"}], "annotations": entries(7, "b_0.jpg")},
    ],
)
def test_two_images_of_one_frame_number_are_no_two_people(content: object, tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ImportingError, match=r"'b_0\.jpg' is frame 0, which 'a_0\.jpg' is already"):
        read_foreign([path], NUMBERED)


def test_two_people_of_one_image_are(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    path.write_text(json.dumps(entries("a_0.jpg", "a_0.jpg")))
    assert read_foreign([path], NUMBERED).notes[0].startswith("Several people in 1 frame:")


@pytest.mark.parametrize("make", [openpose, coco])
def test_a_passer_by_does_not_take_the_place_of_who_sits_there(
    make: Make, front: Landmarks, tmp_path: Path
) -> None:
    """The one at the desk is seen without hips and legs, the one behind from head to foot, and surely."""
    seated = replace(front[:9], pose=front.pose[:9].copy())
    seated.pose[:, 17:] = np.nan
    path, options = make(seated, tmp_path)
    expected = read_foreign([path], options).landmarks.pose
    behind = front[:1].pose.copy()
    behind[..., :2] = 0.7 + 0.2 * behind[..., :2]
    behind[..., 3] = 0.99
    stranger = replace(front[:1], pose=behind)
    for file in sorted(path.glob("*.json"))[3:6] if path.is_dir() else [path]:
        content = json.loads(file.read_text())
        if isinstance(content, dict):
            content["people"].insert(0, {"pose_keypoints_2d": triples(stranger, 0, _BODY_25)})
        else:
            points = triples(stranger, 0, COCO_17)
            content += [{"image_id": f"{n}.jpg", "keypoints": points, "score": 0.99} for n in (3, 4, 5)]
        file.write_text(json.dumps(content))
    found = read_foreign([path], options)
    np.testing.assert_array_equal(found.landmarks.pose, expected)
    assert any("one is followed, on the whole the nearest" in note for note in found.notes)


def test_nobody_stays_nobody(front: Landmarks, tmp_path: Path) -> None:
    for make in (wide, long, openpose):
        path, options = make(front, tmp_path)
        np.testing.assert_array_equal(
            read_foreign([path], options).landmarks.person_found, front.person_found
        )


def test_what_is_missing_is_said(side: Landmarks, tmp_path: Path) -> None:
    has = {make: " ".join(read_foreign([make(side, tmp_path)[0]], NUMBERED).missing) for make in (wide, coco)}
    for text in has.values():
        assert "no face mesh" in text
        assert "no contour" in text
        assert "no picture" in text
    assert "no depth" not in has[wide]
    assert "no depth" in has[coco]
    assert "few points" in has[coco]


def test_a_side_view_without_contour_is_still_measured(side: Landmarks, tmp_path: Path) -> None:
    coefficients = load_coefficients()
    for make, most_off in ((wide, 5.0), (coco, 9.0)):
        path, options = make(side, tmp_path)
        lm = read_foreign([path], options).landmarks
        baseline = fit_baseline(lm[:50], coefficients).baseline
        assert baseline.view is View.SIDE
        found = measure(lm, baseline, coefficients).values["cva_change_deg"]
        severe = slice(90, 130)  # the truth is -19.7 degrees there
        assert found.valid[severe].mean() > 0.5
        assert -25.0 < np.nanmean(found.value[severe]) < -10.0
        assert np.nanmean(found.value[severe]) == pytest.approx(
            -19.7, abs=2.0 * float(np.nanmean(found.sd[severe]))
        )
        assert np.abs(np.nanmean(found.value[:50])) < most_off / 5.0


def test_in_front_what_needs_a_face_is_withheld_for_that_reason(front: Landmarks, tmp_path: Path) -> None:
    coefficients = load_coefficients()
    for make in (wide, coco):
        path, options = make(front, tmp_path)
        lm = read_foreign([path], options).landmarks
        baseline = fit_baseline(lm[:20], coefficients, face_expected=False).baseline
        found = measure(lm, baseline, coefficients)
        there = lm.person_found & (found.reason == Reason.OK)
        assert there.mean() > 0.5
        for name, reason in (
            ("cva_change_deg", Reason.FACE_NOT_SEEN),
            ("distance_ratio", Reason.FACE_NOT_SEEN),
            ("protraction_cm", Reason.CONTOUR_NOT_SEEN),
            ("shoulder_elevation_left_cm", Reason.CONTOUR_NOT_SEEN),
        ):
            assert set(found.values[name].reason[there]) == {reason}, name
            assert np.isnan(found.value(name)).all()
        assert found.values["head_pitch_deg"].valid[there].all()
        assert (found.values["head_pitch_deg"].sd[there] > 3.0).all()
        named = name_states(found, Thresholds())
        assert State.GOOD not in set(named.state)
        assert not set(named.state) & set(ALERTING) - {State.TEXT_NECK}
        assert set(named.reason[named.state == State.CANNOT_TELL]) <= {
            Reason.FACE_NOT_SEEN,
            *set(found.reason),
        }


def test_a_missing_point_is_missing_not_unchanged(side: Landmarks, tmp_path: Path) -> None:
    coefficients = load_coefficients()
    entries = json.loads(coco(side, tmp_path)[0].read_text())
    for entry in entries[60:]:
        entry["keypoints"][:3] = [0.0, 0.0, 0.0]  # the nose
    path = tmp_path / "noseless.json"
    path.write_text(json.dumps(entries))
    lm = read_foreign([path], NUMBERED).landmarks
    baseline = fit_baseline(lm[:50], coefficients).baseline
    found = measure(lm, baseline, coefficients).values["cva_change_deg"]
    assert found.valid[:50].all()
    assert set(found.reason[60:]) == {Reason.FACE_NOT_SEEN}


def edited(path: Path, change: Callable[[Any], Any]) -> Path:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    return path


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


def test_arrays_of_no_numbers_beside_the_landmarks_are_passed_over(side: Landmarks, tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    beside = {
        "seen": side.person_found,
        "made": np.datetime64("2026-11-28"),
        "who": np.array([print], object),
    }
    np.savez(path, pose=side.pose, t_s=side.t_s, **beside)  # type: ignore[arg-type]
    assert len(read_foreign([path], SIZE).landmarks) == len(side)


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


def test_few_points_by_name_and_all_with_hands_are_taken(side: Landmarks, tmp_path: Path) -> None:
    """A name says what a point is, and MediaPipe's holistic tables begin with the pose."""
    path = tmp_path / "marks.csv"
    path.write_text(
        "t_s,landmark,x,y\n" + "".join(f"0,{POSE_NAMES[k]},0.5,0.5\n" for k in range(25)) + "1,,,\n"
    )
    few = read_foreign([path], SIZE).landmarks
    assert np.isfinite(few.pose[0, :25, 0]).all()
    assert few.person_found.tolist() == [True, False]  # of a row without a landmark, nobody
    table, options = wide(side, tmp_path)
    lines = table.read_text().splitlines()
    more = ",".join(f"x{k}" for k in range(33, 543))
    table.write_text("\n".join([f"{lines[0]},{more}", *(line + ",9" * 510 for line in lines[1:])]))
    np.testing.assert_array_equal(read_foreign([table], options).landmarks.pose[..., :2], side.pose[..., :2])


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


def test_numbers_as_other_programs_write_them_in_json(side: Landmarks, tmp_path: Path) -> None:
    path, options = coco(side, tmp_path)
    expected = read_foreign([path], options).landmarks.pose
    annotations = [
        entry | {"image_id": float(number), "score": 10**400}
        for number, entry in enumerate(json.loads(path.read_text()))
    ]
    images = [
        {"id": float(number), "file_name": f"{number}.jpg", "width": 640.0, "height": 480.0}
        for number in range(len(annotations))
    ]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    found = read_foreign([path], ImportOptions(rate_hz=10.0)).landmarks.pose
    np.testing.assert_array_equal(found, expected)


def test_people_without_a_body_and_hidden_files_are_none(side: Landmarks, tmp_path: Path) -> None:
    folder, options = openpose(side, tmp_path)
    expected = read_foreign([folder], options)
    for file in sorted(folder.glob("*.json")):
        edited(file, lambda content: {"people": [{"pose_keypoints_2d": []}, *content["people"]]})
        file.with_name(f"._{file.name}").write_bytes(b"\0\5\26\7")  # as macOS leaves them on other disks
    found = read_foreign([folder], options)
    np.testing.assert_array_equal(found.landmarks.pose, expected.landmarks.pose)
    assert found.notes == expected.notes


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


def test_from_import_to_replay(side: Landmarks, tmp_path: Path) -> None:
    path, _ = coco(side, tmp_path)
    cli, out = Cli(), tmp_path / "marks.landmarks"
    done = cli("import", str(path), "--size", "640x480", "--fps", "10", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "Missing: no face mesh" in done.stdout
    missing = read_recording(out).info.source["missing"]
    assert any("no contour" in text for text in missing)
    done = cli("calibrate", "--from", str(out), "--end", "5", "--out", str(tmp_path / "p.json"))
    assert done.returncode == 0, done.stderr
    done = cli("replay", str(out), "--profile", str(tmp_path / "p.json"), "--out", str(tmp_path / "o"))
    assert done.returncode == 0, done.stderr
    assert "side view" in done.stdout
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert summary["source"]["missing"] == missing


def test_whom_an_import_shows_is_known_to_its_results(side: Landmarks, tmp_path: Path) -> None:
    path, _ = npz(side, tmp_path)
    out, many = tmp_path / "marks.landmarks", tmp_path / "many"
    for arguments in (
        ("import", str(path), "--out", str(out), "--participant", "P 07", "--condition", "стоя"),
        ("replay", str(out), "--calibrate", "0:5", "--out", str(tmp_path / "one")),
        ("replay", str(tmp_path / "m.csv"), "--out", str(many), "--workers", "1"),
    ):
        (tmp_path / "m.csv").write_text("file,participant,calibrate\nmarks.landmarks,P 08,0:5\n")
        done = Cli().here(*arguments)
        assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "one" / "summary.json").read_text())
    assert (summary["participant"], summary["condition"]) == ("P 07", "стоя")
    with (many / "recordings.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["participant"], row["condition"]) == ("P 08", "стоя")  # the manifest goes before


def test_faults_on_the_command_line(tmp_path: Path) -> None:
    out = str(tmp_path / "x.landmarks")
    Cli().fails("import", str(tmp_path / "no.csv"), "--out", out, said="no such file")
    Cli().fails("import", str(tmp_path), "--size", "big", "--out", out, said="WIDTHxHEIGHT")
    Cli().fails("import", str(tmp_path), "--out", out, said="no JSON file")
    assert not Path(out).exists()


def test_the_import_does_not_replace_its_source(side: Landmarks, tmp_path: Path) -> None:
    path, _ = long(side[:20], tmp_path)
    before = path.read_bytes()
    Cli().fails(
        "import", str(path), "--size", "640x480", "--fps", "10", "--out", str(path), said="its own input"
    )
    assert path.read_bytes() == before
