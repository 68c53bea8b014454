"""The shoulder outline of a baseline in front: where it was not seen, nothing is made up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

import posture_cv as pc
from posture_cv.measure.front_outline import ALONG, Picture, shoulder_curve

LM: Final = pc.read_recording(Path(__file__).parents[2] / "samples" / "desk-front.landmarks").landmarks[:1]


def _seen(hidden: tuple[float, float]) -> np.ndarray:
    """(2, 30) whether each point of the outline is seen, left shoulder first; shoulder widths beside the middle."""
    size = np.array(LM.size_px[0], np.float64)
    left, right = (LM.pose_px()[0, k] for k in (11, 12))
    middle, width = (left + right) / 2.0, float(np.hypot(*(left - right)))
    low, high = middle[0] + width * hidden[0], middle[0] + width * hidden[1]
    rows, cols = LM.rows.copy(), LM.cols.copy()
    at = (np.arange(cols.shape[1]) + 0.5) * size[0] / cols.shape[1]
    cols[:, (at > low) & (at < high)] = np.nan
    x = rows * size[0]
    rows[(x > low) & (x < high)] = np.nan
    edges = Picture.of(size).outline(rows, cols).edges[0]
    seen = shoulder_curve(edges, size, middle, width, 1.0).seen
    return np.asarray(seen.reshape(2, len(ALONG)))


@pytest.mark.parametrize(("sign", "side"), [(1.0, 0), (-1.0, 1)])
def test_an_outline_is_not_drawn_across_what_hides_a_shoulder(sign: float, side: int) -> None:
    whole, near, far = _seen((9.0, 9.1)), sorted((sign * 0.25, sign * 0.26)), sorted((sign * 0.2, sign * 0.5))
    assert whole.all()
    np.testing.assert_array_equal(_seen((near[0], near[1])), whole)
    hidden = _seen((far[0], far[1]))
    assert hidden[1 - side].all(), "the other shoulder is seen"
    assert 3 <= np.count_nonzero(~hidden[side]) < len(ALONG) - 3
