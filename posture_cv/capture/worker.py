"""The process that talks to one camera or one network stream.

A driver or a network can block for ever inside a C call, and no thread can be stopped there; a process can.
It also keeps the libraries' chatter, crashes and sockets out of the program itself. It ends when the pipe
from its parent closes, whatever the reason.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from posture_cv.capture import wire
from posture_cv.capture.base import RateGate

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

_BEAT_S = 0.5


class Delivery:
    """Numbers pictures and hands on those that are due. Shared by the kinds of live source.

    Args:
        sender: the pipe to the parent.
        max_rate_hz: at most so many pictures a second; None for all.
    """

    def __init__(self, sender: wire.Sender, max_rate_hz: float | None) -> None:
        self._sender = sender
        self._gate = RateGate(max_rate_hz)
        self._started_s = time.monotonic()
        self._arrived_s = self._last_sent_s = self._started_s
        self._count = 0

    def set_rate(self, max_rate_hz: float | None) -> None:
        """Change the rate; called from another thread, which the gate allows."""
        self._gate.set_rate(max_rate_hz)

    def is_due(self) -> bool:
        """Count a picture that has come, and say whether it is to be decoded and sent."""
        self._count += 1
        self._arrived_s = time.monotonic()
        if self._gate.is_due(self._arrived_s - self._started_s):
            return True
        if self._arrived_s - self._last_sent_s > _BEAT_S:
            self._sender.note(wire.ALIVE)
            self._last_sent_s = self._arrived_s
        return False

    def send(self, image: NDArray[np.uint8]) -> None:
        """Send the picture counted last, with the time of its arrival."""
        self._sender.image(self._count - 1, self._arrived_s, image)
        self._last_sent_s = self._arrived_s

    def damaged(self) -> None:
        """Tell that the picture counted last cannot be decoded; the next one takes its place.

        Those between two that are due say that the source lives: with nothing but damage it would for ever.
        """
        self._gate.again()
        self._sender.note(wire.DAMAGED)


def main(config: dict[str, Any]) -> None:
    """Run until the source ends, fails, or the parent goes; everything else is decided by `config`."""
    sender = wire.Sender(_take_stdout())
    delivery = Delivery(sender, config["max_rate_hz"])
    threading.Thread(target=_obey, args=(delivery,), daemon=True).start()
    run = _runner(config["kind"])
    sys.excepthook = lambda kind, error, _: sender.note(
        wire.FAILED, reason="crashed", detail=f"{kind.__name__}: {error}"
    )
    run(config, sender, delivery)


def _runner(kind: str) -> Callable[[dict[str, Any], wire.Sender, Delivery], None]:
    """The kind's own module; each loads a library that the other does not need."""
    if kind == "webcam":
        from posture_cv.capture import worker_webcam

        return worker_webcam.run
    from posture_cv.capture import worker_stream

    return worker_stream.run


def _take_stdout() -> BinaryIO:
    """Keep the pipe for messages; whatever a library prints goes nowhere."""
    pipe = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    return pipe


def _obey(delivery: Delivery) -> None:
    """Follow the parent's orders: a line is the new rate in Hz (0: all). The pipe's end is the end."""
    for line in sys.stdin.buffer:
        rate_hz = float(line)
        delivery.set_rate(rate_hz or None)
    os._exit(0)
