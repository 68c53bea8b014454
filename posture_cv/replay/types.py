"""What a replay is asked, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from posture_cv.assess.blocks import Outcome
from posture_cv.assess.recording import Assessment
from posture_cv.assess.settings import AssessSettings
from posture_cv.capture.types import CaptureOptions
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.measure.baseline import Baseline
from posture_cv.replay.parts import SEGMENT_S


@dataclass(frozen=True, slots=True)
class Labels:
    """What the user calls a recording.

    Attributes:
        recording: name of the result folder; None: the folder was chosen by the user.
        participant, condition: as in the manifest; None where not given.
    """

    recording: str | None = None
    participant: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay and how.

    Attributes:
        source: a video, a folder of pictures, a stream address, or a landmark recording.
        out: folder for the results; made if it is not there.
        baseline: of a profile; None when `calibrate_s` says where to find it in the source itself.
        baseline_name: of that profile, for the summary.
        calibrate_s: (start, end) in seconds of the source in which the person sits as they want to.
        estimator, capture, settings: see there. The face model runs only where the view asks for it.
        keep_landmarks: leave the landmark recording in `out`.
        video: also write an annotated video; `blur_faces` hides every face in it.
        remember: keep the measurements beside the landmark recording, for other settings later.
        labels: of the recording.
        segment_s: a longer recording is cut into parts of about so many seconds (`parts`); 0: never.
    """

    source: str
    out: Path
    baseline: Baseline | None = None
    baseline_name: str | None = None
    calibrate_s: tuple[float, float] | None = None
    estimator: EstimatorOptions = field(default_factory=EstimatorOptions)
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    settings: AssessSettings = field(default_factory=AssessSettings)
    keep_landmarks: bool = False
    video: bool = False
    blur_faces: bool = False
    remember: bool = False
    labels: Labels = field(default_factory=Labels)
    segment_s: float = SEGMENT_S


@dataclass(frozen=True, slots=True, eq=False)
class BaselineUsed:
    """The baseline of a run, and where it comes from, as plain values."""

    baseline: Baseline
    origin: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result is made of, so that it can be told whether it still holds.

    Attributes:
        run_key: of everything the tables depend on.
        landmarks_key: of everything the landmarks depend on.
        source_sha256: of the source's content; None for cameras and streams.
        of_landmarks: whether the source was a landmark recording, so that the checksum is of no video.
        landmarks_warnings: what went wrong when the landmarks were made; it goes with them where they are used again.
    """

    run_key: str = ""
    landmarks_key: str = ""
    source_sha256: str | None = None
    of_landmarks: bool = False
    landmarks_warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """Everything that came of one recording.

    Attributes:
        recording: header of the landmarks; `landmarks_path` where they lie (deleted unless kept).
        outcome: what the monitor would have said, and the episodes.
        frames: how many were judged; `frames_with_person` how many show somebody.
        warnings: what went wrong without ending the run.
        provenance: what it is made of.
        figures: further entries of `summary.json`.
        held: every frame, where that was asked for.
        side_baseline: of two cameras: the side camera's own; `baseline` is the front camera's then.
    """

    options: ReplayOptions
    recording: RecordingInfo
    landmarks_path: Path
    baseline: BaselineUsed
    outcome: Outcome
    frames: int
    frames_with_person: int
    warnings: tuple[str, ...]
    provenance: Provenance = field(default_factory=Provenance)
    figures: Mapping[str, Any] = field(default_factory=dict)
    held: Assessment | None = None
    side_baseline: Baseline | None = None

    @property
    def assessment(self) -> Assessment:
        """Every frame measured and named, and what the monitor would have said.

        Raises:
            ValueError: the frames were not held in memory.
        """
        if self.held is None:
            raise ValueError("the frames of this replay were not held: ask for it with hold=True")
        return self.held
