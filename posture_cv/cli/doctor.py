"""`posture-cv doctor`: is everything there that is needed, and what is in the way?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_lines
from posture_cv.cli.options import json_option
from posture_cv.output.text import one_line

if TYPE_CHECKING:
    from posture_cv.cli.doctor_checks import Finding

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
_COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


@click.command(name="doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check versions, models, cameras, display, notifications, folders, settings and profiles.

    Leaves with 1 when something must be repaired, else with 0.
    """
    from posture_cv.cli.doctor_checks import all_findings

    findings = list(all_findings())
    problems = sum(finding.level == "problem" for finding in findings)
    if as_json:
        report = {"problems": problems, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(findings, problems)
    ctx.exit(1 if problems else 0)


def _print(findings: list[Finding], problems: int) -> None:
    group = ""
    for finding in findings:
        if finding.group != group:
            group = finding.group
            click.secho(group, bold=True)
        mark = click.style(_MARKS[finding.level], fg=_COLOURS[finding.level])
        click.echo(f"  {mark} {finding.name:18} {one_line(finding.text)}")
        if finding.advice:
            echo_lines(f"{'':29}{finding.advice}")
    told = "Nothing to repair." if not problems else f"To repair: {problems}."
    click.echo(told)
