"""`posture-cv evaluate DATASET`: accuracy against labelled ground truth."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.options import UserPath, Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from posture_cv.evaluate.dataset import Dataset, Making
    from posture_cv.evaluate.run import Evaluation

_FOLDER = UserPath()
_WITH_LABELS = ("dataset", "labels", "json_file")


@click.command(name="evaluate", short_help="Measure the accuracy on a labelled data set.")
@click.argument("dataset", type=_FOLDER)
@click.option("--json", "json_file", type=_FOLDER, help="Write the result as JSON ('-' prints it).")
@click.option("--page", type=_FOLDER, help="Write an HTML page with Bland-Altman and agreement plots.")
@click.option("--split-by", type=click.Choice(["subject"]), help="Give the figures of each subject too.")
@click.option(
    "--landmarks",
    "source",
    type=click.Choice(["auto", "pictures", "npz"]),
    default="auto",
    show_default=True,
    help="Look at the pictures, or take landmarks.npz. auto: the file if it holds the contour, else the pictures.",
)
@click.option("--workers", type=Whole(1, 64), help="Processes for pictures. [default: one a processor]")
@click.option(
    "--looks",
    type=Whole(1, 5),
    default=5,
    show_default=True,
    help="Looks at each picture (as it is, and a little tilted), averaged. Frames of videos get one.",
)
@click.option("--cache", type=_FOLDER, help="Keep landmarks made from pictures in this file (no pictures).")
@click.option("--worst", type=Whole(0), default=0, help="List so many frames of each view that went wrong.")
@click.option("--worst-pictures", type=_FOLDER, help="With --worst: save those pictures in this folder.")
@click.option(
    "--without",
    "cues",
    type=click.Choice(["face", "contour"]),
    multiple=True,
    help="Take a cue away, to see what it contributes.",
)
@click.option("--labels", is_flag=True, help="DATASET holds landmarks of photographs with labels of opinion.")
def command(
    dataset: Path,
    *,
    json_file: Path | None,
    page: Path | None,
    split_by: str | None,
    source: str,
    workers: int | None,
    looks: int,
    cache: Path | None,
    worst: int,
    worst_pictures: Path | None,
    cues: tuple[str, ...],
    labels: bool,
) -> None:
    """Measure the accuracy on DATASET, a folder with ground_truth.csv and pictures, videos or landmarks.npz.

    The baseline of each clip comes from its calibration frames; all others are judged one by one and compared
    with the truth. Clips that are videos are judged on the mean over 2 s as well. Rules of other monitors run
    beside ours on the same frames.
    """
    from rich.console import Console

    from posture_cv.evaluate.dataset import Making, Source, without
    from posture_cv.processors import processors

    if labels:
        _check_opinion_options(click.get_current_context())
    _check_targets(json_file, page, cache, worst_pictures)
    quiet = json_file is not None and str(json_file) == "-"
    console = Console(highlight=False, emoji=False, markup=False, stderr=quiet)
    if labels:
        _labelled(dataset, json_file, console)
        return
    making = Making(Source(source), workers or processors(), looks, cache)
    data = without(_read(dataset, making, split_by, console), cues)
    _finish(data, console, json_file, page, split_by, worst, worst_pictures)


def _check_opinion_options(context: click.Context) -> None:
    """Refuse what has no part in --labels, so that nobody waits for a page that is not written."""
    from click.core import ParameterSource

    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in _WITH_LABELS
        and context.get_parameter_source(str(option.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise click.UsageError(f"--labels has no use for {', '.join(given)}; only --json goes with it.")


def _check_targets(
    json_file: Path | None, page: Path | None, cache: Path | None, folder: Path | None
) -> None:
    """See before hours of work that outputs can be written, and replace neither the truth nor another file."""
    from posture_cv.atomic import check_target, check_writable, private_folder
    from posture_cv.file_facts import is_page

    json_file = None if str(json_file) == "-" else json_file
    given = [file for file in (json_file, page, cache) if file is not None]
    if len({os.path.realpath(file) for file in given}) < len(given):
        raise click.UsageError("--json, --page and --cache need a file each: one would replace another.")
    for file in given:
        check_writable(file)
    if json_file is not None:
        check_target(json_file, kind="a result of evaluate", is_kind=_is_result)
    if page is not None:
        check_target(page, kind="a page of this program", is_kind=is_page)
    if folder is not None:
        check_writable(private_folder(folder) / "picture.jpg")


def _is_result(file: Path) -> bool:
    """Whether a file is a JSON document that evaluation has written."""
    from posture_cv.file_facts import is_document

    return is_document(file, "schema_version", "dataset")


def _finish(
    data: Dataset,
    console: Console,
    json_file: Path | None,
    page: Path | None,
    split_by: str | None,
    worst: int,
    worst_pictures: Path | None,
) -> None:
    from posture_cv.evaluate.judging import Judges
    from posture_cv.evaluate.run import evaluate
    from posture_cv.evaluate.tables import print_result
    from posture_cv.output.text import one_line

    evaluation = evaluate(data, Judges.of(data), split_by, worst or (10 if worst_pictures else 0))
    print_result(console, evaluation.result)
    _write_json(json_file, evaluation.result.model_dump_json(indent=2))
    if page is not None:
        _write_page(page, evaluation)
        console.print(f"Page: {one_line(str(page))}")
    if worst_pictures is not None:
        from posture_cv.evaluate.worst_pictures import save_worst

        count = save_worst(worst_pictures, data, evaluation)
        console.print(f"{count} pictures of cases that went wrong: {one_line(str(worst_pictures))}")


def _write_page(page: Path, evaluation: Evaluation) -> None:
    from posture_cv.atomic import write_atomic
    from posture_cv.evaluate.page import render_page

    write_atomic(page, render_page(evaluation))


def _write_json(json_file: Path | None, text: str) -> None:
    from posture_cv.atomic import write_atomic

    if json_file is None:
        return
    if str(json_file) == "-":
        click.echo(text)
    else:
        write_atomic(json_file, f"{text}\n")


def _read(folder: Path, making: Making, split_by: str | None, console: Console) -> Dataset:
    from posture_cv.evaluate.dataset import pictures_to_make, read_dataset
    from posture_cv.evaluate.run import require_split
    from posture_cv.evaluate.truth import read_truth

    truth = read_truth(folder)
    require_split(folder.resolve().name, truth, split_by)  # before hours of looking at pictures
    with _bar(console, pictures_to_make(truth, making)) as advance:
        data = read_dataset(folder, making, advance, truth)
    if data.landmarks_from.endswith("without contour"):
        console.print(
            "No contour in landmarks.npz: what rests on it is less certain, or withheld.", style="yellow"
        )
    return data


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar; none when there is nothing to wait for."""
    if total == 0:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Looking at pictures", total=total)
        yield lambda count: progress.advance(task, count)


def _labelled(folder: Path, json_file: Path | None, console: Console) -> None:
    from posture_cv.evaluate.judging import Judges
    from posture_cv.evaluate.opinions import evaluate_opinions, print_opinions

    result = evaluate_opinions(folder, Judges.of())
    print_opinions(console, result)
    _write_json(json_file, result.model_dump_json(indent=2))
