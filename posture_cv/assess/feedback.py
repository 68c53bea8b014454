"""Answers of the last days: how often a cue was right, and the threshold factor that follows, only up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from posture_cv.assess.settings import CUES, FeedbackSettings

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One "right" or "wrong" to a posture notification.

    Attributes:
        t_s: when it was given, on any clock that runs on from day to day.
        cue: label of the posture, one of `CUES`.
        right: whether it was called right.
    """

    t_s: float
    cue: str
    right: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """A cue's threshold factor, and when it rose last; answers until then are used up."""

    factor: float = 1.0
    since_s: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Precision:
    """How many notifications were called right and wrong."""

    right: int
    wrong: int

    @property
    def share(self) -> float | None:
        """Share of "right", 0-1; None without answers."""
        total = self.right + self.wrong
        return self.right / total if total else None


def precision(
    answers: Iterable[Answer], now_s: float, settings: FeedbackSettings, *, cue: str | None = None
) -> Precision:
    """Answers of the last days, of one cue or of all."""
    oldest = now_s - settings.days * _DAY_S
    counted = [a.right for a in answers if oldest < a.t_s <= now_s and cue in (None, a.cue)]
    return Precision(sum(counted), len(counted) - sum(counted))


def raised(
    current: Mapping[str, Raised], answers: Iterable[Answer], now_s: float, settings: FeedbackSettings
) -> dict[str, Raised]:
    """The factors after looking at the answers: a step up where precision is too low, else as they were.

    Each rise uses up the answers behind it, so that the same ones never raise a threshold twice. Lowering is
    the user's own act, never this function's.
    """
    known = list(answers)
    out = {cue: current.get(cue, Raised()) for cue in CUES}
    for cue, before in out.items():
        fresh = [a for a in known if a.t_s > before.since_s]
        found = precision(fresh, now_s, settings, cue=cue)
        enough = found.right + found.wrong >= settings.least_answers
        low = found.share is not None and found.share < settings.least_precision
        factor = max(before.factor, min(settings.highest, before.factor * settings.step))
        if enough and low and factor > before.factor:
            out[cue] = Raised(factor, now_s)
    return out


def threshold_factors(current: Mapping[str, Raised]) -> tuple[float, ...]:
    """The factors in the order of `CUES`, for `PolicySettings.threshold_factor`."""
    return tuple(current.get(cue, Raised()).factor for cue in CUES)
