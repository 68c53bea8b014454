"""`posture-cv profiles list|show|delete`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture_cv.cli.echo import echo_lines
from posture_cv.cli.options import json_option

if TYPE_CHECKING:
    from posture_cv.profiles.store import StoredProfile


class ProfileName(click.ParamType[str]):
    """The name of a profile, completed in the shell from the folder."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG002
        """Names that begin like what was typed."""
        from click.shell_completion import CompletionItem

        from posture_cv.profiles.store import profile_names

        return [CompletionItem(name) for name in profile_names() if name.startswith(incomplete)]


@click.group(name="profiles")
def command() -> None:
    """List, show or delete profiles (calibrate makes them)."""


@command.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List all profiles; one that cannot be read is listed with what is wrong."""
    from posture_cv.paths import profiles_dir
    from posture_cv.profiles.store import list_profiles

    stored = list(list_profiles())
    if as_json:
        click.echo(json.dumps([_plain(entry) for entry in stored], indent=2, ensure_ascii=False))
        return
    if not stored:
        echo_lines(f"No profiles yet in {profiles_dir()}. Make one with: posture-cv calibrate")
        return
    width = max(len("NAME"), *(len(entry.name) for entry in stored))
    click.echo(f"{'NAME':{width}}  VIEW     QUALITY  MADE                       SOURCE")
    for entry in stored:
        echo_lines(_row(entry, width))


def _row(entry: StoredProfile, width: int) -> str:
    if entry.profile is None:
        assert entry.problem is not None
        return f"{entry.name:{width}}  cannot be used: {entry.problem.detail_line}"
    profile = entry.profile
    view, grade = profile.baseline.view.label, profile.quality.grade
    return f"{entry.name:{width}}  {view:7}  {grade:7}  {profile.created:25}  {profile.source.name}"


def _plain(entry: StoredProfile) -> dict[str, Any]:
    from posture_cv.cli.profile_text import as_plain

    if entry.profile is None:
        return {"name": entry.name, "path": str(entry.path), "problem": str(entry.problem)}
    return as_plain(entry.profile, entry.path)


@command.command()
@click.argument("name", type=ProfileName())
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show one profile, by its name or the path of its file."""
    from posture_cv.cli.profile_text import as_json_text, as_text
    from posture_cv.profiles.store import is_path, load_profile, profile_path

    profile = load_profile(name)
    path = Path(name) if is_path(name) else profile_path(name)
    click.echo(as_json_text(profile, path) if as_json else as_text(profile, path))


@command.command()
@click.argument("name", type=ProfileName())
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, *, yes: bool) -> None:
    """Delete one profile."""
    from posture_cv.profiles.store import delete_profile, existing_path

    path = existing_path(name)
    if not yes:
        click.confirm(f"Delete {path}?", abort=True)
    delete_profile(name)
    echo_lines(f"Deleted: {path}")
