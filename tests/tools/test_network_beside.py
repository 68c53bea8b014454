"""The network beside processes on blocks learns what it is shown, and has the share that helps."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

from posture_cv.measure.block_model import BlockProjection, NetworkBeside
from tools.tool import TOOLS

pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")


@pytest.fixture
def network_beside(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("fitting.network_beside")


def test_the_share_is_the_one_that_errs_least(network_beside: ModuleType) -> None:
    rng = np.random.default_rng(1)
    truth, one, other = rng.normal(size=(3, 4000))
    assert network_beside.best_share(truth + one, truth + other, truth) == pytest.approx(0.4, abs=0.11)
    assert network_beside.best_share(truth + 0.1 * one, truth + other, truth) == 0.0
    assert network_beside.best_share(truth + one, truth + 0.1 * other, truth) == max(network_beside.SHARES)


def test_of_shares_that_are_as_good_the_smallest_is_taken(network_beside: ModuleType) -> None:
    truth = np.random.default_rng(2).normal(size=500)
    assert network_beside.best_share(truth + 1.0, truth + 0.999, truth) == 0.0


def test_the_network_learns_what_it_is_shown_and_is_read_as_it_was_taught(network_beside: ModuleType) -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(3)
    blocks = {"gap": rng.normal(size=(1500, 2)), "low": 5.0 * rng.normal(size=(1500, 1))}

    def truth(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            "trunk_incl_deg": 8.0 * given["gap"][:, 0] + given["low"][:, 0],
            "sink_cm": np.abs(given["gap"][:, 1]),
        }

    projection = BlockProjection(("gap", "low"), np.zeros(3), np.diag([1.0, 1.0, 0.2]), np.ones(3))
    taught = network_beside.taught_beside(projection, blocks, truth(blocks))
    arrays = {f"contour.network.{key}": array for key, array in taught.items()}
    beside = NetworkBeside.from_arrays(arrays | {"contour.network.part": np.array([0.5, 0.3])}, "contour")
    assert beside is not None
    unseen = {"gap": rng.normal(size=(300, 2)), "low": 5.0 * rng.normal(size=(300, 1))}
    told = network_beside.told_by(beside, unseen)
    assert set(told) == {"trunk_incl_deg", "sink_cm"}
    for name, true in truth(unseen).items():
        answers, share = told[name]
        assert np.corrcoef(answers, true)[0, 1] > 0.95
        assert share in {0.5, 0.3}
    assert network_beside.told_by(None, unseen) == {}
