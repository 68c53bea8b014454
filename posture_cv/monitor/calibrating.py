"""How a calibration of the running monitor begins and ends, in the words in which it is passed on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BEGINNING: Final = ("Calibrating", "Sit as you want to sit, and hold still until it says that it is done.")
DONE: Final = "done"
_FAILED: Final = "failed: "


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


def ending(prompt: str) -> Ending | None:
    """What the last prompt says; None: it is not the last one, or there is none."""
    if prompt == DONE:
        return Ending(worked=True, title="Done", text="You are compared with this from now on.")
    if prompt.startswith(_FAILED):
        return Ending(worked=False, title="The calibration failed", text=prompt.removeprefix(_FAILED))
    return None
