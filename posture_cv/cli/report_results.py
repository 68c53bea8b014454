"""`posture-cv report RESULT…`: pages of result folders."""

from __future__ import annotations

from pathlib import Path

import click

from posture_cv.cli.echo import echo_note, echo_written


def chosen_results(given: tuple[Path, ...]) -> list[Path]:
    """The result folders that are meant; those that a later run of many has left behind are named."""
    from posture_cv.opendata.folder import find_results, stale_results

    found = find_results(given)
    for folder in stale_results(given):
        echo_note(f"{folder} is not in recordings.csv any more and is left out")
    return found


def report_results(given: tuple[Path, ...], out: Path | None, videos: Path | None) -> Path:
    """Write the page of one recording, or the pages of several and of their study; the page to open.

    Args:
        given: result folders of `replay`, or folders of such folders.
        out: folder to write into; None: beside the results.
        videos: folder with the source videos, for small pictures; None: no pictures.

    Raises:
        click.UsageError: `out` is meant as a file.
    """
    if out is not None and out.suffix.lower() in (".html", ".htm") and not out.is_dir():
        raise click.UsageError(
            "--out is a folder for results: the page has figures beside it. Leave the file's name out."
        )
    from posture_cv.opendata.folder import read_result
    from posture_cv.opendata.gather import gather
    from posture_cv.report.thumbnails import source_in
    from posture_cv.report.write import write_recording, write_study

    results = [read_result(folder) for folder in chosen_results(given)]
    sources = {} if videos is None else {r.name: source_in(videos, r) for r in results}
    study = gather(results)
    if len(results) == 1:
        (result,) = results
        page = write_recording(result, study.exposures[0], out or result.folder, sources.get(result.name))
    else:
        page = write_study(study, out or _common(given), "Sitting posture", videos=sources)
    echo_written(page)
    return page


def _common(given: tuple[Path, ...]) -> Path:
    """Where the page of several goes when nothing is said: the one folder that was given."""
    if len(given) > 1:
        raise click.UsageError("Say with --out in which folder the page of several results goes.")
    return given[0]
