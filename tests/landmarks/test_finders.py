"""Faces are found where they are, also those that only a part of the picture shows large enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from posture_cv.landmarks.finders import FaceFinder

FRONT = Path(__file__).resolve().parents[2] / "samples" / "frames" / "p1_f1_000_calibration.jpg"


@pytest.fixture(scope="module")
def finder() -> Iterator[FaceFinder]:
    finder = FaceFinder()
    yield finder
    finder.close()


@pytest.mark.parametrize(("left", "top"), [(0, 0), (900, 40), (460, 600), (920, 640)])
def test_a_small_face_anywhere_is_found_where_it_is(finder: FaceFinder, left: int, top: int) -> None:
    person = cv2.imread(str(FRONT))
    assert person is not None
    picture = np.full((960, 1280, 3), 128, np.uint8)
    picture[top : top + 270, left : left + 360] = cv2.resize(person, (360, 270), interpolation=cv2.INTER_AREA)
    boxes = finder.find(picture)
    assert boxes
    for x0, y0, x1, y1 in boxes:
        assert left + 90 < (x0 + x1) / 2 < left + 270, "the head is in the middle of its picture"
        assert top + 30 < (y0 + y1) / 2 < top + 180
        assert 20 < x1 - x0 < 130
        assert 20 < y1 - y0 < 130
