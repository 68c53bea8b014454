"""`posture-cv bench`: what a frame, a start, an hour and a month cost on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture_cv.cli.options import Number, UserPath, Whole, model_options, settings_option
from posture_cv.processors import use_one_thread

if TYPE_CHECKING:
    from rich.console import Console

    from posture_cv.bench.hour import Hour
    from posture_cv.bench.run import Measured
    from posture_cv.settings import Settings

_FILE = UserPath()
_SAMPLE = Path("samples", "desk-front.mp4")


@click.command(short_help="Measure what it costs on this machine.")
@click.argument("video", type=_FILE, default=_SAMPLE)
@click.option(
    "--profile",
    "profile_path",
    type=_FILE,
    help="Profile file to judge by. [default: VIDEO's own .profile.json]",
)
@click.option("--json", "json_file", type=_FILE, help="Write the figures as JSON too ('-' prints them).")
@click.option("--quick", is_flag=True, help="A little of everything, to see that it works.")
@click.option(
    "--minutes",
    type=Number(0.1, 600),
    metavar="N",
    help="Length of the desk time with and without economy. [default: 10; --quick: 0.2]",
)
@click.option("--frames", type=Whole(1), metavar="N", help="Frames to time. [default: 400; --quick: 30]")
@click.option(
    "--delays",
    type=Whole(1, 1000),
    metavar="HOURS",
    help="Instead: what economy delays in so many desk hours.",
)
@click.option(
    "--day",
    type=Whole(1, 100),
    metavar="HOURS",
    help="Instead: memory and cost of the whole monitor over so many desk hours.",
)
@click.option("--endurance", is_flag=True, help="A million frames and a month of history instead.")
@click.option("--looks", type=Whole(1000), metavar="N", help="So many frames in place of the million.")
@model_options
@settings_option
def command(
    video: Path,
    profile_path: Path | None,
    json_file: Path | None,
    quick: bool,
    minutes: float | None,
    frames: int | None,
    delays: int | None,
    day: int | None,
    endurance: bool,
    looks: int | None,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
) -> int:
    """Time the stages of a frame against the bare models, the start-up, and a desk hour; print tables.

    \b
    VIDEO (default: samples/desk-front.mp4) stands in for the camera. The desk hour is made of the sample video and
    is left out for any other.
      posture-cv bench --minutes 60 --json bench.json
      posture-cv bench --delays 50
      posture-cv bench --day 8
      posture-cv bench --endurance
    """
    use_one_thread()  # as the monitor does
    from rich.console import Console

    ways = {"--delays": delays is not None, "--day": day is not None, "--endurance": endurance}
    _check_ways([way for way, chosen in ways.items() if chosen], frames=frames, looks=looks)
    _check_target(json_file)
    console = Console(stderr=json_file == Path("-"))
    if endurance:
        from posture_cv.bench.endurance import endure

        endured = endure(looks or (20_000 if quick else 1_000_000))
        _print_with_faults(console, "Endurance", endured.rows(), endured.faults)
        _write(json_file, endured.as_plain())
        return 1 if endured.faults else 0
    from posture_cv.bench.run import Amounts, measure
    from posture_cv.cli.resolve import estimator_options, overrides
    from posture_cv.settings import load_settings

    settings = load_settings(settings_path, overrides(pose_model, face_model))
    if delays is not None:
        _write(json_file, _delays(console, video, profile_path, settings, delays, minutes or 60.0))
        return 0
    if day is not None:
        return _day(console, video, profile_path, settings, day, minutes or 60.0, json_file)
    amounts = Amounts.quick() if quick else Amounts()
    amounts = amounts.with_(frames=frames, minutes=minutes)
    measured = measure(
        video,
        profile_path,
        estimator_options(pose_model, face_model, settings_path),
        settings,
        amounts,
        lambda text: console.print(f"[dim]{text} ...[/dim]") if console.is_terminal else None,
    )
    _print_measured(console, measured)
    _write(json_file, measured.as_plain())
    return 0


def _check_ways(chosen: Sequence[str], *, frames: int | None, looks: int | None) -> None:
    """No option is passed over in silence: raises click.UsageError."""
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} measure different things: choose one.")
    if looks is not None and "--endurance" not in chosen:
        raise click.UsageError("--looks goes with --endurance.")
    if frames is not None and chosen:
        raise click.UsageError(f"--frames has no part in {chosen[0]}: leave it out.")


def _check_target(file: Path | None) -> None:
    """See before minutes of work that the figures can be written, and replace nothing but figures."""
    from posture_cv.atomic import check_target, check_writable

    if file is not None and str(file) != "-":
        check_writable(file)
        check_target(file, kind="figures of bench", is_kind=_is_figures)


def _is_figures(file: Path) -> bool:
    """Whether a file is a JSON document that bench has written."""
    from posture_cv.file_facts import is_document

    return is_document(file, "schema_version", "machine")


def _delays(
    console: Console, video: Path, profile_path: Path | None, settings: Settings, hours: int, minutes: float
) -> dict[str, Any]:
    from posture_cv.bench import document
    from posture_cv.bench.delays import measure_delays
    from posture_cv.bench.run import sample_profile

    found = measure_delays(
        video, sample_profile(video, profile_path), settings, hours, seconds=60.0 * minutes
    )
    _table(console, "What the economy delays", ("what", "figure"), document.delay_rows(found))
    return document.delays_as_plain(found)


def _day(
    console: Console,
    video: Path,
    profile_path: Path | None,
    settings: Settings,
    hours: int,
    minutes: float,
    json_file: Path | None,
) -> int:
    from posture_cv.bench.day import elsewhere, live_through
    from posture_cv.bench.run import sample_profile

    profile = elsewhere(sample_profile, video, profile_path)
    lived = live_through(video, profile, settings, hours, seconds=60.0 * minutes)
    _print_with_faults(console, "The monitor over a day", lived.rows(), lived.faults)
    _write(json_file, lived.as_plain())
    return 1 if lived.faults else 0


def _write(file: Path | None, plain: dict[str, Any]) -> None:
    import json

    from posture_cv.atomic import write_atomic

    if file is None:
        return
    text = json.dumps(plain, indent=2) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
    else:
        write_atomic(file, text)


def _print_measured(console: Console, measured: Measured) -> None:
    from posture_cv.bench import document

    _table(
        console,
        f"One frame, {measured.stages.total.count} of {measured.video}",
        ("stage", "median, ms", "95th percentile, ms"),
        document.stage_rows(measured.stages),
    )
    _table(
        console,
        "Start",
        ("what", "wall, ms (median)", "processor, ms (median)", "memory, MB (peak)"),
        document.start_rows(measured.started),
    )
    if measured.hour is None:
        console.print("The desk hour was left out: it is made of samples/desk-front.mp4.")
        return
    _print_hour(console, measured.hour)


def _print_hour(console: Console, hour: Hour) -> None:
    from posture_cv.bench import document

    _table(
        console,
        f"The monitor over {hour.economy.minutes:g} desk minutes (plain loop: {hour.plain_seconds:g} s)",
        ("", "of one core", "looks a minute", "models a minute"),
        document.hour_rows(hour),
    )
    console.print(document.delay_text(hour))


def _print_with_faults(
    console: Console, title: str, rows: Iterable[tuple[str, str]], faults: Sequence[str]
) -> None:
    _table(console, title, ("what", "figure"), rows)
    for fault in faults:
        console.print(f"FAULT: {fault}")
    if not faults:
        console.print("No fault.")


def _table(console: Console, title: str, head: tuple[str, ...], rows: Any) -> None:  # noqa: ANN401 - of strings
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
