"""One formula for one frame and for many: numbers and arrays answer alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess_material import every, measurements
from posture_cv.assess.calculus import ARRAYS, NUMBERS
from posture_cv.assess.naming import name, name_states
from posture_cv.assess.settings import SmoothingSettings
from posture_cv.assess.smoothing import Smoother, smooth
from posture_cv.assess.thresholds import Thresholds

VALUES = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan), st.sampled_from([0.0, math.inf, -math.inf]))


@pytest.mark.parametrize("function", ["fmax", "minimum", "maximum"])
@given(first=VALUES, second=VALUES)
def test_numbers_are_compared_as_arrays_are(function: str, first: float, second: float) -> None:
    one = getattr(NUMBERS, function)(first, second)
    many = getattr(ARRAYS, function)(np.array([first]), np.array([second]))
    np.testing.assert_array_equal([one], many)


def test_a_frame_is_named_alone_as_among_others() -> None:
    labels = ("good", 3), ("forward_head", 3), ("turned", 3), ("away", 3), ("slump", 3), ("shrug", 3)
    m = measurements(*every(0.1, *labels), noise=1.0)
    thresholds, smoother = Thresholds(), Smoother(SmoothingSettings())
    states = name_states(smooth(m, SmoothingSettings()).measurements, thresholds)
    assert len(set(states.state.tolist())) >= 5, "the frames differ"
    for k in range(len(m)):
        frame = smoother.step(m[k : k + 1])
        one = name(frame, frame.reason, frame.reasons["cva_change_deg"], thresholds, NUMBERS)
        assert (one.state, one.reason, one.severe) == (states.state[k], states.reason[k], states.severe[k])
        np.testing.assert_array_equal([*one.excess, one.pitch_deg], [*states.excess[k], states.pitch_deg[k]])
