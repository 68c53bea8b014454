"""A mirror-symmetric Gaussian process and the choice of its hyperparameters.

Maximum a posteriori of the marginal likelihood (Rasmussen & Williams 2006, ch. 5) with a term for what is
peculiar to a person; then five common factors by leaving one person out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import Float, Mask

Float32 = NDArray[np.float32]
ITERATIONS: Final = 40
ROUNDS: Final = 2


@dataclass(slots=True)
class Process:
    """A Gaussian process with block weights; `theta` = log (a of each block, r of each block, s, noise, person)."""

    points: dict[str, Float]
    even: tuple[str, ...]
    odd: tuple[str, ...]
    is_odd: bool
    subject: NDArray[np.str_]
    theta: Float
    parts: tuple[list[Float32 | None], list[Float32], list[Float32]]
    same_person: Float32
    trust: Float

    @classmethod
    def of(
        cls,
        points: dict[str, Float],
        even: tuple[str, ...],
        odd: tuple[str, ...],
        subject: NDArray[np.str_],
        *,
        is_odd: bool,
    ) -> Process:
        linear: list[Float32 | None] = []
        direct: list[Float32] = []
        mirrored: list[Float32] = []
        for name in (*even, *odd):
            x, odd_block = points[name], name in odd
            inner = (x @ x.T).astype(np.float32)
            squares = (x**2).sum(axis=1).astype(np.float32)
            both = squares[:, None] + squares[None]
            linear.append(inner if odd_block == is_odd else None)
            direct.append(both - 2 * inner)
            mirrored.append(both + 2 * inner if odd_block else direct[-1])
        blocks = len(even) + len(odd)
        start = [np.full(blocks, np.log(0.3)), np.full(blocks, np.log(0.4)), np.log([0.7, 0.35, 0.1])]
        same = (subject[:, None] == subject[None]).astype(np.float32)
        return cls(
            points,
            even,
            odd,
            is_odd,
            subject,
            np.concatenate(start),
            (linear, direct, mirrored),
            same,
            np.ones(len(subject)),
        )

    @property
    def blocks(self) -> int:
        return len(self.even) + len(self.odd)

    def kernel(self, theta: Float, weight: Float32 | None = None) -> tuple[Float32, Float]:
        """Prior covariance and, for a weight matrix W, the gradient of sum(W * K) by theta."""
        e = np.exp(theta).astype(np.float32)
        a, r, s = e[: self.blocks], e[self.blocks : 2 * self.blocks], e[-3]
        linear, direct, mirrored = self.parts
        sign = np.float32(-1.0 if self.is_odd else 1.0)
        k1 = np.exp(sum(-0.5 * r[i] ** 2 * direct[i] for i in range(self.blocks))) * (0.5 * s**2)
        k2 = np.exp(sum(-0.5 * r[i] ** 2 * mirrored[i] for i in range(self.blocks))) * (0.5 * s**2 * sign)
        total = k1 + k2
        for i, inner in enumerate(linear):
            if inner is not None:
                total += a[i] ** 2 * inner
        gradient = np.zeros(len(theta))
        if weight is not None:
            w1, w2 = weight * k1, weight * k2
            for i in range(self.blocks):
                inner = linear[i]
                if inner is not None:
                    gradient[i] = 2 * a[i] ** 2 * np.vdot(weight, inner)
                gradient[self.blocks + i] = -(r[i] ** 2) * (np.vdot(w1, direct[i]) + np.vdot(w2, mirrored[i]))
            gradient[-3] = 2 * (w1.sum() + w2.sum())
        return total, gradient

    def covariance(self, theta: Float) -> tuple[Float, Float32]:
        """Covariance of the observations, and the prior's."""
        free, prior = self.noiseless(theta)
        return with_noise(free, theta, self.trust), prior

    def noiseless(self, theta: Float) -> tuple[Float, Float32]:
        """Covariance without the frames' own noise, and the prior's."""
        prior, _ = self.kernel(theta)
        return (prior * (1 + np.float32(np.exp(theta[-1])) * self.same_person)).astype(np.float64), prior

    def objective(self, theta: Float, start: Float, y: Float) -> tuple[float, Float]:
        """Negative log posterior of theta and its gradient."""
        full, prior = self.covariance(theta)
        noise, person = np.exp(theta[-2]), np.exp(theta[-1])
        inverse = np.linalg.inv(full)
        alpha = inverse @ y
        value = 0.5 * float((y * alpha).sum()) + 0.5 * y.shape[1] * float(np.linalg.slogdet(full)[1])
        weight = (0.5 * (y.shape[1] * inverse - alpha @ alpha.T)).astype(np.float32)
        _, gradient = self.kernel(theta, weight * (1 + np.float32(person) * self.same_person))
        gradient[-2] = 2 * noise**2 * float((np.diag(weight) / self.trust).sum())
        gradient[-1] = person * float(np.vdot(weight, prior * self.same_person))
        return value + 0.5 * float(((theta - start) ** 2).sum()), gradient + theta - start

    def fit_theta(self, y: Float, iterations: int = ITERATIONS) -> None:
        """Maximise the posterior by Rprop (Riedmiller & Braun 1993)."""
        start, theta = self.theta.copy(), self.theta.copy()
        step, before = np.full(len(theta), 0.1), np.zeros(len(theta))
        for _ in range(iterations):
            _, gradient = self.objective(theta, start, y)
            agree = np.sign(gradient * before)
            step = np.clip(step * np.where(agree > 0, 1.3, np.where(agree < 0, 0.5, 1.0)), 1e-3, 0.5)
            gradient = np.where(agree < 0, 0.0, gradient)
            theta = theta - np.sign(gradient) * step
            theta[-2] = max(theta[-2], np.log(0.15))
            before = gradient
        self.theta = theta

    def left_out(self, theta: Float, y: Float) -> Float:
        """Each frame predicted without its own person."""
        return left_out(self.covariance(theta)[0], self.subject, y)

    def weigh(self, y: Float, prior: Float) -> Float:
        """Take trust from frames that others cannot predict (`weighed`); the answers on persons left out.

        These answers are somewhat too good: the trust in the others' frames was decided with the person at hand.

        Args:
            y: (N, T) standardised.
            prior: (N,) trust before.
        """
        self.trust = weighed(self.noiseless(self.theta)[0], self.theta, prior, self.subject, y)
        return self.left_out(self.theta, y)

    def tune(self, y: Float, judged: Mask) -> None:
        """Common factors of r, a, s, noise and the person's share that err least on persons left out."""

        def loss(theta: Float) -> float:
            return error_size((self.left_out(theta, y) - y)[judged])

        self.theta = tuned(self.theta, common_factors(self.blocks), loss)


