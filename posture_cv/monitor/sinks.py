"""Sinks of the monitor: the terminal, notifications, a preview window."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.effects import Level
from posture_cv.assess.wording import plain
from posture_cv.atomic import is_full
from posture_cv.capture.types import Frame
from posture_cv.closing import Closing
from posture_cv.guidance.desk import wrapped
from posture_cv.local_time import local
from posture_cv.monitor.calibrating import BEGINNING, ending
from posture_cv.monitor.keys import KeyCommands
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.moment import Moment, Said
from posture_cv.monitor.pause_text import silence_text
from posture_cv.monitor.unanswered import Unanswered
from posture_cv.monitor.words import (
    hint_message,
    margin_text,
    message_of,
    pause_text,
    shape_of,
    state_text,
    told_together,
)
from posture_cv.output.notify import Delivery, Message, Notifier, ring
from posture_cv.output.streams import discard_rest
from posture_cv.output.text import text_width

_INDENT: Final = " " * 6
_LEAST_WIDTH: Final = 30  # of words in a terminal, in characters; ours
_MOST_WIDTH: Final = 100
_COLOURS: Final = {Level.GOOD: "32", Level.POOR: "33", Level.SEVERE: "31"}


class BaseSink(Closing):
    """What sinks share: nothing happens on entering and leaving."""

    def show(self, moment: Moment) -> None:
        """One moment."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""


class TerminalSink(BaseSink):
    """One live line on a terminal; plain lines, whenever something changes, anywhere else.

    Args:
        stream: stdout.
        states: show the state at all; alerts and notes are always shown.
        heard: called with each note, too.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        states: bool = True,
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._stream = stream or sys.stdout
        self._heard = heard
        self._states = states
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"  # which can wipe no line
        self._colour = self._live and not os.environ.get("NO_COLOR")
        self._last = ""
        self._line_open = False
        self._gone = False

    def show(self, moment: Moment) -> None:
        """Show the state, and what is said in lines of its own."""
        for said in moment.said:
            self._say(said, moment.wall_s)
        for hint in moment.hints:
            self._write_text(f"{self._clock(moment.wall_s)} ", hint)
        end = ending(moment.prompt)
        if end is not None:  # the next look would wipe it off the live line
            self._write_text(f"{self._clock(moment.wall_s)} ", end.line)
        if end is not None or not self._states:
            return
        state = "   ".join(filter(None, (f"{shape_of(moment)} {state_text(moment)}", pause_text(moment))))
        if self._live:
            self._live_line(moment, state)
        elif state != self._last:
            self._write_line(f"{self._clock(moment.wall_s)} {state}")
        self._last = state

    def note(self, text: str) -> None:
        """A line beside the state: what was not delivered, for example. Any thread."""
        words = text.lstrip(" ")
        self._write_text(" " * (len(text) - len(words)), words)
        self._heard(words)

    def close(self) -> None:
        """Leave the cursor on a line of its own; what a full disk or a closed terminal has not taken is let go."""
        if self._line_open:
            self._write("\n")
            self._line_open = False
        try:
            self._stream.flush()
        except OSError:
            discard_rest(self._stream)

    def _live_line(self, moment: Moment, state: str) -> None:
        silence = silence_text(moment.snoozed_s) if moment.phase.watching and not moment.prompt else ""
        text = "   ".join(filter(None, (state, silence, margin_text(moment))))[
            : max(20, shutil.get_terminal_size().columns - 1)
        ]
        code = _COLOURS.get(moment.level) if self._colour and moment.phase.watching else None
        shown = f"\x1b[{code}m{text}\x1b[0m" if code else text
        self._write(f"\r\x1b[2K{shown}")
        self._line_open = True

    def _say(self, said: Said, wall_s: float) -> None:
        alert = said.record.alert
        number = f" #{said.number}" if said.number else ""
        words = said.words
        self._write_text(
            f"{self._clock(wall_s)} ! ",
            f"{plain(alert.cue)} ({alert.level}){number}: {words.get('seen', '')}",
        )
        self._write_text(_INDENT, str(words.get("text", "")))
        if words.get("quotation"):
            self._write_text(_INDENT, f"“{words['quotation']}” — {words.get('citation', '')}")

    def _clock(self, wall_s: float) -> str:
        """Time of day; a log, which nobody watches as it grows, has the day too."""
        return clock_text(wall_s) if self._states else f"{local(wall_s):%Y-%m-%d} {clock_text(wall_s)}"

    def _write_text(self, lead: str, text: str) -> None:
        """Words after a lead; on a terminal in lines that it need not break, each below the first one's words."""
        width = max(_LEAST_WIDTH, text_width(_MOST_WIDTH))
        for line in wrapped(text, lead, width) if self._live else [f"{lead}{text}"]:
            self._write_line(line)

    def _write_line(self, text: str) -> None:
        start = "\r\x1b[2K" if self._line_open else ""
        self._write(f"{start}{text}\n")
        self._line_open = False

    def _write(self, text: str) -> None:
        """A terminal that was closed, or a pipe that nobody reads any more, is written to no longer.

        A log on a full disk is: there may be room again.
        """
        if self._gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self._gone = not is_full(error)


