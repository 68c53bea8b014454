"""The models at the monitor's pace, on real pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from capture.mjpeg_server import video_images
from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import View
from posture_cv.monitor.session import make_eyes
from posture_cv.settings import Settings
from source_tree import ROOT

CLIP = ROOT / "samples" / "desk-front.mp4"
NOSE = 0


@pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")
def test_a_camera_that_was_turned_and_back_is_looked_at_afresh() -> None:
    upright = list(video_images(str(CLIP), 16))
    lying = [np.ascontiguousarray(np.rot90(image, -1)) for image in upright[3:13]]
    eyes = make_eyes(Settings(), View.FRONT)

    def look(image: NDArray[np.uint8]) -> Landmarks:
        return eyes.look(Frame(eyes.runs, float(eyes.runs), image), fresh=False)

    before = [look(image).pose_px()[0, NOSE, :2] for image in upright[:3]][-1]
    for image in lying:
        look(image)
    back = look(upright[13]).pose_px()[0, NOSE, :2]
    eyes.close()
    assert np.abs(back - before).max() < 12.0, "a tracker that goes on where it was was 170 pixels off"
