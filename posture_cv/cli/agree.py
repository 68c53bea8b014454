"""`posture-cv agree RESULT LABELS`: a rater's labels against what the program named."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from posture_cv.cli.echo import echo_note
from posture_cv.cli.options import Number, UserPath, Whole, json_option
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from posture_cv.agreement.compare import Agreement
    from posture_cv.assess.types import State
    from posture_cv.opendata.folder import Result

_SHOWN = 12


@click.command(short_help="Compare a rater's labels with the program's answers.")
@click.argument("result", type=UserPath())
@click.argument("labels", type=UserPath())
@click.option(
    "--ask",
    type=Whole(1, 10_000),
    metavar="N",
    help="Write LABELS instead: N stretches to be labelled, without the program's answers.",
)
@click.option(
    "--coding", metavar="NAME", help="Which observation, subject or tier, where the file holds several."
)
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="LABEL=POSTURE",
    help="What a label means; may be given several times.",
)
@click.option("--rest", metavar="POSTURE", help="What unlabelled time means. [default: it is not compared]")
@click.option(
    "--edge",
    "edge_s",
    type=Number(0.0, 60.0),
    default=0.0,
    metavar="SECONDS",
    help="Leave out so much time around each change of the rater's label.",
)
@click.option(
    "--frames",
    type=UserPath(file_okay=False),
    metavar="FOLDER",
    help="Save a picture of each stretch that disagrees (needs --video).",
)
@click.option("--video", type=UserPath(exists=True), help="The source of the recording.")
@json_option
def command(
    result: Path,
    labels: Path,
    ask: int | None,
    coding: str | None,
    names: tuple[str, ...],
    rest: str | None,
    edge_s: float,
    frames: Path | None,
    video: Path | None,
    as_json: bool,
) -> None:
    """Compare LABELS, made without sight of the program's answers, with the RESULT folder of a replay.

    \b
    LABELS is one of
      BORIS   tabular events or aggregated events (CSV or TSV)
      ELAN    tab-delimited text, or the .eaf file itself
      CSV     columns start, end, label; times in seconds or h:mm:ss

    Begin with --ask 40: it writes a sheet of stretches to watch and label, spread over all postures seen, with no
    answer in it.

    Times count from the start of the source. Everything is weighted by time; intervals are 95 % and come from
    blocks of consecutive seconds.
    """
    if (frames is None) != (video is None):
        raise click.UsageError("--frames and --video go together: pictures are taken from the source.")
    from posture_cv.agreement.compare import compare
    from posture_cv.agreement.read import as_postures, chosen, on_the_sources_clock, read_labels
    from posture_cv.opendata.folder import find_results, read_result

    folders = find_results([result])
    if len(folders) != 1:
        raise click.UsageError(f"{result} holds {len(folders)} results; give the folder of one recording.")
    taken = read_result(folders[0])
    if ask is not None:
        _ask(taken, ask, labels)
        return
    if video is not None:
        from posture_cv.report.thumbnails import check_source

        check_source(taken, video)
    read = read_labels(labels, coding)
    source = str(taken.source.get("name") or "")
    timed, moved_s = on_the_sources_clock(chosen(read, coding, str(labels)), source, str(labels))
    if moved_s:
        echo_note(f"The labels' clock begins at {moved_s:g} s of the source: they are counted from there.")
    stretches = as_postures(timed, _pairs(names), str(labels))
    found = compare(taken.series(), stretches, _posture(rest), edge_s)
    labelled_s = sum(stretch.end_s - stretch.start_s for stretch, _ in stretches)
    if found.compared_s <= 0.0 or found.outside_s >= labelled_s:
        raise InputError(
            "There is nothing to compare.",
            f"The labels cover {stretches[0][0].start_s:g} to {stretches[-1][0].end_s:g} s, and at no moment there "
            "did rater and program both name a posture.",
            "Check that labels and results are of the same recording.",
        )
    if as_json:
        click.echo(_json(found, read.kind))
    else:
        _show(found, read.kind, read.points)
    if frames is not None and video is not None:
        _save_frames(found, frames, video)


def _ask(result: Result, count: int, sheet_file: Path) -> None:
    """Write a sheet to be filled in; an existing one is left alone."""
    from posture_cv.agreement.ask import STRETCH_S, postures, sheet, stretches
    from posture_cv.atomic import write_atomic
    from posture_cv.output.text import one_line

    if sheet_file.exists():
        raise InputError(
            f"There is such a file already: {sheet_file}", "It may hold labels.", "Choose another name."
        )
    chosen = stretches(result.series(), count)
    if not chosen:
        raise InputError(
            "There is nothing to ask.",
            f"The recording holds no stretch of {STRETCH_S:g} s.",
            "Give the results of a longer recording.",
        )
    write_atomic(sheet_file, sheet(chosen))
    amount = f"{len(chosen)} stretches" + (", all there are" if len(chosen) < count else "")
    click.echo(
        one_line(
            f"Written: {sheet_file} ({amount}). Watch each in the video and write one of these beside it:"
        )
    )
    click.echo(postures())
    click.echo(
        "Rare postures stand in it more often than in the recording; when all of it is labelled, each stretch counts "
        "for as many as it stands for."
    )


def _pairs(names: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in names:
        label, separator, posture = text.partition("=")
        if not separator or not label.strip() or not posture.strip():
            raise click.BadParameter(f"{text!r} is not LABEL=POSTURE", param_hint="--map")
        pairs[label] = posture
    return pairs


def _posture(text: str | None) -> State | None:
    from posture_cv.assess.types import State

    try:
        return None if text is None else State.from_label(text.strip().replace(" ", "_"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--rest") from error


def _json(found: Agreement, kind: str) -> str:
    import json

    def plain(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the result
        if isinstance(value, float):
            return round(value, 4) if isfinite(value) else None
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return value

    data = {**asdict(found), "confusion_s": found.confusion_s.tolist()}
    return json.dumps({"schema_version": 1, "labels": kind, **plain(data)}, indent=2)


def _intervals(found: Agreement) -> str:
    """Which figures have an interval: agreement without an exception tells nothing of kappa's, but of the share's."""
    blocks = f"95 % intervals from blocks of {found.block_s:g} s"
    if found.kappa.has_interval:
        return blocks
    if not found.agreed.has_interval:
        return "Too short for intervals"
    return f"{blocks}; none for kappa: its variation cannot be seen here"


def _show(found: Agreement, kind: str, points: int) -> None:
    from rich.console import Console
    from rich.markup import escape

    from posture_cv.cli.agree_view import AgreeView, figure_text

    console = Console(width=110 if not Console().is_terminal else None)
    unused = {0: "", 1: "; 1 event without duration is not used"}
    click.echo(f"Labels: {kind}" + unused.get(points, f"; {points} events without duration are not used"))
    click.echo(_times(found))
    click.echo(
        f"Cohen's kappa {figure_text(found.kappa)}, named alike {figure_text(found.agreed)} of the time"
    )
    if found.of_recording:
        click.echo(
            "Labelled are stretches as --ask chooses them: the figures are weighted to stand for the recording"
        )
    click.echo(_intervals(found))
    console.print(AgreeView(found.postures))
    click.echo(_how_many(len(found.disagreements)))
    for d in found.disagreements[:_SHOWN]:
        why = f" ({d.reason.replace('_', ' ')})" if d.reason else ""
        text = f"{d.start_s:8.1f} to {d.end_s:.1f} s   rater {d.rater}, program {d.program}{why}"
        console.print(escape(text.replace("_", " ")), highlight=False)


def _times(found: Agreement) -> str:
    """What was compared, and what was not, in seconds."""
    from posture_cv.spans import STATED_FROM_S

    parts = [
        f"Compared {found.compared_s:.1f} s",
        f"not labelled {found.unlabelled_s:.1f} s",
        f"labelled, but not named by the program {found.unnamed_s:.1f} s",
    ]
    if found.outside_s >= STATED_FROM_S:
        parts.append(f"labelled, but outside the recording {found.outside_s:.1f} s")
    if found.undecided_s:
        parts.append(f"labelled cannot tell {found.undecided_s:.1f} s")
    if found.at_edges_s:
        parts.append(f"near edges {found.at_edges_s:.1f} s")
    return "; ".join(parts)


def _how_many(disagreements: int) -> str:
    if disagreements == 1:
        return "1 stretch disagrees:"
    return f"{disagreements} stretches disagree{', the longest:' if disagreements else ''}"


def _save_frames(found: Agreement, folder: Path, video: Path) -> None:
    """A picture from the middle of each stretch, named by its time and the two names."""
    from posture_cv.atomic import private_folder, write_atomic
    from posture_cv.report.thumbnails import picture

    private_folder(folder)
    count = 0
    for d in found.disagreements:
        middle = (d.start_s + d.end_s) / 2.0
        jpeg = picture(video, middle, width_px=640)
        if jpeg is not None:
            write_atomic(folder / f"{middle:09.2f}s_rater-{d.rater}_program-{d.program}.jpg", jpeg)
            count += 1
    click.echo(f"{count} pictures: {folder}", err=True)
