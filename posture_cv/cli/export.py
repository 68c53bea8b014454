"""`posture-cv export RESULT…`: tables, Motion-BIDS and OpenSim markers from result folders."""

from __future__ import annotations

from pathlib import Path

import click

from posture_cv.cli.echo import echo_lines, echo_note, echo_written
from posture_cv.cli.options import UserPath
from posture_cv.errors import InputError


@click.command(short_help="Write results as open data: CSV, Parquet, Motion-BIDS, OpenSim.")
@click.argument("results", nargs=-1, required=True, type=UserPath(), metavar="RESULT…")
@click.option(
    "--format",
    "formats",
    type=click.Choice(["csv", "parquet", "bids", "trc"]),
    multiple=True,
    default=("csv",),
    show_default=True,
    help="May be given several times; each format gets a folder of its own.",
)
@click.option("--out", type=UserPath(file_okay=False), required=True, help="Folder to write into.")
@click.option("--name", metavar="TEXT", default="Sitting posture", show_default=True, help="Of the dataset.")
def command(results: tuple[Path, ...], formats: tuple[str, ...], out: Path, name: str) -> None:
    """Write RESULT folders of `replay` (or folders of such folders) in the formats of the field.

    \b
    csv      tidy tables, described by datapackage.json (Frictionless Data), a sidecar a recording
    parquet  the same; units and meanings in the metadata (extra: research)
    bids     Motion-BIDS: *_motion.tsv, *_channels.tsv, *_events.tsv and JSON sidecars
    trc      landmarks as OpenSim markers (of replay --record, or of a landmark recording given as RESULT)
    """
    from posture_cv.cli.report_results import chosen_results
    from posture_cv.landmarks.recording import is_recording
    from posture_cv.opendata.export import check_formats, export
    from posture_cv.opendata.folder import read_result
    from posture_cv.opendata.gather import gather

    chosen = tuple(dict.fromkeys(formats))
    recordings = [path for path in results if is_recording(path)]
    if recordings:
        _markers(recordings, results, chosen, out)
        return
    found = [read_result(folder) for folder in chosen_results(results)]
    check_formats(chosen, found)
    for folder in export(gather(found), chosen, out, name):
        echo_written(folder)


def _markers(recordings: list[Path], given: tuple[Path, ...], formats: tuple[str, ...], out: Path) -> None:
    """Landmark recordings hold landmarks only: they become markers and nothing else."""
    from posture_cv.atomic import check_target, private_folder
    from posture_cv.opendata.export import export_markers
    from posture_cv.opendata.names import distinct, file_name
    from posture_cv.opendata.trc import is_markers

    if formats != ("trc",) or len(recordings) < len(given):
        raise InputError(
            "A landmark recording can only be written as markers.",
            f"Given: {', '.join(path.name for path in recordings)}.",
            "Use --format trc with recordings alone, or give result folders of replay.",
        )
    folder = private_folder(out / "trc")
    called = distinct(map(str, recordings), lambda path: file_name(Path(path).stem), "-")
    targets = {path: folder / f"{called[str(path)]}.trc" for path in recordings}
    for target in targets.values():
        check_target(target, recordings, kind="a file of markers", is_kind=is_markers)
    for path, target in targets.items():
        for warning in export_markers(path, target):
            echo_note(warning)
        if len(recordings) > 1:  # several may be called alike: replay calls all of them landmarks.landmarks
            echo_lines(f"{target.name}: {path}")
    echo_written(folder)
