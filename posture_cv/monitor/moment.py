"""One moment of the monitor's life, as its sinks see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from posture_cv.assess.effects import Ambient, Level, Recovered
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import Episode, State
from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Reason
from posture_cv.monitor.economy import Pace
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.margins import Margin
from posture_cv.monitor.ports import CameraIdentity


@dataclass(frozen=True, slots=True)
class Said:
    """Something that is told to the person.

    Attributes:
        record: why.
        words: title ("seen"), text, quotation and citation; plain values.
        key: the book's number of it; below zero where it is not written down yet.
    """

    record: Record
    words: Mapping[str, Any]
    key: int = 0

    @property
    def number(self) -> int:
        """The history's number of it, by which it can be asked for; 0 where there is none, or none yet."""
        return max(self.key, 0)

    @property
    def about_posture(self) -> bool:
        """Whether a posture is told of; else it is a prompt: a break, stillness, a camera that was moved."""
        return self.record.alert.cue in CUES


STARTING = Ambient(Level.STARTING, "", 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is known and what happened since the moment before.

    Attributes:
        t_s: the monitor's clock; wall_s: seconds since 1970.
        phase: what the monitor does.
        why: in words, where it does not watch or something is wrong; else empty.
        state: of the last look, None without one; reason: why nothing could be judged.
        ambient: the quiet cue.
        margins: how far each posture is from its limit; empty without a measurement.
        said: what is to be told now.
        recovered: postures told of earlier that are over.
        episodes: those that ended.
        policy: what the policy remembers.
        looked: a picture was looked at; measured: the models ran on it.
        pace: why the next look comes when it does.
        frame, landmarks: of this look, where there are any.
        paused_until_wall_s: see `Facts`.
        profile, camera: in use; None until known.
        prompt: what a running calibration asks for; empty otherwise.
        on_battery: see `Surroundings`.
        camera_open: whether the camera is on.
        hints: what has just become clear about the baseline, to be told gently; hint: the last of them.
        keys: the book's numbers of the last alerts, by the policy's.
        obeyed: so many commands were taken before it.
    """

    t_s: float
    wall_s: float
    phase: Phase
    why: str = ""
    state: State | None = None
    reason: Reason = Reason.OK
    ambient: Ambient = STARTING
    margins: tuple[Margin, ...] = ()
    said: tuple[Said, ...] = ()
    recovered: tuple[Recovered, ...] = ()
    episodes: tuple[Episode, ...] = ()
    policy: PolicyState = field(default_factory=PolicyState)
    looked: bool = False
    measured: bool = False
    pace: Pace = Pace.MOVING
    frame: Frame | None = None
    landmarks: Landmarks | None = None
    paused_until_wall_s: float | None = None
    profile: str = ""
    camera: CameraIdentity | None = None
    prompt: str = ""
    on_battery: bool = False
    camera_open: bool = False
    hints: tuple[str, ...] = ()
    hint: str = ""
    keys: Mapping[int, int] = field(default_factory=dict)
    obeyed: int = 0

    @property
    def level(self) -> Level:
        """The quiet cue's level; nothing is known while no picture was judged, or a calibration runs."""
        unknown = self.phase.watching and (self.state is None or bool(self.prompt))
        return Level.STARTING if unknown else self.ambient.level

    @property
    def snoozed_s(self) -> float:
        """So long nothing is said, although it watches."""
        return max(0.0, self.policy.ledger.silent_until_s - self.t_s)
