"""`posture-cv settings show|path|init`."""

from __future__ import annotations

from pathlib import Path

import click

from posture_cv.cli.echo import echo_lines, echo_written
from posture_cv.cli.options import UserPath, json_option, settings_option


@click.group(name="settings")
def command() -> None:
    """Show the settings, or begin a settings file.

    The file is TOML; what it does not name keeps its default. POSTURE_CV_HOME=FOLDER puts it, with
    all other files of the program, below FOLDER.
    """


@command.command()
@settings_option
@json_option
def show(settings_path: Path | None, as_json: bool) -> None:
    """Print the settings in force; what the file sets is marked."""
    from posture_cv.settings import load_settings, read_settings_file
    from posture_cv.settings_text import in_force_text

    settings = load_settings(settings_path)
    if as_json:
        click.echo(settings.model_dump_json(indent=2))
        return
    echo_lines(*in_force_text(settings, read_settings_file(settings_path), _origin(settings_path)))


def _origin(settings_path: Path | None) -> str:
    from posture_cv.paths import settings_file

    path = settings_path or settings_file()
    return f"from {path}" if path.exists() else f"defaults; there is no file at {path}"


@command.command()
def path() -> None:
    """Print where the settings file is, or would be."""
    from posture_cv.paths import settings_file

    click.echo(str(settings_file()))


@command.command()
@click.option("--out", type=UserPath(), metavar="FILE", help="Write it there instead.")
def init(out: Path | None) -> None:
    """Write a commented settings file; an existing one is left alone."""
    from posture_cv.atomic import OutputError, private_folder, write_atomic
    from posture_cv.paths import settings_file
    from posture_cv.settings_text import example_text

    target = out or settings_file()
    if target.exists() or target.is_symlink():
        what = "folder" if target.is_dir() else "settings file" if out is None else "file"
        raise OutputError(
            f"There is a {what} already: {target}",
            "It is left as it is.",
            "Edit it; or move it away; or write an example elsewhere: posture-cv settings init --out FILE"
            if out is None
            else "Give --out another name.",
        )
    if out is None:
        private_folder(target.parent)
    write_atomic(target, example_text())
    echo_written(target)
