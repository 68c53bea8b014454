"""Profile <-> JSON text: written to be read by people, read strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from posture_cv.landmarks.names import FACE_COUNT
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Float, View
from posture_cv.profiles.plain import baseline_to_json
from posture_cv.profiles.types import (
    FORMAT_VERSION,
    Profile,
    ProfileError,
    ProfileModel,
    ProfileQuality,
    ProfileSource,
    SetupNote,
)

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from posture_cv.profiles.schema import BaselineSchema, ModelSchema, ProfileSchema

_MOST_FAULTS: Final = 6
_REMEDY: Final = "Restore the file, or make a new profile: posture-cv calibrate --name {name}"


def baseline_from_json(plain: BaselineSchema, view: View, size_px: tuple[int, int]) -> Baseline:
    """The baseline of a checked file."""
    face = np.full((FACE_COUNT, 3), np.nan) if plain.face is None else _array(plain.face)
    return Baseline(
        view=view,
        size_px=size_px,
        pose=_array(plain.pose),
        face=face,
        rows=_array(plain.rows),
        cols=_array(plain.cols),
        frame_count=plain.frame_count,
        spread=dict(plain.spread),
        outline_unsure=math.nan if plain.outline_unsure is None else plain.outline_unsure,
        dress=np.full(6, np.nan) if plain.dress is None else _array(plain.dress),
    )


def profile_to_json(profile: Profile) -> str:
    """The file's text: what people look for first, numbers one point a line."""
    quality, baseline = profile.quality, profile.baseline
    plain = {
        "format_version": FORMAT_VERSION,
        "name": profile.name,
        "created": profile.created,
        "program": profile.program,
        "view": baseline.view.label,
        "source": {"kind": profile.source.kind, "name": profile.source.name},
        "size_px": list(baseline.size_px),
        "models": {
            "engine": profile.engine,
            "pose": _model_to_json(profile.pose_model),
            "face": None if profile.face_model is None else _model_to_json(profile.face_model),
        },
        "quality": {
            "grade": quality.grade,
            "reasons": list(quality.reasons),
            "frames_given": quality.frames_given,
            "frames_used": quality.frames_used,
            "duration_s": round(quality.duration_s, 3),
            "figures": {name: round(value, 4) for name, value in quality.figures.items()},
            "baseline_error": {name: round(value, 4) for name, value in quality.baseline_error.items()},
            "expected_error": {name: round(value, 4) for name, value in quality.expected_error.items()},
        },
        "setup": [{"check": note.check, "text": note.text} for note in profile.setup],
        "baseline": baseline_to_json(baseline),
    }
    return _pretty(plain) + "\n"


def profile_from_json(text: str, where: str, name: str) -> Profile:
    """Read a profile's text.

    Args:
        text: the file's content.
        where: its path, for messages.
        name: of the profile; the file's name counts, so that a copy under another name is another profile.

    Raises:
        ProfileError: not JSON, another version, or faults, each named with its place in the file.
    """
    from pydantic import ValidationError

    from posture_cv.measure.collapsed import collapsed
    from posture_cv.profiles.schema import ProfileSchema

    plain = _parsed(text, where, name)
    _check_version(plain, where, name)
    try:
        checked = ProfileSchema.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise _faults(error, where, name) from None
    imported = checked.models.engine.startswith("imported:")
    if checked.view == "front" and checked.baseline.face is None and not imported:
        raise _damaged(where, "baseline.face: a front view needs the face mesh, found null", name)
    profile = _profile_of(checked, name)
    if what := collapsed(profile.baseline):
        raise _damaged(where, f"baseline: {what} lie in one place, which no person's do", name)
    return profile


def _profile_of(plain: ProfileSchema, name: str) -> Profile:
    quality = plain.quality
    return Profile(
        name=name,
        created=plain.created.isoformat(),
        program=plain.program,
        baseline=baseline_from_json(plain.baseline, View[plain.view.upper()], plain.size_px),
        source=ProfileSource(plain.source.kind, plain.source.name),
        engine=plain.models.engine,
        pose_model=_model_of(plain.models.pose),
        face_model=None if plain.models.face is None else _model_of(plain.models.face),
        quality=ProfileQuality(
            grade=quality.grade,
            reasons=tuple(quality.reasons),
            frames_given=quality.frames_given,
            frames_used=quality.frames_used,
            duration_s=quality.duration_s,
            figures=dict(quality.figures),
            baseline_error=dict(quality.baseline_error),
            expected_error=dict(quality.expected_error),
        ),
        setup=tuple(SetupNote(note.check, note.text) for note in plain.setup),
    )


def _model_to_json(model: ProfileModel) -> dict[str, str]:
    return {"name": model.name, "sha256": model.sha256}


def _model_of(plain: ModelSchema) -> ProfileModel:
    return ProfileModel(plain.name, plain.sha256)


def _array(values: Sequence[object]) -> Float:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _pretty(value: object, indent: int = 0) -> str:
    """JSON with two spaces of indentation, a list of plain values on one line."""
    inner, outer = " " * (indent + 2), " " * indent
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {_pretty(item, indent + 2)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(item, (list, dict, str)) for item in value):
        return "[\n" + ",\n".join(inner + _pretty(item, indent + 2) for item in value) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _parsed(text: str, where: str, name: str) -> dict[str, Any]:
    try:
        plain = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _damaged(where, f"It is no valid JSON: {reason}", name) from None
    if not isinstance(plain, dict):
        raise _damaged(where, f"It holds a {type(plain).__name__}, expected an object", name)
    return plain


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number that a profile may hold")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twins = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    if twins:
        raise ValueError(f"the key {twins[0]!r} stands there twice")
    return dict(pairs)


def _check_version(plain: dict[str, Any], where: str, name: str) -> None:
    version = plain.get("format_version")
    if version == FORMAT_VERSION and not isinstance(version, bool):
        return
    if "format_version" not in plain:
        raise _damaged(where, "format_version: missing; is it a profile at all?", name)
    raise ProfileError(
        f"The profile has format version {_shown(version)}: {where}",
        f"format_version: this program reads version {FORMAT_VERSION}.",
        f"Make a new profile (posture-cv calibrate --name {name}), or use the version that wrote this one.",
    )


def _faults(error: ValidationError, where: str, name: str) -> ProfileError:
    """All faults of the file, each with its place; many are cut short."""
    found = error.errors(include_url=False)
    lines = [_fault_line(fault) for fault in found[:_MOST_FAULTS]]
    if len(found) > _MOST_FAULTS:
        lines.append(f"and {len(found) - _MOST_FAULTS} more")
    return _damaged(where, "\n".join(lines), name)


def _fault_line(fault: ErrorDetails) -> str:
    place = ""
    for part in fault["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if fault["type"] == "missing":
        return f"{place}: missing"
    if fault["type"] == "extra_forbidden":
        return f"{place}: unknown key"
    found = fault["input"]
    told = "" if isinstance(found, (dict, list, tuple)) else f", found {_shown(found)}"
    return f"{place}: {message}{told}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _damaged(where: str, detail: str, name: str) -> ProfileError:
    return ProfileError(f"The profile cannot be used: {where}", detail, _REMEDY.format(name=name))