def common_factors(blocks: int) -> tuple[tuple[slice, float], ...]:
    """Person's share, noise, r, s and a of all blocks in `Process.theta`, and the first step of each, logarithmic."""
    n, end = blocks, 2 * blocks + 3
    return (
        (slice(end - 1, end), 1.2),
        (slice(end - 2, end - 1), 0.5),
        (slice(n, 2 * n), 0.35),
        (slice(end - 3, end - 2), 0.4),
        (slice(0, n), 0.5),
    )


def tuned(theta: Float, parts: Sequence[tuple[slice, float]], loss: Callable[[Float], float]) -> Float:
    """`theta` with the parts, in turn, moved to where least is lost: twice, then by half the first step."""
    best = loss(theta)
    for share in (1.0, 0.5):
        for part, step in parts:
            theta, best = _walked(theta, part, step * share, best, loss)
    return theta


def _walked(
    theta: Float, part: slice, step: float, best: float, loss: Callable[[Float], float]
) -> tuple[Float, float]:
    for signed in (step, -step):
        for _ in range(8):
            trial = theta.copy()
            trial[part] += signed
            value = loss(trial)
            if value >= best - 1e-4:
                break
            theta, best = trial, value
    return theta, best


def error_size(error: Float) -> float:
    """What hyperparameters are chosen by: mean of absolute and root mean square error, (N, T) standardised."""
    return float((np.abs(error).mean(axis=0) + np.sqrt((error**2).mean(axis=0))).mean())


def with_noise(free: Float, theta: Float, trust: Float) -> Float:
    """Covariance of the observations: `free` and each frame's own noise, `theta` as in `Process`."""
    full = free.copy()
    full[np.diag_indices(len(full))] += np.exp(2.0 * theta[-2]) / trust
    return full


def left_out(full: Float, subject: NDArray[np.str_], y: Float) -> Float:
    """Each frame predicted without its own person, in closed form (Rasmussen & Williams 2006, 5.4.2)."""
    inverse = np.linalg.inv(full)
    alpha = inverse @ y
    out = np.empty_like(y)
    for who in np.unique(subject):
        i = np.flatnonzero(subject == who)
        out[i] = y[i] - np.linalg.solve(inverse[np.ix_(i, i)], alpha[i])
    return out


def weighed(free: Float, theta: Float, prior: Float, subject: NDArray[np.str_], y: Float) -> Float:
    """(N,) trust: less in frames that others cannot predict (Cauchy at 2 robust sd).

    Args:
        free: (N, N) covariance without the frames' own noise.
        theta: as in `Process`.
        prior: (N,) trust before.
        subject: (N,) person.
        y: (N, T) standardised.
    """
    return trusting(prior, y, lambda trust: left_out(with_noise(free, theta, trust), subject, y))


def trusting(prior: Float, y: Float, left_out_with: Callable[[Float], Float]) -> Float:
    """(N,) the same, where `left_out_with` predicts (N, T) each frame without its person, given the trust (N,)."""
    trust = prior
    for _ in range(ROUNDS):
        error = np.sqrt(((left_out_with(trust) - y) ** 2).mean(axis=1))
        robust = 1.48 * float(np.median(error))
        trust = prior / (1.0 + (error / (2.0 * robust)) ** 2)
    return trust
