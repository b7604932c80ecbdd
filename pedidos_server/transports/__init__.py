"""How a stream looks on the wire. Both transports are used alike; they differ in their encoding, and in that
only WebSocket has something to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..domain.events import Cursor, Event
from ..protocol import Close

if TYPE_CHECKING:
    from ..subscription import Subscription


class Transport(Protocol):
    name: str
    """As ``connections_by_type`` calls it."""
    answers_pings: bool
    """False where silence says nothing about the peer."""
    max_received: int
    """Bytes that a client may send at once."""

    def encode(self, event: Event) -> bytes: ...

    def hello(self, cursor: Cursor, server_version: str, *, resumable: bool) -> bytes: ...

    def refresh(self, reason: str, cursor: Cursor) -> bytes: ...

    def ping(self) -> bytes: ...

    def goodbye(self, close: Close) -> bytes: ...

    def receive(self, stream: Subscription, data: bytes) -> None: ...

    def all_sent(self, stream: Subscription) -> None:
        """The goodbye is with the socket: nothing follows it."""
