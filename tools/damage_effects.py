"""What worse pictures and other cameras do to the measurement: `python tools/damage_effects.py DATASET`.

Copies of the pictures are damaged and evaluated, one look each. What happens between a calibration and later (noise,
movement, other light, a poor connection) leaves the calibration frames as they are; what a camera is like (its lens,
its pixels) changes them, too. Printed for each view: mean absolute error and correlation of the change of
craniovertebral angle, the share of the truth in the stated 90 % intervals, the share withheld, and what share of the
postures that would alert, and of the harmless ones, is named one that would. DATASET holds one `ground_truth.csv`, and
pictures.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from posture_cv.evaluate.dataset import Making, Source, read_dataset
from posture_cv.evaluate.judging import Judges
from posture_cv.evaluate.making import picture_of
from posture_cv.evaluate.run import evaluate
from posture_cv.evaluate.schema import SegmentResult, ViewResult
from posture_cv.evaluate.segments import HARMLESS
from posture_cv.evaluate.truth import Truth, read_truth
from posture_cv.processors import processors

Picture = NDArray[np.uint8]
Damage = Callable[[Picture, np.random.Generator], Picture]
NOISE, DARK_NOISE = 15.0, 8.0  # standard deviations, of 255
BLUR_PX, BLUR_STEPS = 9, 33
LIGHT_KEPT, LIGHT_ADDED = 0.35, 1.7
WARM: Final = (0.7, 1.0, 1.25)  # blue, green, red
POOR_QUALITY: Final = 15
LENS: Final = (0.22, 0.05, 0.0, 0.0)  # k1, k2, p1, p2 of OpenCV's model
FOCAL_SHARE: Final = 0.8  # of the width


class Kind(NamedTuple):
    """A damage, and whether it is the camera's own, so that the calibration has it, too."""

    done: Damage
    camera: bool


def main() -> None:
    """Parse the command line, damage, evaluate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument(
        "--only", nargs="+", choices=tuple(KINDS), default=tuple(KINDS), help="these damages only"
    )
    chosen = parser.parse_args()
    truth = read_truth(chosen.dataset)
    print(f"{'':<20}{'':<9}{'MAE':>6}{'r':>6}{'in 90 %':>9}{'withheld':>10}{'alerting':>10}{'harmless':>10}")
    for name in chosen.only:
        with tempfile.TemporaryDirectory() as folder:
            copy(chosen.dataset, truth, Path(folder), KINDS[name])
            for view, result in views(Path(folder)).items():
                print(f"{name:<20}{view:<9}{line(result)}", flush=True)


def views(folder: Path) -> Mapping[str, ViewResult]:
    """What a data set's pictures give, seen once, view by view."""
    data = read_dataset(folder, Making(Source.PICTURES, processors(), looks=1))
    return evaluate(data, Judges.of(data)).result.views


def copy(dataset: Path, truth: Truth, folder: Path, kind: Kind) -> None:
    """The data set with its pictures damaged; the same ones in the same way each time."""
    shutil.copy(dataset / "ground_truth.csv", folder)
    for file, segment in zip(truth.file.tolist(), truth.segment.tolist(), strict=True):
        there = folder / file
        there.parent.mkdir(parents=True, exist_ok=True)
        picture = picture_of(dataset / file)
        if kind.camera or segment != "calibration":
            picture = kind.done(picture, np.random.default_rng(zlib.crc32(file.encode())))
        done, png = cv2.imencode(".png", picture)  # whatever the name says: nothing more may be lost
        assert done
        there.write_bytes(png.tobytes())


def line(result: ViewResult) -> str:
    """The figures of one view."""
    cva = result.quantities["cva_change_deg"]
    alerting, harmless = (
        flagged(dict(part)) for part in (_segments(result, harmless=False), _segments(result, harmless=True))
    )
    numbers = (_percent(x) for x in (cva.coverage_90, cva.withheld, alerting, harmless))
    return f"{_shown(cva.mae)}{_shown(cva.r)}" + "".join(
        f"{number:>{9 + (k > 0)}}" for k, number in enumerate(numbers)
    )


def _segments(result: ViewResult, *, harmless: bool) -> Iterator[tuple[str, SegmentResult]]:
    return ((name, one) for name, one in result.segments.items() if (name in HARMLESS) == harmless)


def flagged(segments: Mapping[str, SegmentResult]) -> float | None:
    """Share of all their frames; None without any."""
    count = sum(one.n for one in segments.values())
    return sum(one.flagged * one.n for one in segments.values()) / count if count else None


def _shown(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.2f}':>6}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100.0 * value:.0f} %"


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.clip(np.round(values), 0.0, 255.0).astype(np.uint8)


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """Noise of a poor sensor."""
    return _bytes(picture + random.normal(0.0, NOISE, picture.shape))


def moving(picture: Picture, random: np.random.Generator) -> Picture:
    """Smeared along a random line, as by a movement while the shutter is open."""
    kernel, angle = np.zeros((BLUR_PX, BLUR_PX), np.float32), random.uniform(0.0, np.pi)
    half = BLUR_PX // 2
    for step in np.linspace(-half, half, BLUR_STEPS):
        kernel[round(half + step * np.sin(angle)), round(half + step * np.cos(angle))] = 1.0
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def dark(picture: Picture, random: np.random.Generator) -> Picture:
    """A third of the light, and the noise that comes with it."""
    return _bytes(picture * LIGHT_KEPT + random.normal(0.0, DARK_NOISE, picture.shape))


def bright(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """Too much light: what is white stays white."""
    return _bytes(picture * LIGHT_ADDED)


def warm(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """The light of a lamp in the evening."""
    return _bytes(picture * np.array(WARM))


def compressed(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """As it comes over a poor connection."""
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, POOR_QUALITY])
    assert done
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def through_lens(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """Bent towards the edges by a cheap wide lens."""
    height, width = picture.shape[:2]
    camera = np.array(
        [[FOCAL_SHARE * width, 0, width / 2], [0, FOCAL_SHARE * width, height / 2], [0, 0, 1.0]]
    )
    maps = cv2.initUndistortRectifyMap(
        camera, np.array(LENS), np.eye(3), camera, (width, height), cv2.CV_32FC1
    )
    bent = cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8)


def half(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """A camera of a quarter of the pixels."""
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def twice(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """A camera of four times the pixels, with no more to see in them."""
    return np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def unchanged(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001 - see Damage
    """To compare with."""
    return picture


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "unchanged": Kind(unchanged, camera=True),
        "noise": Kind(noisy, camera=False),
        "movement": Kind(moving, camera=False),
        "dark": Kind(dark, camera=False),
        "bright": Kind(bright, camera=False),
        "warm light": Kind(warm, camera=False),
        "strong compression": Kind(compressed, camera=False),
        "bent by the lens": Kind(through_lens, camera=True),
        "320 x 240": Kind(half, camera=True),
        "1280 x 960": Kind(twice, camera=True),
    }
)


if __name__ == "__main__":
    main()
