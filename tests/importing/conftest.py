"""Landmarks of the samples, to be read only."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def side() -> Landmarks:
    return read_recording(SAMPLES / "desk-side.landmarks").landmarks[:140]


@pytest.fixture(scope="module")
def front() -> Landmarks:
    """Somebody who leaves in the end."""
    return read_recording(SAMPLES / "desk-front.landmarks").landmarks[::4]