def clock_text(wall_s: float) -> str:
    """Local time of day."""
    return local(wall_s).strftime("%H:%M:%S")


class NotificationSink(BaseSink):
    """Sends what is said to the desktop; what is not delivered rings the bell and is said.

    Args:
        notifier: of this system; closed with the sink.
        note: shows a sentence: why a message was not shown, once a reason; called in any thread.
        delivered: told the message's key and what became of it.
        unanswered: told which alerts about a posture were sent, and of the time; None: nobody waits for answers.
    """

    def __init__(
        self,
        notifier: Notifier,
        note: Callable[[str], None],
        delivered: Callable[[int, Delivery], None] | None = None,
        unanswered: Unanswered | None = None,
    ) -> None:
        self._notifier = notifier
        self._note = note
        self._delivered = delivered
        self._unanswered = unanswered
        self._problem = ""
        self._calibrating = False

    def show(self, moment: Moment) -> None:
        """Send what is said now."""
        self._tell_calibration(moment.prompt)
        for group in told_together(moment.said):
            if self._unanswered is not None and group[0].about_posture:
                self._unanswered.sent(group[0].key, moment.t_s)
            self._send(message_of(*group), *(said.key for said in group))
        for hint in moment.hints:
            message = hint_message(hint)
            self._send(message, message.key)
        if self._unanswered is not None:
            self._unanswered.passed(moment.t_s, silent=moment.snoozed_s > 0)

    def _send(self, message: Message, *keys: int) -> None:
        """One message, which tells what has these numbers."""
        self._notifier.send(message).add_done_callback(partial(self._settled, keys))

    def _tell_calibration(self, prompt: str) -> None:
        """That one begins and how it ended: it may have been asked for by a click; a terminal says it anyway."""
        end = ending(prompt)
        if end is not None:
            self._notifier.send(Message(0, end.title, end.text))
        elif prompt and not self._calibrating:
            self._notifier.send(Message(0, *BEGINNING))
        self._calibrating = bool(prompt) and end is None

    def close(self) -> None:
        """Close the notifier."""
        self._notifier.close()

    def _settled(self, keys: tuple[int, ...], done: Future[Delivery]) -> None:
        try:
            delivery = done.result()
        except CancelledError:
            delivery = Delivery(problem="the monitor was ended")
        if not delivery.shown:
            ring()
            if delivery.problem != self._problem:
                self._note(f"      (not shown as a desktop notification: {delivery.problem})")
        self._problem = delivery.problem
        for key in keys:
            if self._delivered is not None:
                self._delivered(key, delivery)
            if self._unanswered is not None and not delivery.shown:
                self._unanswered.settled(key)


class PauseSink(BaseSink):
    """Tells the keys whether a pause or a silence runs."""

    def __init__(self, keys: KeyCommands) -> None:
        self._keys = keys

    def show(self, moment: Moment) -> None:
        """Keep it."""
        self._keys.paused = moment.phase is Phase.PAUSED
        self._keys.silent = moment.snoozed_s > 0


class PreviewSink(BaseSink):
    """A window with the picture, what was seen in it, and the state; closing it ends the monitor."""

    def __init__(self, closed: Callable[[], object]) -> None:
        from posture_cv.output.window import PreviewWindow

        self._window = PreviewWindow("posture-cv")
        self._closed = closed
        self._picture: NDArray[np.uint8] | None = None

    def show(self, moment: Moment) -> None:
        """Draw the look of this moment; without one the last stays, and the window answers."""
        if moment.frame is not None:
            self._picture = self._drawn(moment, moment.frame)
        if self._picture is not None and not self._window.show(self._picture):
            self._closed()

    @staticmethod
    def _drawn(moment: Moment, frame: Frame) -> NDArray[np.uint8]:
        from posture_cv.landmarks.types import Landmarks
        from posture_cv.output.draw import AMBER, GREEN, GREY, RED, draw_overlay

        colours = {Level.GOOD: GREEN, Level.POOR: AMBER, Level.SEVERE: RED}
        lm = Landmarks.empty(1) if moment.landmarks is None else moment.landmarks
        return draw_overlay(
            frame.image_bgr,
            lm,
            [line for line in (margin_text(moment), state_text(moment)) if line],
            plain(moment.level.value),
            colours.get(moment.level, GREY),
        )

    def close(self) -> None:
        """Close the window."""
        self._window.close()
