"""The stream as Server-Sent Events (WHATWG HTML, 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import protocol
from ..domain.events import Cursor, Event, connection_message, refresh_message
from ..protocol import Close

if TYPE_CHECKING:
    from ..subscription import Subscription


class SseTransport:
    name = "sse"
    answers_pings = False
    max_received = 64 * 1024
    """A request's size: whoever pipelines one behind the stream's is not cut for it."""

    def encode(self, event: Event) -> bytes:
        return protocol.sse_block(event.payload, event.cursor)

    def hello(self, cursor: Cursor, server_version: str, *, resumable: bool) -> bytes:
        # Without an id where a refresh follows: a client cut between the two must ask again, not resume.
        message = connection_message(cursor, server_version)
        return protocol.SSE_RETRY + protocol.sse_block(message, cursor if resumable else None)

    def refresh(self, reason: str, cursor: Cursor) -> bytes:
        return protocol.sse_block(refresh_message(reason, cursor), cursor)

    def ping(self) -> bytes:
        return protocol.SSE_COMMENT

    def goodbye(self, close: Close) -> bytes:
        return b""

    def receive(self, stream: Subscription, data: bytes) -> None:
        pass  # an SSE client has nothing to say

    def all_sent(self, stream: Subscription) -> None:
        stream.hub.drop(stream, stream.close or protocol.RESTART)
