"""Clients of the event stream for tests: WebSocket and SSE with one interface, and a WebSocket that may err.

Each reads in a thread of its own, so a test that does something else meanwhile is never a slow client.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import websocket

from tests.support.live_server import LiveServer

TRANSPORTS = ("websocket", "sse")
DEFAULT_TIMEOUT = 15.0

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 0x1, 0x2, 0x8, 0x9, 0xA, 0x0


class Message(dict[str, Any]):
    """One message of the stream; over SSE, `id` is its block's `id:`."""

    id: str | None = None
    raw: str = ""


class StreamClosed(Exception):
    """The stream ended; over WebSocket with the server's close code, None when there was no close frame."""

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason!r}")
        self.code = code
        self.reason = reason


class StreamRefused(Exception):
    """The server answered the opening request with something other than a stream."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body


class Stream:
    """What both transports share. `cursor` is the one to resume from: that of the last message taken."""

    transport: str

    def __init__(self, server: LiveServer, cursor: str | None) -> None:
        self.server = server
        self.cursor = cursor
        self.messages: list[Message] = []
        self._queue: queue.SimpleQueue[Message | StreamClosed] = queue.SimpleQueue()
        self._heartbeats: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"{self.transport} reader", daemon=True)

    def next(self, timeout: float = DEFAULT_TIMEOUT) -> Message:
        """The next message. Raises StreamClosed at the end, TimeoutError when none comes."""
        try:
            item = self._queue.get(timeout=timeout)
        except queue.Empty:
            last = self.messages[-1:] or "nothing"
            raise TimeoutError(f"no message within {timeout} s; the last was {last}") from None
        if isinstance(item, StreamClosed):
            self._queue.put(item)  # the end stays the end
            raise item
        self.messages.append(item)
        self.cursor = self._cursor_after(item)
        return item

    def until(self, predicate: Callable[[Message], Any], timeout: float = DEFAULT_TIMEOUT) -> Message:
        """The first message that satisfies the predicate; those before it stay in `messages`."""
        deadline = time.monotonic() + timeout
        while not predicate(message := self.next(max(0.01, deadline - time.monotonic()))):
            pass
        return message

    def expect(self, kind: str, timeout: float = DEFAULT_TIMEOUT) -> Message:
        """The next message, which must be of this type."""
        message = self.next(timeout)
        assert message["type"] == kind, f"expected {kind}, got {message}"
        return message

    def updates(self, count: int, timeout: float = DEFAULT_TIMEOUT) -> list[Message]:
        """The next `count` messages, all of which must be events."""
        deadline = time.monotonic() + timeout
        return [self.expect("pedido_update", max(0.01, deadline - time.monotonic())) for _ in range(count)]

    def end(self, timeout: float = DEFAULT_TIMEOUT) -> StreamClosed:
        """Reads on to the end of the stream, and says how it ended."""
        try:
            self.until(lambda _: False, timeout)
        except StreamClosed as closed:
            return closed
        raise AssertionError("unreachable")

    def heartbeat(self, timeout: float) -> float:
        """The monotonic time of the next unread WebSocket ping, or SSE comment."""
        try:
            return self._heartbeats.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no heartbeat within {timeout} s") from None

    def resume(self, transport: str | None = None, **options: Any) -> Stream:
        """A new stream from this one's cursor, over the same transport or another."""
        return open_stream(self.server, transport or self.transport, cursor=self.cursor, **options)

    def close(self) -> None:
        raise NotImplementedError

    def _cursor_after(self, message: Message) -> str | None:
        cursor: str | None = message.get("cursor", self.cursor)
        return cursor

    def _read(self) -> None:
        """Runs in the thread: fills the queues until the stream ends."""
        raise NotImplementedError


