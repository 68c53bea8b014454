"""What the monitor costs in a desk hour, and what its economy delays.

The hour is made of the sample clip (`bench.desk_pictures`) and watched on a simulated clock by the real monitor
(`bench.simulate`): with economy, with every picture of ten a second, and by a plain loop over the same models at
thirty a second. With economy, a time in which nothing moves is watched, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from posture_cv.bench.desk_pictures import SEGMENTS, desk_hour, still_pictures
from posture_cv.bench.simulate import Run, delays_s, plain_loop, watch
from posture_cv.monitor.economy import EconomySettings

EVERY_PICTURE_S: Final = 600.0
"""Every picture is watched for ten minutes at most: that costs the same at all times, and takes as long as it costs."""
STILL_S: Final = 300.0
"""So long nothing moves, at most; shorter than the half hour after which a break is due, which is looked at closely."""

if TYPE_CHECKING:
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings


@dataclass(frozen=True, slots=True)
class Share:
    """One way to watch: simulated minutes, share of one core in percent, looks and looks with the models a minute."""

    minutes: float
    core_percent: float
    looks_a_minute: float
    model_runs_a_minute: float
    alerts: int


@dataclass(frozen=True, slots=True)
class Hour:
    """Economy on, where nothing moves and in the hour, and off, the plain loop, and what economy delays.

    Delays in seconds, of each alert that came with economy off; inf: it did not come.
    """

    still: Share
    economy: Share
    every_picture: Share
    plain_loop: Share
    delays_s: tuple[float, ...]
    plain_seconds: float


def fits(clip: Path) -> bool:
    """Whether the clip is long enough to be the sample that the hour is made of."""
    from posture_cv.capture import open_source

    with open_source(str(clip)) as source:
        count = source.info.frame_count or 0
    return count > max(last for _, last in SEGMENTS.values())


def measure_hour(clip: Path, profile: Profile, settings: Settings, *, minutes: float, plain_s: float) -> Hour:
    """Watch the same minutes in three ways, all of them with economy, and before that a time in which nothing moves.

    Args:
        clip: `samples/desk-front.mp4`.
        profile, settings: as of the monitor.
        minutes: how long the desk time is; its plan is that of an hour in proportion.
        plain_s: seconds of the plain loop, which costs the same at all times.
    """
    still = watch(list(still_pictures(clip, seconds=min(60.0 * minutes, STILL_S))), profile, settings)
    pictures = list(desk_hour(clip, seconds=60.0 * minutes))  # the same few hundred pictures over and over
    # An hour's plan in so many minutes may use so much of what an hour may.
    saved_s = EconomySettings().close_saved_s * min(minutes / 60.0, 1.0)
    economy = watch(pictures, profile, settings, economy=EconomySettings(close_saved_s=saved_s))
    first = [(t_s, jpeg) for t_s, jpeg in pictures if t_s < EVERY_PICTURE_S]
    every = watch(first, profile, settings, economy=EconomySettings(enabled=False))
    plain = plain_loop(pictures, profile, settings, seconds=plain_s)
    return Hour(
        still=_share(still),
        economy=_share(economy),
        every_picture=_share(every),
        plain_loop=_share(plain),
        delays_s=tuple(round(delay, 2) for delay in delays_s(economy.told, every.told)),
        plain_seconds=round(plain.simulated_s, 1),
    )


def _share(run: Run) -> Share:
    minutes = run.simulated_s / 60.0
    return Share(
        round(minutes, 2),
        round(100.0 * run.cpu_share, 2),
        round(run.looks / minutes, 1),
        round(run.model_runs / minutes, 1),
        len(run.told),
    )


def longest_delay_s(hour: Hour) -> float | None:
    """The longest of the delays; None without alerts."""
    return float(np.max(hour.delays_s)) if hour.delays_s else None
