"""Messages between a live source and the process that talks to its camera or stream.

Each message is a header and a payload: JSON, or the bytes of a picture. Times are `time.monotonic()` in
seconds, which all processes of a machine share.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from io import RawIOBase

    from numpy.typing import NDArray

HEADER = struct.Struct("=4sIQdII")  # kind, payload bytes, index, seconds, width, height

OPENED = b"OPEN"
"""JSON: frame_rate_hz, finite, duration_s, frame_count; the size stands in the header."""
FRAME = b"FRAM"
ALIVE = b"BEAT"
"""Pictures come, but none is due."""
DAMAGED = b"DAMG"
"""A picture came that cannot be decoded."""
FAILED = b"FAIL"
"""JSON: reason (see `live_faults`), detail."""
ENDED = b"DONE"

_MOST_PAYLOAD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `image` is filled for FRAME, `data` for OPENED and FAILED."""

    kind: bytes
    index: int
    seconds: float
    width_px: int
    height_px: int
    data: dict[str, Any]
    image: NDArray[np.uint8] | None = None


class Sender:
    """Writes messages. One thread only."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def image(self, index: int, seconds: float, image: NDArray[np.uint8]) -> None:
        """Send a picture of shape `(height, width, 3)`."""
        height, width = image.shape[:2]
        self._pipe.write(HEADER.pack(FRAME, image.nbytes, index, seconds, width, height))
        self._pipe.write(np.ascontiguousarray(image).data)
        self._pipe.flush()

    def note(self, kind: bytes, size: tuple[int, int] = (0, 0), **data: object) -> None:
        """Send anything else; `size` is width and height in pixels."""
        payload = json.dumps(data).encode() if data else b""
        self._pipe.write(HEADER.pack(kind, len(payload), 0, 0.0, *size) + payload)
        self._pipe.flush()


def receive(pipe: RawIOBase) -> Message | None:
    """The next message; None at the end of the pipe, also in the middle of a message.

    Raises:
        ValueError: the other side does not speak this protocol.
    """
    header = bytearray(HEADER.size)
    if not _fill(pipe, memoryview(header)):
        return None
    kind, length, index, seconds, width, height = HEADER.unpack(header)
    if length > _MOST_PAYLOAD_BYTES or (kind == FRAME and length != width * height * 3):
        raise ValueError(f"message {kind!r} of {length} bytes for {width} x {height} pixels")
    payload = np.empty(length, np.uint8)
    if not _fill(pipe, payload.data):
        return None
    if kind == FRAME:
        image = payload.reshape(height, width, 3)
        return Message(kind, index, seconds, width, height, {}, image)
    data = json.loads(payload.tobytes()) if length else {}
    return Message(kind, index, seconds, width, height, data)


def _fill(pipe: RawIOBase, buffer: memoryview) -> bool:
    """Read until the buffer is full; False if the pipe ends before."""
    done = 0
    while done < len(buffer):
        count = pipe.readinto(buffer[done:])
        if not count:
            return False
        done += count
    return True
