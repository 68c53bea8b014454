"""Where each posture begins, against a person's own baseline."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from posture_cv.assess.types import require_setting

_MOST: Final = 1e6  # of a threshold; beyond it no number that could be meant
_FACTORS: Final = (0.01, 100.0)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each posture begins, against the person's own baseline: degrees, centimetres, factors, as the names say.

    All ours, chosen on the ground truth's training people (the clinical minimal detectable change of the CVA is
    about 5 deg: Gallego-Izquierdo 2020). `neck_deg` is the loss of craniovertebral angle that is due to the neck
    itself: without what the trunk's inclination and looking down explain.

    A change must also exceed its own stated uncertainty: each threshold is at least `*_sd` standard deviations of
    the estimate, so that frames of which little can be told do not alert. Severe postures are told after a shorter
    time: a change must exceed that limit by `severe_sd` standard deviations (chance 5 in 6).

    A small forward head whose trunk has bent with it is a slump: the neck's share stays below
    `slump_like_neck_deg`, `slump_like_per_deg` for each degree of the trunk, which is at least
    `slump_like_trunk_deg`, and `slump_like_per_cm` for each centimetre that the shoulders came nearer, of which
    `slump_like_most_cm` count. Leaning sideways swings head and shoulders through the perspective: each degree beyond
    `sideways_from_deg` raises the thresholds of forward head, rounding and slump by `sideways_per_deg`, a share of
    them. Who sits `moved_cm` nearer or farther needs `moved_factor` times the forward head or rounding.

    Attributes:
        neck_deg, neck_severe_deg: a forward head, and a severe one.
        text_neck_pitch_deg, text_neck_neck_deg: head pitch and neck of text neck; the mean of both multiples counts.
        looking_down_deg: head pitch from which the head is held down.
        protraction_cm, protraction_severe_cm: rounded shoulders.
        elevation_cm, elevation_severe_cm: raised shoulders, the mean of both; elevation_one_side_cm: one of them.
        slump_trunk_deg: inclination that a slump needs, and with it one of three: slump_protraction_cm, slump_sink_cm
            (beyond the inclination's own), slump_neck_deg.
        leaning_in_deg, reclining_deg, lateral_deg: the trunk's inclination forward, back, sideways, that is harmless.
        leaning_in_cm: the shoulders that much nearer to the camera are no slump.
    """

    neck_deg: float = 2.3
    neck_severe_deg: float = 14.0
    text_neck_pitch_deg: float = 24.0
    text_neck_neck_deg: float = 8.0
    looking_down_deg: float = 12.0
    protraction_cm: float = 1.5
    protraction_severe_cm: float = 3.5
    elevation_cm: float = 1.2
    elevation_one_side_cm: float = 2.0
    elevation_severe_cm: float = 3.0
    slump_trunk_deg: float = 2.0
    slump_protraction_cm: float = 0.8
    slump_sink_cm: float = 0.5
    slump_neck_deg: float = 2.5
    leaning_in_deg: float = 6.0
    leaning_in_cm: float = 8.0
    reclining_deg: float = 5.0
    lateral_deg: float = 6.0
    slump_like_neck_deg: float = 2.7
    slump_like_per_deg: float = 0.6
    slump_like_per_cm: float = 1.0
    slump_like_most_cm: float = 4.0
    slump_like_trunk_deg: float = 1.0
    sideways_from_deg: float = 2.0
    sideways_per_deg: float = 0.2
    moved_cm: float = 6.0
    moved_factor: float = 2.0
    neck_sd: float = 1.2
    protraction_sd: float = 1.5
    elevation_sd: float = 1.65
    slump_sd: float = 1.65
    severe_sd: float = 1.0

    def __post_init__(self) -> None:
        for f in fields(self):
            require_setting(f.name, getattr(self, f.name), 0.0, _MOST)

    def scaled(self, factor: float) -> Thresholds:
        """Every posture threshold times `factor` (> 1: less sensitive); the validity gates stay.

        Raises:
            SettingError: `factor` is not 0.01 to 100.
        """
        require_setting("factor", factor, *_FACTORS)
        gates = {
            "slump_like_per_deg",
            "slump_like_per_cm",
            "slump_like_most_cm",
            "sideways_from_deg",
            "sideways_per_deg",
            "moved_cm",
            "moved_factor",
            "neck_sd",
            "protraction_sd",
            "elevation_sd",
            "slump_sd",
            "severe_sd",
        }
        return replace(
            self, **{f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in gates}
        )
