"""A face that smiles, laughs or yawns is not a head that nods.

`expression_clip.npz`: six calibration frames of one rendered person whom no fit has seen, then an upright posture and a
forward head, each with a neutral face and with others, with MediaPipe's landmarks, the contour and the true angles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clip_material import arrays_of, landmarks_of, median_baseline
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.expression import Expression
from posture_cv.measure.face_geometry import eye_distance
from posture_cv.measure.front import measure_front
from posture_cv.measure.front_space import EYE_DISTANCE_CM
from posture_cv.measure.rotation import similarity_fit
from posture_cv.measure.types import Float

FILE: Final = Path(__file__).with_name("expression_clip.npz")
EXPRESSIVE: Final = ("smiles", "laughs", "yawns")
CALIBRATION_FRAMES: Final = 6
HEAD: Final = ("cva_change_deg", "head_forward_cm", "head_pitch_deg", "head_yaw_deg")


@pytest.fixture(scope="module")
def archive() -> Mapping[str, NDArray[Any]]:
    return arrays_of(FILE)


@pytest.fixture(scope="module")
def clip(archive: Mapping[str, NDArray[Any]]) -> Landmarks:
    return landmarks_of(archive)


@pytest.fixture(scope="module")
def baseline(clip: Landmarks) -> Baseline:
    return median_baseline(clip[:CALIBRATION_FRAMES])


@pytest.fixture(scope="module")
def expression() -> Expression:
    found = load_coefficients()["front"].axes.expression
    assert isinstance(found, Expression)
    return found


def told(lm: Landmarks, baseline: Baseline, expression: Expression, name: str) -> Float:
    front = load_coefficients()["front"]
    model = replace(front, axes=replace(front.axes, expression=expression))
    return measure_front(lm, baseline, {"front": model})[name].value


def at_rest(lm: Landmarks, baseline: Baseline, expression: Expression) -> Landmarks:
    """The faces as the definition has it, point by point, where the estimator only ever sees sums."""
    own, mesh = baseline.as_landmarks().face_px()[0], lm.face_px()
    cm = EYE_DISTANCE_CM / eye_distance(own)
    scale, rotation, middle = similarity_fit(own, mesh)
    local = (mesh - middle[:, None]) @ rotation / scale[:, None, None]
    change = (local - (own - own.mean(axis=0))) * cm
    read = expression.read - expression.read.mean(axis=0)
    strength = np.clip(np.einsum("npa,paj->nj", change, read), -expression.most, expression.most)
    moved = np.einsum("nj,jpa->npa", strength, expression.moves)
    rest = mesh - (moved @ rotation.transpose(0, 2, 1)) * (scale / cm)[:, None, None]
    size = lm.size_px[:, [0, 1, 0]]
    return replace(lm, face=(rest / size[:, None, :]).astype(np.float32))


def frame(archive: Mapping[str, NDArray[Any]], segment: str) -> int:
    return int(np.flatnonzero(archive["segment"] == segment)[0])


@pytest.mark.parametrize("posture", ["upright", "forward"])
@pytest.mark.parametrize("face", EXPRESSIVE)
def test_an_expression_is_hardly_a_nod(
    archive: Mapping[str, NDArray[Any]],
    clip: Landmarks,
    baseline: Baseline,
    expression: Expression,
    posture: str,
    face: str,
) -> None:
    neutral, with_face = frame(archive, posture), frame(archive, f"{posture}_{face}")
    assert archive["head_pitch_deg"][neutral] == archive["head_pitch_deg"][with_face]
    for name, most in (("head_pitch_deg", 2.5), ("cva_change_deg", 2.5)):
        after = told(clip, baseline, expression, name)
        assert abs(after[with_face] - after[neutral]) < most, name
    before = told(clip, baseline, Expression.none(), "head_pitch_deg")
    assert before[with_face] - before[neutral] > 2.5, "otherwise this shows nothing"


def test_neutral_faces_stay_what_they_are(
    archive: Mapping[str, NDArray[Any]], clip: Landmarks, baseline: Baseline, expression: Expression
) -> None:
    frames = np.array([frame(archive, "upright"), frame(archive, "forward")])
    before, after = (
        told(clip[frames], baseline, used, "cva_change_deg") for used in (Expression.none(), expression)
    )
    assert after == pytest.approx(before, abs=1.0)
    assert after[1] - after[0] < -8.0


def test_who_laughed_for_the_baseline_does_not_look_up_afterwards(
    archive: Mapping[str, NDArray[Any]], clip: Landmarks, baseline: Baseline, expression: Expression
) -> None:
    laughing = replace(baseline, face=clip.face[frame(archive, "upright_laughs")])
    at = frame(archive, "upright")
    upright = clip[at : at + 1]
    assert abs(told(upright, laughing, expression, "cva_change_deg")[0]) < 2.5
    assert abs(told(upright, laughing, expression, "head_pitch_deg")[0]) < 2.5
    assert told(upright, laughing, Expression.none(), "head_pitch_deg")[0] < -2.5


def test_the_baseline_has_its_own_expression(baseline: Baseline, expression: Expression) -> None:
    lm = baseline.as_landmarks()
    for name in HEAD:
        before, after = (told(lm, baseline, used, name) for used in (Expression.none(), expression))
        assert after == pytest.approx(before, abs=0.01), name


@settings(deadline=None, max_examples=25)
@given(
    grown=st.floats(0.7, 1.4),
    right=st.floats(-0.2, 0.2),
    down=st.floats(-0.2, 0.2),
    roll_deg=st.floats(-12.0, 12.0),
    at=st.integers(CALIBRATION_FRAMES, 15),
)
def test_it_goes_along_with_the_head(
    clip: Landmarks,
    baseline: Baseline,
    expression: Expression,
    grown: float,
    right: float,
    down: float,
    roll_deg: float,
    at: int,
) -> None:
    """A face elsewhere in the picture, larger and rolled: the sums say what the points would."""
    cos, sin = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    one = clip[at : at + 1]
    unit = one.size_px[0, [0, 1, 0]].astype(np.float64)
    mesh = np.asarray(one.face_px()[0])
    middle = mesh.mean(axis=0)
    elsewhere = (grown * (mesh - middle) @ turn.T + middle) / unit + np.array([right, down, 0.0])
    there = replace(one, face=elsewhere[None].astype(np.float32))
    expected = at_rest(there, baseline, expression)
    for name in HEAD:
        assert told(there, baseline, expression, name) == pytest.approx(
            told(expected, baseline, Expression.none(), name), abs=0.02, nan_ok=True
        ), name


def test_what_is_no_face_is_not_followed_without_end(
    clip: Landmarks, baseline: Baseline, expression: Expression
) -> None:
    """Points that are strewn about are no expression: what is taken off is bounded."""
    strewn = np.random.default_rng(1).normal(0.0, 50.0, (468, 3))
    strength = np.einsum("pa,paj->j", strewn, expression.read - expression.read.mean(axis=0))
    assert (np.abs(strength) > expression.most).any(), "otherwise this shows nothing"
    size = clip.size_px[0, [0, 1, 0]]
    mesh = baseline.as_landmarks().face_px()[0]
    lm = replace(clip[6:7], face=((mesh + 10.0 * strewn) / size)[None].astype(np.float32))
    rest = at_rest(lm, baseline, expression)
    most_cm = np.abs(np.einsum("j,jpa->pa", expression.most, np.abs(expression.moves))).max()
    scale = similarity_fit(mesh, lm.face_px())[0][0]
    moved_cm = np.abs(rest.face_px() - lm.face_px()).max() * EYE_DISTANCE_CM / eye_distance(mesh) / scale
    assert moved_cm <= 2.0 * most_cm
    for name in HEAD:
        assert told(lm, baseline, expression, name) == pytest.approx(
            told(rest, baseline, Expression.none(), name), abs=0.05, nan_ok=True
        ), name
