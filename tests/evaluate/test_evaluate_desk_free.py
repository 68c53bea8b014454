"""People varied freely: which of their frames stand for which kind, by the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posture_cv.coefficients import load_coefficients
from posture_cv.evaluate.dataset import Dataset, read_dataset
from posture_cv.evaluate.desk_free import free_segments, is_free
from posture_cv.evaluate.desk_people import people

MadeRow = Callable[..., dict[str, Any]]
# Segment and change of the truth -> the key segment it is like.
FREE: tuple[tuple[str, dict[str, float], str | None], ...] = (
    ("single_loss", {"cva_deg": 47.0}, "fhp_mild"),
    ("single_loss", {"cva_deg": 41.0}, "fhp_moderate"),
    ("single_loss", {"cva_deg": 33.0}, "fhp_severe"),
    ("single_loss", {"cva_deg": 50.0}, None),
    # 12 degrees lost, 10.4 of them to a leaning trunk
    ("single_loss", {"cva_deg": 40.0, "trunk_incl_deg": 12.0}, None),
    ("single_pitch", {"head_pitch_down_deg": 20.0}, "look_down_keyboard"),
    ("single_protract", {"protraction_delta_cm_L": 2.0, "protraction_delta_cm_R": 2.4}, "rounded_mild"),
    ("single_protract", {"protraction_delta_cm_L": 5.0, "protraction_delta_cm_R": 4.0}, "rounded_severe"),
    ("single_elevate", {"elevation_delta_cm_L": 3.0, "elevation_delta_cm_R": 3.0}, "shrug"),
    ("single_elevate", {"elevation_delta_cm_L": 3.0}, None),
    ("single_slump", {"trunk_incl_deg": 3.0, "cva_deg": 47.0}, "slump"),
    ("single_lean", {"trunk_incl_deg": 9.0}, "lean_in"),
    ("single_lean", {"trunk_incl_deg": -9.0}, "recline"),
    ("single_tz", {}, "chair_closer"),
    ("single_lateral", {}, "lateral_lean"),
    ("multi", {"cva_deg": 33.0}, None),
)


@pytest.fixture
def dataset(
    make_dataset: Callable[..., Path],
    one_truth_row: MadeRow,
    write_rows: Callable[[Path, list[dict[str, Any]]], None],
) -> Dataset:
    """The made-up person's frames under other names: eight for calibration, then what `FREE` says."""
    folder = make_dataset()
    with np.load(folder / "landmarks.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    rows = [one_truth_row(f"s1/{n:03d}.jpg", "calibration") for n in range(8)]
    rows += [
        one_truth_row(f"s1/{n:03d}.jpg", segment, **truth)
        for n, (segment, truth, _) in enumerate(FREE, start=8)
    ]
    place = np.arange(len(rows)) % 8
    arrays = {key: value[place] for key, value in arrays.items()}
    np.savez(folder / "landmarks.npz", **{**arrays, "name": np.array([row["file"] for row in rows])})
    write_rows(folder, rows)
    return read_dataset(folder)


def test_frames_are_sorted_by_what_truly_changed(dataset: Dataset) -> None:
    [clip] = dataset.clips
    assert is_free(dataset, clip)
    found = free_segments(dataset, clip)
    wanted = {name for _, _, name in FREE if name is not None}
    assert set(found) == {"calibration", *wanted}
    assert {name: len(lm) for name, lm in found.items()} == {"calibration": 8, **dict.fromkeys(wanted, 1)}
    row = clip.judged[[name for _, _, name in FREE].index("shrug")]
    assert np.array_equal(found["shrug"].t_s, dataset.landmarks[row : row + 1].t_s)


def test_a_key_person_is_not_free(make_dataset: Callable[..., Path]) -> None:
    dataset = read_dataset(make_dataset())
    assert not is_free(dataset, dataset.clips[0])


def test_a_free_person_has_the_kinds_that_a_day_needs(dataset: Dataset) -> None:
    coefficients = load_coefficients()
    [(person, used)] = people(dataset, lambda _: coefficients, "front")
    assert used is coefficients
    for kind in ("work", "forward_head", "reading", "slump", "shrug", "lateral_lean", "chair_closer"):
        assert len(person.frames[kind]) >= 1, kind
    assert len(person.frames["work"]) == 8
    assert list(people(dataset, lambda _: coefficients, "side")) == []
