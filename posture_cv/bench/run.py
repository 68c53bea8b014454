"""Everything that `posture-cv bench` measures, in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from posture_cv.bench.document import SCHEMA_VERSION, hour_as_plain, machine
from posture_cv.bench.hour import Hour, fits, measure_hour
from posture_cv.bench.stages import Stages, measure_stages
from posture_cv.bench.startup import Started, first_verdict, start_help, start_status
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.profiles.store import read_profile

if TYPE_CHECKING:
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is measured: frames, starts of each kind, simulated minutes, seconds of the plain loop."""

    frames: int = 400
    starts: int = 15
    verdicts: int = 5
    minutes: float = 10.0
    plain_s: float = 20.0

    @classmethod
    def quick(cls) -> Self:
        """Enough to see that it works."""
        return cls(frames=30, starts=2, verdicts=1, minutes=0.2, plain_s=0.5)

    def with_(self, *, frames: int | None, minutes: float | None) -> Amounts:
        """What the user asks for in place of these."""
        return replace(
            self,
            frames=self.frames if frames is None else frames,
            minutes=self.minutes if minutes is None else minutes,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one run; `hour` is None where the video is not the sample."""

    video: str
    stages: Stages
    started: dict[str, Started]
    hour: Hour | None

    def as_plain(self) -> dict[str, Any]:
        """For JSON; see docs/bench-schema.md."""
        return {
            "schema_version": SCHEMA_VERSION,
            "machine": machine(),
            "video": self.video,
            "stages": asdict(self.stages),
            "start": {name: asdict(figures) for name, figures in self.started.items()},
            "hour": None if self.hour is None else hour_as_plain(self.hour),
        }


def measure(
    video: Path,
    profile_path: Path | None,
    options: EstimatorOptions,
    settings: Settings,
    amounts: Amounts,
    say: Callable[[str], object] = lambda _: None,
) -> Measured:
    """Measure it all.

    Args:
        video: in the camera's place.
        profile_path: to judge by; None: VIDEO's own, `NAME.profile.json` beside `NAME.mp4`.
        options: of the models.
        settings: as of the monitor.
        amounts: how much.
        say: told what is measured now.

    Raises:
        InputError: there is no such video or profile. PostureError: see the parts.
    """
    profile = profile_of(video, profile_path)
    say("timing the stages of a frame")
    stages = measure_stages(video, profile, options, amounts.frames)
    say("starting programs")
    started = {
        "--help": start_help(amounts.starts),
        "status": start_status(amounts.starts),
        "first verdict": first_verdict(video, _profile_path(video, profile_path), amounts.verdicts),
    }
    hour = None
    if fits(video):
        say(f"watching {amounts.minutes:g} desk minutes, in three ways")
        hour = measure_hour(video, profile, settings, minutes=amounts.minutes, plain_s=amounts.plain_s)
    return Measured(video.name, stages, started, hour)


def profile_of(video: Path, profile_path: Path | None) -> Profile:
    """The profile to judge a video by, see `measure`.

    Raises:
        InputError: there is no such video. ProfileError: nor such a profile.
    """
    if not video.is_file():
        raise InputError(
            f"No such video: {video}", "", "Run it in the folder of the sources, or name a video of a person."
        )
    return read_profile(_profile_path(video, profile_path))


def sample_profile(video: Path, profile_path: Path | None) -> Profile:
    """The same for what is made of the sample video only.

    Raises:
        InputError: there is no such video, or it is another one. ProfileError: no such profile.
    """
    profile = profile_of(video, profile_path)
    if not fits(video):
        raise InputError("Desk hours are made of samples/desk-front.mp4.", "", "Leave VIDEO out.")
    return profile


def _profile_path(video: Path, profile_path: Path | None) -> Path:
    return profile_path or video.with_suffix(".profile.json")
