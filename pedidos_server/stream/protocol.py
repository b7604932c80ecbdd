"""The wire protocol of the stream: cursors, messages, WebSocket frames, SSE blocks, close codes.

Nothing here does I/O, so every rule is tested in milliseconds.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, cast

from wsproto.frame_protocol import CloseReason, Frame, FrameDecoder, MessageDecoder, Opcode, ParseFailed

from ..domain.events import Cursor

# ------------------------------------------------------------------------------------ close codes


class Advice(Enum):
    """What a client does after a close."""

    RETRY = "retry"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Close:
    """Why the server ends a stream. ``reason`` is at most 123 bytes of UTF-8 (RFC 6455, 5.5.1)."""

    code: int
    reason: str
    advice: Advice


NORMAL = Close(1000, "Conexão encerrada pelo cliente", Advice.RETRY)
PROTOCOL_ERROR = Close(1002, "Quadro WebSocket inválido", Advice.STOP)
BINARY_REFUSED = Close(1003, "Mensagens binárias não são aceitas: envie JSON em texto", Advice.STOP)
NOT_JSON = Close(1007, "A mensagem não é JSON em UTF-8", Advice.STOP)
FLOOD = Close(1008, "Mensagens demais, ou em pedaços demais: envie menos e mais devagar", Advice.STOP)
TOO_BIG = Close(1009, "Mensagem maior que o limite do servidor", Advice.STOP)
INTERNAL_ERROR = Close(1011, "Erro interno do servidor", Advice.RETRY)
RESTART = Close(1012, "O servidor está reiniciando: reconecte com o seu cursor", Advice.RETRY)
TOO_SLOW = Close(1013, "Cliente lento demais: reconecte com o seu cursor", Advice.RETRY)
NOT_ALLOWED = Close(4401, "O acesso acabou: entre de novo", Advice.STOP)
# Not sent, only logged: the peer is gone.
GONE = Close(1006, "Conexão perdida", Advice.RETRY)
SILENT = Close(1006, "Sem sinal de vida do cliente", Advice.RETRY)

CLOSES = (
    NORMAL,
    PROTOCOL_ERROR,
    BINARY_REFUSED,
    NOT_JSON,
    FLOOD,
    TOO_BIG,
    INTERNAL_ERROR,
    RESTART,
    TOO_SLOW,
    NOT_ALLOWED,
)

# --------------------------------------------------------------------------- what a client may send

MAX_FRAMES = 200
"""Frames that a client may send at once. One costs some 15 µs to read, so a full bucket is 3 ms of the loop."""
FRAMES_A_SECOND = 20
"""By which the bucket fills again. An idle client sends a pong every 20 s and a ping every 30 s."""
BYTES_A_SECOND = 64 * 1024
MAX_FRAGMENTS = 1_000
"""Frames of one message. An empty one costs its sender eight bytes, and adds nothing to the message's size."""


class Allowance:
    """What one client may send: a token bucket of frames and one of bytes. ``now`` is in seconds, on a clock that
    never goes back."""

    __slots__ = ("_at", "_bytes", "_frames", "_max_bytes")

    def __init__(self, max_bytes: int, now: float) -> None:
        self._frames: float = MAX_FRAMES
        self._bytes: float = max_bytes
        self._max_bytes = max_bytes
        self._at = now

    def take_bytes(self, count: int, now: float) -> bool:
        """False where that was too much."""
        passed = now - self._at
        self._at = now
        self._frames = min(MAX_FRAMES, self._frames + passed * FRAMES_A_SECOND)
        self._bytes = min(self._max_bytes, self._bytes + passed * BYTES_A_SECOND) - count
        return self._bytes >= 0

    def take_frame(self) -> bool:
        """False where that was one too many. The bucket fills by the time of ``take_bytes``."""
        self._frames -= 1
        return self._frames >= 0


# ------------------------------------------------------------------------------- WebSocket frames


def frame_header(opcode: int, length: int) -> bytes:
    """The head of an unfragmented, unmasked server frame (RFC 6455, 5.2)."""
    if length < 126:
        return bytes((0x80 | opcode, length))
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, length)
    return struct.pack("!BBQ", 0x80 | opcode, 127, length)


def text_frame(payload: bytes) -> bytes:
    return frame_header(Opcode.TEXT, len(payload)) + payload


def ping_frame() -> bytes:
    return frame_header(Opcode.PING, 0)


def pong_frame(payload: bytes) -> bytes:
    return frame_header(Opcode.PONG, len(payload)) + payload


