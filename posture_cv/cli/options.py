"""Options that several commands share: one name, one meaning, one help text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def profile_option(function: AnyFunction) -> AnyFunction:
    """`--profile NAME`: name of a profile, or the path of a profile file."""
    return click.option(
        "--profile",
        metavar="NAME",
        help="Profile to judge by: its name, or the path of a profile file. [default: from the settings]",
    )(function)


def model_options(function: AnyFunction) -> AnyFunction:
    """`--pose-model FILE` and `--face-model FILE`: the user's own model files."""
    file = click.Path(path_type=Path)
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
        type=click.Path(path_type=Path),
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
