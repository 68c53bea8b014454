"""The monitor's state for whoever asks: one snapshot of plain values, always at hand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from math import isfinite
from typing import Any, Final

from posture_cv._version import __version__
from posture_cv.local_time import local
from posture_cv.measure.types import Reason
from posture_cv.monitor.backoff import multiples
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink
from posture_cv.monitor.words import margin_text, shape_of, state_text

SCHEMA_VERSION: Final = 1


class StatusBoard(BaseSink):
    """Keeps what `status` answers; `snapshot` may be called from any thread.

    Attributes:
        profile_file: where a profile is judged by that is none of the folder of profiles; else None.
        trouble: says what goes wrong beside the watching, such as a history that cannot be written; else nothing.
    """

    def __init__(self) -> None:
        self.profile_file: str | None = None
        self.trouble: Callable[[], str] = str
        self._lock = threading.Lock()
        self._latest: Moment | None = None
        self._last_said: dict[str, Any] | None = None
        self._prompt = ""
        self._alerts = self._prompts = 0
        self._started_wall_s: float | None = None

    def show(self, moment: Moment) -> None:
        """Keep the moment; pictures and landmarks are not kept."""
        with self._lock:
            self._latest = moment
            self._prompt = moment.prompt or self._prompt
            about_posture = sum(said.about_posture for said in moment.said)
            self._alerts += about_posture
            self._prompts += len(moment.said) - about_posture
            if self._started_wall_s is None:
                self._started_wall_s = moment.wall_s
            for said in moment.said:
                self._last_said = {
                    "number": said.number,
                    "time": iso_time(moment.wall_s),
                    "cue": said.record.alert.cue,
                    "level": said.record.alert.level,
                    "seen": said.words.get("seen", ""),
                    "text": said.words.get("text", ""),
                }

    def forget_prompt(self) -> None:
        """A new calibration begins."""
        with self._lock:
            self._prompt = ""

    def snapshot(self) -> dict[str, Any]:
        """Everything that `status --json` prints."""
        with self._lock:
            moment, said, prompt = self._latest, self._last_said, self._prompt
            alerts, prompts = self._alerts, self._prompts
            started = self._started_wall_s
        head = {"schema_version": SCHEMA_VERSION, "program": __version__, "running": True, "pid": os.getpid()}
        if moment is None:
            return {**head, "phase": "starting", "text": "starting"}
        return {
            **head,
            **_plain(moment),
            "profile_file": self.profile_file,
            "started": None if started is None else iso_time(started),
            "alerts": alerts,
            "prompts": prompts,
            "last_alert": said,
            "calibration": prompt,
            "trouble": self.trouble(),
        }


def _plain(moment: Moment) -> dict[str, Any]:
    paused = moment.paused_until_wall_s
    breaks = moment.policy.breaks
    return {
        "time": iso_time(moment.wall_s),
        "phase": moment.phase.value,
        "state": None if moment.state is None else moment.state.label,
        "reason": "" if moment.reason is Reason.OK else moment.reason.label,
        "level": moment.level.value,
        "cue": moment.ambient.cue if moment.level is moment.ambient.level else "",
        "shape": shape_of(moment),
        "text": state_text(moment),
        "margin_text": margin_text(moment),
        "margins": [m.as_plain() for m in moment.margins],
        "hint": moment.hint,
        "camera": None if moment.camera is None else asdict(moment.camera),
        "camera_open": moment.camera_open,
        "profile": moment.profile,
        "pace": moment.pace.value,
        "on_battery": moment.on_battery,
        "paused_until": iso_time(paused) if paused is not None and isfinite(paused) else None,
        "snoozed_s": round(moment.snoozed_s, 1),
        "backoff": multiples(moment.policy),
        "sitting_s": round(breaks.sitting_s, 1),
        "since_break_s": round(breaks.unbroken_s, 1),
        "obeyed": moment.obeyed,
    }


def iso_time(wall_s: float) -> str:
    """Local time with its offset, ISO 8601, to the second."""
    return local(wall_s).isoformat(timespec="seconds")
