"""A mirror-symmetric Gaussian process that answers from few frames what very many have taught it.

The partially independent approximation (Quiñonero-Candela & Rasmussen 2005, PITC): people hang together through M
chosen frames, each person's own frames are treated exactly. With every frame chosen it is the exact process. Needs
scipy, which scikit-learn brings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from fitting.material import Float, Mask
from fitting.process import Float32, trusting

JITTER: Final = 1e-4  # of the chosen frames' prior variance, for the solution's sake


@dataclass(frozen=True, slots=True, eq=False)
class MirrorColumns:
    """Even and odd columns of N frames, block by block side by side.

    Attributes:
        even: (N, De); odd: (N, Do).
        widths: of each even and each odd block.
        is_odd: whether the quantities turn round under a mirrored picture.
    """

    even: Float32
    odd: Float32
    widths: tuple[tuple[int, ...], tuple[int, ...]]
    is_odd: bool

    @classmethod
    def of(
        cls, points: Mapping[str, Float], even: Sequence[str], odd: Sequence[str], *, is_odd: bool
    ) -> Self:
        """From the blocks (N, d) by name."""
        parts = [np.hstack([points[b] for b in names]).astype(np.float32) for names in (even, odd)]
        widths = [tuple(points[b].shape[1] for b in names) for names in (even, odd)]
        return cls(parts[0], parts[1], (widths[0], widths[1]), is_odd)

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        return replace(self, even=self.even[chosen], odd=self.odd[chosen])

    def __len__(self) -> int:
        return len(self.even)

    def kernel(self, theta: Float, other: MirrorColumns) -> Float32:
        """(N, M) prior covariance with other frames; `theta` as in `process.Process`."""
        e = np.exp(theta)
        n = [len(w) for w in self.widths]
        a, r, s = e[: sum(n)], e[sum(n) : 2 * sum(n)], e[-3]
        a_even, a_odd = np.repeat(a[: n[0]], self.widths[0]), np.repeat(a[n[0] :], self.widths[1])
        r_even, r_odd = np.repeat(r[: n[0]], self.widths[0]), np.repeat(r[n[0] :], self.widths[1])
        xe, ze, xo, zo = (
            (part * w).astype(np.float32)
            for part, w in ((self.even, r_even), (other.even, r_even), (self.odd, r_odd), (other.odd, r_odd))
        )
        own, others = (0.5 * ((p**2).sum(axis=1) + (q**2).sum(axis=1)) for p, q in ((xe, xo), (ze, zo)))
        base = xe @ ze.T
        base -= own[:, None]
        base -= others
        across = xo @ zo.T
        same = np.exp(np.minimum(base + across, 0.0))
        base -= across
        mirrored = np.exp(np.minimum(base, 0.0, out=base), out=base)
        same += -mirrored if self.is_odd else mirrored
        same *= np.float32(0.5 * s * s)
        x, z, w = (self.odd, other.odd, a_odd) if self.is_odd else (self.even, other.even, a_even)
        same += ((x * w) @ (z * w).T).astype(np.float32)
        return same


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What the kernel says before anything is learned.

    Attributes:
        chosen: (M, M) covariance of the frames that answer.
        across: (M, N) of these and the frames that teach.
        people: (n,) places of a person's frames among the latter, and (n, n) their covariance; for everybody.
    """

    chosen: Float
    across: Float32
    people: tuple[tuple[NDArray[np.intp], Float], ...]

    @classmethod
    def of(
        cls, frames: MirrorColumns, chosen: NDArray[np.intp], subject: NDArray[np.str_], theta: Float
    ) -> Self:
        """From all frames that teach, the places of those that answer, and everybody's name (N,)."""
        some = frames[chosen]
        people = []
        for who in np.unique(subject):
            rows = np.flatnonzero(subject == who)
            people.append((rows, frames[rows].kernel(theta, frames[rows]).astype(np.float64)))
        across = some.kernel(theta, frames)
        return cls(across[:, chosen].astype(np.float64), across, tuple(people))

    def among(self, keep: Mask, answer: Mask) -> Prior:
        """Of some frames that teach (N,), all of a person's or none, and some that answer (M,)."""
        place = np.cumsum(keep) - 1
        people = tuple((place[rows], prior) for rows, prior in self.people if keep[rows[0]])
        return Prior(self.chosen[np.ix_(answer, answer)], self.across[np.ix_(answer, keep)], people)


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """One kernel over T quantities that N frames teach, and M frames answer.

    Attributes:
        noise: variance of a fully trusted frame's own noise.
        root: (M, M) lower root of the chosen frames' prior covariance.
        through: (M, N) covariance of chosen and teaching frames, divided by `root`.
        people: (n,) places of a person's frames and (n, n) their covariance that does not go through the chosen ones,
            without their own noise; for everybody who teaches.
        known: (M, M) and (M, T) what frames have taught already that are not among the N (`settled`).
    """

    noise: float
    root: Float
    through: Float32
    people: tuple[tuple[NDArray[np.intp], Float], ...]
    known: tuple[Float, Float] | None = None

    @classmethod
    def of(cls, prior: Prior, theta: Float) -> Self:
        """From the prior and log (a of each block, r of each block, s, noise, person's share), as in `Process`."""
        own = 0.5 * (prior.chosen + prior.chosen.T)
        own[np.diag_indices(len(own))] += JITTER * np.diag(own).mean()
        root = cholesky(own, lower=True)
        through = _divided(root, prior.across.copy())
        people = []
        for rows, covariance in prior.people:
            v = through[:, rows].astype(np.float64)
            people.append((rows, (1.0 + np.exp(theta[-1])) * covariance - v.T @ v))
        return cls(float(np.exp(2.0 * theta[-2])), root, through, tuple(people))

    def among(self, keep: Mask) -> Projected:
        """The same with some of the teaching frames, all of a person's or none."""
        place = np.cumsum(keep) - 1
        people = tuple((place[rows], part) for rows, part in self.people if keep[rows[0]])
        return replace(self, through=self.through[:, keep], people=people)

    def settled(self, keep: Mask, trust: Float, y: Float) -> Projected:
        """Only the frames `keep`; the others have taught what they can, with the trust (N,) that they have now."""
        rest = self.among(~keep)
        weighted = rest.weighted(trust[~keep])
        known = (weighted @ rest.through.T).astype(np.float64), weighted.astype(np.float64) @ y[~keep]
        return replace(self.among(keep), known=known)

    def weighted(self, trust: Float) -> Float32:
        """(M, N) `through` times the frames' weights."""
        out = np.empty_like(self.through)
        for (rows, _), weight in zip(self.people, self._weights(trust), strict=True):
            out[:, rows] = self.through[:, rows] @ weight.astype(np.float32)
        return out

    def _weights(self, trust: Float) -> list[Float]:
        return [np.linalg.inv(apart + np.diag(self.noise / trust[rows])) for rows, apart in self.people]

    def _equations(self, trust: Float, y: Float) -> tuple[Float, Float, Float32]:
        """(M, M) lower root of the system, its right side (M, T), and `weighted`."""
        weighted = self.weighted(trust)
        matrix, right = (weighted @ self.through.T).astype(np.float64), weighted.astype(np.float64) @ y
        if self.known is not None:
            matrix, right = matrix + self.known[0], right + self.known[1]
        matrix = 0.5 * (matrix + matrix.T)
        matrix[np.diag_indices(len(matrix))] += 1.0
        return cholesky(matrix, lower=True, overwrite_a=True), right, weighted

    def solve(self, trust: Float, y: Float) -> Float:
        """(M, T) weights of the chosen frames."""
        system, right, _ = self._equations(trust, y)
        inner = solve_triangular(system, solve_triangular(system, right, lower=True), trans=1, lower=True)
        return np.asarray(solve_triangular(self.root, inner, trans=1, lower=True))

    def left_out(self, trust: Float, y: Float) -> Float:
        """(N, T) each frame predicted without its own person, in closed form."""
        system, right, weighted = self._equations(trust, y)
        half, told = _divided(system, weighted), solve_triangular(system, right, lower=True)
        out = np.empty_like(y)
        for (rows, _), weight in zip(self.people, self._weights(trust), strict=True):
            h = half[:, rows].astype(np.float64)
            out[rows] = y[rows] - np.linalg.solve(weight - h.T @ h, weight @ y[rows] - h.T @ told)
        return out

    def weighed(self, prior: Float, y: Float) -> Float:
        """(N,) trust: less in frames that others cannot predict (`process.trusting`); `prior` (N,) before."""
        return trusting(prior, y, lambda trust: self.left_out(trust, y))


def _divided(root: Float, x: Float32) -> Float32:
    """(M, N) x divided by a lower root (M, M), in single precision: most of the time goes here."""
    return np.asarray(solve_triangular(root.astype(np.float32), x, lower=True, overwrite_b=True))
