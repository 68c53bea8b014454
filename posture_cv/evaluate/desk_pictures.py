"""An hour at the desk in pictures, made of the sample clip: what a camera would send, ten JPEGs a second.

The clip's postures follow one another by a plan drawn from a seed: work with glances at the keyboard and short
lapses, three postures that last, two absences. Each posture plays its seconds of the clip to and fro, so that the
person is never quite still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
# How often an hour and how long in seconds; the rates of `desk_plan`.
INCIDENTS: Final[Mapping[str, tuple[float, tuple[float, float]]]] = MappingProxyType(
    {
        "glance_down": (20.0, (2.0, 7.0)),
        "forward_head": (1.5, (4.0, 40.0)),
        "rounded_shoulders": (1.0, (4.0, 15.0)),
        "text_neck": (1.5, (4.0, 25.0)),
    }
)
LASTING: Final = (
    ("forward_head", 360.0),
    ("absent", 240.0),
    ("rounded_shoulders", 300.0),
    ("absent", 75.0),
    ("text_neck", 240.0),
)
_NOISE_LEVELS: Final = 2.0
_NOISE_SHIFT_PX: Final = 64  # one field of noise, laid differently on each picture
_QUALITY: Final = 85


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one posture."""

    kind: str
    seconds: float


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
    names, rates = list(INCIDENTS), np.array([an_hour for an_hour, _ in INCIDENTS.values()])
    pieces, left_s = [], seconds
    while left_s > 0.0:
        pause_s = min(left_s, float(rng.exponential(3600.0 / rates.sum())))
        pieces.append(Piece("work", pause_s))
        left_s -= pause_s
        name = names[int(rng.choice(len(names), p=rates / rates.sum()))]
        length_s = min(left_s, float(rng.uniform(*INCIDENTS[name][1])))
        pieces.append(Piece(name, length_s))
        left_s -= length_s
    return pieces


def desk_hour(
    clip: Path, *, seed: int = 0, seconds: float = 3600.0, rate_hz: float = 10.0
) -> Iterator[tuple[float, bytes]]:
    """Seconds and JPEG bytes of each picture of such an hour.

    Args:
        clip: `samples/desk-front.mp4`.
        seed: draws the plan and the sensor's noise.
        seconds: its length.
        rate_hz: pictures a second; the clip has ten.

    Raises:
        SourceError: the clip cannot be read. ValueError: it is too short to be the sample.
    """
    camera = _Camera(clip, seed)
    numbers = _frames(plan_hour(seed, seconds), rate_hz)
    return ((k / rate_hz, camera.jpeg(number)) for k, number in enumerate(numbers))


def _frames(pieces: list[Piece], rate_hz: float) -> Iterator[int]:
    """The clip's frame for each picture: every piece plays its segment to and fro."""
    shown, end_s = 0, 0.0
    for piece in pieces:
        first, last = SEGMENTS[piece.kind]
        cycle = 2 * (last - first)
        end_s += piece.seconds
        while shown / rate_hz < end_s:
            place = round(shown / rate_hz * 10.0) % cycle
            yield first + min(place, cycle - place)
            shown += 1


class _Camera:
    """The clip's frames with a sensor's noise, as a webcam packs them; each is made once, when first asked for."""

    def __init__(self, clip: Path, seed: int) -> None:
        from posture_cv.capture import open_source

        with open_source(str(clip)) as source:
            self._frames = [frame.image_bgr for frame in source.frames()]
        longest = max(last for _, last in SEGMENTS.values())
        if len(self._frames) <= longest:
            raise ValueError(f"{clip} has {len(self._frames)} frames, expected more than {longest}")
        self._rng = np.random.default_rng(seed)
        height, width = self._frames[0].shape[:2]
        shape = (height + _NOISE_SHIFT_PX, width + _NOISE_SHIFT_PX, 3)
        self._noise = np.rint(self._rng.normal(0.0, _NOISE_LEVELS, shape)).astype(np.int16)
        self._packed: dict[int, bytes] = {}

    def jpeg(self, number: int) -> bytes:
        """One frame."""
        if number not in self._packed:
            self._packed[number] = self._made(self._frames[number])
        return self._packed[number]

    def _made(self, image: NDArray[np.uint8]) -> bytes:
        import cv2

        y, x = self._rng.integers(0, _NOISE_SHIFT_PX, 2)
        noise = self._noise[y : y + image.shape[0], x : x + image.shape[1]]
        noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
        return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
