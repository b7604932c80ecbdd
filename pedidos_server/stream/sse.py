"""The stream as Server-Sent Events (WHATWG HTML, 9.2)."""

from __future__ import annotations

from ..domain.events import Cursor, Event, connection_message, refresh_message
from . import protocol
from .encoders import Received
from .protocol import Allowance, ClientFrames, Close


class SseTransport:
    name = "sse"
    answers_pings = False
    peer_closes = False
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

    def receive(self, data: bytes, frames: ClientFrames | None, allowance: Allowance) -> Received:
        return Received()  # an SSE client has nothing to say
