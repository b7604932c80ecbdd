"""Thousands of streams at once, on bare sockets in one thread."""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable

from tests.support.live_server import LiveServer
from tests.support.stream_clients import HANDSHAKE

SSE_REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
CONNECTING_AT_ONCE = 200
"""Fewer than a listening socket's backlog."""
TAIL = 4096
"""Bytes kept of what a stream has received; enough for the last event and the end."""


class Crowd:
    """`count` streams, half of them WebSocket and half SSE, past their `connection` message."""

    def __init__(
        self,
        server: LiveServer,
        count: int,
        timeout: float = 60,
        connect: Callable[[], socket.socket] | None = None,
    ) -> None:
        """``connect`` opens a connection where that is not TCP."""
        self._selector = selectors.DefaultSelector()
        self._received: dict[socket.socket, bytes] = {}
        self._connecting: set[socket.socket] = set()
        deadline = time.monotonic() + timeout
        requests = [HANDSHAKE.format(path="/ws/pedidos", more=""), SSE_REQUEST.format(path="/sse/pedidos")]
        for number in range(count):
            # An address of its own as source, so that these many ports stay free on 127.0.0.1.
            connection = (
                connect()
                if connect
                else socket.create_connection(("127.0.0.1", server.port), timeout, source_address=("127.0.0.2", 0))
            )
            connection.sendall(requests[number % 2].encode())
            connection.setblocking(False)
            self._received[connection] = b""
            self._connecting.add(connection)
            self._selector.register(connection, selectors.EVENT_READ)
            if len(self._connecting) == CONNECTING_AT_ONCE or number == count - 1:
                while self._connecting:
                    self._read(deadline)

    def endings(self, timeout: float, last: bytes) -> Counter[str]:
        """Reads all streams to their end; how many ended in which way, and whether `last` had come."""
        deadline = time.monotonic() + timeout
        while self._selector.get_map():
            self._read(deadline)
        return Counter(_ending(data, last) for data in self._received.values())

    def close(self) -> None:
        for connection in self._received:
            connection.close()
        self._selector.close()

    def _read(self, deadline: float) -> None:
        assert time.monotonic() < deadline, f"{len(self._connecting)} streams not connected, not all ended"
        for key, _ in self._selector.select(0.2):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                data = connection.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                self._selector.unregister(connection)
            self._received[connection] = received = (self._received[connection] + data)[-TAIL:]
            if b'"connection"' in received:
                self._connecting.discard(connection)


def _ending(data: bytes, last: bytes) -> str:
    complete = "" if last in data else "without the last event, "
    if b"data: " in data or b"data:{" in data:
        return complete + "end of SSE"
    close_frame = data[-125:].rfind(b"\x88")
    if close_frame < 0:
        return complete + "WebSocket without a close frame"
    close = data[-125:][close_frame:]
    code = struct.unpack("!H", close[2:4])[0] if len(close) >= 4 else None
    return f"{complete}WebSocket {code}"
