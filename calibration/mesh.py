"""The person's own face mesh: many frames' meshes brought together, averaged robustly, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.rotation import rotation_and_scale, rotation_vectors_deg
from posture_cv.measure.types import Float

_PASSES: Final = 3
# A point that trembles less than this share of the face's size counts no more than this one does (ours).
_LEAST_TREMBLE: Final = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Similarities that carry a common shape onto each frame's mesh: `scale * shape @ rotation.T + shift`.

    Attributes:
        scale: (N,); rotation: (N, 3, 3) proper rotations; shift: (N, 3), in the meshes' unit.
    """

    scale: Float
    rotation: Float
    shift: Float

    def undone(self, meshes: Float) -> Float:
        """(N, P, 3) the meshes brought back into the shape's own frame."""
        centred = meshes - self.shift[:, None, :]
        return np.asarray(np.einsum("npi,nij->npj", centred, self.rotation) / self.scale[:, None, None])


def align(meshes: Float, shape: Float, weights: Float) -> Alignment:
    """Weighted least-squares similarities of `shape` onto each mesh (Umeyama 1991, IEEE PAMI 13:376).

    Args:
        meshes: (N, P, 3), no NaN; shape: (P, 3); weights: (P,) positive.
    """
    share = weights / weights.sum()
    shape_middle = share @ shape
    middles = np.einsum("p,npi->ni", share, meshes)
    source, target = shape - shape_middle, meshes - middles[:, None, :]
    rotation, stretch = rotation_and_scale(np.einsum("p,npi,pj->nij", share, target, source))
    scale = stretch / np.einsum("p,pi,pi->", share, source, source)
    shift = middles - scale[:, None] * np.einsum("nij,j->ni", rotation, shape_middle)
    return Alignment(scale, rotation, shift)


def mean_rotation(rotations: Float) -> Float:
    """(3, 3) the rotation nearest to the mean of (N, 3, 3) ones (chordal mean)."""
    return np.asarray(rotation_and_scale(rotations.mean(axis=0, keepdims=True))[0][0])


def own_mesh(meshes: Float) -> Float:
    """The mesh of one person: shape as the median over frames, at the median place, size and direction.

    Averaging the points as they stand would blur a head that moves by a few millimetres; so the meshes are
    aligned first. Points that tremble (lips, lids, jaw) weigh less in the next alignment.

    Args:
        meshes: (N, P, 3) in pixels, N >= 1, no NaN.

    Returns:
        (P, 3) in pixels.
    """
    shape = meshes[len(meshes) // 2]
    weights = np.ones(meshes.shape[1])
    fitted = align(meshes, shape, weights)
    for _ in range(_PASSES):
        back = fitted.undone(meshes)
        shape = np.median(back, axis=0)
        size = float(np.ptp(shape[:, 1])) or 1.0
        tremble = np.median(np.linalg.norm(back - shape, axis=2), axis=0) / size
        weights = 1.0 / (tremble**2 + _LEAST_TREMBLE**2)
        fitted = align(meshes, shape, weights)
    middle = shape.mean(axis=0)
    places = fitted.scale[:, None] * np.einsum("nij,j->ni", fitted.rotation, middle) + fitted.shift
    put_back = np.median(fitted.scale) * (shape - middle) @ mean_rotation(fitted.rotation).T
    return np.asarray(put_back + np.median(places, axis=0), np.float64)


def turns_deg(meshes: Float) -> Float:
    """(N, 3) how far each mesh is turned against the middle one, as a rotation vector in degrees (x, y, z).

    Args:
        meshes: (N, P, 3) in pixels; a mesh that holds NaN gives NaN.
    """
    found = ~np.isnan(meshes).any(axis=(1, 2))
    turned: NDArray[np.float64] = np.full((len(meshes), 3), np.nan)
    if found.any():
        seen = meshes[found]
        fitted = align(seen, seen[len(seen) // 2], np.ones(meshes.shape[1]))
        turned[found] = rotation_vectors_deg(fitted.rotation)
    return turned
