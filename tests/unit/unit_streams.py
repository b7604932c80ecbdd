"""The far end of a stream without a server: reads what the hub wrote, whichever the transport."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from typing import Any


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
        self._transport = transport
        self.rest = b""
        """What has come of an incomplete frame or block."""
        self.hello: dict[str, Any] = {}
        self.refreshed: dict[str, Any] = {}
        self.payloads: list[bytes] = []
        self.numbers: list[int] = []
        self.last_id: str | None = None
        self.heartbeats = 0
        self.closed_with: int | None = None
        self.ended = False

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
        self.rest += data
        if self._transport == "sse":
            self._take_blocks()
        else:
            self._take_frames()
        return data

    def close(self, *, abrupt: bool = False) -> None:
        """``abrupt`` resets the connection, as a machine does whose program crashed."""
        if abrupt:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.ended = True

    def _take_blocks(self) -> None:
        *blocks, self.rest = self.rest.split(b"\n\n")
        for block in blocks:
            lines = {name: value for name, _, value in (line.partition(b": ") for line in block.split(b"\n"))}
            if b"id" in lines:
                self.last_id = lines[b"id"].decode()
            if b"data" in lines:
                self._message(lines[b"data"])
            else:
                self.heartbeats += 1

    def _take_frames(self) -> None:
        start = 0
        while len(self.rest) >= start + 2:
            size, head = self.rest[start + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                if len(self.rest) < start + head:
                    break
                size = int.from_bytes(self.rest[start + 2 : start + head], "big")
            if len(self.rest) < start + head + size:
                break
            opcode = self.rest[start] & 0x0F
            payload = self.rest[start + head : start + head + size]
            start += head + size
            if opcode == 8:
                self.closed_with = int.from_bytes(payload[:2], "big")
            elif opcode == 9:
                self.heartbeats += 1
            elif opcode == 1:
                self._message(payload)
        self.rest = self.rest[start:]

    def _message(self, payload: bytes) -> None:
        message = json.loads(payload)
        if message.get("type") == "connection":
            self.hello = message
        elif message.get("type") == "refresh_required":
            self.refreshed = message
        else:
            self.payloads.append(payload)
            self.numbers.append(int(message["cursor"].partition("-")[0]))
