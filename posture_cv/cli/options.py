"""Options that several commands share: one name, one meaning, one help text."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class UserPath(click.Path):
    """A path as its user means it: in `--out=~/x`, which a shell leaves as it is, `~` is no folder of that name.

    An empty one, as of a shell's variable that is not set, is refused: it would mean the folder that one is in. So is
    the address of a camera: folders would be called like its password.
    """

    def __init__(self, *, exists: bool = False, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, exists=exists, file_okay=file_okay, dir_okay=dir_okay)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401 - as click has it
        """The path that a text means."""
        from posture_cv.paths import user_path

        if not os.fspath(value):
            self.fail("the path is empty", param, ctx)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", os.fspath(value)):
            self.fail(f"{value} is an address, and a file or a folder is asked for", param, ctx)
        return super().convert(user_path(value), param, ctx)


def profile_option(function: AnyFunction) -> AnyFunction:
    """`--profile NAME`: name of a profile, or the path of a profile file."""
    return click.option(
        "--profile",
        metavar="NAME",
        help="Profile to judge by: its name, or the path of a profile file. [default: from the settings]",
    )(function)


def model_options(function: AnyFunction) -> AnyFunction:
    """`--pose-model FILE` and `--face-model FILE`: the user's own model files."""
    file = UserPath()
    face = click.option(
        "--face-model",
        type=file,
        metavar="FILE",
        help="Your own face model (.task) in place of the included one.",
    )
    pose = click.option(
        "--pose-model",
        type=file,
        metavar="FILE",
        help="Your own pose model (.task) in place of the included one.",
    )
    return pose(face(function))


def settings_option(function: AnyFunction) -> AnyFunction:
    """`--settings FILE`: another settings file than the user's."""
    return click.option(
        "--settings",
        "settings_path",
        type=UserPath(),
        metavar="FILE",
        help="Settings file in place of your own (posture-cv settings path).",
    )(function)


def json_option(function: AnyFunction) -> AnyFunction:
    """`--json`: machine-readable output on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")(function)


def camera_option(function: AnyFunction) -> AnyFunction:
    """`--camera NUMBER|NAME`: which webcam."""
    return click.option(
        "--camera",
        metavar="NUMBER|NAME",
        help="Which webcam: its number or its name. [default: from the settings]",
    )(function)


class Number(click.FloatRange):
    """A finite number within a range: click's own takes NaN for one."""

    name = "number"  # in messages and help, for "float range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Raises click.BadParameter for anything else."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number", param, ctx)
        return number


class Whole(click.IntRange):
    """A whole number within a range."""

    name = "whole number"


class Interval(click.ParamType[tuple[float, float]]):
    """START:END in seconds; END may be left out."""

    name = "START:END"

    def convert(
        self, value: str | tuple[float, float], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        """The interval that a text means."""
        if isinstance(value, tuple):
            return value
        from posture_cv.replay.manifest import parse_interval_s

        try:
            return parse_interval_s(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Rate(click.ParamType[float]):
    """So many looks a second, or the time between two: 5hz, 5, 200ms, 0.2s."""

    name = "RATE"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The looks a second, in Hz, that a text means."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(hz|ms|s)?\s*", value, re.IGNORECASE)
        number = float(match[1]) if match else 0.0
        unit = (match[2] if match else None) or "hz"
        rate = {"hz": number, "ms": 1000.0 / number, "s": 1.0 / number}[unit.lower()] if number else 0.0
        if not 0.0 < rate < math.inf:  # digits without end make no number
            self.fail(f"{value[:60]!r} is not a rate: give 5hz, 200ms or 2s", param, ctx)
        return rate


def calibrate_option(text: str) -> Callable[[AnyFunction], AnyFunction]:
    """`--calibrate START:END`: seconds of a recording that give its baseline."""
    return click.option("--calibrate", "calibrate_s", type=Interval(), metavar="START:END", help=text)


def out_option(function: AnyFunction) -> AnyFunction:
    """`--out FOLDER`: where results go."""
    return click.option(
        "--out",
        type=UserPath(file_okay=False),
        required=True,
        help="Folder for the results.",
    )(function)


def alert_after_option(function: AnyFunction) -> AnyFunction:
    """`--alert-after SECONDS`: another dwell than the settings'."""
    return click.option(
        "--alert-after",
        type=Number(0.5, 3600),
        metavar="SECONDS",
        help="How long a posture must last before an alert; to try things out: pauses shrink with it, and no first "
        "minutes are left out. [default: from the settings, usually 120; severe: 30]",
    )(function)


def every_option(function: AnyFunction) -> AnyFunction:
    """`--every RATE`: look at some of the frames only."""
    return click.option(
        "--every",
        "rate_hz",
        type=Rate(),
        metavar="RATE",
        help="Look so often, e.g. 5hz or 200ms. [default: every frame]",
    )(function)


def workers_option(function: AnyFunction) -> AnyFunction:
    """`--workers N`: processes at work."""
    return click.option(
        "--workers",
        type=Whole(1, 1024),
        metavar="N",
        help="Processes at work. [default: one a core]",
    )(function)
