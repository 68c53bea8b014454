from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.mesh import align, mean_rotation, own_mesh, turns_deg
from calibration_material import rotation


def shape(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 60.0, (468, 3))


def placed(
    points: np.ndarray, degrees: tuple[float, float, float], scale: float, shift: np.ndarray
) -> np.ndarray:
    turn = rotation(0, degrees[0]) @ rotation(1, degrees[1]) @ rotation(2, degrees[2])
    return np.asarray(scale * points @ turn.T + shift)


angles = st.floats(-80, 80)


@given(x=angles, y=angles, z=angles, scale=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_a_known_similarity_is_found(x: float, y: float, z: float, scale: float, seed: int) -> None:
    points, shift = shape(seed), np.array([300.0, 200.0, -50.0])
    mesh = placed(points, (x, y, z), scale, shift)
    found = align(mesh[None], points, np.ones(468))
    np.testing.assert_allclose(found.scale, scale, rtol=1e-9)
    np.testing.assert_allclose(found.shift[0], shift, atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(found.rotation), 1.0)
    np.testing.assert_allclose(found.undone(mesh[None])[0], points, atol=1e-6)


@given(x=angles, seed=st.integers(0, 99))
def test_a_turn_is_told_in_degrees_and_by_its_axis(x: float, seed: int) -> None:
    points = shape(seed)
    meshes = np.stack([points, points, placed(points, (x, 0, 0), 1.3, np.zeros(3))])
    np.testing.assert_allclose(turns_deg(meshes)[2], [x, 0, 0], atol=1e-6)


def test_missing_meshes_have_no_turn() -> None:
    points = shape()
    turns = turns_deg(np.stack([np.full_like(points, np.nan), points]))
    assert np.isnan(turns[0]).all()
    np.testing.assert_allclose(turns[1], 0.0, atol=1e-6)
    assert np.isnan(turns_deg(np.full((3, 468, 3), np.nan))).all()


def test_a_moving_head_does_not_blur_the_mesh() -> None:
    rng, points = np.random.default_rng(1), shape()
    meshes = np.stack(
        [
            placed(points, tuple(rng.normal(0, 4, 3)), rng.normal(1, 0.03), rng.normal(300, 8, 3))
            + rng.normal(0, 1.0, points.shape)
            for _ in range(40)
        ]
    )
    found = own_mesh(meshes)
    fitted = align(found[None], points, np.ones(468))
    aligned = np.linalg.norm(fitted.undone(found[None])[0] - points, axis=1).mean()
    still = np.median(meshes, axis=0)
    blurred = np.linalg.norm(
        align(still[None], points, np.ones(468)).undone(still[None])[0] - points, axis=1
    ).mean()
    assert aligned < 0.6
    assert blurred > 2 * aligned, "the plain median would do as well"
    assert fitted.scale[0] == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(turns_deg(np.stack([points, points, found]))[2], 0, atol=2.5)


def test_a_talking_mouth_does_not_turn_the_head() -> None:
    rng, points = np.random.default_rng(2), shape()
    mouth = points[:, 1] > 60
    meshes = np.repeat(points[None], 30, axis=0) + rng.normal(0, 0.2, (30, 468, 3))
    meshes[:, mouth, 1] += np.abs(rng.normal(0, 25, (30, 1)))
    fitted = align(own_mesh(meshes)[None][:, ~mouth], points[~mouth], np.ones((~mouth).sum()))
    assert np.degrees(np.arccos((np.trace(fitted.rotation[0]) - 1) / 2)) < 0.3


def test_a_half_of_wild_meshes_is_outvoted() -> None:
    rng, points = np.random.default_rng(3), shape()
    meshes = np.repeat(points[None], 21, axis=0) + rng.normal(0, 0.3, (21, 468, 3))
    meshes[:9] += rng.normal(0, 40, (9, 468, 3))
    assert np.linalg.norm(own_mesh(meshes) - points, axis=1).mean() < 1.0


def test_mean_rotation_lies_between() -> None:
    between = mean_rotation(np.stack([rotation(1, -10), rotation(1, 20), rotation(1, 5)]))
    np.testing.assert_allclose(between, rotation(1, 5), atol=1e-3)
