"""How a cloud of points has turned and grown, least squares (Umeyama 1991, IEEE TPAMI 13:376)."""

from __future__ import annotations

from typing import Final

import numpy as np

from posture_cv.measure.types import Float

_MOST_STEPS: Final = 12
# Sum of squares (a rotation's is 3) from which one more step leaves an error of 1e-14.
_NEARLY: Final = 3.0 + 1e-13
_FLAT: Final = 1e-6  # of its own size to the third power, below which a matrix is left to the decomposition
_NO_TURN: Final = 1e-9  # sine of an angle, below which the axis is not told


def rotation_and_scale(spread: Float) -> tuple[Float, Float]:
    """Rotations (N, 3, 3) that come nearest to N matrices, and the sum (N,) of how far each stretches.

    Of a matrix that mirrors, the nearest rotation does not, and its least stretch counts below zero.
    """
    if len(spread) == 1:
        single = _polar(spread[0].tolist())
        if single is not None:
            found = np.array(single).reshape(1, 3, 3)
            return found, np.array([np.vdot(found, spread)])
    u, singular, vt = np.linalg.svd(spread)
    rotation = u @ vt
    mirrored = np.linalg.det(rotation) < 0.0
    if mirrored.any():
        u[mirrored, :, 2] *= -1.0
        singular[mirrored, 2] *= -1.0
        rotation = u @ vt
    return rotation, singular.sum(axis=1)


def similarity_fit(reference: Float, points: Float) -> tuple[Float, Float, Float]:
    """Scale, rotation and centroid that carry a reference shape onto each of N shapes.

    Args:
        reference: (P, 3).
        points: (N, P, 3); no NaN.

    Returns:
        scale (N,), rotation (N, 3, 3), centroid of `points` (N, 3):
        points ~ scale * rotation @ (reference - its centroid) + centroid.
    """
    centred, centroid = reference - reference.mean(axis=0), points.mean(axis=1)
    rotation, stretch = rotation_and_scale(np.einsum("npi,pj->nij", points - centroid[:, None], centred))
    return stretch / (centred**2).sum(), rotation, centroid


def rotation_vectors_deg(rotations: Float) -> Float:
    """(N, 3) axis times angle in degrees of (N, 3, 3) rotations; exact to 180, where the axis is no longer defined."""
    cosine = np.clip((np.trace(rotations, axis1=1, axis2=2) - 1.0) / 2.0, -1.0, 1.0)
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    skew = np.stack([rotations[:, i, j] - rotations[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], axis=1)
    factor = np.where(sine > _NO_TURN, angle / (2.0 * np.where(sine > _NO_TURN, sine, 1.0)), 0.5)
    return np.asarray(np.degrees(skew * factor[:, None]))


def within_half_turn(angle_deg: Float) -> Float:
    """(...) the same turns, -180 to 180 degrees."""
    return np.asarray((angle_deg + 180.0) % 360.0 - 180.0)


def _polar(matrix: list[list[float]]) -> tuple[float, ...] | None:
    """The rotation of one matrix, row by row; None where it mirrors, or nearly does.

    Each step takes the mean of the matrix and its inverse transposed (Newton's method; Higham 1986, SIAM J. Sci. Stat.
    Comput. 7:1160), both scaled to the determinant 1. In plain numbers, for a single frame: a decomposition by LAPACK
    costs six times as much there, since none of its code is in the cache.
    """
    (a, b, c), (d, e, f), (g, h, i) = matrix
    for _ in range(_MOST_STEPS):
        # the cofactors are the inverse, transposed, times the determinant
        p, q, r = e * i - f * h, f * g - d * i, d * h - e * g
        s, t, u = c * h - b * i, a * i - c * g, b * g - a * h
        v, w, x = b * f - c * e, c * d - a * f, a * e - b * d
        determinant = a * p + b * q + c * r
        squares = a * a + b * b + c * c + d * d + e * e + f * f + g * g + h * h + i * i
        if not determinant > _FLAT * squares**1.5:
            return None
        unit = determinant ** (-1.0 / 3.0)
        own, other = 0.5 * unit, 0.5 / (unit * determinant)
        a, b, c = own * a + other * p, own * b + other * q, own * c + other * r
        d, e, f = own * d + other * s, own * e + other * t, own * f + other * u
        g, h, i = own * g + other * v, own * h + other * w, own * i + other * x
        if squares * unit * unit < _NEARLY:
            return a, b, c, d, e, f, g, h, i
    return None
