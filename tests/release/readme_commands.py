"""The commands of README.md, and what stands in for what they need: a camera, a data set, a person's recording."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BLOCK: Final = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`((?:posture-cv|python -m calibration|python -m posture_cv)\b[^`]*)`")
SET_UP: Final = "python3 -m venv .venv && .venv/bin/pip install"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the words after `posture-cv`, and the line as the README has it."""

    words: tuple[str, ...]
    line: str


def lines(text: str) -> list[str]:
    """Every command line of the shell blocks, then of the spans in the prose, comments taken away."""
    found = []
    for block in _BLOCK.findall(text):
        joined = block.replace("\\\n", " ")
        found += [
            re.split(r"\s+#\s", line, maxsplit=1)[0].removeprefix("$ ").strip()
            for line in joined.splitlines()
        ]
    spans = (" ".join(span.split()) for span in _SPAN.findall(text))
    found += [span for span in spans if "..." not in span and "\N{HORIZONTAL ELLIPSIS}" not in span]
    return list(dict.fromkeys(line for line in found if line and not line.startswith("#")))


def set_up_lines(text: str) -> list[str]:
    """The two commands that begin from nothing."""
    return [line for line in lines(text) if line.startswith(SET_UP)]


def program_commands(text: str) -> list[Command]:
    """What is to be run: our own program's commands, those in the middle of a line included.

    Raises:
        ValueError: a line of a shell block holds a command that is neither ours nor known.
    """
    found = []
    for line in lines(text):
        for part in line.split("&&"):
            words = shlex.split(re.sub(r"\[[^\]]*\]", "", part))
            ours = _words_of_ours(words)
            if ours is not None:
                found.append(Command(tuple(ours), line))
            elif not (words[:3] == [".venv/bin/python", "-m", "pytest"] or words[0] in OTHERS):
                raise ValueError(f"README.md has a command that no test runs: {line}")
    return found


def _words_of_ours(words: list[str]) -> list[str] | None:
    """The words behind our program's name; None for another program."""
    if words[:1] in (["posture-cv"], [".venv/bin/posture-cv"]):
        return words[1:]
    if words[:3] == ["python", "-m", "posture_cv"]:
        return words[3:]
    return ["calibrate", *words[3:]] if words[:3] == ["python", "-m", "calibration"] else None


OTHERS: Final = frozenset({".ci/run", ".venv/bin/pip", "python", "python3", "cd", "git", "pip", "pipx", "uv"})
"""Programs that are not ours: run by the release check and the continuous checks, or the reader's own."""


@dataclass(frozen=True, slots=True)
class World:
    """What stands in: the address of a camera, a data set, a study's manifest if there is one."""

    camera: str
    dataset: Path


BRIEFLY: Final = ("--duration", "4", "--no-notifications")
_LED: Final = {"tray"}
"""Shown their help only: there is no tray to sit in. It has tests of its own."""
_NAMED_ALONE: Final = {
    "replay",
    "record",
    "sweep",
    "export",
    "import",
    "study",
    "agree",
    "explain",
    "feedback",
    "history",
}
"""Their bare name in the prose is a mention of them: they need an argument."""
NOBODY_RUNS: Final = {"status", "pause", "resume", "stop", "recalibrate"}


def stand_in(command: Command, world: World) -> list[str]:
    """The command's words with what is at hand in the place of what is not."""
    words = [_place(word, world) for word in command.words]
    name, rest = (words[0], words[1:]) if words else ("", [])
    if (
        name in _LED
        or "--scheduler" in words
        or (len(words) == 1 and name in _NAMED_ALONE)
        or "--labels" in words[:2]  # photographs with their authors' opinions
        or _is_led_exercise(words)
    ):
        return [name, "--help"]
    added: dict[str, list[str]] = {
        "calibrate": [] if "--from" in rest else ["--from", "desk.mp4", "--end", "8"],
        "check": [] if rest else ["desk.landmarks", "--profile", "me"],
        "evaluate": [] if str(world.dataset) in rest else [str(world.dataset)],
        "report": [] if "--no-open" in rest else ["--no-open"],
        "monitor": [] if rest[:1] and not rest[0].startswith("-") else [world.camera, *BRIEFLY],
    }
    if "delete" in rest and "--yes" not in rest:
        rest = [*rest, "--yes"]
    return [*words[:1], *_without(rest, "--background"), *added.get(name, [])]


def distinct(commands: list[Command]) -> list[Command]:
    """One of those that are the same once little stands in the place of much."""
    nowhere = World("camera", Path("set"))
    return list({tuple(stand_in(one, nowhere)): one for one in reversed(commands)}.values())[::-1]


def _is_led_exercise(words: list[str]) -> bool:
    return words[:1] == ["exercise"] and len(words) > 1 and "--from" not in words


def _without(words: list[str], *unwanted: str) -> list[str]:
    return [word for word in words if word not in unwanted]


def _place(word: str, world: World) -> str:
    if word.startswith(("DATASET", "GROUND_TRUTH")):
        return str(world.dataset)
    if word.startswith("samples/desk") and word.endswith(".mp4"):
        return word.removesuffix(".mp4") + ".landmarks"  # the same clip without the models' minute
    known = {
        "VIDEO": "desk.mp4",
        "SOURCE": "desk.mp4",
        "FILE": "file.out",
        "FOLDER": "folder",
        "DIR": "folder",
        "front.mp4": "front.landmarks",
        "side.mp4": "side.landmarks",
        "samples/study/manifest.csv": "laptop-screen.csv",  # the same study, short
    }
    return known.get(word, word)
