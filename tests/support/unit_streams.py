"""The far end of a stream without a server: reads what the hub wrote, whichever the transport."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from typing import Any

from tests.support.wire import Heard, Incoming


def tcp_pair(receive_buffer: int | None = None) -> tuple[socket.socket, socket.socket]:
    """Two ends of one TCP connection: the server's, and the client's with a receive buffer of so many bytes."""
    with socket.socket() as listener:
        if receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, receive_buffer)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        theirs = socket.socket()
        if receive_buffer is not None:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        theirs.connect(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


class Reader:
    """Reads when asked to, never waits, and keeps what came apart by kind."""

    def __init__(self, sock: socket.socket, transport: str) -> None:
        self.socket = sock
        self._incoming = Incoming(transport)
        self.hello: dict[str, Any] = {}
        self.refreshed: dict[str, Any] = {}
        self.payloads: list[bytes] = []
        self.numbers: list[int] = []
        self.last_id: str | None = None
        self.heartbeats = 0
        self.closed_with: int | None = None
        self.ended = False

    @property
    def rest(self) -> bytearray:
        """What has come of an incomplete frame or block."""
        return self._incoming.rest

    def read(self, most: int = 1 << 22) -> bytes:
        """Reads what is there, at most so many bytes, and takes it apart; what it read, b"" for nothing."""
        data = b""
        while len(data) < most:
            try:
                piece = self.socket.recv(min(65536, most - len(data)))
            except BlockingIOError:
                break
            except OSError:
                piece = b""
            if not piece:
                self.ended = True
                break
            data += piece
        for heard in self._incoming.feed(data):
            self._hear(heard)
        return data

    def close(self, *, abrupt: bool = False) -> None:
        """``abrupt`` resets the connection, as a machine does whose program crashed."""
        if abrupt:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.ended = True

    def _hear(self, heard: Heard) -> None:
        self.last_id = heard.id or self.last_id
        if heard.kind == "heartbeat":
            self.heartbeats += 1
        elif heard.kind == "close":
            self.closed_with = heard.close_code
        elif heard.kind == "message":
            self._message(heard.payload)

    def _message(self, payload: bytes) -> None:
        message = json.loads(payload)
        if message.get("type") == "connection":
            assert not self.hello, "once, and first"
            self.hello = message
        elif message.get("type") == "refresh_required":
            self.refreshed = message
        else:
            assert self.hello, f"nothing comes before the connection message: {message}"
            self.payloads.append(payload)
            self.numbers.append(int(message["cursor"].partition("-")[0]))
