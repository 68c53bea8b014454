"""Tells the sinks what happened, moment by moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture_cv.assess.staleness import Sign
from posture_cv.assess.stream import Step
from posture_cv.monitor.lifecycle import Facts, Phase
from posture_cv.monitor.looking import Look, Looker
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.telling import Teller

if TYPE_CHECKING:
    from posture_cv.monitor.parts import Parts


class Shower:
    """Makes a `Moment` of what is known and shows it to every sink.

    Args:
        parts, looker, teller: of the loop.

    Attributes:
        camera_known: a picture has come, so that asking for the camera's identity does not wait.
        phase: shown last; None before the first moment.
        hint: what speaks against the baseline; the loop empties it when there is another one.
    """

    def __init__(self, parts: Parts, looker: Looker, teller: Teller) -> None:
        self._parts, self._looker, self._teller = parts, looker, teller
        self.camera_known = False
        self.phase: Phase | None = None
        self.hint = ""

    def show(
        self,
        step: Step,
        phase: Phase,
        facts: Facts,
        around: Surroundings,
        *,
        look: Look | None = None,
        prompt: str = "",
    ) -> None:
        """Tell every sink of this moment."""
        clock, camera, looker = self._parts.clock, self._parts.camera, self._looker
        wall_s = clock.wall_s()
        self.phase = phase
        # A moved camera is told of by the policy, with a recalibration at hand.
        hints = tuple(stale.sign.hint for stale in step.stale if stale.sign is not Sign.CAMERA_MOVED)
        self.hint = hints[-1] if hints else self.hint
        said, recovered = self._teller.tell(step, wall_s)
        moment = Moment(
            t_s=clock.now_s(),
            wall_s=wall_s,
            phase=phase,
            why=facts.lost_why if phase is Phase.CAMERA_LOST else "",
            state=looker.state,
            reason=looker.reason,
            ambient=step.ambient,
            margins=looker.margins,
            said=said,
            recovered=recovered,
            episodes=step.episodes,
            policy=looker.judge.engine.state,
            looked=look is not None,
            measured=look is not None and look.measured,
            pace=looker.pace,
            frame=None if look is None else look.glimpse.frame,
            landmarks=None if look is None else look.landmarks,
            paused_until_wall_s=facts.paused_until_wall_s,
            profile=looker.judge.criteria.profile,
            camera=camera.identity if self.camera_known else None,
            prompt=prompt,
            on_battery=around.on_battery,
            camera_open=camera.opened,
            hints=hints,
            hint=self.hint,
            keys=self._teller.keys,
            obeyed=self._parts.commands.taken,
        )
        for sink in self._parts.sinks:
            sink.show(moment)
