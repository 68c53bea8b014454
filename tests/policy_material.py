"""The alert policy run over made-up ticks."""

from __future__ import annotations

from dataclasses import replace

from posture_cv.assess.effects import Effect, Notice
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import BreakSettings, PolicySettings
from posture_cv.assess.ticks import Tick

NO_BREAKS = BreakSettings(enabled=False)


def make(**changes: float) -> Policy:
    return Policy.of(replace(PolicySettings(), **changes), NO_BREAKS)  # type: ignore[arg-type]


def run(
    policy: Policy, given: list[Tick], state: PolicyState | None = None
) -> tuple[PolicyState, list[Effect]]:
    state = state or policy.begin()
    effects: list[Effect] = []
    for one in given:
        state, brought = policy.step(state, one)
        effects += brought
    return state, effects


def notices(policy: Policy, given: list[Tick]) -> list[Notice]:
    return [effect for effect in run(policy, given)[1] if isinstance(effect, Notice)]


def times(policy: Policy, given: list[Tick]) -> list[float]:
    return [notice.alert.t_s for notice in notices(policy, given)]
