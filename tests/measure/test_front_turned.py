"""A trunk that turns before a front camera, on rendered people whom the fit that judges them has not seen."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.fit import fit_baseline
from posture_cv.capture.types import Frame
from posture_cv.coefficients import coefficients_without
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Measurements, Reason
from shared_material import shared_path

CALIBRATION_FRAMES = 6


@pytest.fixture(scope="module")
def find() -> Iterator[MediaPipeEstimator]:
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as made:
        yield made


def _rows(folder: Path, person: str, segment: str) -> list[dict[str, str]]:
    """Of the person's front camera."""
    with (folder / "ground_truth.csv").open(newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if (row["camera"], row["segment"]) == (f"f{person[1:]}", segment)
        ]


def _seen(find: MediaPipeEstimator, folder: Path, rows: list[dict[str, str]]) -> Landmarks:
    images = [cv2.imread(str(folder / row["file"])) for row in rows]
    return Landmarks.concat(
        [find.estimate(Frame(k, float(k), np.asarray(image, np.uint8))) for k, image in enumerate(images)]
    )


@pytest.mark.parametrize("person", ["p1", "p2", "p3", "p4"])
def test_who_turns_the_trunk_is_not_judged_and_who_turns_the_head_has_not_turned_the_trunk(
    find: MediaPipeEstimator, person: str
) -> None:
    """A turn of 20 degrees looks like a head 3 cm farther forward; the fit answers it with 9 to 21 degrees."""
    folder = shared_path("ground-truth", "public")
    coefficients = coefficients_without("front", person)
    assert coefficients is not None
    calibration = _rows(folder, person, "calibration")[:CALIBRATION_FRAMES]
    baseline = fit_baseline(_seen(find, folder, calibration), coefficients).baseline

    def measured(segment: str) -> tuple[Measurements, np.ndarray]:
        rows = _rows(folder, person, segment)
        truth = np.array([float(row["trunk_yaw_deg"]) for row in rows])
        return measure(_seen(find, folder, rows), baseline, coefficients), truth

    turned, truth = measured("trunk_turn")
    assert len(truth) == 2
    assert (turned.reason == Reason.TRUNK_TURNED).all()
    assert (np.sign(turned.value("trunk_yaw_deg")) == np.sign(truth)).all()
    told = turned.values["trunk_yaw_deg"]
    assert (np.abs(told.value - truth) <= 1.645 * told.sd).all()
    for segment in ("head_turn", "upright"):
        assert not (measured(segment)[0].reason == Reason.TRUNK_TURNED).any()
