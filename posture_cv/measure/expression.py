"""What a face does besides turning: speech, laughter, yawns, and what that does to the mesh as a whole.

They move a part of the mesh, and a fit of all of it takes that for a nod: on rendered people a smile reads as a head
pitched down by 4 degrees and held 0.8 cm farther back, a laugh as 6 degrees. What moves in the head's own frame says
what the face does, and with it goes what that does to the mesh, both learned from pairs of pictures that differ in the
face alone (`tools/fitting/expression.py`). So the mesh is read as if it had the expression of the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from posture_cv.measure.types import Float


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """Movements of the face, J of them.

    Attributes:
        read: (468, 3, J) from the change of the points in the head's own frame, cm, to the strength of each movement.
        moves: (J, 468, 3) what each does to the mesh in the frame of the head at rest, cm.
        most: (J,) the largest strengths that are believed; a mesh beyond shows something else.
    """

    read: Float
    moves: Float
    most: Float

    @classmethod
    def none(cls) -> Self:
        """As if no face ever did anything."""
        return cls(np.zeros((468, 3, 0)), np.zeros((0, 468, 3)), np.zeros(0))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """From `read` (1404, J), `moves` (J, 1404) and `most` (J,) of `expression.npz`."""
        read, moves, most = (np.asarray(arrays[name], np.float64) for name in ("read", "moves", "most"))
        return cls(read.reshape(468, 3, -1), moves.reshape(-1, 468, 3), most)


@dataclass(frozen=True, slots=True, eq=False)
class Movements:
    """An `Expression` before one baseline, in terms of weighted sums over the mesh.

    Attributes:
        weights: (468, 3J) of the sums that tell the strengths, the three axes of a movement in a row.
        rest: (J,) the strengths of the baseline's own face, times the picture's scale.
        cm: centimetres a pixel.
        most: (J,) see `Expression`.
        does: (J, 3S) what a strength of 1 does to S other sums, pixels in the head's own frame, axis by axis.
    """

    weights: Float
    rest: Float
    cm: float
    most: Float
    does: Float

    @classmethod
    def of(cls, expression: Expression, mesh: Float, cm: float, sums: Float) -> Self:
        """Before a baseline's mesh (468, 3) in pixels, with `cm` a pixel; `sums` (468, S) are the others' weights."""
        # without their mean, so that the place of the mesh does not matter
        free = expression.read - expression.read.mean(axis=0)
        rest = np.einsum("paj,pa->j", free, mesh) * cm
        does = np.einsum("jpa,ps->jas", expression.moves, sums) / cm
        count = len(expression.most)
        return cls(
            free.transpose(0, 2, 1).reshape(len(mesh), 3 * count),
            rest,
            cm,
            expression.most,
            does.reshape(count, 3 * sums.shape[1]),
        )

    def taken_off(self, sums: Float, told: Float, rotation: Float, scale: Float) -> Float:
        """Sums of N faces as they would be with the baseline's expression.

        Args:
            sums: (N, 3, S).
            told: (N, 3, 3J) those of `weights`.
            rotation, scale: (N, 3, 3) and (N,) of the meshes against the baseline's.
        """
        n, count = len(sums), len(self.most)
        # the trace of rotation times sums, movement by movement: how far each went in the head's own frame
        along = (told.reshape(n, 3, count, 3) * rotation[:, :, None, :]).sum(axis=(1, 3))
        strength = along * (self.cm / scale)[:, None] - self.rest
        strength = np.minimum(np.maximum(strength, -self.most), self.most)
        done = (strength @ self.does).reshape(n, 3, -1)
        return np.asarray(sums - (rotation * scale[:, None, None]) @ done)
