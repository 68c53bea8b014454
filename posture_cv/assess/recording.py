"""The vectorised half of the engine: a whole recording at once, with the answers of the stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posture_cv.assess.blocks import Assessed, BlockEngine, Outcome
from posture_cv.assess.effects import Effect
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.types import Episode, States
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Measurements


@dataclass(frozen=True, slots=True, eq=False)
class Assessment(Assessed):
    """What a recording shows: all its frames as one block, and what they have brought.

    Attributes:
        effects: everything the policy wanted done, in order.
        records: of those that are told to a person, in order.
        episodes: stretches of one state over the ticks.
        dropped: number of frames that were not accepted.
        final: what the policy remembers at the end.
    """

    effects: tuple[Effect, ...]
    records: tuple[Record, ...]
    episodes: tuple[Episode, ...]
    dropped: int
    final: PolicyState


def assess_measurements(m: Measurements, baseline: Baseline, settings: AssessSettings) -> Assessment:
    """Assess N measured frames.

    Args:
        m: measurements against `baseline`, in the order in which the frames came.
        baseline: quoted in the records.
        settings: of the assessment.
    """
    engine = BlockEngine(baseline, settings)
    return whole([engine.push(m)], engine.finish())


def whole(blocks: Sequence[Assessed], outcome: Outcome) -> Assessment:
    """The blocks of one recording, one at least, as one assessment."""
    return Assessment(
        kept=np.concatenate([block.kept for block in blocks]),
        measured=Measurements.concat([block.measured for block in blocks]),
        smoothed=Measurements.concat([block.smoothed for block in blocks]),
        states=States.concat([block.states for block in blocks]),
        state=np.concatenate([block.state for block in blocks]),
        tick_t_s=np.concatenate([block.tick_t_s for block in blocks]),
        tick_state=np.concatenate([block.tick_state for block in blocks]),
        tick_reason=np.concatenate([block.tick_reason for block in blocks]),
        effects=outcome.effects,
        records=outcome.records,
        episodes=outcome.episodes,
        dropped=outcome.dropped,
        final=outcome.final,
    )