class WebSocketStream(Stream):
    transport = "websocket"

    def __init__(
        self,
        server: LiveServer,
        cursor: str | None = None,
        path: str = "/ws/pedidos",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(server, cursor)
        try:
            self._socket = websocket.create_connection(
                server.ws_url + with_cursor(path, cursor),
                timeout=DEFAULT_TIMEOUT,
                enable_multithread=True,
                skip_utf8_validation=True,  # in pure Python, and json.loads() does it again
                suppress_origin=True,
                header=dict(headers or {}),
                http_no_proxy=["127.0.0.1"],
            )
        except websocket.WebSocketBadStatusException as refusal:
            raise StreamRefused(refusal.status_code, refusal.resp_headers or {}, refusal.resp_body or b"") from None
        self._socket.settimeout(None)
        self._tcp = self._socket.sock  # the library forgets it at the end of the connection
        self._reader.start()

    def send(self, message: Any) -> None:
        """A text message: a string as it is, anything else as JSON."""
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def send_bytes(self, payload: bytes) -> None:
        self._socket.send_binary(payload)

    def close(self) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._socket.send_close(1000)
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._reader.join(DEFAULT_TIMEOUT)
        self._socket.shutdown()

    def _read(self) -> None:
        closed = StreamClosed()
        with contextlib.suppress(OSError, websocket.WebSocketException):
            while True:
                opcode, frame = self._socket.recv_data_frame(control_frame=True)  # answers pings itself
                if opcode == TEXT:
                    message = Message(json.loads(frame.data))
                    message.raw = frame.data.decode()
                    self._queue.put(message)
                elif opcode == PING:
                    self._heartbeats.put(time.monotonic())
                elif opcode == CLOSE:
                    closed = StreamClosed(*parse_close(frame.data))
                    break
        self._queue.put(closed)


class SSEStream(Stream):
    """`Last-Event-ID` carries the cursor; `query_cursor` goes into the address."""

    transport = "sse"

    def __init__(
        self,
        server: LiveServer,
        cursor: str | None = None,
        path: str = "/sse/pedidos",
        headers: Mapping[str, str] | None = None,
        query_cursor: str | None = None,
    ) -> None:
        super().__init__(server, cursor)
        self.retry: int | None = None
        self.comments: list[str] = []
        self.fields: set[str] = set()
        """The names of all fields seen."""
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEFAULT_TIMEOUT)
        sent = {"Accept": "text/event-stream", **(headers or {})}
        if cursor is not None:
            sent["Last-Event-ID"] = cursor
        self._connection.request("GET", with_cursor(path, query_cursor), headers=sent)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}
        if self._response.status != 200:
            body = self._response.read()
            self._connection.close()
            raise StreamRefused(self._response.status, self.headers, body)
        self._socket.settimeout(None)
        self._reader.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(DEFAULT_TIMEOUT)
        self._response.close()
        self._connection.close()

    def _cursor_after(self, message: Message) -> str | None:
        return message.id if message.id is not None else self.cursor

    def _read(self) -> None:
        """The event stream interpretation of the HTML standard, section 9.2.6, with bare LF as line ends."""
        block: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while line := self._response.readline():
                text = line.decode().rstrip("\n")
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if text and not name:
                    self.comments.append(value)
                    self._heartbeats.put(time.monotonic())
                elif text:
                    self.fields.add(name)
                    block[name] = f"{block['data']}\n{value}" if name in block and name == "data" else value
                elif block:
                    self._dispatch(block)
                    block = {}
        self._queue.put(StreamClosed())

    def _dispatch(self, block: Mapping[str, str]) -> None:
        if "retry" in block:
            self.retry = int(block["retry"])
        if "data" in block:
            message = Message(json.loads(block["data"]))
            message.id = block.get("id")
            message.raw = block["data"]
            self._queue.put(message)


def open_stream(server: LiveServer, transport: str, **options: Any) -> Stream:
    """Raises StreamRefused when the server answers anything but a stream."""
    return (SSEStream if transport == "sse" else WebSocketStream)(server, **options)


def with_cursor(path: str, cursor: str | None) -> str:
    return path if cursor is None else f"{path}?cursor={quote(cursor, safe='')}"


def parse_close(payload: bytes) -> tuple[int | None, str]:
    """A close frame's code and reason (RFC 6455, section 5.5.1)."""
    if len(payload) < 2:
        return None, ""
    return struct.unpack("!H", payload[:2])[0], payload[2:].decode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """A frame as a client sends it (RFC 6455, section 5.2), or as it must not."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, mask_bit | len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack("!BBH", first, mask_bit | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    mask = (key * (len(payload) // 4 + 1))[: len(payload)]
    masked_payload = bytes(a ^ b for a, b in zip(payload, mask, strict=True))
    return head + key + masked_payload


def text_frame(message: Any) -> bytes:
    return frame(TEXT, (message if isinstance(message, str) else json.dumps(message)).encode())


HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
"""The key of RFC 6455, section 1.3."""
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class RawWebSocket:
    """A WebSocket on a bare socket, for frames that no library would send. It answers nothing by itself."""

    def __init__(self, server: LiveServer, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEFAULT_TIMEOUT)
        self.socket.connect(("127.0.0.1", server.port))
        self.buffer = b""

    @classmethod
    def connected(cls, server: LiveServer, path: str = "/ws/pedidos") -> RawWebSocket:
        """Open, and past the `connection` message."""
        client = cls(server)
        client.handshake(path)
        assert client.message()["type"] == "connection"
        return client

    def handshake(self, path: str = "/ws/pedidos", *, more: str = "", then: bytes = b"") -> bytes:
        """Sends the request, with `then` right behind it in the same segment; the response's head."""
        self.send(HANDSHAKE.format(path=path, more=more).encode() + then)
        head = self.response_head()
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert ACCEPT in head
        return head

    def response_head(self) -> bytes:
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_frame(self, *, pings: bool = False) -> tuple[int, bytes]:
        """The next frame's opcode and payload; a heartbeat, which may come at any moment, only with `pings`.

        Raises EOFError at the end of the connection.
        """
        while (read := self._read_any_frame())[0] == PING and not pings:
            pass
        return read

    def _read_any_frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        assert not second & 0x80, "a server's frames are not masked"
        assert not first & 0x70, "no extension was negotiated"
        assert first & 0x80, "messages come in one frame"
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._take(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._take(8))[0]
        return first & 0x0F, self._take(length)

    def message(self) -> dict[str, Any]:
        """The next frame, which must be a text message."""
        opcode, payload = self.read_frame()
        assert opcode == TEXT, (opcode, payload)
        message: dict[str, Any] = json.loads(payload)
        return message

    def close_code(self) -> tuple[int | None, str]:
        """Reads on to the server's close frame and to the end of the connection; the frame's code, reason."""
        while (read := self.read_frame())[0] != CLOSE:
            pass
        self.send(frame(CLOSE, read[1][:2]))
        self.read_to_end()
        return parse_close(read[1])

    def read_to_end(self) -> bytes:
        """All that is left, until the server has closed the connection."""
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                self._receive()
        return self.buffer

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> RawWebSocket:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._receive()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _receive(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f"the server closed the connection; unread: {self.buffer[:200]!r}")
        self.buffer += data
