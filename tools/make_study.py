"""Make `samples/study/`: four people, two conditions, one short video each, from a copy of the ground truth.

    python tools/make_study.py GROUND_TRUTH

Each video is a sequence of rendered single frames of one person before one camera, one frame a second: first the
calibration frames, then postures held for some seconds each. Before the laptop people look down and come forward
more than before the screen: that is made up, and so is every difference that the study finds. What is real is
the way from videos to tables and pages.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

STUDY = Path(__file__).resolve().parent.parent / "samples" / "study"
PEOPLE = {"P1": "p1_f1", "P2": "p2_f2", "P3": "p3_f3", "P4": "p4_f4"}
SIZE = (400, 300)
CALIBRATION_S = 12
HELD_S = (4, 9)  # shortest and longest time in one posture
LENGTH_S = 90
# How often each posture comes, by condition.
PLANS = {
    "laptop": {
        "upright": 3,
        "fhp_moderate": 3,
        "fhp_severe": 1,
        "look_down_keyboard": 2,
        "text_neck": 1,
        "rounded_severe": 2,
        "slump_fhp_rounded": 1,
    },
    "screen": {
        "upright": 6,
        "fhp_mild": 2,
        "recline": 1,
        "lean_in": 1,
        "look_down_keyboard": 1,
        "rounded_mild": 1,
        "absent": 1,
    },
}


def main() -> None:
    """Parse the command line, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ground_truth", type=Path, help="folder with public/")
    write(parser.parse_args().ground_truth)


def write(ground_truth: Path) -> None:
    """Write the videos and the manifest."""
    STUDY.mkdir(exist_ok=True)
    rows = []
    for k, (person, clip) in enumerate(PEOPLE.items()):
        frames = _frames(ground_truth / "public" / clip)
        for c, condition in enumerate(PLANS):
            name = f"{person.lower()}{'ab'[c]}.mp4"
            _write(STUDY / name, list(_sequence(frames, condition, seed=10 * k + c)))
            rows.append((name, person, condition, f"0:{CALIBRATION_S}"))
    with (STUDY / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("file", "participant", "condition", "calibrate"))
        writer.writerows(rows)


def _frames(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.jpg")):
        found.setdefault(path.stem.split("_", 1)[1], []).append(path)
    return found


def _sequence(frames: dict[str, list[Path]], condition: str, seed: int) -> Iterator[Path]:
    """One picture a second."""
    random = np.random.default_rng(seed)
    calibration = frames["calibration"]
    yield from (calibration[t % len(calibration)] for t in range(CALIBRATION_S))
    postures = [name for name, times in PLANS[condition].items() for _ in range(times) if name in frames]
    seconds = CALIBRATION_S
    while seconds < LENGTH_S:
        for name in random.permutation(postures):
            held = int(random.integers(*HELD_S))
            chosen = frames[str(name)]
            first = int(random.integers(len(chosen)))
            for t in range(held):
                if seconds == LENGTH_S:
                    return
                yield chosen[(first + t // 3) % len(chosen)]
                seconds += 1


def _write(path: Path, pictures: list[Path]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1, options={"crf": "30", "preset": "veryslow"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1)
        stream.thread_count = 1
        for picture in pictures:
            image = cv2.imread(str(picture))
            if image is None:
                raise SystemExit(f"Not a picture: {picture}")
            small = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(small, "bgr24")))
        container.mux(stream.encode())
    print(f"{path.name}: {len(pictures)} s, {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
