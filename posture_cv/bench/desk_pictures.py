"""An hour at the desk in pictures, made of the sample clip: what a camera would send, ten JPEGs a second.

The clip's postures follow one another by a plan drawn from a seed: work with glances at the keyboard and short
lapses, three postures that last, two absences. Each posture plays its seconds of the clip to and fro, so that the
person is never quite still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.evaluate.desk_plan import INCIDENTS, LAPSES, Piece

# First and last frame of `samples/desk-front.mp4`, by its truth file, without the transitions.
SEGMENTS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "work": (0, 79),
        "forward_head": (105, 179),
        "glance_down": (236, 257),
        "rounded_shoulders": (280, 329),
        "text_neck": (366, 395),
        "absent": (421, 449),
    }
)
# What comes between: how often an hour, and how long in seconds.
_RATES: Final = {
    "glance_down": INCIDENTS["glance_down"],
    **{lapse: LAPSES[lapse] for lapse in ("forward_head", "rounded_shoulders", "text_neck")},
}
LASTING: Final = (
    ("forward_head", 360.0),
    ("absent", 240.0),
    ("rounded_shoulders", 300.0),
    ("absent", 75.0),
    ("text_neck", 240.0),
)
RATE_HZ: Final = 10.0  # of the clip, and so of the pictures made of it
_SEED: Final = 0
_NOISE_LEVELS: Final = 2.0
_NOISE_SHIFT_PX: Final = 64  # one field of noise, laid differently on each picture
_QUALITY: Final = 85
_STILL_PICTURES: Final = 20


def plan_hour(seed: int, seconds: float = 3600.0) -> list[Piece]:
    """The hour's pieces; a shorter or longer time has all of it in proportion."""
    rng = np.random.default_rng(seed)
    scale = seconds / 3600.0
    lasting = [Piece(kind, length * scale) for kind, length in LASTING]
    work_s = (seconds - sum(piece.seconds for piece in lasting)) * rng.dirichlet(
        np.full(len(lasting) + 1, 6.0)
    )
    pieces: list[Piece] = []
    for number, length_s in enumerate(work_s.tolist()):
        pieces += _work(rng, length_s)
        pieces += lasting[number : number + 1]
    return pieces


def _work(rng: np.random.Generator, seconds: float) -> list[Piece]:
    """Work, interrupted at random."""
    names, rates = list(_RATES), np.array([an_hour for an_hour, _ in _RATES.values()])
    pieces, left_s = [], seconds
    while left_s > 0.0:
        pause_s = min(left_s, float(rng.exponential(3600.0 / rates.sum())))
        pieces.append(Piece("work", pause_s))
        left_s -= pause_s
        name = names[int(rng.choice(len(names), p=rates / rates.sum()))]
        length_s = min(left_s, float(rng.uniform(*_RATES[name][1])))
        pieces.append(Piece(name, length_s))
        left_s -= length_s
    return pieces


def desk_hour(clip: Path, *, seconds: float) -> Iterator[tuple[float, bytes]]:
    """Seconds and JPEG bytes of each picture of such an hour, ten a second as in the clip.

    Args:
        clip: `samples/desk-front.mp4`.
        seconds: its length.

    Raises:
        SourceError: the clip cannot be read. ValueError: it is too short to be the sample.
    """
    return desk_hours(camera_jpegs(clip), [_SEED], seconds=seconds)


def desk_hours(
    jpegs: Sequence[bytes], seeds: Sequence[int], *, seconds: float
) -> Iterator[tuple[float, bytes]]:
    """Several such hours on end of the clip's pictures (`camera_jpegs`), by the seeds of their plans."""
    numbers = chain.from_iterable(frame_numbers(plan_hour(seed, seconds)) for seed in seeds)
    return ((k / RATE_HZ, jpegs[number]) for k, number in enumerate(numbers))


def camera_jpegs(clip: Path) -> list[bytes]:
    """Every frame of the clip with a sensor's noise, as a webcam packs it.

    Raises:
        SourceError: the clip cannot be read. ValueError: it is too short to be the sample.
    """
    from posture_cv.capture import open_source

    sensor = _Sensor()
    with open_source(str(clip)) as source:
        packed = [sensor.packed(frame.image_bgr) for frame in source.frames()]
    longest = max(last for _, last in SEGMENTS.values())
    if len(packed) <= longest:
        raise ValueError(f"{clip} has {len(packed)} frames, expected more than {longest}")
    return packed


def still_pictures(clip: Path, *, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A time in which nothing moves: the clip's first picture with ever new noise of the sensor, ten a second.

    Raises:
        SourceError: the clip cannot be read.
    """
    from posture_cv.capture import open_source

    with open_source(str(clip)) as source:
        first = next(iter(source.frames())).image_bgr
    sensor = _Sensor()
    packed = [sensor.packed(first) for _ in range(_STILL_PICTURES)]
    numbers = np.random.default_rng(_SEED).integers(0, len(packed), round(RATE_HZ * seconds)).tolist()
    return ((k / RATE_HZ, packed[number]) for k, number in enumerate(numbers))


class _Sensor:
    """Noise, and a webcam's way to pack a picture."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(_SEED)
        self._noise: NDArray[np.int16] | None = None

    def packed(self, image_bgr: NDArray[np.uint8]) -> bytes:
        """The picture as JPEG, with noise of its own."""
        import cv2

        height, width = image_bgr.shape[:2]
        if self._noise is None:
            shape = (height + _NOISE_SHIFT_PX, width + _NOISE_SHIFT_PX, 3)
            self._noise = np.rint(self._rng.normal(0.0, _NOISE_LEVELS, shape)).astype(np.int16)
        y, x = self._rng.integers(0, _NOISE_SHIFT_PX, 2)
        noisy = np.clip(image_bgr + self._noise[y : y + height, x : x + width], 0, 255).astype(np.uint8)
        return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def camera_pictures(clip: Path) -> dict[int, NDArray[np.uint8]]:
    """The pictures of `camera_jpegs`, decoded, (H, W, 3), by their numbers."""
    import cv2

    jpegs = camera_jpegs(clip)
    decoded = (cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for jpeg in jpegs)
    return {number: np.asarray(image, np.uint8) for number, image in enumerate(decoded)}


def frame_numbers(pieces: list[Piece]) -> Iterator[int]:
    """The clip's frame for each picture: every piece plays its segment to and fro."""
    shown, end_s = 0, 0.0
    for piece in pieces:
        first, last = SEGMENTS[piece.kind]
        cycle = 2 * (last - first)
        end_s += piece.seconds
        while shown / RATE_HZ < end_s:
            place = shown % cycle
            yield first + min(place, cycle - place)
            shown += 1
