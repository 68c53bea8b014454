"""Landmarks made elsewhere: every format gives the same landmarks, and what is missing is said."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fit import fit_baseline
from cli_runner import Cli
from importing_material import NUMBERED, SIZE, Make, coco, edited, entries, long, npz, openpose, triples, wide
from posture_cv.assess.naming import name_states
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import ALERTING, State
from posture_cv.coefficients import load_coefficients
from posture_cv.importing.keypoints import _BODY_25
from posture_cv.importing.read import read_foreign
from posture_cv.importing.types import COCO_17, POSE_NAMES, ImportingError, ImportOptions
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Reason, View


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


def test_arrays_of_no_numbers_beside_the_landmarks_are_passed_over(side: Landmarks, tmp_path: Path) -> None:
    path = tmp_path / "marks.npz"
    beside = {
        "seen": side.person_found,
        "made": np.datetime64("2026-11-28"),
        "who": np.array([print], object),
    }
    np.savez(path, pose=side.pose, t_s=side.t_s, **beside)  # type: ignore[arg-type]
    assert len(read_foreign([path], SIZE).landmarks) == len(side)


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


def test_the_import_does_not_replace_its_source(side: Landmarks, tmp_path: Path) -> None:
    path, _ = long(side[:20], tmp_path)
    before = path.read_bytes()
    Cli().fails(
        "import", str(path), "--size", "640x480", "--fps", "10", "--out", str(path), said="its own input"
    )
    assert path.read_bytes() == before
