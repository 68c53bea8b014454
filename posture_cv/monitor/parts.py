"""What the loop is connected to, how it runs, and how a run ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from posture_cv.guidance.adviser import Adviser
from posture_cv.measure.baseline import Background
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.lifecycle import LifeSettings
from posture_cv.monitor.ports import (
    Book,
    Camera,
    CameraIdentity,
    Clock,
    Eyes,
    NoBook,
    NoSurroundings,
    Sink,
    SurroundingsSource,
)

Recalibrator = Callable[[Camera, Criteria, Callable[[str], bool], bool], Criteria]
"""Makes a profile anew from the camera: prompts are told, a False answer stops it; quick or not."""
Follower = Callable[[Criteria, Background], Criteria]
"""Takes a baseline along with a camera that was moved: where the background stands now."""
Chooser = Callable[[Camera, str], Criteria | None]
"""The criteria that fit the camera, which is open, and the place; None: those of the profile named, as before."""


@dataclass(slots=True)
class Parts:
    """What the loop is connected to.

    Attributes:
        recalibrate, follow: None: there is no camera to do it with.
        choose: None: the profile is never changed.
        chosen_for: the camera that the criteria were chosen for; None: choose with the first picture.
        paused_until_wall_s: a pause that an earlier run left.
        keys: the book's numbers of alerts that an earlier run told, by the policy's.
    """

    camera: Camera
    clock: Clock
    eyes: Eyes
    judge: Judge
    sinks: Sequence[Sink] = ()
    surroundings: SurroundingsSource = field(default_factory=NoSurroundings)
    commands: cmd.Commands = field(default_factory=cmd.Commands)
    adviser: Adviser | None = None
    book: Book = field(default_factory=NoBook)
    recalibrate: Recalibrator | None = None
    follow: Follower | None = None
    choose: Chooser | None = None
    chosen_for: CameraIdentity | None = None
    paused_until_wall_s: float | None = None
    keys: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """How the loop runs.

    Attributes:
        economy, life: see there.
        duration_s: end after so long; None: until asked.
        wait_for_camera: a camera that is not there at the start is waited for instead of being an error.
    """

    economy: EconomySettings = field(default_factory=EconomySettings)
    life: LifeSettings = field(default_factory=LifeSettings)
    duration_s: float | None = None
    wait_for_camera: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: how long it was, looks, looks with the models, alerts, and whether anybody was seen.

    `prompts` are those of the alerts that were not about a posture; `warnings`: what was wrong with a recording.
    """

    duration_s: float
    looks: int
    model_runs: int
    alerts: int
    seen: bool
    why: str = ""
    prompts: int = 0
    warnings: tuple[str, ...] = ()
