"""Who was in the fit is told by the truth of the frames, and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from posture_cv.coefficients import coefficients_without, load_coefficients, person_fitted_on
from posture_cv.coefficients.people import COLUMNS, belongs, fingerprints, left_out, person_in_fit, stamp
from posture_cv.evaluate.dataset import Making, Source, read_dataset
from posture_cv.evaluate.in_fit import Fitted, fitted_people
from shared_material import shared_path


def truth(seed: int, frames: int = 6) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=frames) for name in COLUMNS}


def test_a_frame_is_known_again_wherever_it_is_copied_to() -> None:
    ann, bob = fingerprints(truth(1)), fingerprints(truth(2))
    arrays = stamp(np.concatenate([ann, bob]), np.repeat(["ann", "bob"], 6))
    assert person_in_fit(arrays, ann[4:]) == "ann"
    assert person_in_fit(arrays, bob[:1]) == "bob"
    assert person_in_fit(arrays, fingerprints(truth(3))) is None
    assert person_in_fit({}, ann) is None


def test_an_empty_chair_is_nobody_in_particular() -> None:
    empty = {name: np.full(3, np.nan) for name in COLUMNS}
    arrays = stamp(fingerprints(empty), np.repeat(["nobody"], 3))
    assert person_in_fit(arrays, fingerprints(empty)) is None


def test_a_fit_without_a_person_takes_the_place_of_the_whole_fit() -> None:
    whole = {"a": np.zeros(2), "b": np.ones(2), "without.ann.a": np.full(2, 7.0)}
    found = left_out(whole, "ann")
    assert set(found) == {"a", "b"}
    assert found["a"].tolist() == [7.0, 7.0]


def test_the_oblique_fit_can_leave_each_of_its_people_out() -> None:
    for person in ("p1", "p3"):
        without = coefficients_without("oblique", person)
        assert without is not None
        mine, all_of_it = (c["oblique"].groups["contour"][0] for c in (without, load_coefficients()))
        assert 0 < len(all_of_it.points) - len(mine.points) < 40
    assert coefficients_without("oblique", "somebody else") is None


@pytest.mark.parametrize("person", ["p1", "p2", "p3", "p4"])
def test_the_front_fit_can_leave_each_further_person_out(person: str) -> None:
    without, whole = coefficients_without("front", person), load_coefficients()
    assert without is not None
    for variant, stage in whole["front"].then.items():
        mine, all_of_it = (s.kernels.even_points.shape[1] for s in (without["front"].then[variant], stage))
        assert 20 < all_of_it - mine < 250
    assert without["side"] is whole["side"]
    assert coefficients_without("front", "t01") is None


@pytest.mark.parametrize("person", ["p1", "p2", "p3", "p4"])
def test_the_side_fit_can_leave_each_further_person_out(person: str) -> None:
    without, whole = coefficients_without("side", person), load_coefficients()
    assert without is not None
    for mine, all_of_it in zip(
        without["side"].groups["contour"], whole["side"].groups["contour"], strict=True
    ):
        assert 10 < len(all_of_it.points) - len(mine.points) < 40
        assert len(mine.alpha) == len(mine.points) == len(mine.half)
    assert coefficients_without("side", "t01") is None


def test_a_fit_without_somebody_is_read_only_where_it_is_asked_for() -> None:
    assert belongs("full.head.alpha", None)
    assert not belongs("without.p1.full.head.alpha", None)
    assert not belongs("without.p1.full.head.alpha", "p2")
    assert belongs("without.p1.full.head.alpha", "p1")


def test_every_view_that_was_fitted_on_people_says_on_whom() -> None:
    for view in ("front", "side", "oblique"):
        assert person_fitted_on(view, fingerprints(truth(4))) is None


def test_the_key_people_are_judged_by_fits_without_them() -> None:
    public = shared_path("ground-truth/public")
    found = fitted_people(read_dataset(public, Making(Source.NPZ)))
    seen, whole = found.seen, load_coefficients()
    for view, person in seen:
        assert found.coefficients_for(person)[view] is not whole[view], "in every view at once"
    people = {(view, person) for view in ("front", "side") for person in ("p1", "p2", "p3", "p4")}
    assert seen == dict.fromkeys(people | {("oblique", "p1"), ("oblique", "p3")}, True)


def test_a_clip_under_the_name_of_another_view_is_known_all_the_same() -> None:
    """It is measured in the view that it shows, by the fit of that view, which has seen the person."""
    data = read_dataset(shared_path("ground-truth/public"), Making(Source.NPZ))
    clips = tuple(replace(clip, view="side") for clip in data.clips if clip.name == "p1/f1")
    view = data.truth.view.copy()
    view[clips[0].rows] = "side"
    view[np.isin(np.arange(len(view)), clips[0].rows, invert=True)] = "oblique"
    found = fitted_people(replace(data, truth=replace(data.truth, view=view), clips=clips))
    assert found.seen == {("side", "p1"): True}
    assert found.coefficients_for("p1")["front"] is not load_coefficients()["front"]
    assert found.coefficients_for("p1")["side"] is load_coefficients()["side"]


@pytest.fixture(scope="module")
def of_the_training_set() -> Fitted:
    return fitted_people(read_dataset(shared_path("ground-truth/train"), Making(Source.NPZ)))


@pytest.mark.parametrize("view", ["front", "side"])
def test_the_training_set_is_in_sample(view: str, of_the_training_set: Fitted) -> None:
    seen = [without for (where, _), without in of_the_training_set.seen.items() if where == view]
    assert len(seen) >= 36
    assert not any(seen)
