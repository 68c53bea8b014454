"""Draw the frames that go wrong: `python tools/failing_cases.py DATASET docs/failing-cases.jpg [--cache FILE]`.

One tile for each case, the worst of each kind and view: the clip's first calibration frame beside the frame, what
it shows, what it was named, and the quantity that is farthest off. The pictures must be free to publish.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from posture_cv.atomic import write_atomic
from posture_cv.evaluate.dataset import Dataset, Making, read_dataset
from posture_cv.evaluate.judging import Judges
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.run import evaluate
from posture_cv.evaluate.schema import WorstCase

WIDTH, HEIGHT, CAPTION = 240, 180, 40  # of one picture; of the text below
COLUMNS, OF_EACH_VIEW, OF_EACH_SEGMENT = 3, 6, 2
INK: Final = (40, 40, 40)
Picture = NDArray[np.uint8]


def main() -> None:
    """Parse the command line, evaluate, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, help="landmarks kept by posture-cv evaluate --cache")
    chosen = parser.parse_args()
    data = read_dataset(chosen.dataset, Making(cache=chosen.cache))
    found = evaluate(data, Judges.of(data), worst=80)
    cases = chosen_cases(list(zip(found.worst_rows, found.result.worst, strict=True)))
    if not cases:
        raise SystemExit("No frame is named wrongly: there is nothing to draw.")
    tiles = [tile(data, row, case) for row, case in cases]
    blank = np.full_like(tiles[0], 250)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    done, jpeg = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 78])
    assert done
    write_atomic(chosen.out, jpeg.tobytes())
    chosen.out.chmod(0o644)
    print(f"{chosen.out}: {len(cases)} cases, {chosen.out.stat().st_size / 1000:.0f} kB")


def chosen_cases(worst: list[tuple[int, WorstCase]]) -> list[tuple[int, WorstCase]]:
    """Frames that were named wrongly with their rows, the gravest first, at most so many of each view and segment."""
    found: list[tuple[int, WorstCase]] = []
    for row, case in worst:
        same_view = [c for _, c in found if c.view == case.view]
        same = [c for c in same_view if c.segment == case.segment]
        if case.kind != "error" and len(same_view) < OF_EACH_VIEW and len(same) < OF_EACH_SEGMENT:
            found.append((row, case))
    return found


def tile(data: Dataset, row: int, case: WorstCase) -> Picture:
    """Two pictures and two lines of text."""
    clip = next(c for c in data.clips if row in c.rows)
    strip = np.full((CAPTION, 2 * WIDTH, 3), 250, np.uint8)
    lines = [f"{case.view} {case.subject}: {case.segment} named {case.named.replace('_', ' ')}"]
    if case.quantity is not None and case.truth is not None and case.estimate is not None:
        about = COMPARED[case.quantity]
        lines.append(f"{about.short}: true {case.truth:+.1f}, estimated {case.estimate:+.1f} {about.unit}")
    for number, text in enumerate(lines):
        cv2.putText(strip, text, (6, 16 + 17 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.44, INK, 1, cv2.LINE_AA)
    pictures = np.hstack([picture(data, int(clip.calibration[0])), picture(data, row)])
    return np.asarray(np.vstack([pictures, strip]), np.uint8)


def picture(data: Dataset, row: int) -> Picture:
    """One picture of the data set, small."""
    path = data.truth.folder[row] / str(data.truth.file[row])
    image = cv2.imread(str(path))
    assert image is not None, path
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
