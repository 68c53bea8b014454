"""How a new baseline of the running monitor begins and ends, in the words in which it is passed on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BEGINNING: Final = ("Calibrating", "Sit as you want to sit, and hold still until it says that it is done.")
DONE: Final = "done"
_FAILED: Final = "failed: "
_LEFT: Final = "not taken along: "
_TITLES: Final = {_FAILED: "The calibration failed", _LEFT: "The baseline was not taken along"}


@dataclass(frozen=True, slots=True)
class Ending:
    """Whether it worked, in a title, and what there is to say of it."""

    worked: bool
    title: str
    text: str

    @property
    def line(self) -> str:
        """Both."""
        return f"{self.title}. {self.text}"


def failed(why: str) -> str:
    """The last prompt of a calibration that failed; `why` in sentences."""
    return f"{_FAILED}{why}"


def left_behind(why: str) -> str:
    """The last prompt where a baseline does not go along with a camera; nobody calibrated; `why` in sentences."""
    return f"{_LEFT}{why}"


def ending(prompt: str) -> Ending | None:
    """What the last prompt says; None: it is not the last one, or there is none."""
    if prompt == DONE:
        return Ending(worked=True, title="Done", text="You are compared with this from now on.")
    for mark, title in _TITLES.items():
        if prompt.startswith(mark):
            return Ending(worked=False, title=title, text=prompt.removeprefix(mark))
    return None
