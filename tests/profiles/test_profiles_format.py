from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture_cv.measure.baseline import Baseline
from posture_cv.profiles.format import profile_from_json, profile_to_json
from posture_cv.profiles.types import ProfileError
from profile_material import a_baseline, a_profile, baselines


def changed(place: str, value: object) -> str:
    """A good profile's text with one value changed; "..." takes it away."""
    plain: Any = json.loads(profile_to_json(a_profile()))
    *parents, last = [int(part) if part.isdecimal() else part for part in place.split(".")]
    inner = plain
    for part in parents:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(plain)


@settings(max_examples=20)
@given(baseline=baselines, reasons=st.lists(st.text(max_size=40), max_size=4).map(tuple))
def test_what_is_written_is_read_back_exactly(baseline: Baseline, reasons: tuple[str, ...]) -> None:
    profile = a_profile(baseline=baseline, reasons=reasons)
    again = profile_from_json(profile_to_json(profile), "desk.json", "desk")
    for field in fields(Baseline):
        np.testing.assert_array_equal(getattr(again.baseline, field.name), getattr(baseline, field.name))
    for field in fields(profile):
        if field.name != "baseline":
            assert getattr(again, field.name) == getattr(profile, field.name)
    assert profile_to_json(again) == profile_to_json(profile)


def test_unrounded_baselines_settle_after_one_writing() -> None:
    baseline = a_baseline()
    baseline.pose[:] += 1e-9
    once = profile_to_json(a_profile(baseline=baseline))
    assert profile_to_json(profile_from_json(once, "desk.json", "desk")) == once


def test_people_can_read_it() -> None:
    lines = profile_to_json(a_profile()).splitlines()
    assert lines[1:5] == [
        '  "format_version": 1,',
        '  "name": "desk",',
        '  "created": "2026-01-31T09:30:00+01:00",',
        '  "program": "posture-cv 0.1.0",',
    ]
    assert max(map(len, lines[:40])) < 100
    point = next(line for line in lines if line.startswith("      [0."))
    assert point.count(",") in {7, 8}, "a landmark stands on one line"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("name", ..., "name: missing"),
        ("baseline.rows", ..., "baseline.rows: missing"),
        ("models.pose.sha256", "xyz", "models.pose.sha256"),
        ("baseline.pose.3.1", 99.0, "baseline.pose[3][1]: input should be less than or equal to 8, found 99"),
        ("baseline.pose.3.3", -0.1, "baseline.pose[3][3]"),
        ("baseline.pose.3.1", None, "baseline.pose[3][1]"),
        ("baseline.pose.3.1", True, "baseline.pose[3][1]"),
        ("baseline.pose.3.1", "0.5", "baseline.pose[3][1]"),
        ("baseline.pose.3", [0.1, 0.2], "baseline.pose[3]"),
        ("baseline.pose.32", ..., "baseline.pose: "),
        ("baseline.face.467", ..., "baseline.face: "),
        ("baseline.face", None, "baseline.face: a front view needs"),
        ("baseline.face.5.0", 1e400, "Infinity is not a number"),
        ("baseline.face.5.0", float("nan"), "NaN is not a number"),
        ("baseline.cols.9", 1.5, "baseline.cols[9]"),
        ("baseline.rows.7", [0.9, 0.1], "row 7 has its left edge right of its right edge"),
        ("baseline.outline_unsure", 1.1, "baseline.outline_unsure"),
        ("baseline.outline_unsure", "0.1", "baseline.outline_unsure"),
        ("baseline.dress", [0.1] * 5, "baseline.dress"),
        ("baseline.dress", [0.1] * 5 + [7.0], "baseline.dress[5]"),
        ("baseline.frame_count", 0, "baseline.frame_count"),
        ("baseline.frame_count", 1.5, "baseline.frame_count"),
        ("baseline.spread.cva_change_deg", -1.0, "baseline.spread.cva_change_deg"),
        ("baseline.spread.nonsense_deg", 1.0, "'nonsense_deg' is no quantity"),
        ("size_px", [0, 480], "size_px[0]"),
        ("size_px", [640], "size_px"),
        ("view", "behind", "view"),
        ("created", "yesterday", "created"),
        ("created", "2026-01-31T09:30:00", "created"),
        ("quality.grade", "superb", "quality.grade"),
        ("source.kind", "dream", "source.kind"),
        ("setup", {}, "setup"),
        ("extra", 1, "extra: unknown key"),
        ("baseline.extra", 1, "baseline.extra: unknown key"),
        ("format_version", ..., "format_version: missing"),
    ],
)
def test_a_fault_is_named_with_file_place_and_remedy(place: str, value: object, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        profile_from_json(changed(place, value), "folder/desk.json", "desk")
    assert "folder/desk.json" in caught.value.title
    assert said in caught.value.detail
    assert "posture-cv calibrate --name desk" in caught.value.what_to_do
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("version", [0, 2, "1", None, True, [1]])
def test_another_version_says_which_and_what_to_do(version: object) -> None:
    with pytest.raises(ProfileError, match="format version") as caught:
        profile_from_json(changed("format_version", version), "desk.json", "desk")
    assert "reads version 1" in caught.value.detail


def test_all_faults_are_told_at_once() -> None:
    plain = json.loads(profile_to_json(a_profile()))
    plain["view"], plain["size_px"], plain["baseline"]["frame_count"] = "x", [1, 1], -1
    with pytest.raises(ProfileError) as caught:
        profile_from_json(json.dumps(plain), "desk.json", "desk")
    assert all(part in caught.value.detail for part in ("view:", "size_px[0]:", "baseline.frame_count:"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "posture",
        "[1, 2]",
        "null",
        '{"a": 1,}',
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        "{" + " " * 50,
        "1" * 10_000,
    ],
)
def test_text_that_is_no_profile(text: str) -> None:
    with pytest.raises(ProfileError):
        profile_from_json(text, "desk.json", "desk")


@settings(max_examples=20)
@given(cut=st.floats(0.0, 0.999))
def test_a_truncated_file_is_refused(cut: float) -> None:
    text = profile_to_json(a_profile()).rstrip()
    with pytest.raises(ProfileError):
        profile_from_json(text[: int(len(text) * cut)], "desk.json", "desk")


@settings(max_examples=30)
@given(data=st.data())
def test_a_changed_byte_never_passes_as_a_crash(data: st.DataObject) -> None:
    text = profile_to_json(a_profile())
    at = data.draw(st.integers(0, len(text) - 1))
    broken = text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :]
    try:
        profile = profile_from_json(broken, "desk.json", "desk")
    except ProfileError:
        return
    assert np.isfinite(profile.baseline.pose).all()


def test_nose_and_shoulders_within_a_fiftieth_of_the_picture_are_no_persons() -> None:
    baseline = a_baseline()
    for point, (x, y) in {0: (0.5, 0.49), 11: (0.509, 0.5), 12: (0.491, 0.5)}.items():
        baseline.pose[point, :2] = x, y
    with pytest.raises(ProfileError) as caught:
        profile_from_json(profile_to_json(a_profile(baseline=baseline)), "desk.json", "desk")
    assert "baseline.pose: nose and shoulders lie in one place" in caught.value.detail
