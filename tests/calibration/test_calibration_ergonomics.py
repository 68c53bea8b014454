"""The desk check, on people whose camera and distance are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from calibration.ergonomics import CHIN, FOREHEAD, check_desk, estimate_setup
from calibration.mesh import own_mesh
from calibration_material import head_turned, photograph
from posture_cv.guidance.entries import DESK_CHECKS
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import View
from shared_material import shared_path

_LEFT_EYE, _RIGHT_EYE = 263, 33  # outer corners, face mesh


def baseline_of(face: np.ndarray, size_px: tuple[int, int] = (512, 512), view: View = View.FRONT) -> Baseline:
    one = Landmarks.empty(1)
    return Baseline(view, size_px, one.pose[0], face, one.rows[0], one.cols[0], 1, {})


class Known(NamedTuple):
    """A calibration with the truth of its camera: eyes above it, distance, where it stands."""

    baseline: Baseline
    eye_height_cm: float
    distance_cm: float
    azimuth_deg: float


def known_desks(which: str) -> list[Known]:
    folder = shared_path("ground-truth", which)
    arrays = np.load(folder / "landmarks.npz")
    meshes = {str(name): face for name, face in zip(arrays["name"], arrays["face"], strict=True)}
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / "ground_truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["view"] == "front" and row["segment"] == "calibration":
                rows.setdefault(row["file"].partition("/")[0], []).append(row)
    return [desk for clip in rows.values() if (desk := known_desk(clip, meshes)) is not None]


def known_desk(clip: list[dict[str, str]], meshes: dict[str, np.ndarray]) -> Known | None:
    first = clip[0]
    size = int(first["width"]), int(first["height"])
    scale = np.array([size[0], size[1], size[0]])
    seen = np.array([meshes[row["file"]] * scale for row in clip])
    seen = seen[~np.isnan(seen).any(axis=(1, 2))]
    if not len(seen):
        return None
    turn = np.array([[float(first[f"R{i}{j}"]) for j in range(3)] for i in range(3)])
    camera = -turn.T @ np.array([float(first[f"t{i}"]) for i in range(3)])
    eyes = [np.mean([float(first[f"w_EYE_{side}_{axis}_m"]) for side in "LR"]) for axis in "xyz"]
    apart = np.array(eyes) - camera
    distance = 100 * float(np.linalg.norm(apart))
    return Known(
        baseline_of(own_mesh(seen) / scale, size), 100 * apart[1], distance, float(first["cam_azimuth_deg"])
    )


def test_height_and_distance_are_as_uncertain_as_they_say() -> None:
    """`train` is what the height was fitted on, `public` is other people: 43 desks in all."""
    desks = [*known_desks("train"), *known_desks("public")]
    setups = [estimate_setup(desk.baseline) for desk in desks]
    off = np.array([s.eye_height_cm - d.eye_height_cm for s, d in zip(setups, desks, strict=True)])
    sd = np.array([s.eye_height_sd_cm for s in setups])
    assert np.sqrt(np.mean(off**2)) < 8.0
    assert np.mean(np.abs(off) < 2 * sd) > 0.9
    inside = [
        s.distance_low_cm < d.distance_cm < s.distance_high_cm for s, d in zip(setups, desks, strict=True)
    ]
    assert np.mean(inside) > 0.9


def test_the_side_of_the_camera_is_told() -> None:
    for desk in known_desks("train"):
        yaw = estimate_setup(desk.baseline).face_yaw_deg
        if abs(desk.azimuth_deg) > 15:
            assert np.sign(yaw) == -np.sign(desk.azimuth_deg)
            assert abs(yaw + desk.azimuth_deg) < 12


@pytest.mark.parametrize(("degrees", "side"), [(30.0, "right"), (-30.0, "left")])
def test_a_camera_at_the_side_is_found_where_it_stands(degrees: float, side: str) -> None:
    """Whose left eye is the farther one looks to the left: the camera stands to the right."""
    face = head_turned(photograph(), 1, degrees).face[0]
    assert (face[_LEFT_EYE, 2] > face[_RIGHT_EYE, 2]) == (side == "right")
    [text] = [f.text for f in check_desk(baseline_of(face)) if f.check == "laptop_at_the_side"]
    assert f"on your {side}." in text


@pytest.mark.parametrize(("growth", "check"), [(2.5, "too_close"), (0.25, "too_far")])
def test_too_near_and_too_far(growth: float, check: str) -> None:
    face = photograph().face[0].astype(np.float64)
    middle = face.mean(axis=0)
    found = check_desk(baseline_of((face - middle) * growth + middle))
    assert found[0].check == check
    assert "61 cm" in found[0].text


@pytest.mark.parametrize(("degrees", "check"), [(-40.0, "screen_too_low"), (40.0, "screen_too_high")])
def test_a_camera_far_below_or_above_the_eyes(degrees: float, check: str) -> None:
    """A chin that is nearer than the forehead is seen from below."""
    face = head_turned(photograph(), 0, degrees).face[0]
    assert (face[CHIN, 2] < face[FOREHEAD, 2]) == (check == "screen_too_low")
    assert [f.check for f in check_desk(baseline_of(face)) if f.check] == [check]


def test_every_check_has_an_answer_in_the_guidance() -> None:
    found = {
        finding.check
        for axis in (0, 1)
        for degrees in range(-50, 51, 5)
        for finding in check_desk(baseline_of(head_turned(photograph(), axis, degrees).face[0]))
    }
    assert found - {""} <= set(DESK_CHECKS)


def test_without_a_face_or_from_the_side_nothing_is_said() -> None:
    face = photograph().face[0]
    assert check_desk(baseline_of(np.full_like(face, np.nan))) == ()
    assert check_desk(replace(baseline_of(face), view=View.SIDE)) == ()


def test_a_camera_that_sees_the_eyes_lower_in_its_picture_is_tipped_up_farther() -> None:
    face = photograph().face[0].astype(np.float64)
    lower = face.copy()
    lower[:, 1] += 0.2
    here, there = estimate_setup(baseline_of(face)), estimate_setup(baseline_of(lower))
    assert there.eye_height_cm == pytest.approx(here.eye_height_cm)
    assert 10.0 < there.camera_pitch_deg - here.camera_pitch_deg < 16.0
