"""A Gaussian process that answers from a few frames what it learned from many, and its choice of numbers.

The kernel's numbers come from the marginal likelihood of the clean frames (`process.Process`), then from persons
left out. The weights are those of the subset-of-regressors approximation (Rasmussen & Williams 2006, 8.3.1): every
frame teaches, the jittered ones with more noise, but only the clean ones remain in the shipped model. Frames that
disagree with the others' answer for them lose weight (Cauchy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fitting.process import Process

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
_RIDGE: Final = 1e-5  # of the clean frames' own covariance, for the solution's sake
_TRUST: Final = 2.0  # robust standard deviations at which a frame's weight has halved
_STEPS: Final = 6


@dataclass(slots=True)
class SparseProcess:
    """One kernel over T quantities.

    Attributes:
        points: block -> (n, d) projected features of every frame.
        subject: (n,) person.
        clean: (n,) whether the frame is a clean one (M of them).
        noise: (n,) variance of each frame's noise as a multiple of the clean ones'.
        y: (n, T) answers in standard deviations.
        theta: log (a of each block, r of each block, s, noise).
    """

    points: Mapping[str, Float]
    subject: NDArray[np.str_]
    clean: Mask
    noise: Float
    y: Float
    theta: Float

    @classmethod
    def of(
        cls,
        points: Mapping[str, Float],
        subject: NDArray[np.str_],
        clean: Mask,
        noise: Float,
        y: Float,
        likely: Mask | None = None,
    ) -> SparseProcess:
        """Start from the most likely numbers for some frames, or else the clean ones."""
        some = clean if likely is None else likely
        first = Process.of(
            {k: v[some] for k, v in points.items()}, tuple(points), (), subject[some], is_odd=False
        )
        first.fit_theta(y[some])
        return cls(points, subject, clean, noise, y, first.theta[:-1].copy())

    def fit(self) -> None:
        """Tune, weigh the frames by how well the others foretell them, tune again."""
        self.tune()
        self.weigh()
        self.tune()

    def weigh(self) -> None:
        """Take weight from frames that the others do not foretell."""
        wrong = np.abs(self.left_out(self.theta) - self.y).max(axis=1)
        self.noise = self.noise * (1.0 + (wrong / (_TRUST * 1.48 * np.median(wrong[self.clean]))) ** 2)

    def parts(self, theta: Float) -> tuple[Float, Float, Float, float]:
        """(d,) a and r of each column of all blocks side by side, s, noise."""
        e, n = np.exp(theta), len(self.points)
        width = [v.shape[1] for v in self.points.values()]
        return np.repeat(e[:n], width), np.repeat(e[n : 2 * n], width), float(e[2 * n]), float(e[-1])

    def kernel(self, theta: Float, x: Float, z: Float) -> Float:
        """(N, M) covariance of frames with all blocks side by side."""
        a, r, s, _ = self.parts(theta)
        xr, zr = x * r, z * r
        square = (xr**2).sum(axis=1)[:, None] + (zr**2).sum(axis=1)[None] - 2.0 * xr @ zr.T
        return np.asarray((x * a) @ (z * a).T + s**2 * np.exp(-0.5 * np.maximum(square, 0.0)))

    @property
    def columns(self) -> Float:
        """(n, d) all blocks side by side."""
        return np.hstack(list(self.points.values()))

    def _equations(self, theta: Float) -> tuple[Float, Float, Float]:
        """(n, M) covariance, the same times each frame's weight, (M, M) the clean frames' own."""
        x = self.columns
        k = self.kernel(theta, x, x[self.clean])
        weighted = k * (np.exp(-2.0 * theta[-1]) / self.noise)[:, None]
        return k, weighted, k[self.clean] + _RIDGE * np.eye(int(self.clean.sum()))

    def left_out(self, theta: Float, *, all_people: bool = True) -> Float:
        """(n, T) each frame's answer without its own person; or only those of people who have a clean frame."""
        k, weighted, own = self._equations(theta)
        matrix, right = own + weighted.T @ k, weighted.T @ self.y
        owner, out = self.subject[self.clean], np.empty_like(self.y)
        # of people without a clean frame: in closed form, which is faster
        lent = ~np.isin(self.subject, owner)
        if all_people and lent.any():
            told, half = np.linalg.solve(matrix, right), np.linalg.solve(matrix, k[lent].T)
            weight = np.exp(-2.0 * theta[-1]) / self.noise
            for who in np.unique(self.subject[lent]):
                frames = self.subject == who
                own = (k[frames] @ half[:, self.subject[lent] == who]) * weight[frames]
                out[frames] = np.linalg.solve(np.eye(len(own)) - own, k[frames] @ told - own @ self.y[frames])
        for who in np.unique(owner):
            frames, others = self.subject == who, owner != who
            part = (matrix - weighted[frames].T @ k[frames])[np.ix_(others, others)]
            answer = (right - weighted[frames].T @ self.y[frames])[others]
            out[frames] = k[np.ix_(frames, others)] @ np.linalg.solve(part, answer)
        return out

    def without(self, people: Sequence[str] | NDArray[np.str_], noise: Float) -> SparseProcess:
        """The same with some persons left out, and the others' frames weighed anew.

        Args:
            people: who is left out.
            noise: (n,) of the frames before they were weighed.
        """
        others = ~np.isin(self.subject, people)
        points = {name: block[others] for name, block in self.points.items()}
        parts = (self.subject, self.clean, noise, self.y)
        rest = SparseProcess(points, *(part[others] for part in parts), self.theta)
        rest.weigh()
        return rest

    def unseen(self, noise: Float, groups: Sequence[NDArray[np.str_]]) -> Float:
        """(M, T) answers to the clean frames of each group of persons, which then has no part in the others' weights.

        `left_out` is somewhat too good: whose frames weigh how much was decided with the person at hand.

        Args:
            noise: (n,) of the frames before they were weighed.
            groups: of persons; together all of them.
        """
        out, x = np.empty_like(self.y), self.columns
        for people in groups:
            mine, rest = np.isin(self.subject, people), self.without(people, noise)
            out[mine] = self.kernel(self.theta, x[mine], rest.columns[rest.clean]) @ rest.weights()
        return out[self.clean]

    def weights(self) -> Float:
        """(M, T) weights of the clean frames."""
        k, weighted, own = self._equations(self.theta)
        return np.asarray(np.linalg.solve(own + weighted.T @ k, weighted.T @ self.y))

    def loss(self, theta: Float) -> float:
        """Mean of absolute and root mean square error on clean frames of persons left out."""
        wrong = (self.left_out(theta, all_people=False) - self.y)[self.clean]
        return float((np.abs(wrong).mean(axis=0) + np.sqrt((wrong**2).mean(axis=0))).mean())

    def tune(self) -> None:
        """Common factors of noise, r, s and a that err least on persons left out."""
        n = len(self.points)
        parts = (slice(-1, None), slice(n, 2 * n), slice(2 * n, 2 * n + 1), slice(0, n))
        steps, best = [0.5, 0.35, 0.4, 0.5], self.loss(self.theta)
        for _ in range(2):
            for part, step in zip(parts, steps, strict=True):
                best = self._walk(part, step, best)
            steps = [step / 2.0 for step in steps]

    def _walk(self, part: slice, step: float, best: float) -> float:
        for signed in (step, -step):
            for _ in range(_STEPS):
                trial = self.theta.copy()
                trial[part] += signed
                value = self.loss(trial)
                if value >= best - 1e-4:
                    break
                self.theta, best = trial, value
        return best


def nearness_left_out(process: SparseProcess) -> Float:
    """(clean,) squared distance over two to the nearest clean frame of somebody else."""
    x = process.columns[process.clean] * process.parts(process.theta)[1]
    square = (x**2).sum(axis=1)[:, None] + (x**2).sum(axis=1)[None] - 2.0 * x @ x.T
    who = process.subject[process.clean]
    square[who[:, None] == who[None]] = np.inf
    return np.asarray(np.maximum(0.5 * square.min(axis=1), 0.0))


def chosen(points: Mapping[str, Float], names: Sequence[str]) -> dict[str, Float]:
    """Some of the blocks."""
    return {name: points[name] for name in names}
