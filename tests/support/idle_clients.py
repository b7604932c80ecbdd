"""Opens streams and keeps them, as a process of its own: both ends of each need a file descriptor.

    python -m tests.support.idle_clients PORT COUNT TRANSPORT

Prints "ready" when all have heard their first message, and ends when its standard input does. Those over
WebSocket say now and then that they are alive.
"""

from __future__ import annotations

import select
import socket
import sys
import time

from tests.support.stream_clients import HANDSHAKE, PONG, frame

REQUESTS = {
    "websocket": HANDSHAKE.format(path="/ws/pedidos", more=""),
    "sse": "GET /sse/pedidos HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
}
AT_ONCE = 100
ALIVE_SECONDS = 15.0


class Crowd:
    """The streams that are open."""

    def __init__(self, transport: str) -> None:
        self._streams: list[socket.socket] = []
        self._transport = transport
        self._said = time.monotonic()

    def open(self, port: int, count: int) -> None:
        for start in range(0, count, AT_ONCE):
            self._open_group(port, range(start, start + AT_ONCE))
            self.say_alive()

    def say_alive(self) -> None:
        if self._transport == "websocket" and time.monotonic() - self._said > ALIVE_SECONDS:
            self._said = time.monotonic()
            for stream in self._streams:
                stream.sendall(frame(PONG))

    def _open_group(self, port: int, numbers: range) -> None:
        group = [socket.create_connection(("127.0.0.1", port), 60, source(number)) for number in numbers]
        for stream in group:
            stream.sendall(REQUESTS[self._transport].encode())
        for stream in group:
            heard = b""
            while b'"connection"' not in heard:
                piece = stream.recv(65536)
                assert piece, heard
                heard += piece
        self._streams += group


def source(number: int) -> tuple[str, int]:
    """Addresses enough for any number of ports."""
    return f"127.0.0.{2 + number // 10_000}", 0


if __name__ == "__main__":
    crowd = Crowd(sys.argv[3])
    crowd.open(int(sys.argv[1]), int(sys.argv[2]))
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 1)[0]:
        crowd.say_alive()
