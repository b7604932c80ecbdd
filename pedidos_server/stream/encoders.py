"""How a stream looks on the wire. Both transports are used alike; they differ in their encoding, and in that
only WebSocket has something to read. None of them does I/O."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..domain.events import Cursor, Event
from .protocol import Allowance, ClientFrames, Close


class Received(NamedTuple):
    """What comes of a client's bytes: what it is answered, why the stream ends, and a message that is incomplete."""

    answers: bytes = b""
    close: Close | None = None
    frames: ClientFrames | None = None


class Transport(Protocol):
    name: str
    """As ``connections_by_type`` calls it."""
    answers_pings: bool
    """False where silence says nothing about the peer."""
    peer_closes: bool
    """True where the peer ends the connection after our goodbye."""
    max_received: int
    """Bytes that a client may send at once."""

    def encode(self, event: Event) -> bytes: ...

    def hello(self, cursor: Cursor, server_version: str, *, resumable: bool) -> bytes: ...

    def refresh(self, reason: str, cursor: Cursor) -> bytes: ...

    def ping(self) -> bytes: ...

    def goodbye(self, close: Close) -> bytes: ...

    def receive(self, data: bytes, frames: ClientFrames | None, allowance: Allowance) -> Received:
        """``frames`` is what the last call gave."""
        ...
