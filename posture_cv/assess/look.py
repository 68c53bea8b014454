"""What one tick means to the policy: measured or not, beyond which threshold, head bent or not."""

from __future__ import annotations

from operator import truediv
from typing import Final, NamedTuple

from posture_cv.assess.lookdown import FREE_DEG, Budget
from posture_cv.assess.policy_state import with_item
from posture_cv.assess.settings import CUES
from posture_cv.assess.ticks import Tick
from posture_cv.assess.types import ALERTING, BENT, UNMEASURED, State
from posture_cv.assess.window import Counts, Sizes
from posture_cv.measure.types import Reason

TEXT_NECK: Final = CUES.index("text_neck")
ZERO: Final = (0.0,) * len(CUES)
_STATES: Final = tuple(State)
_PLACE: Final = {int(state): place for place, state in enumerate(ALERTING)}
_UNMEASURED: Final = frozenset(map(int, UNMEASURED))
# Every tick asks for these, and reaching a member of an enumeration takes longer than comparing it.
_OK: Final = int(Reason.OK)
_GOOD: Final = State.GOOD
_TEXT_NECK_STATE: Final = int(State.TEXT_NECK)


class Seen(NamedTuple):
    """One tick as the policy sees it.

    Attributes:
        t_s: its time.
        posture: as named; looking down with the budget spent is text neck.
        excess: how far each of `CUES` is, 0 where it does not apply.
        cue: index into `CUES` of what is beyond its enter threshold, None where nothing is.
        measured: whether a posture can be judged; if not, the rest says nothing.
        severe: beyond the severe threshold; bending the head is not, which has its own budget of time.
        down: the head is bent beyond the angle from which ISO 11226 limits the time.
        spent: so it is, and the budget is used up.
    """

    t_s: float
    posture: State
    excess: Sizes
    cue: int | None
    measured: bool
    severe: bool = False
    down: bool = False
    spent: bool = False


def is_measured(tick: Tick, moving_cm_s: float) -> bool:
    """Whether the tick shows a posture that can be judged: told, not turned away, not moving."""
    if tick.state in _UNMEASURED or tick.reason != _OK or tick.frame < 0:
        return False
    return not tick.activity > moving_cm_s  # NaN: not known to move


def place_of(posture: State) -> int | None:
    """Index into `CUES` of an alerting state, None for any other."""
    return _PLACE.get(posture)


def look(tick: Tick, budget: Budget, c: Counts, *, measured: bool) -> Seen:
    """What the tick means, given the budget after it."""
    t_s, posture = tick.number * c.tick_s, _STATES[tick.state]
    if not measured:
        return Seen(t_s, posture, ZERO, None, measured=False)
    down = tick.pitch_deg >= FREE_DEG and posture in BENT
    spent = down and budget.spent >= c.budget_limit
    excess = _excess(tick, posture)
    if spent:
        posture = State.TEXT_NECK
        size = max(excess[TEXT_NECK], c.enter[TEXT_NECK] * budget.spent / c.budget_limit)
        excess = with_item(excess, TEXT_NECK, size)
    cue = _cue(posture, excess, c.enter)
    severe = tick.severe and cue is not None and tick.state != _TEXT_NECK_STATE
    return Seen(t_s, posture, excess, cue, True, severe, down, spent)  # noqa: FBT003


def _excess(tick: Tick, posture: State) -> Sizes:
    """How far each cue is, 0 where it does not apply.

    Harmless look-alikes excuse what they explain, and a posture that is named is at its threshold at least.
    """
    named = _PLACE.get(posture)
    if named is None and posture is not _GOOD:
        return ZERO
    sizes = tuple([size if size > 0.0 else 0.0 for size in tick.excess])  # noqa: FURB136  NaN becomes 0
    if named is None or sizes[named] >= 1.0:
        return sizes
    return with_item(sizes, named, 1.0)


def _cue(posture: State, excess: Sizes, enter: Sizes) -> int | None:
    """Index of the cue that is beyond its enter threshold: the named one first, then the largest."""
    named = _PLACE.get(posture)
    if named is not None and excess[named] >= enter[named]:
        return named
    sizes = list(map(truediv, excess, enter))
    largest = max(sizes)
    return sizes.index(largest) if largest >= 1.0 else None
