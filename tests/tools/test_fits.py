"""The fits from end to end, on a few people: what they write is read, and answers."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from posture_cv.measure.block_model import block_model
from posture_cv.measure.expression import Expression
from posture_cv.measure.front import measure_front
from posture_cv.measure.front_arrays import front_model
from posture_cv.measure.oblique import measure_oblique
from posture_cv.measure.side import measure_side
from posture_cv.measure.types import Estimate, View
from shared_material import shared_path
from tools.tool import TOOLS, Load, output_of

pytest.importorskip("sklearn")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name: importlib.import_module(f"fitting.{name}")


def people_of(load: Load, split: str, view: View, *people: str) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Landmarks and rows of some people, or of all, in one view."""
    material = load("material")
    lm, truth = material.read_truth(shared_path("ground-truth", split))
    keep = truth["view"] == view.label
    if people:
        keep &= np.isin(truth["subject"], people)
    return lm[keep], {name: column[keep] for name, column in truth.items()}


def mean_error(load: Load, split: Any, view: View, measured: Callable[[Any], Estimate]) -> float:  # noqa: ANN401
    """Of the change of craniovertebral angle, degrees."""
    errors = [
        np.abs(measured(clip).value - clip.changes["cva_change_deg"])[~clip.calibration]
        for clip in load("material").clips_of(*split, view)
    ]
    return float(np.nanmean(np.concatenate(errors)))


def unmoved(clip: Any) -> Estimate:  # noqa: ANN401
    """As if nothing ever changed."""
    n = len(clip.lm)
    return Estimate.of(np.zeros(n), 1.0, np.zeros(n, np.int8))


