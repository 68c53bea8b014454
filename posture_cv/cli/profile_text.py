"""A profile in words, for `calibrate` and `profiles show`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from calibration.verdict import SEEN_FROM
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.desk import desk_lines, wrapped
from posture_cv.measure.types import QUANTITIES
from posture_cv.output.text import one_line, text_width
from posture_cv.profiles.types import Profile

WIDTH: Final = 96
_LEAST_WIDTH: Final = 40  # narrower, a word may not fit beside the lead
_LEAD: Final = " " * 13
_GRADES: Final = {
    "accept": "good",
    "warn": "usable, with reservations",
    "refuse": "too poor",
}
# What a person can make something of; the file holds all of them.
_TOLD: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "head_pitch_deg",
    "shoulder_elevation_cm",
    "protraction_cm",
)


def as_text(profile: Profile, path: Path) -> str:
    """The profile for people."""
    quality, baseline, columns = profile.quality, profile.baseline, max(text_width(WIDTH), _LEAST_WIDTH)
    width, height = baseline.size_px
    lines = [
        f"Profile {profile.name}: {path}",
        f"  made       {profile.created} by {profile.program}",
        f"  source     {profile.source.kind}, {profile.source.name} ({width}x{height})",
        f"  view       {SEEN_FROM.get(baseline.view, 'unknown')}",
        f"  frames     {quality.frames_used} of {quality.frames_given}, over {quality.duration_s:.1f} s",
        f"  quality    {_GRADES[quality.grade]}",
    ]
    for reason in quality.reasons:
        lines += wrapped(reason, f"{_LEAD}- ", columns)
    lines += list(_accuracy(profile, columns))
    lines += list(_desk(profile, columns))
    return "\n".join(map(one_line, lines))


def _accuracy(profile: Profile, columns: int) -> Iterator[str]:
    """The error to expect, and how much the quantities varied while the person sat still."""
    expected = profile.quality.expected_error
    told = [name for name in _TOLD if name in expected and name in profile.baseline.spread]
    if not told:
        return
    what = "expected error of a single look (standard deviation), and how still you sat"
    yield from wrapped(what, "  accuracy   ", columns)
    for name in told:
        unit = QUANTITIES[name].unit
        label = name.removesuffix(f"_{unit}").replace("_", " ")
        spread = profile.baseline.spread[name]
        yield f"{_LEAD}{label:20} +- {expected[name]:4.1f} {unit:4} varied by {spread:.1f} {unit}"


def _desk(profile: Profile, columns: int) -> Iterator[str]:
    """The ergonomic check, with advice and its source."""
    if profile.setup:
        yield "  your desk"
        yield from desk_lines(load_catalogue(), profile.setup, columns, indent=len(_LEAD))


def as_plain(profile: Profile, path: Path) -> dict[str, Any]:
    """The profile without its landmarks, as plain values."""
    from posture_cv.profiles.format import profile_to_json

    plain: dict[str, Any] = json.loads(profile_to_json(profile))
    baseline = plain.pop("baseline")
    kept = {key: baseline[key] for key in ("frame_count", "spread")}
    return {"path": str(path), **plain, "baseline": kept}


def as_json_text(profile: Profile, path: Path) -> str:
    """The same as JSON."""
    return json.dumps(as_plain(profile, path), indent=2, ensure_ascii=False)
