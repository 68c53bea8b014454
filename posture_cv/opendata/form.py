"""What `summary.json` and `alerts.jsonl` must be like where somebody reads them; both may be of anybody's making.

A checksum shows that results were changed, but who writes a summary can leave the checksums out of it. Keys that
nobody reads may be anything.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from posture_cv.assess.settings import HIGHEST_SENSITIVITY, LOWEST_SENSITIVITY

# A number beyond it is none that a recording has: seconds of 30,000 years.
Number = Annotated[float, Field(ge=-1e12, le=1e12)]
# From a list of two; the second is open where the stretch has no end.
Stretch = Annotated[tuple[Number, Number | None], Field(strict=False)]
_OBJECT: Final = "it should be an object"
_WORDS: Final = {"missing": "it is missing", "model_type": _OBJECT, "dict_type": _OBJECT}


class _Form(BaseModel):
    """An object some of whose keys are read: no silent conversion."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class _Source(_Form):
    name: str | None = None
    duration_s: Number | None = None
    frame_rate_hz: Number | None = None
    width_px: Number | None = None
    height_px: Number | None = None
    frame_count: Number | None = None
    unrelated: bool | None = None


class _Model(_Form):
    name: str
    sha256: str | None = None  # imported landmarks have no file of a model


class _Estimator(_Form):
    engine: str | None = None
    pose: _Model | None = None
    face: _Model | None = None


class _Camera(_Form):
    calibrated_s: Stretch | None = None
    profile: str | None = None


class _Baseline(_Camera):
    view: str | None = None
    front: _Camera = _Camera()
    side: _Camera = _Camera()


class _Run(_Form):
    source_sha256: str | None = None
    files: dict[str, Any] | None = None


class _Origin(_Form):
    preferred: str | None = None


class _Pair(_Form):
    side_source: _Source = _Source()
    side_sha256: str | None = None
    side_estimator: _Estimator = _Estimator()
    offset_s: Number | None = None
    offset_drift_s: Number | None = None
    quantities: dict[str, _Origin] = {}


class _Policy(_Form):
    exit_hold_s: Number = 0.0
    share: Number = 0.0
    sensitivity: Annotated[float, Field(ge=LOWEST_SENSITIVITY, le=HIGHEST_SENSITIVITY)] = 1.0


class _Settings(_Form):
    thresholds: dict[str, Number] = {}
    smoothing: dict[str, Number] = {}
    ticks: dict[str, Number] = {}
    policy: _Policy = _Policy()


class _Episode(_Form):
    state: str
    start_s: Number
    end_s: Number
    peak_excess: Number | None
    reason: str | None


class _Summary(_Form):
    baseline: _Baseline
    schema_version: int = 1
    program: str | None = None
    source: _Source = _Source()
    estimator: _Estimator = _Estimator()
    run: _Run | None = None
    pair: _Pair | None = None
    settings: _Settings = _Settings()
    episodes: list[_Episode] = []
    warnings: list[str] = []
    recording: str | None = None
    participant: str | None = None
    condition: str | None = None
    start_s: Number | None = None
    end_s: Number | None = None


class _Alert(_Form):
    t_s: Number
    cue: str
    level: str
    lasted_s: Number = 0.0
    share: Number | None = None
    window_s: Number | None = None
    seen: str | None = None


def fault_of_summary(plain: object) -> str:
    """The first thing in a summary that nobody could read, in words; empty where there is none."""
    return _fault(_Summary, plain)


def fault_of_alert(plain: object) -> str:
    """The same of one alert."""
    return _fault(_Alert, plain)


def _fault(form: type[_Form], plain: object) -> str:
    try:
        form.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        words = _WORDS.get(first["type"], first["msg"][:1].lower() + first["msg"][1:])
        return f"{place.removeprefix('.')}: {words}" if place else words
    return ""
