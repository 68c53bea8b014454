"""Pictures without times, as a folder of them: each is judged by itself, and nothing is told of their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from posture_cv.assess.blocks import Assessed, Outcome
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.ticks import PICTURE_S
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingInfo

NOTE: Final = (
    f"The pictures have no times: each is judged by itself and counts as {PICTURE_S:g} s. Alerts, "
    "episodes and whatever else depends on time are not told"
)


def of_pictures(info: RecordingInfo) -> bool:
    """Whether a landmark recording is of pictures without times."""
    return bool(info.source.get("unrelated"))


def require_times(source: str, *, unrelated: bool) -> None:
    """Raise InputError for pictures without times, where everything hangs on when they were taken."""
    if unrelated:
        raise InputError(
            f"This needs a recording, and these are pictures without times: {source}",
            "Nothing says when they were taken.",
            "Give a video or its landmarks, or judge the pictures with posture-cv replay.",
        )


def one_by_one(settings: AssessSettings) -> AssessSettings:
    """Settings by which no picture tells anything of the next."""
    return replace(
        settings,
        smoothing=replace(settings.smoothing, window_s=0.0),
        ticks=replace(settings.ticks, hold_max_s=PICTURE_S),
    )


def without_order(block: Assessed) -> Assessed:
    """With each picture's own posture: looking down becomes text neck by its duration only."""
    return replace(block, state=block.states.state)


def nothing_told(outcome: Outcome) -> Outcome:
    """No alert and no episode: both last."""
    return replace(outcome, effects=(), records=(), episodes=())