def close_frame(close: Close) -> bytes:
    payload = struct.pack("!H", close.code) + close.reason.encode()
    return frame_header(Opcode.CLOSE, len(payload)) + payload


class Text(NamedTuple):
    payload: str


class Ping(NamedTuple):
    payload: bytes


class Pong(NamedTuple):
    payload: bytes


class PeerClose(NamedTuple):
    """The client's close frame; ``close`` is the answer to it."""

    close: Close


class Fault(NamedTuple):
    """The client broke a rule: end the stream with ``close``."""

    close: Close


Received = Text | Ping | Pong | PeerClose | Fault


class ClientFrames:
    """Turns a client's bytes into what it said; keeps what is incomplete until the rest comes.

    ``max_message`` bytes is the largest message; every frame is taken from ``allowance``.
    After a ``PeerClose`` or a ``Fault`` nothing more is read.
    """

    def __init__(self, max_message: int, allowance: Allowance) -> None:
        self._max_message = max_message
        self._allowance = allowance
        self._frames = FrameDecoder(client=False)
        self._message = MessageDecoder()
        self._text = io.StringIO()  # not a list of parts: those of one byte would take sixty each
        self._size = self._fragments = 0
        self._control = b""

    @property
    def idle(self) -> bool:
        """True between two messages: the object can be thrown away without losing a byte."""
        return self._frames.header is None and not len(self._frames.buffer) and self._message.opcode is None

    def feed(self, data: bytes) -> Iterator[Received]:
        self._frames.receive_bytes(data)
        try:
            while (frame := self._frames.process_buffer()) is not None:
                if frame.frame_finished and not self._allowance.take_frame():
                    yield Fault(FLOOD)
                    return
                received = self._control_part(frame) if frame.opcode.iscontrol() else self._part(frame)
                if received is not None:
                    yield received
                    if isinstance(received, Fault | PeerClose):
                        return
            header = self._frames.header
            if header is not None and not header.opcode.iscontrol() and header.payload_len > self._max_message:
                yield Fault(TOO_BIG)  # said as soon as the header says it, not after the last byte
        except ParseFailed as error:
            yield Fault(NOT_JSON if error.code == CloseReason.INVALID_FRAME_PAYLOAD_DATA else PROTOCOL_ERROR)

    def _control_part(self, frame: Frame) -> Received | None:
        self._control += cast("bytes", frame.payload)  # bytes before MessageDecoder
        if not frame.frame_finished:
            return None
        payload, self._control = self._control, b""
        if frame.opcode is Opcode.PING:
            return Ping(payload)
        return Pong(payload) if frame.opcode is Opcode.PONG else self._peer_close(payload)

    def _part(self, frame: Frame) -> Text | Fault | None:
        """What is said once a part of a message has come. Raises ParseFailed."""
        self._size += len(frame.payload)
        if self._size > self._max_message:
            return Fault(TOO_BIG)
        part = self._message.process_frame(frame)
        if part.opcode is Opcode.BINARY:
            return Fault(BINARY_REFUSED)
        self._text.write(str(part.payload))
        self._fragments += frame.frame_finished
        if part.message_finished:
            text = self._text.getvalue()
            self._text = io.StringIO()
            self._size = self._fragments = 0
            return Text(text)
        return Fault(FLOOD) if self._fragments >= MAX_FRAGMENTS else None

    @staticmethod
    def _peer_close(payload: bytes) -> Received:
        """RFC 6455, 5.5.1 and 7.4: an empty body, or a permitted code and UTF-8 text."""
        if not payload:
            return PeerClose(NORMAL)
        if len(payload) < 2:
            return Fault(PROTOCOL_ERROR)
        (code,) = struct.unpack("!H", payload[:2])
        allowed = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
        if not (allowed or 3000 <= code <= 4999):
            return Fault(PROTOCOL_ERROR)
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            return Fault(NOT_JSON)
        return PeerClose(Close(code, "", Advice.RETRY))


# ------------------------------------------------------------------------------------- SSE blocks

SSE_COMMENT = b": \n\n"
SSE_RETRY = b"retry: 3000\n"


def sse_block(payload: bytes, cursor: Cursor | None = None) -> bytes:
    """One event; JSON holds no raw line break, so one ``data:`` line carries it."""
    if cursor is None:
        return b"data: %b\n\n" % payload
    return b"id: %b\ndata: %b\n\n" % (str(cursor).encode(), payload)
