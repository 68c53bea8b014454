"""Many settings over the same recordings: measured once, assessed for each, counted against labels.

An alert is right when at least half of the time that it looked back upon is labelled with its posture. A labelled
bout deserves an alert when it lasts as long as the dwell; it is found when a right alert looks back upon it. Where
nothing can be counted (no alert, no such bout) there is no figure, which is not the same as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.types import Alert
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Measurements, Reason
from posture_cv.replay.labels import TOUCH_S, Bout, joined
from posture_cv.spans import length_s

MOST_UNTOLD: Final = 0.5  # of the frames (ours)
RIGHT_SHARE: Final = 0.5  # of the time looked back upon; ours: most of it


@dataclass(frozen=True, slots=True, eq=False)
class SweepInput:
    """One measured recording; `bouts` is None where it has no labels."""

    name: str
    measurements: Measurements
    baseline: Baseline
    bouts: tuple[Bout, ...] | None = None

    @property
    def duration_s(self) -> float:
        """From the first frame to the last."""
        t_s = self.measurements.t_s
        return float(t_s[-1] - t_s[0]) if len(t_s) else 0.0

    def withheld(self) -> tuple[str, ...]:
        """What to say of a recording that cannot be judged for the most part: few alerts mean nothing then."""
        reasons = self.measurements.reason
        untold = reasons[reasons != Reason.OK]
        if len(untold) < MOST_UNTOLD * len(reasons) or not len(untold):
            return ()
        most = Reason(int(np.bincount(untold).argmax())).label.replace("_", " ")
        share = len(untold) / len(reasons)
        return (
            f"{share:.0%} of its frames cannot be judged ({most} most often): no alert there means nothing",
        )


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One setting over all recordings.

    Attributes:
        threshold: multiple of the posture thresholds; above 1 is less sensitive.
        dwell_s: how long a posture must last.
        duration_s: of all recordings; `labelled_s` of those with labels.
        alerts: by cue of `CUES`, over all recordings.
        labelled_alerts, right: alerts in labelled recordings, and those of them that are right.
        bouts, found: labelled bouts that deserve an alert, and those of them that got a right one.
    """

    threshold: float
    dwell_s: float
    duration_s: float
    labelled_s: float
    alerts: tuple[int, ...]
    labelled_alerts: int
    right: int
    bouts: int
    found: int

    @property
    def alerts_per_hour(self) -> float | None:
        """Posture alerts an hour of recording; None where there is no time."""
        return sum(self.alerts) * 3600.0 / self.duration_s if self.duration_s else None

    @property
    def precision(self) -> float | None:
        """Share of the alerts that are right; None without alerts in labelled recordings."""
        return self.right / self.labelled_alerts if self.labelled_alerts else None

    @property
    def recall(self) -> float | None:
        """Share of the bouts that were found; None without bouts that deserve an alert."""
        return self.found / self.bouts if self.bouts else None


def sweep(
    inputs: Sequence[SweepInput],
    thresholds: Iterable[float],
    dwells_s: Iterable[float],
    settings: AssessSettings,
    *,
    as_monitor: bool = False,
) -> list[SweepRow]:
    """Assess every recording with every pair of threshold and dwell.

    Args:
        inputs: measured recordings.
        thresholds: multiples of the posture thresholds in `settings`.
        dwells_s: how long a posture must last, seconds.
        settings: everything else.
        as_monitor: keep the monitor's grace, cool-downs and hourly cap; else they shrink with the dwell, as
            `replay --alert-after` does, so that short recordings show alerts at all.
    """
    dwells = list(dwells_s)
    return [
        _row(inputs, factor, dwell, setting(settings, factor, dwell, as_monitor=as_monitor))
        for factor in thresholds
        for dwell in dwells
    ]


def setting(
    settings: AssessSettings, threshold: float, dwell_s: float, *, as_monitor: bool
) -> AssessSettings:
    """The settings with another threshold and dwell."""
    found = replace(settings.alert_after(dwell_s), thresholds=settings.thresholds.scaled(threshold))
    if not as_monitor:
        return found
    severe_window_s = min(settings.policy.severe_window_s, dwell_s)
    return replace(found, policy=replace(settings.policy, window_s=dwell_s, severe_window_s=severe_window_s))


def _row(
    inputs: Sequence[SweepInput], threshold: float, dwell_s: float, settings: AssessSettings
) -> SweepRow:
    told = [0] * len(CUES)
    labelled_alerts = right = bouts = found = 0
    for given in inputs:
        alerts = posture_alerts(given, settings)
        for alert in alerts:
            told[CUES.index(alert.cue)] += 1
        if given.bouts is None:
            continue
        good = [alert for alert in alerts if is_right(alert, given.bouts)]
        deserving = [bout for bout in given.bouts if bout.end_s - bout.start_s >= dwell_s - TOUCH_S]
        labelled_alerts += len(alerts)
        right += len(good)
        bouts += len(deserving)
        found += sum(any(_looks_upon(alert, bout) for alert in good) for bout in deserving)
    labelled = [given.duration_s for given in inputs if given.bouts is not None]
    total_s = sum(given.duration_s for given in inputs)
    return SweepRow(
        threshold=threshold,
        dwell_s=dwell_s,
        duration_s=total_s,
        labelled_s=sum(labelled),
        alerts=tuple(told),
        labelled_alerts=labelled_alerts,
        right=right,
        bouts=bouts,
        found=found,
    )


def posture_alerts(given: SweepInput, settings: AssessSettings) -> list[Alert]:
    """What would have been said about postures (not about breaks and stillness)."""
    done = assess_measurements(given.measurements, given.baseline, settings)
    return [record.alert for record in done.records if record.alert.cue in CUES]


def is_right(alert: Alert, bouts: Iterable[Bout]) -> bool:
    """Whether at least half of the time looked back upon is labelled with the alert's posture."""
    same = frozenset({alert.cue})
    # Joined, so that no second counts twice.
    alike = joined(replace(bout, cues=same) for bout in bouts if alert.cue in bout.cues)
    return sum(_looked_upon_s(alert, bout) for bout in alike) >= RIGHT_SHARE * alert.window_s - TOUCH_S


def _looks_upon(alert: Alert, bout: Bout) -> bool:
    return alert.cue in bout.cues and _looked_upon_s(alert, bout) > 0.0


def _looked_upon_s(alert: Alert, bout: Bout) -> float:
    return length_s(bout, alert.t_s - alert.window_s, alert.t_s)
