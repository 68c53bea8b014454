"""The tables of what side and oblique view read: frames and shipped arrays hold just these blocks, as wide as said."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import numpy as np
import pytest

from outline_person import baseline_of, oblique, profile
from posture_cv.measure import oblique_features, side_columns
from posture_cv.measure.block_model import CONTOUR, LANDMARKS
from posture_cv.measure.oblique_features import seen_at_an_angle
from posture_cv.measure.side import side_blocks
from posture_cv.measure.types import Float, View


def _widths(blocks: Mapping[str, Float], frames: int) -> dict[str, int]:
    assert {len(block) for block in blocks.values()} == {frames}
    return {name: block.shape[1] for name, block in blocks.items()}


def test_a_profile_is_told_in_the_blocks_of_the_table() -> None:
    blocks, motion, marks = side_blocks(profile(3), baseline_of(profile(), View.SIDE))
    assert motion is not None
    assert _widths(blocks, 3) == side_columns.WIDTHS
    assert _widths(marks, 3) == side_columns.LANDMARK_WIDTHS


def test_what_tells_of_the_baseline_is_the_same_for_every_frame() -> None:
    moved = profile(1, head_cm=4.0, back_cm=2.0)
    base = baseline_of(profile(), View.SIDE)
    still, forward = (side_blocks(lm, base)[0] for lm in (profile(), moved))
    same = {name for name in still if np.array_equal(still[name], forward[name])}
    assert same == set(side_columns.OF_BASELINE)


def test_an_oblique_view_is_told_in_the_blocks_of_the_table() -> None:
    seen = seen_at_an_angle(oblique(3), baseline_of(oblique(), View.OBLIQUE))
    assert _widths(seen.blocks(), 3) == oblique_features.WIDTHS


@pytest.mark.parametrize(
    ("view", "widths"), [("side", side_columns.WIDTHS), ("oblique", oblique_features.WIDTHS)]
)
def test_the_shipped_arrays_read_blocks_of_the_table(view: str, widths: Mapping[str, int]) -> None:
    with np.load(str(resources.files("posture_cv.coefficients") / f"{view}.npz")) as arrays:
        for key in (f"{variant}{part}" for variant in (CONTOUR, LANDMARKS) for part in ("", ".network")):
            if f"{key}.blocks" in arrays:
                names = arrays[f"{key}.blocks"].tolist()
                assert len(arrays[f"{key}.centre"]) == sum(widths[name] for name in names), key
        assert set(arrays[f"{CONTOUR}.network.blocks"].tolist()) == set(widths)