def test_the_front_view(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load("network")
    monkeypatch.setattr(network, "MIRRORED", network.Lesson((16, 8), 3, 0.1, 0.3))
    rows = people_of(load, "train", View.FRONT)
    names = np.unique(rows[1]["subject"])
    few = people_of(load, "train", View.FRONT, *names[:9])
    known = people_of(load, "train", View.FRONT, names[30])
    shipped = dict(np.load(TOOLS.parent / "posture_cv" / "coefficients" / "front.npz"))
    arrays, lines = load("front").fit_front(*few, [known], (), shipped)
    assert {"full.cva_change_deg", "also full.cva_change_deg", "pose.sink_cm"} <= set(lines)
    whole = front_model({k: v for k, v in arrays.items() if not k.startswith("without.")})
    others = people_of(load, "train", View.FRONT, *names[20:24])
    error_deg = mean_error(
        load,
        others,
        View.FRONT,
        lambda clip: measure_front(clip.lm, clip.baseline, {"front": whole})["cva_change_deg"],
    )
    still_deg = mean_error(load, others, View.FRONT, unmoved)
    assert error_deg < 0.7 * still_deg
    assert all(np.ptp(arrays[f"{v}.reach"]) > 0.0 for v in ("full", "landmarks", "faceless", "pose"))
    assert any(key.startswith(f"without.{names[30]}.full.head") for key in arrays)


def test_what_faces_do(load: Load) -> None:
    """Chins that drop, in half of the frames of a few people: what that does to the others' heads is taken off."""
    expression = load("expression")
    names = np.unique(people_of(load, "train", View.FRONT)[1]["subject"])
    lm, rows = people_of(load, "train", View.FRONT, *names[:8])
    calm = rows["segment"] == "calibration"
    twice = np.concatenate([[k] if still else [k, k] for k, still in enumerate(calm)])
    again = np.concatenate([[False] if still else [False, True] for still in calm])
    both, rows = lm[twice], {name: column[twice] for name, column in rows.items()}
    rows["segment"] = np.where(again, np.char.add(rows["segment"].astype(str), "_face_0"), rows["segment"])
    face = both.face.copy()
    high = np.ptp(face[:, :, 1], axis=1)
    chin = face[:, :, 1] > (face[:, :, 1].min(axis=1) + 0.8 * high)[:, None]
    drop = np.where(
        chin & again[:, None], np.random.default_rng(1).uniform(0.0, 0.15, len(face))[:, None], 0.0
    )
    face[:, :, 1] += (drop * high[:, None]).astype(np.float32)
    makers = [(replace(both, face=face), rows)]
    neutral = people_of(load, "train", View.FRONT, *names[8:20])
    arrays, lines = expression.fit_expression(*neutral, (), makers)
    before, after = (float(x) for x in re.findall(r"\d+\.\d+", lines["head_pitch_deg"]))
    assert before > 1.0
    assert after < 0.5 * before
    used = Expression.from_arrays(arrays)
    assert used.read.shape == (468, 3, 2 * expression.MOVEMENTS)
    assert (used.most > 0.0).all()


def test_the_side_view(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    side = load("side")
    one_group = ((side.FITTED, ("gap", "thead", "neck", "back", "marks")),)
    monkeypatch.setattr(side, "GROUPS", {**side.GROUPS, side.CONTOUR: one_group})
    names = np.unique(people_of(load, "train", View.SIDE)[1]["subject"])
    arrays, lines = side.fit_side(*people_of(load, "train", View.SIDE, *names[:6]))
    assert {f"{side.CONTOUR} cva_change_deg", f"{side.LANDMARKS} sink_cm"} <= set(lines)
    model, others = block_model(arrays), people_of(load, "train", View.SIDE, *names[20:24])
    error_deg = mean_error(
        load,
        others,
        View.SIDE,
        lambda clip: measure_side(clip.lm, clip.baseline, {"side": model})["cva_change_deg"],
    )
    assert error_deg < 0.5 * mean_error(load, others, View.SIDE, unmoved)


def test_few_points_are_fitted_as_they_are_shipped(load: Load) -> None:
    train = load("material").read_truth(shared_path("ground-truth", "train"))
    arrays, lines = load("partial").fit_partial(*train)
    shipped = dict(np.load(TOOLS.parent / "posture_cv" / "coefficients" / "partial.npz"))
    assert set(arrays) == {key for key in shipped if not key.startswith("fitted.")}
    for key, values in arrays.items():
        # weights that the fit has made nothing are some 1e-7, which is rounding
        np.testing.assert_allclose(values, shipped[key], rtol=1e-6, atol=1e-6, err_msg=key)
    assert any(line.endswith("not shipped") for line in lines.values())


def test_the_oblique_view(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    oblique, network = load("oblique"), load("network")
    monkeypatch.setattr(oblique, "ANSWERING", 1)
    monkeypatch.setattr(network, "PLAIN", network.Lesson((8, 4), 3, 0.1))
    monkeypatch.setattr(
        oblique,
        "GROUPS",
        {
            oblique.CONTOUR: ((oblique.FITTED, ("head0", "head1", "azimuth")),),
            oblique.LANDMARKS: ((oblique.FITTED, ("head0", "head1", "azimuth")),),
        },
    )
    public, measured = shared_path("ground-truth", "public"), tmp_path / "measured.npz"
    output_of("measure_pictures.py", public, measured, "--view", "oblique", place=tmp_path)
    lm, truth = load("material").read_measured(public, measured)

    def people(*names: str, called: str = "") -> tuple[Any, dict[str, NDArray[Any]]]:
        keep = np.isin(truth["subject"], names)
        rows = {name: column[keep] for name, column in truth.items()}
        return lm[keep], {**rows, "subject": np.char.add(called, rows["subject"].astype(str))}

    one, other = people("p1"), people("p3")
    bulk = [people("p1", called="r"), people("p3", called="r")]
    with pytest.raises(ValueError, match="1 rendered people are too few: more than 1"):
        oblique.fit_oblique(*one, (), bulk[:1])
    arrays, lines = oblique.fit_oblique(*one, (), bulk)
    assert f"also {oblique.CONTOUR} cva_change_deg" in lines
    model = block_model(arrays)
    error_deg = mean_error(
        load,
        other,
        View.OBLIQUE,
        lambda clip: measure_oblique(clip.lm, clip.baseline, {"oblique": model})["cva_change_deg"],
    )
    assert error_deg < 0.7 * mean_error(load, other, View.OBLIQUE, unmoved)
    assert any(key.startswith("without.p1.contour.0.") for key in arrays)


def test_rendered_bodies_are_likened_to_those_of_the_training_people(load: Load) -> None:
    oblique, block_fit, material = load("oblique"), load("block_fit"), load("material")
    shared = people_of(load, "train", View.FRONT)
    rng = np.random.default_rng(4)
    truth = {name: rng.normal(size=300) for name in oblique.FITTED}
    truth["cva_change_deg"] = -3.0 * truth["head_forward_cm"] + rng.normal(size=300)
    known = np.arange(300) < 20
    nothing = {"head": np.zeros((300, 1))}
    frames = block_fit.Material(
        nothing, np.zeros((300, 2)), np.full(300, "x"), truth, known, np.zeros(300, bool), ~known
    )
    out = oblique.likened(frames, *shared).truth
    assert (out["cva_change_deg"][known] == truth["cva_change_deg"][known]).all(), "the known are as they are"

    def weights(changes: dict[str, NDArray[Any]]) -> NDArray[Any]:
        others = np.stack([changes[name] for name in oblique._GOES_WITH], axis=1)
        return np.asarray(np.linalg.lstsq(others, changes["cva_change_deg"], rcond=None)[0])

    clips = list(material.clips_of(*shared, View.FRONT))
    true = {q: np.concatenate([c.changes[q][~c.calibration] for c in clips]) for q in oblique.FITTED}
    assert weights({name: column[~known] for name, column in out.items()}) == pytest.approx(weights(true))


def test_each_mesh_point_is_the_other_side_of_its_other_side(load: Load) -> None:
    """Among points so close together that the nearest to the mirrored place may be a neighbour."""
    rng = np.random.default_rng(2)
    left = rng.normal(size=(220, 3)) * (3.0, 4.0, 2.0) + (4.0, 0.0, 0.0)
    middle = rng.normal(size=(28, 3)) * (0.01, 4.0, 2.0)
    mesh = np.concatenate([left, left * (-1.0, 1.0, 1.0), middle]) + rng.normal(size=(468, 3)) * 0.05
    mesh[[33, 263], 2] = 0.0  # it faces the camera
    mirror = load("front").mesh_mirror(mesh[None])
    assert (mirror[mirror] == np.arange(468)).all()
    assert (mirror[:220] == np.arange(220, 440)).mean() > 0.95
