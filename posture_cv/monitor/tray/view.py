"""From the monitor's status to what the tray shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from posture_cv.assess.wording import plain
from posture_cv.errors import PostureError
from posture_cv.monitor.calibrating import Ending, ending
from posture_cv.monitor.control.channel import NotRunningError
from posture_cv.monitor.hanging import hangs_on
from posture_cv.monitor.pause_text import silence_text, until_text

_MOST_BORDER_PX: Final = 14.0


class Shape(StrEnum):
    """Told apart without colour."""

    DISC = "disc"  # good
    TRIANGLE = "triangle"  # poor
    SQUARE = "square"  # severe
    RING = "ring"  # away
    QUESTION = "question"  # cannot tell
    BARS = "bars"  # paused, locked, camera off
    CROSS = "cross"  # no monitor runs


@dataclass(frozen=True, slots=True)
class Gauge:
    """One posture's margin: its name, what is measured, how much of the limit is used (1 = at it)."""

    name: str
    text: str
    share: float | None


@dataclass(frozen=True, slots=True)
class View:
    """What the tray shows.

    Attributes:
        shape, colour: of the icon; colour as #rrggbb.
        title: the state in a few words.
        detail: what goes wrong or how long it pauses, why, or the nearest limit; may be empty.
        gauges: a posture each.
        running: a monitor answers; paused: it is paused; silent: it watches and says nothing.
        calibrated: how the calibration that was asked for last ended; None: none was, or it has not.
        severity: 0 good … 1 far beyond a limit; the border's width follows it.
    """

    shape: Shape
    colour: str
    title: str
    detail: str = ""
    gauges: tuple[Gauge, ...] = ()
    running: bool = True
    paused: bool = False
    silent: bool = False
    calibrated: Ending | None = None
    severity: float = 0.0

    @property
    def resumable(self) -> bool:
        """Whether there is something to resume from."""
        return self.paused or self.silent

    @property
    def border_px(self) -> int:
        """Width of the screen's border."""
        return round(self.severity * _MOST_BORDER_PX)


# Okabe and Ito's colours, which the colour-blind tell apart.
_LOOKS: Final = {
    "starting": (Shape.QUESTION, "#999999"),
    "good": (Shape.DISC, "#009e73"),
    "poor": (Shape.TRIANGLE, "#e69f00"),
    "severe": (Shape.SQUARE, "#d55e00"),
    "unmeasured": (Shape.QUESTION, "#999999"),
    "away": (Shape.RING, "#56b4e9"),
}
NOT_RUNNING: Final = View(
    Shape.CROSS,
    "#777777",
    "No monitor is running",
    "Start one: posture-cv monitor --background",
    running=False,
)


def view_without(error: PostureError) -> View:
    """The view where no status came: no monitor runs, or one does that is starting or does not answer."""
    if isinstance(error, NotRunningError):
        return NOT_RUNNING
    detail = " ".join(filter(None, (error.detail, error.what_to_do)))
    return View(*_LOOKS["starting"], error.title.rstrip("."), detail, running=False)


def view_of(status: Mapping[str, Any]) -> View:
    """The view of a status as `posture-cv status --json` prints it."""
    phase = str(status.get("phase", ""))
    level = str(status.get("level", "starting"))
    watching = phase == "watching"
    shape, colour = _LOOKS.get(level, _LOOKS["starting"]) if watching else (Shape.BARS, "#8d9bb3")
    gauges = _gauges(status.get("margins") or ())
    return View(
        shape=shape,
        colour=colour,
        title=str(status.get("text", "")),
        detail=_detail(status),
        gauges=gauges,
        paused=phase == "paused",
        silent=_snoozed_s(status) > 0,
        calibrated=ending(str(status.get("calibration", ""))),
        severity=_severity(level, gauges) if watching else 0.0,
    )


def _snoozed_s(status: Mapping[str, Any]) -> float:
    return float(status.get("snoozed_s") or 0.0)


def _detail(status: Mapping[str, Any]) -> str:
    """Trouble alone; else how long it pauses or is silent, and what speaks against the baseline, or the margin."""
    if status.get("trouble"):
        return str(status["trouble"])
    until = until_text(str(status["paused_until"])) if status.get("paused_until") else ""
    parts = (
        until,
        silence_text(_snoozed_s(status)),
        str(status.get("hint") or status.get("margin_text", "")),
    )
    return "; ".join(filter(None, parts))


def _gauges(margins: Sequence[Mapping[str, Any]]) -> tuple[Gauge, ...]:
    """A gauge a posture: of several quantities the one that decides."""
    by_cue: dict[str, list[Mapping[str, Any]]] = {}
    for margin in margins:
        by_cue.setdefault(str(margin["cue"]), []).append(margin)
    return tuple(_gauge(cue, of_cue) for cue, of_cue in by_cue.items())


def _gauge(cue: str, margins: list[Mapping[str, Any]]) -> Gauge:
    by_quantity = {str(m["quantity"]): m for m in margins}
    decisive = hangs_on(cue, {quantity: m["share"] for quantity, m in by_quantity.items()})
    if decisive is None:
        reason = next((str(m["reason"]) for m in margins if m["reason"]), "unknown")
        return Gauge(plain(cue), f"cannot be told: {reason.replace('_', ' ')}", None)
    chosen, unit = by_quantity[decisive], "°" if decisive.endswith("_deg") else " cm"
    text = f"{chosen['value']:+z.1f} of {chosen['limit']:.1f}{unit}"
    return Gauge(plain(cue), text, float(chosen["share"]))


def _severity(level: str, gauges: Sequence[Gauge]) -> float:
    """0.3 when a poor posture begins to last, 1 at three times its limit."""
    if level not in ("poor", "severe"):
        return 0.0
    worst = max((gauge.share for gauge in gauges if gauge.share is not None), default=1.0)
    return min(1.0, max(0.3, 0.3 + 0.35 * (worst - 1.0)))
