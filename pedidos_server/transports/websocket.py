"""The stream as WebSocket text frames (RFC 6455)."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import protocol
from ..errors import Problem
from ..protocol import Close, Cursor, Event
from ..schemas import parse_json

if TYPE_CHECKING:
    from ..subscription import Subscription


class WebSocketTransport:
    """``max_message`` bytes is the largest message that a client may send."""

    name = "websocket"
    answers_pings = True

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message

    def encode(self, event: Event) -> bytes:
        return protocol.text_frame(event.payload)

    def hello(self, cursor: Cursor, server_version: str, *, resumable: bool) -> bytes:
        return protocol.text_frame(protocol.connection_message(cursor, server_version))

    def refresh(self, reason: str, cursor: Cursor) -> bytes:
        return protocol.text_frame(protocol.refresh_message(reason, cursor))

    def ping(self) -> bytes:
        return protocol.ping_frame()

    def goodbye(self, close: Close) -> bytes:
        return protocol.close_frame(close)

    def receive(self, stream: Subscription, data: bytes) -> None:
        if stream.closing_by is not None:
            return  # only the end of the connection still counts
        if stream.frames is None and len(data) == 6 and data.startswith(b"\x8a\x80"):
            return  # the pong to our empty ping: all that an idle client ever says
        frames = stream.frames or protocol.ClientFrames(self._max_message)
        for received in frames.feed(data):
            match received:
                case protocol.Text(text):
                    self._message(stream, text)
                case protocol.Ping(payload):
                    stream.say(protocol.pong_frame(payload))
                case protocol.Pong():
                    pass
                case protocol.PeerClose(close) | protocol.Fault(close):
                    stream.hub.end(stream, close)
            if stream.closing_by is not None or stream.finished:
                return
        stream.frames = None if frames.idle else frames

    def _message(self, stream: Subscription, text: str) -> None:
        try:
            message = parse_json(text.encode())
        except Problem:
            stream.hub.end(stream, protocol.NOT_JSON)
            return
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "ping":
            stream.say(protocol.text_frame(protocol.pong_message()))
        elif kind == "get_pedidos":
            stream.say(protocol.text_frame(protocol.refresh_message("Recarregue os pedidos.")))

    def all_sent(self, stream: Subscription) -> None:
        # Our close frame is out. The connection ends when the peer closes its side, or when the grace is over.
        with suppress(OSError):
            stream.socket.shutdown(socket.SHUT_WR)
