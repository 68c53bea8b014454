"""What a profile holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from posture_cv.errors import InputError
from posture_cv.measure.baseline import Baseline

FORMAT_VERSION: Final = 1


class ProfileError(InputError):
    """A profile is missing, damaged, of another version, or has an impossible name."""


@dataclass(frozen=True, slots=True)
class ProfileModel:
    """A model that made the landmarks: its short name and the SHA-256 of its file."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ProfileSource:
    """Where the calibration pictures came from: webcam, video, images, stream or landmarks, and its name."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ProfileQuality:
    """The verdict at calibration.

    Attributes:
        grade: accept or warn (a refused calibration makes no profile), or refuse where the user insisted.
        reasons: sentences.
        frames_given, frames_used: how many frames were offered and used.
        duration_s: how long the used frames lasted.
        figures: other figures behind the verdict, by name (0-1 or the unit in the name).
        baseline_error: standard error of the baseline by quantity, in the quantity's unit.
        expected_error: standard deviation of the error to expect of a single frame, likewise.
    """

    grade: Literal["accept", "warn", "refuse"]
    reasons: tuple[str, ...]
    frames_given: int
    frames_used: int
    duration_s: float
    figures: Mapping[str, float] = field(default_factory=dict)
    baseline_error: Mapping[str, float] = field(default_factory=dict)
    expected_error: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupNote:
    """One result of the ergonomic check at calibration: which check, and what it found, in a sentence."""

    check: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A baseline, whose, from where, and how good.

    Attributes:
        name: of the profile; the file is called NAME.json.
        created: when, ISO 8601 with its offset from UTC.
        program: name and version of the program that made it.
        baseline: what measurements are compared with. Its background is `UNMOVED`: a source that is opened
            anew has its own reference.
        source: of the calibration pictures.
        engine: what ran the models, with its version.
        pose_model, face_model: which models; None: no face model was used.
        quality: the verdict.
        setup: results of the ergonomic check.
    """

    name: str
    created: str
    program: str
    baseline: Baseline
    source: ProfileSource
    engine: str
    pose_model: ProfileModel
    face_model: ProfileModel | None
    quality: ProfileQuality
    setup: tuple[SetupNote, ...] = ()
