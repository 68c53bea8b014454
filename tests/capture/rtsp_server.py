"""A small RTSP server on this machine (RFC 2326): one MPEG transport stream, sent inside the RTSP connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from types import TracebackType

_TS_BYTES = 188
_PACKETS_A_BLOCK = 7


class RtspServer:
    """Serves the bytes of an MPEG transport stream again and again, at a steady pace.

    Args:
        data: a transport stream (a `.ts` file's bytes).
        seconds: how long it lasts; it is sent at that pace.
    """

    def __init__(self, data: bytes, seconds: float) -> None:
        block = _TS_BYTES * _PACKETS_A_BLOCK
        self._blocks = [data[at : at + block] for at in range(0, len(data), block)]
        self._pause_s = seconds / len(self._blocks)
        self._stopped = threading.Event()
        self.stalled = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="rtsp-server")]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/desk"

    def close(self) -> None:
        """Stop; all threads have ended afterwards."""
        self._stopped.set()
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in list(self._threads):
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), name="rtsp-connection")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile("rb") as requests:
            while (method := self._answer(connection, requests)) is not None:
                if method == "PLAY":
                    self._send(connection)
                    return

    def _answer(self, connection: socket.socket, requests: BinaryIO) -> str | None:
        request = requests.readline().decode().split()
        headers = {}
        while line := requests.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if not request:
            return None
        requests.read(int(headers.get("content-length", 0)))
        extra, body = "", ""
        if request[0] == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif request[0] == "DESCRIBE":
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=desk\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:ts\r\n"
            extra = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif request[0] == "SETUP":
            extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        elif request[0] == "PLAY":
            extra = "Session: 1\r\n"
        answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers.get('cseq', '0')}\r\n{extra}\r\n{body}"
        connection.sendall(answer.encode())
        return request[0]

    def _send(self, connection: socket.socket) -> None:
        sequence = 0
        while True:
            for block in self._blocks:
                while self.stalled.is_set() and not self._stopped.wait(0.05):
                    pass
                if self._stopped.wait(self._pause_s):
                    return
                clock = int(sequence * self._pause_s * 90_000) & 0xFFFFFFFF
                rtp = struct.pack(">BBHII", 0x80, 33, sequence & 0xFFFF, clock, 1) + block
                connection.sendall(b"$\0" + struct.pack(">H", len(rtp)) + rtp)
                sequence += 1
