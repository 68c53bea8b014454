"""One protocol for whatever turns a frame into landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks


class Mode(StrEnum):
    """How frames relate: VIDEO tracks from frame to frame, IMAGE takes each on its own."""

    VIDEO = "video"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Look:
    """How the picture is shown: turned about its middle (counter-clockwise) and shrunk."""

    turn_deg: float = 0.0
    scale: float = 1.0


FIRST: Final = Look()
LOOKS: Final = (FIRST, Look(5.0, 0.95), Look(-5.0, 0.95), Look(2.5, 0.97), Look(-2.5, 0.97))
"""The most that can be asked for, in the order in which they are taken. Ours."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model made the landmarks: short name, SHA-256, and whether it is the bundled one."""

    name: str
    sha256: str
    bundled: bool


@dataclass(frozen=True, slots=True)
class EstimatorInfo:
    """What a recording notes about its making."""

    engine: str
    mode: Mode
    pose: ModelInfo
    face: ModelInfo | None
    contour: bool


@dataclass(frozen=True, slots=True)
class EstimatorOptions:
    """How to make an estimator.

    Attributes:
        pose_model, face_model: the user's own `.task` files; None: the bundled ones.
        mode: VIDEO for streams, IMAGE for unrelated pictures.
        face: run the face model.
        contour: read the person's mask.
        looks: how often a picture is looked at, 1 to 5 (`LOOKS`); more than once in IMAGE mode only, where no
            time averages.

    Raises:
        ValueError: another number of looks, or several in VIDEO mode.
    """

    pose_model: Path | None = None
    face_model: Path | None = None
    mode: Mode = Mode.VIDEO
    face: bool = True
    contour: bool = True
    looks: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.looks <= (len(LOOKS) if self.mode is Mode.IMAGE else 1):
            raise ValueError(f"{self.looks} looks in {self.mode} mode")


class LandmarkEstimator(Protocol):
    """Frame in, landmarks of one frame out; a context manager that is closed explicitly.

    `estimate` raises `RuntimeError` after `close`; frames must come in the order of their time.
    """

    @property
    def info(self) -> EstimatorInfo:
        """What a recording notes about the making of its landmarks."""

    def estimate(self, frame: Frame) -> Landmarks:
        """Landmarks of one frame."""

    def close(self) -> None:
        """Release the models; a second call does nothing."""

    def __enter__(self) -> Self:
        """Return the estimator itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
