"""Where a live calibration shows itself: prompts in the terminal, and a window where there is a display."""

from __future__ import annotations

import sys
from typing import Final, TextIO

import numpy as np

from calibration.protocol import INTRODUCTION, Progress, Step, Timing, prompt
from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks
from posture_cv.output.draw import AMBER, GREEN, GREY, RED, Colour, draw_overlay
from posture_cv.output.text import lines_for
from posture_cv.output.window import PreviewWindow

TITLE: Final = "posture-cv: calibration"
_NOTHING_SEEN: Final = Landmarks.empty(1)
_COLOURS: Final[dict[Step, Colour]] = {
    Step.PREPARE: AMBER,
    Step.COUNTDOWN: GREY,
    Step.RECORD: GREEN,
    Step.DONE: GREEN,
    Step.GAVE_UP: RED,
}


class TerminalUi:
    """Plain text prompts, a new line whenever there is something new to say."""

    def __init__(self, timing: Timing, stream: TextIO | None = None) -> None:
        self._timing = timing
        self._stream = stream or sys.stderr
        self._last = ""
        for line in INTRODUCTION:
            self._say(line)

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:  # noqa: ARG002 - see Ui
        """Say what is new; the terminal never asks to stop, Ctrl-C does."""
        text = prompt(progress, self._timing)
        if text != self._last:
            self._last = text
            self._say(text)
        return True

    def _say(self, text: str) -> None:
        self._stream.write("\n".join([*lines_for(self._stream, text), ""]))
        self._stream.flush()


class PreviewUi:
    """The picture with skeleton, outline and face, and what is still wrong; the terminal's prompts too."""

    def __init__(self, timing: Timing, window: PreviewWindow, terminal: TerminalUi) -> None:
        self._timing = timing
        self._window = window
        self._terminal = terminal

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:
        """Show the moment, mirrored as people know it; False once the window was closed."""
        self._terminal.update(frame, lm, progress)
        mirrored = np.ascontiguousarray(draw_overlay(frame.image_bgr, lm)[:, ::-1])
        picture = draw_overlay(
            mirrored,
            _NOTHING_SEEN,
            [prompt(progress, self._timing), "q or Escape stops"],
            progress.step.value.replace("_", " "),
            _COLOURS[progress.step],
        )
        return self._window.show(picture)
