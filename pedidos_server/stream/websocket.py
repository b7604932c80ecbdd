"""The stream as WebSocket text frames (RFC 6455)."""

from __future__ import annotations

import pydantic_core

from ..domain.events import Cursor, Event, connection_message, pong_message, refresh_message
from . import protocol
from .encoders import Received
from .protocol import Allowance, ClientFrames, Close

MESSAGES_AT_ONCE = 4
"""Messages of the largest size that a client may send at once."""


class WebSocketTransport:
    """``max_message`` bytes is the largest message that a client may send."""

    name = "websocket"
    answers_pings = True
    peer_closes = True

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self.max_received = MESSAGES_AT_ONCE * max_message

    def encode(self, event: Event) -> bytes:
        return protocol.text_frame(event.payload)

    def hello(self, cursor: Cursor, server_version: str, *, resumable: bool) -> bytes:
        return protocol.text_frame(connection_message(cursor, server_version))

    def refresh(self, reason: str, cursor: Cursor) -> bytes:
        return protocol.text_frame(refresh_message(reason, cursor))

    def ping(self) -> bytes:
        return protocol.ping_frame()

    def goodbye(self, close: Close) -> bytes:
        return protocol.close_frame(close)

    def receive(self, data: bytes, frames: ClientFrames | None, allowance: Allowance) -> Received:
        if frames is None and len(data) == 6 and data.startswith(b"\x8a\x80"):
            # The pong to our empty ping: all that an idle client ever says.
            return Received() if allowance.take_frame() else Received(close=protocol.FLOOD)
        frames = frames or ClientFrames(self._max_message, allowance)
        answers = bytearray()
        close: Close | None = None
        for received in frames.feed(data):
            match received:
                case protocol.Text(text):
                    answer = _answer(text)
                    if isinstance(answer, Close):
                        close = answer
                        break
                    answers += answer
                case protocol.Ping(payload):
                    answers += protocol.pong_frame(payload)
                case protocol.Pong():
                    pass
                case protocol.PeerClose(close) | protocol.Fault(close):
                    break
        return Received(bytes(answers), close, None if frames.idle else frames)


def _answer(text: str) -> bytes | Close:
    """The frame that answers a message, b"" for one that is ignored; or why the stream ends."""
    try:
        message = pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return protocol.NOT_JSON
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == "ping":
        return protocol.text_frame(pong_message())
    if kind == "get_pedidos":
        return protocol.text_frame(refresh_message("Recarregue os pedidos."))
    return b""
