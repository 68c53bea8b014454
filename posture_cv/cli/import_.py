"""`posture-cv import`: landmarks that other programs made, as a landmark recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.cli.echo import echo_note
from posture_cv.cli.options import Number, UserPath

if TYPE_CHECKING:
    from posture_cv.importing.types import Imported


class Size(click.ParamType[tuple[int, int]]):
    """WIDTHxHEIGHT in pixels."""

    name = "WIDTHxHEIGHT"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The size that a text means."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", value)
        if match is None:
            self.fail(f"{value!r} is not WIDTHxHEIGHT in pixels, for example 640x480", param, ctx)
        return int(match[1]), int(match[2])


@click.command(name="import", short_help="Bring in landmarks that other programs made.")
@click.argument("files", nargs=-1, required=True, type=UserPath(), metavar="FILE...")
@click.option(
    "--out",
    type=UserPath(dir_okay=False),
    required=True,
    help="The landmark recording to write (NAME.landmarks).",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "npz", "openpose", "coco"]),
    help="What FILE is. [default: from its name and content]",
)
@click.option(
    "--size", type=Size(), metavar="WIDTHxHEIGHT", help="Of the pictures, where FILE does not say it."
)
@click.option(
    "--fps",
    "rate_hz",
    type=Number(0.001, 10000.0),
    metavar="RATE",
    help="Frames a second, where FILE only numbers them.",
)
@click.option(
    "--unit",
    type=click.Choice(["shares", "pixels"]),
    help="Of x and y. [default: pixels where they are mostly larger than 4]",
)
@click.option("--participant", help="Noted in the recording, and so in its results.")
@click.option("--condition", help="Noted in the recording, and so in its results.")
def command(
    files: tuple[Path, ...],
    out: Path,
    format_name: str | None,
    size: tuple[int, int] | None,
    rate_hz: float | None,
    unit: str | None,
    participant: str | None,
    condition: str | None,
) -> None:
    """Make a landmark recording of landmarks made elsewhere, and say what they do not hold.

    \b
    FILE is one of
      MediaPipe's pose in CSV (a row a frame, or a row a landmark) or in NPZ
      a folder of OpenPose's JSON files (BODY_25 or COCO-18)
      COCO keypoints in JSON (17 points; results or annotations)
    The columns and fields are listed in docs/import.md. Replay and calibrate work on the result.
    """
    from posture_cv.importing.read import read_foreign
    from posture_cv.importing.types import ImportOptions
    from posture_cv.landmarks.recording_writer import check_recording_target

    check_recording_target(out, files)
    pixels = None if unit is None else unit == "pixels"
    done = read_foreign(files, ImportOptions(size, rate_hz, pixels), format_name)
    notes = {"participant": participant, "condition": condition}
    _write(out, files[0], done, {key: value for key, value in notes.items() if value is not None})
    _show(out, done)


def _write(out: Path, source: Path, done: Imported, notes: dict[str, str]) -> None:
    from posture_cv.landmarks.recording import RecordingInfo
    from posture_cv.landmarks.recording_writer import RecordingWriter

    lm = done.landmarks
    width, height = (int(side) for side in lm.size_px[0])
    header = RecordingInfo(
        {
            "kind": "import",
            "name": source.name,
            "path": source.name,
            "format": done.format,
            "width_px": width,
            "height_px": height,
            "missing": list(done.missing),
        },
        {
            "engine": f"imported: {done.format}",
            "mode": "unknown",
            "pose": None,
            "face": {"name": "imported"} if lm.face_found.any() else None,
            "contour": False,
        },
        notes={**notes, "import_notes": list(done.notes)},
    )
    with RecordingWriter(out, header) as writer:
        writer.write(lm)


def _show(out: Path, done: Imported) -> None:
    from posture_cv.output.text import one_line

    lm = done.landmarks
    click.echo(
        f"{one_line(str(out))}: {len(lm)} frames, {lm.t_s[-1] - lm.t_s[0]:.1f} s, "
        f"somebody in {int(lm.person_found.sum())} of them ({done.format})"
    )
    for text in done.missing:
        click.echo(f"Missing: {text}")
    for text in done.notes:
        echo_note(text)
