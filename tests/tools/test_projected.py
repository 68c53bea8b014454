"""A process that many teach and few answer: exact where all answer, and left out is as never taught."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.tool import TOOLS

pytest.importorskip("scipy")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")

Float = NDArray[np.float64]
EVEN, ODD = ("gap", "scale"), ("turn",)
THETA = np.log([0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.2, 0.1])


@pytest.fixture
def fitting(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(TOOLS))
    return {name: importlib.import_module(f"fitting.{name}") for name in ("process", "projected")}


class Taught:
    """Forty frames of five people, and what they teach."""

    def __init__(self, *, is_odd: bool) -> None:
        rng = np.random.default_rng(3)
        self.points = {"gap": rng.normal(size=(40, 2)), "scale": rng.normal(size=(40, 1))}
        self.points["turn"] = rng.normal(size=(40, 2))
        self.subject = np.repeat(np.array(["a", "b", "c", "d", "e"]), 8)
        self.trust = rng.uniform(0.3, 1.0, 40)
        self.y = rng.normal(size=(40, 2))
        self.is_odd = is_odd

    def columns(self, projected: ModuleType, keep: slice | NDArray[np.bool_] = slice(None)) -> Any:  # noqa: ANN401
        points = {name: block[keep] for name, block in self.points.items()}
        return projected.MirrorColumns.of(points, EVEN, ODD, is_odd=self.is_odd)

    def fit(self, projected: ModuleType, chosen: NDArray[np.intp]) -> Any:  # noqa: ANN401
        prior = projected.Prior.of(self.columns(projected), chosen, self.subject, THETA)
        return projected.Projected.of(prior, THETA)


@pytest.mark.parametrize("is_odd", [False, True])
def test_with_every_frame_chosen_it_is_the_exact_process(
    fitting: dict[str, ModuleType], *, is_odd: bool
) -> None:
    taught = Taught(is_odd=is_odd)
    exact = fitting["process"].Process.of(taught.points, EVEN, ODD, taught.subject, is_odd=is_odd)
    exact.theta, exact.trust = THETA, taught.trust
    kernel = taught.columns(fitting["projected"]).kernel(THETA, taught.columns(fitting["projected"]))
    mine = taught.fit(fitting["projected"], np.arange(40)).solve(taught.trust, taught.y)
    alpha = np.linalg.solve(exact.covariance(THETA)[0], taught.y)
    assert kernel @ mine == pytest.approx(kernel @ alpha, abs=5e-3)


@pytest.mark.parametrize("is_odd", [False, True])
def test_leaving_people_out_is_a_fit_without_them(fitting: dict[str, ModuleType], *, is_odd: bool) -> None:
    taught, projected = Taught(is_odd=is_odd), fitting["projected"]
    chosen = np.arange(0, 40, 3)
    left_out = taught.fit(projected, chosen).left_out(taught.trust, taught.y)
    for person in "abcde":
        rest = taught.subject != person
        prior = projected.Prior.of(taught.columns(projected), chosen, taught.subject, THETA)
        part = projected.Projected.of(prior.among(rest, np.ones(len(chosen), bool)), THETA)
        weights = part.solve(taught.trust[rest], taught.y[rest])
        answers = taught.columns(projected, ~rest).kernel(THETA, taught.columns(projected)[chosen]) @ weights
        assert left_out[~rest] == pytest.approx(answers, abs=2e-3)


def test_what_is_settled_stays_taught(fitting: dict[str, ModuleType]) -> None:
    taught = Taught(is_odd=False)
    whole = taught.fit(fitting["projected"], np.arange(0, 40, 3))
    some = np.isin(taught.subject, ["a", "b"])
    part = whole.settled(some, taught.trust, taught.y)
    assert part.solve(taught.trust[some], taught.y[some]) == pytest.approx(
        whole.solve(taught.trust, taught.y), abs=1e-3
    )


@pytest.mark.parametrize("is_odd", [False, True])
def test_a_mirrored_frame_is_answered_the_other_way_round(
    fitting: dict[str, ModuleType], *, is_odd: bool
) -> None:
    taught, projected = Taught(is_odd=is_odd), fitting["projected"]
    weights = taught.fit(projected, np.arange(0, 40, 3)).solve(taught.trust, taught.y)
    chosen = taught.columns(projected)[np.arange(0, 40, 3)]
    straight = taught.columns(projected).kernel(THETA, chosen) @ weights
    taught.points["turn"] = -taught.points["turn"]
    mirrored = taught.columns(projected).kernel(THETA, chosen) @ weights
    assert mirrored == pytest.approx(-straight if is_odd else straight, abs=1e-4)


def test_a_frame_that_nobody_can_predict_is_trusted_less(fitting: dict[str, ModuleType]) -> None:
    taught = Taught(is_odd=False)
    taught.y = np.column_stack([taught.points["gap"][:, 0], taught.points["scale"][:, 0]])
    taught.y[7] += 6.0
    trust = taught.fit(fitting["projected"], np.arange(0, 40, 2)).weighed(np.ones(40), taught.y)
    assert np.argmin(trust) == 7
    assert trust[7] < 0.2 * np.median(trust)
