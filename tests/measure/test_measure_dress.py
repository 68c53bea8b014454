"""Other clothes are seen by their colours, make the front view less sure, and are otherwise no matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.fit import fit_baseline
from calibration_material import with_scene
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import DRESS, SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.dress import CHEST_LIGHT, COLOUR, CROWN_LIGHT, dressed_otherwise
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Measurements

SAMPLES: Final = Path(__file__).resolve().parents[2] / "samples"
NAMES: Final = SCENE_FIELDS[DRESS]
THEN: Final = dict(zip(NAMES, (-0.4, 0.1, 0.3, -1.2, -0.2, 0.0), strict=True))


def sitting(view: str) -> tuple[Landmarks, Baseline]:
    """A second of sitting upright in the clothes of the baseline."""
    lm = read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks
    lm = with_scene(lm[lm.t_s < 1.0], **THEN)
    return lm, fit_baseline(lm, load_coefficients(), refuse=False).baseline


FRONT, SIDE = sitting("front"), sitting("side")


def test_a_baseline_knows_what_was_worn() -> None:
    lm, baseline = FRONT
    np.testing.assert_allclose(baseline.dress, list(THEN.values()), atol=1e-6)
    unknown = with_scene(lm, **dict.fromkeys(NAMES, np.nan))
    assert np.isnan(fit_baseline(unknown, load_coefficients(), refuse=False).baseline.dress).all()
    assert not dressed_otherwise(lm, baseline).any()


@given(
    name=st.sampled_from(["chest_light", "crown_light", "chest_red", "crown_blue"]),
    share=st.floats(0.0, 3.0).filter(lambda x: abs(x - 1.0) > 0.01),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_a_change_of_colour_beyond_the_limit_is_another_dress(name: str, share: float, sign: float) -> None:
    lm, baseline = FRONT
    limit = {"chest_light": CHEST_LIGHT, "crown_light": CROWN_LIGHT}.get(name, COLOUR)
    other = with_scene(lm, **{name: THEN[name] + sign * share * limit})
    assert dressed_otherwise(other, baseline).tolist() == [share > 1.0] * len(lm)


@pytest.mark.parametrize("unknown", [NAMES, NAMES[:3], NAMES[3:]])
def test_what_is_not_known_is_no_change(unknown: tuple[str, ...]) -> None:
    lm, baseline = FRONT
    dark = with_scene(lm, **dict.fromkeys(unknown, np.nan))
    assert not dressed_otherwise(dark, baseline).any()
    known = np.array([np.nan if name in unknown else value for name, value in THEN.items()])
    assert not dressed_otherwise(lm, replace(baseline, dress=known)).any()


def measured(lm: Landmarks, baseline: Baseline) -> Measurements:
    return measure(lm, baseline, load_coefficients())


def test_in_other_clothes_the_front_is_less_sure_of_the_same_values() -> None:
    lm, baseline = FRONT
    half = np.arange(len(lm)) % 2 == 0
    other = with_scene(lm, chest_light=np.where(half, THEN["chest_light"] + 1.0, THEN["chest_light"]))
    before, after = measured(lm, baseline), measured(other, baseline)
    assert (after.dressed_otherwise == half).all()
    for name, least in (("cva_change_deg", 4.0), ("protraction_cm", 1.5), ("forward_head_deg", 4.0)):
        np.testing.assert_array_equal(after.value(name), before.value(name))
        np.testing.assert_array_equal(after.sd(name)[~half], before.sd(name)[~half])
        assert (after.sd(name)[half] > np.maximum(least, before.sd(name)[half])).all(), name
    assert (after.sd("shoulder_rounding_deg")[half] > 6.0).all()
    np.testing.assert_array_equal(after.sd("head_yaw_deg"), before.sd("head_yaw_deg"))
    assert not before.dressed_otherwise.any()
    assert (Measurements.concat([after, before]).dressed_otherwise == [*half, *np.zeros_like(half)]).all()
    assert (after[half].dressed_otherwise).all()


def test_the_side_goes_by_its_own_uncertainty() -> None:
    lm, baseline = SIDE
    other = with_scene(lm, chest_light=THEN["chest_light"] + 1.0)
    before, after = measured(lm, baseline), measured(other, baseline)
    assert after.dressed_otherwise.all()
    np.testing.assert_array_equal(after.sd("cva_change_deg"), before.sd("cva_change_deg"))
