"""What has come on a connection and has not been used yet; pywsgi's ``rfile``."""

from __future__ import annotations

import time
from typing import Any

import gevent
from gevent import get_hub
from gevent.socket import wait_read

from .http_head import END, MAX_HEAD

PIECE = 64 * 1024
TURN_BYTES = 256 * 1024
"""After so many bytes that were there without waiting, the other connections get their turn."""
TURN_SECONDS = 0.002
"""Where the loop polled its sockets less than so long ago, a connection's next request is read at once: to poll first
would take a tenth of the time of a small request."""
TICK = 0.0005
"""Seconds of the shortest sleep. ``gevent.sleep(0)`` does not poll: libev runs up to a thousand callbacks first."""


def give_way() -> None:
    """Comes back after the loop has looked at all sockets."""
    gevent.sleep(TICK)


class Reader:
    """Holds no more than was received. Waiting for the peer is entered in the server's idle connections."""

    closed = False

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._buffer = bytearray()
        self._eager = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def receive(self) -> bool:
        """Waits for more; False at the end of the connection. Raises OSError."""
        if self._eager >= TURN_BYTES:
            self._eager = 0
            give_way()
        data = self._handler.socket.recv(PIECE)
        self._eager += len(data)
        self._buffer += data
        return bool(data)

    def wait_for_next(self) -> None:
        """Lets the loop look at the others, where that is due, until there is something of the next request. What was
        sent ahead waits until the others had their turn."""
        if self._buffer:
            with self._handler.server.sent_ahead:
                give_way()
        elif time.time() - get_hub().loop.now() > TURN_SECONDS:
            wait_read(self._handler.socket.fileno())

    def head(self) -> bytes:
        """A whole head, its last empty line included; less of it at the end of the connection, or where it is longer
        than ``MAX_HEAD``."""
        start = 0
        while (end := END.search(self._buffer, start)) is None:
            start = max(0, len(self._buffer) - 2)
            if len(self._buffer) > MAX_HEAD or not self.receive():
                return self.take(len(self._buffer))
        return self.take(end.end())

    def line(self, most: int) -> bytes | None:
        """The next line, its line feed included, or the first ``most`` bytes of a longer one; None where more must
        come first."""
        end = self._buffer.find(b"\n", 0, most)
        if end < 0 and len(self._buffer) < most:
            return None
        return self.take(end + 1 if end >= 0 else most)

    def take(self, most: int) -> bytes:
        """What is there of the next ``most`` bytes."""
        taken = bytes(memoryview(self._buffer)[:most])
        del self._buffer[:most]
        return taken

    def close(self) -> None:
        self._buffer.clear()
