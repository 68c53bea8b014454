"""Names of postures against the segments of the ground truth: who was flagged, named, and named rightly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State

_HEAD = (State.FORWARD_HEAD,)
_ROUNDED = (State.ROUNDED_SHOULDERS,)
_LOOKING_DOWN = (State.LOOKING_DOWN,)
_SLUMP_ALL = (State.SLUMP, State.FORWARD_HEAD, State.ROUNDED_SHOULDERS)

# Which names are right for a segment (ours, from what the segments contain). A segment that shows several
# postures at once is named rightly by any of them. Segments that are not here have no single right name.
RIGHT_NAMES: Final[Mapping[str, tuple[State, ...]]] = MappingProxyType(
    {
        "upright": (State.GOOD,),
        "fhp_mild": _HEAD,
        "fhp_moderate": _HEAD,
        "fhp_severe": _HEAD,
        "text_neck": (State.TEXT_NECK, State.LOOKING_DOWN),
        "rounded_mild": _ROUNDED,
        "rounded_severe": _ROUNDED,
        "rounded_severe_fhp": (State.ROUNDED_SHOULDERS, State.FORWARD_HEAD),
        "shrug": (State.SHRUG,),
        "shrug_one_side": (State.SHRUG,),
        "slump": (State.SLUMP,),
        "slump_rounded": (State.SLUMP, State.ROUNDED_SHOULDERS),
        "slump_fhp_rounded": _SLUMP_ALL,
        "lean_in": (State.LEANING_IN,),
        "chair_closer": (State.GOOD,),
        "chair_back": (State.GOOD,),
        "recline": (State.RECLINING,),
        "look_down_keyboard": _LOOKING_DOWN,
        "head_turn": (State.TURNED,),
        "trunk_turn": (State.TURNED,),
        "lateral_lean": (State.LEANING_SIDEWAYS,),
        "second_person": (State.GOOD,),
        "absent": (State.AWAY,),
        "leaving": (State.AWAY,),
    }
)
# Segments in which a flag is a false alarm.
HARMLESS: Final = (
    "upright",
    "lean_in",
    "chair_closer",
    "chair_back",
    "recline",
    "look_down_keyboard",
    "head_turn",
    "trunk_turn",
    "lateral_lean",
    "second_person",
    "absent",
)


def name_counts(state: NDArray[np.int8]) -> dict[str, int]:
    """How often each state was named, of (N,) `State` codes; every state is present."""
    return {s.label: int((state == s).sum()) for s in State}


def right_share(segment: str, state: NDArray[np.int8]) -> float | None:
    """Share of (N,) states that are right names of the segment; None where no single name is right."""
    right = RIGHT_NAMES.get(segment)
    if right is None or len(state) == 0:
        return None
    return float(np.isin(state, right).mean())
