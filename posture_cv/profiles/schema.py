"""The profile file, as a strict schema: nothing missing, nothing unknown, nothing out of range."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from posture_cv.landmarks.names import FACE_COUNT, LEFT_SHOULDER, NOSE, POSE_COUNT, RIGHT_SHOULDER
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS
from posture_cv.measure.types import QUANTITIES

# Landmarks of joints outside the picture are guesses that reach some picture widths beyond it.
Place = Annotated[float, Field(ge=-8.0, le=8.0)]
LogRatio = Annotated[float, Field(ge=-6.0, le=6.0)]
"""Of two brightnesses of 0 to 255, which are kept from being 0."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Metres = Annotated[float, Field(ge=-4.0, le=4.0)]
Edge = Annotated[float, Field(ge=-0.01, le=1.01)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Positive = Annotated[float, Field(ge=0.0, le=1e6)]
# None: an import did not hold it. MediaPipe gives every number.
PlaceOrNone: TypeAlias = Place | None
ShareOrNone: TypeAlias = Share | None
MetresOrNone: TypeAlias = Metres | None
PosePoint = tuple[
    PlaceOrNone, PlaceOrNone, PlaceOrNone, ShareOrNone, ShareOrNone, MetresOrNone, MetresOrNone, MetresOrNone
]
FacePoint = tuple[Place, Place, Place]
EdgePair = tuple[Edge | None, Edge | None]


def _known_quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"{name!r} is no quantity; quantities: {', '.join(QUANTITIES)}")
    return name


QuantityName = Annotated[str, AfterValidator(_known_quantity)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class SourceSchema(_Strict):
    """Origin of the calibration pictures."""

    kind: Literal["webcam", "video", "images", "stream", "landmarks"]
    name: Name


class ModelSchema(_Strict):
    """A model."""

    name: Name
    sha256: Sha256


class ModelsSchema(_Strict):
    """All models."""

    engine: Name
    pose: ModelSchema
    face: ModelSchema | None


class QualitySchema(_Strict):
    """The verdict."""

    grade: Literal["accept", "warn", "refuse"]
    reasons: Annotated[list[Sentence], Field(max_length=50)]
    frames_given: Annotated[int, Field(ge=1)]
    frames_used: Annotated[int, Field(ge=1)]
    duration_s: Positive
    figures: dict[Name, Annotated[float, Field(ge=-1e6, le=1e6)]]
    baseline_error: dict[QuantityName, Positive]
    expected_error: dict[QuantityName, Positive]


class SetupSchema(_Strict):
    """One result of the ergonomic check."""

    check: Annotated[str, Field(max_length=200)]  # "" for a plain observation
    text: Sentence


def _distinct_shoulders(pose: list[PosePoint]) -> list[PosePoint]:
    for number, (x, y, *_) in enumerate(pose):
        if (x is None) != (y is None):
            raise ValueError(
                f"baseline.pose[{number}][{int(y is None)}] is missing beside the other coordinate"
            )
    places = [(x, y) for x, y, *_ in (pose[i] for i in (NOSE, LEFT_SHOULDER, RIGHT_SHOULDER))]
    known = [(x, y) for x, y in places if x is not None and y is not None]
    if len(known) < len(places):
        raise ValueError("nose and shoulders are needed")
    nose, left, right = known
    span = max(abs(left[0] - right[0]), abs((left[1] + right[1]) / 2 - nose[1]))
    if span < 0.02:
        raise ValueError("nose and shoulders lie in one place, which no person's do")
    return pose


def _left_of_right(rows: list[EdgePair]) -> list[EdgePair]:
    """A row may have one edge only, where the picture's border cut the person off before the camera was moved."""
    for number, (left, right) in enumerate(rows):
        if left is not None and right is not None and left > right:
            raise ValueError(f"row {number} has its left edge right of its right edge")
    return rows


class BaselineSchema(_Strict):
    """Median landmarks; the units are those of `Landmarks`."""

    frame_count: Annotated[int, Field(ge=1)]
    spread: dict[QuantityName, Positive]
    pose: Annotated[
        list[PosePoint],
        Field(min_length=POSE_COUNT, max_length=POSE_COUNT),
        AfterValidator(_distinct_shoulders),
    ]
    face: Annotated[list[FacePoint], Field(min_length=FACE_COUNT, max_length=FACE_COUNT)] | None
    rows: Annotated[
        list[EdgePair],
        Field(min_length=CONTOUR_ROWS, max_length=CONTOUR_ROWS),
        AfterValidator(_left_of_right),
    ]
    cols: Annotated[list[Edge | None], Field(min_length=CONTOUR_COLS, max_length=CONTOUR_COLS)]
    outline_unsure: Share | None = None  # profiles made before it was told lack it
    dress: Annotated[list[LogRatio | None], Field(min_length=6, max_length=6)] | None = None  # likewise


class ProfileSchema(_Strict):
    """The whole file."""

    format_version: Literal[1]
    name: Name
    created: AwareDatetime
    program: Name
    view: Literal["front", "side", "oblique"]
    source: SourceSchema
    size_px: tuple[Annotated[int, Field(ge=16, le=32768)], Annotated[int, Field(ge=16, le=32768)]]
    models: ModelsSchema
    quality: QualitySchema
    setup: Annotated[list[SetupSchema], Field(max_length=50)]
    baseline: BaselineSchema
