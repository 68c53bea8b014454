"""What `summary.json` and `alerts.jsonl` must be like where somebody reads them; both may be of anybody's making.

A checksum shows that results were changed, but who writes a summary can leave the checksums out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_MOST: Final = 1e12
"""A number beyond it is none that a recording has; seconds of 30,000 years."""
Form = Callable[
    [Any], str
]  # "" where the value is right, else where and what is expected, such as ".t_s: a number"


def fault_of_summary(plain: object) -> str:
    """The first thing in a summary that nobody could read, in words; empty where there is none."""
    return _SUMMARY(plain).lstrip(".: ")


def fault_of_alert(plain: object) -> str:
    """The same of one alert."""
    return _ALERT(plain).lstrip(".: ")


def _kind(words: str, is_right: Callable[[Any], bool]) -> Form:
    return lambda plain: "" if is_right(plain) else f": expected {words}"


def _is_number(plain: object) -> bool:
    return isinstance(plain, (int, float)) and abs(plain) <= _MOST  # which NaN is not


def _or_null(form: Form) -> Form:
    return lambda plain: "" if plain is None else form(plain)


def _first(faults: Iterator[str]) -> str:
    return next(filter(None, faults), "")


def _object(needed: Mapping[str, Form] | None = None, **others: Form) -> Form:
    """An object: what it must have, and what others of its keys are where they are there."""

    def fault(plain: Any) -> str:  # noqa: ANN401 - JSON
        if not isinstance(plain, dict):
            return ": expected an object"
        missing = next((name for name in needed or {} if name not in plain), None)
        if missing is not None:
            return f".{missing}: it is missing"
        forms = {**(needed or {}), **others}
        return _first(
            f".{k}{found}" if (found := form(plain[k])) else "" for k, form in forms.items() if k in plain
        )

    return fault


def _each(form: Form) -> Form:
    """An object of which all values are alike."""

    def fault(plain: Any) -> str:  # noqa: ANN401 - JSON
        if not isinstance(plain, dict):
            return ": expected an object"
        return _first(f".{k}{found}" if (found := form(value)) else "" for k, value in plain.items())

    return fault


def _list(form: Form) -> Form:
    def fault(plain: Any) -> str:  # noqa: ANN401 - JSON
        if not isinstance(plain, list):
            return ": expected a list"
        return _first(f"[{k}]{found}" if (found := form(value)) else "" for k, value in enumerate(plain))

    return fault


_NUMBER: Final = _kind("a number", _is_number)
_TEXT: Final = _kind("text", lambda plain: isinstance(plain, str))
_MAYBE: Final = _or_null(_NUMBER)
_NAME: Final = _or_null(_TEXT)
_STRETCH: Final = _kind(
    "null, or two numbers of which the second may be null",
    lambda plain: (
        plain is None
        or (
            isinstance(plain, list)
            and len(plain) == 2
            and _is_number(plain[0])
            and (plain[1] is None or _is_number(plain[1]))
        )
    ),
)
_SOURCE: Final = _object(
    name=_NAME, duration_s=_MAYBE, frame_rate_hz=_MAYBE, width_px=_MAYBE, height_px=_MAYBE, frame_count=_MAYBE
)
_MODEL: Final = _or_null(_object({"name": _TEXT}, sha256=_NAME))  # imported landmarks have no file of a model
_CAMERA: Final = _object(calibrated_s=_STRETCH, profile=_NAME)
_ALERT: Final = _object(
    {"t_s": _NUMBER, "cue": _TEXT, "level": _TEXT},
    lasted_s=_NUMBER,
    share=_MAYBE,
    window_s=_MAYBE,
    seen=_NAME,
)
_SUMMARY: Final = _object(
    {"baseline": _object(view=_NAME, calibrated_s=_STRETCH, profile=_NAME, front=_CAMERA, side=_CAMERA)},
    program=_NAME,
    source=_SOURCE,
    estimator=_object(engine=_NAME, pose=_MODEL, face=_MODEL),
    run=_or_null(_object(source_sha256=_NAME, files=_or_null(_object()))),
    pair=_or_null(
        _object(
            side_source=_SOURCE,
            side_sha256=_NAME,
            offset_s=_MAYBE,
            offset_drift_s=_MAYBE,
            quantities=_each(_object(preferred=_NAME)),
        )
    ),
    settings=_object(
        thresholds=_each(_NUMBER),
        smoothing=_each(_NUMBER),
        ticks=_each(_NUMBER),
        policy=_object(exit_hold_s=_NUMBER, share=_NUMBER),
    ),
    episodes=_list(
        _object(
            {"state": _TEXT, "start_s": _NUMBER, "end_s": _NUMBER, "peak_excess": _MAYBE, "reason": _NAME}
        )
    ),
    warnings=_list(_TEXT),
    recording=_NAME,
    participant=_NAME,
    condition=_NAME,
    start_s=_MAYBE,
    end_s=_MAYBE,
)
