"""A stream on a bare socket whose every read is the test's: one that reads slowly, or not at all."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.support.live_server import LiveServer
from tests.support.stream_clients import HANDSHAKE, PING, frame, with_cursor
from tests.support.wire import Heard, Incoming

SSE_REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"


class RawStream:
    """Past its response head; reads nothing by itself. ``receive_buffer`` bounds what the kernel takes for it."""

    def __init__(
        self,
        server: LiveServer,
        transport: str,
        *,
        cursor: str | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        self.transport = transport
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", server.port))
        path = with_cursor("/ws/pedidos" if transport == "websocket" else "/sse/pedidos", cursor)
        request = HANDSHAKE.format(path=path, more="") if transport == "websocket" else SSE_REQUEST.format(path=path)
        self.socket.sendall(request.encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert head.split()[1] in (b"101", b"200"), head
        self.incoming = Incoming(transport)
        self.heard: list[Heard] = []
        self.messages: list[dict[str, Any]] = []
        self.close_code: int | None = None

    @property
    def events(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "pedido_update"]

    @property
    def cursor(self) -> str | None:
        """Of the last message that was taken in whole."""
        return next((m["cursor"] for m in reversed(self.messages) if "cursor" in m), None)

    def read(self, size: int = 1 << 18) -> int:
        """One read; how many bytes came, 0 at the end. Raises OSError as the socket does."""
        data = self.socket.recv(size)
        for heard in self.incoming.feed(data):
            self.heard.append(heard)
            if heard.kind == "message":
                self.messages.append(json.loads(heard.payload))
            elif heard.kind == "close":
                self.close_code = heard.close_code
        return len(data)

    def read_until(self, condition: Callable[[], Any], timeout: float = 30, size: int = 1 << 18) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout} s; {len(self.events)} events"
            assert self.read(size), f"the end of the stream, {self.close_code}"

    def read_to_end(self) -> str:
        """Reads all that is left; "end" or "reset", as the server ended it."""
        try:
            while self.read():
                pass
        except ConnectionResetError:
            return "reset"
        return "end"

    def ping(self, payload: bytes = b"") -> None:
        self.socket.sendall(frame(PING, payload))

    def close(self) -> None:
        self.socket.close()
