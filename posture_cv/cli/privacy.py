"""`posture-cv privacy show|delete`."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

import click

from posture_cv.cli.echo import echo_json, echo_lines
from posture_cv.cli.options import json_option
from posture_cv.errors import PostureError

_PARTS = ("settings", "profiles", "history", "reports", "state", "cache")

_YOURS = (
    "Not listed, and yours to delete: what replay, record, export and others wrote where you told them to, and what "
    "--remember keeps beside a recording (*.measured, *.known.json)."
)


@click.group(name="privacy", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """See what is stored where, or delete it. No picture is ever among it, and nothing is sent anywhere."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@command.command()
@json_option
def show(as_json: bool = False) -> None:  # noqa: FBT002 - a flag
    """List what is stored, where, how much, and who may read it."""
    from posture_cv.monitor.autostart import status
    from posture_cv.monitor.traces import PARTS, traces

    found, start = traces(), status()
    if as_json:
        plain = [{**asdict(trace), "path": str(trace.path), "what": PARTS[trace.part]} for trace in found]
        echo_json({"stored": plain, "autostart": start.where if start.enabled else None})
        return
    for trace in found:
        amount = (
            f"{trace.files} file{'s' if trace.files > 1 else ''}, {trace.size_bytes:,} bytes, mode {trace.mode}"
            if trace.files
            else "nothing"
        )
        echo_lines(f"{trace.part:<9} {trace.path}", f"          {amount}: {PARTS[trace.part]}")
    echo_lines(f"autostart {start.where if start.enabled else 'off'}", _YOURS)


@command.command()
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
@click.option("--all", "everything", is_flag=True, help="All parts, and autostart.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(parts: tuple[str, ...], everything: bool, yes: bool) -> None:
    """Delete parts of what is stored, or everything."""
    from posture_cv.monitor import autostart, traces
    from posture_cv.monitor.instance import is_running
    from posture_cv.paths import runtime_dir

    if everything == bool(parts):
        raise click.UsageError("Say which parts, or --all.")
    chosen = _PARTS if everything else parts
    if is_running(runtime_dir()):
        raise PostureError("A monitor is running and would write again.", "", "End it first: posture-cv stop")
    if not yes:
        also = " And switch autostart off." if everything and autostart.status().enabled else ""
        click.confirm(f"Delete {', '.join(chosen)}?{also}", abort=True)
    for part in chosen:
        traces.delete(cast("traces.Part", part))
    if everything:
        autostart.disable()
        traces.delete("runtime")
    traces.remove_empty_folders()
    click.echo(f"Deleted: {', '.join(chosen)}.")
