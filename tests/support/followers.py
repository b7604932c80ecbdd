"""Clients that follow the stream as desktops on a bad network do: they drop, return and change transport.

All run in one thread on bare sockets, so that each can be cut in the middle of a frame, and so that forty of
them leave the machine to the server.
"""

from __future__ import annotations

import errno
import http.client
import json
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from socket import socket as Socket
from typing import Any

from tests.support.stream_clients import CLOSE, HANDSHAKE, PONG, frame, with_cursor
from tests.support.wire import Heard, Incoming

ORDERS = "/api/v1/pedidos/"
SSE_REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n{more}\r\n"
RETRY_SECONDS = 0.3
"""At most so long a client waits before it tries again; between none and this, by chance."""


def digest(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=8).digest()


class Fault(AssertionError):
    """A promise of the stream that was broken."""


@dataclass
class Follower:
    """One client: what it has seen, in order, and the orders as it knows them.

    ``cursor`` is that of the last message it has taken in; what was cut off before its end does not count.
    """

    name: str
    transport: str
    port: int
    dice: random.Random
    first: str = ""
    cursor: str = ""
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    """(cursor, digest of the message) of each event."""
    replica: dict[int, Any] = field(default_factory=dict)
    connections: int = 0
    switches: int = 0

    socket: socket.socket | None = None
    busy_until: float = 0.0
    """While it has no socket: when it connects. While it has one: when it goes away again."""
    _incoming: Incoming | None = None
    _head: bytes = b""
    _greeted: bool = False

    def load(self) -> None:
        """The snapshot, and with it the place in the log where the stream must go on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", ORDERS)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise ConnectionError(response.status)
            self.first = self.cursor = response.headers["X-Pedidos-Cursor"]
            self.replica = {order["id"]: order for order in json.loads(body)}
        finally:
            connection.close()

    def connect(self) -> Socket:
        """Begins to connect, on either transport, from its cursor; never waits."""
        if self.connections and self.dice.randrange(2):
            self.transport = "sse" if self.transport == "websocket" else "websocket"
            self.switches += 1
        self.connections += 1
        self._incoming, self._head, self._greeted = Incoming(self.transport), b"", False
        self.socket = socket.socket()
        self.socket.setblocking(False)
        code = self.socket.connect_ex(("127.0.0.1", self.port))
        if code not in (0, errno.EINPROGRESS):
            self.leave(abrupt=True)
            raise ConnectionError(code)
        return self.socket

    def request(self) -> bytes:
        if self.transport == "websocket":
            return HANDSHAKE.format(path=with_cursor("/ws/pedidos", self.cursor), more="").encode()
        if self.dice.randrange(2):
            return SSE_REQUEST.format(path="/sse/pedidos", more=f"Last-Event-ID: {self.cursor}\r\n").encode()
        return SSE_REQUEST.format(path=with_cursor("/sse/pedidos", self.cursor), more="").encode()

    def take(self, data: bytes) -> None:
        """Takes in what has come. Raises Fault for what must not come, ConnectionError at the end."""
        assert self._incoming is not None and self.socket is not None
        if not self._greeted and b"\r\n\r\n" not in self._head:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            status = int(head.split(b" ")[1])
            if status == 503:
                raise ConnectionError("not yet")
            if status not in (101, 200):
                raise Fault(f"{self.name}: {head!r}")
        for heard in self._incoming.feed(data):
            if heard.kind == "close":
                raise ConnectionError(heard.close_code)
            if heard.kind == "heartbeat" and self.transport == "websocket":
                self.socket.send(frame(PONG, heard.payload))
            if heard.kind == "message":
                self._message(heard)

    def leave(self, *, abrupt: bool) -> None:
        """Goes away: with a word, or as a machine does that loses its network."""
        assert self.socket is not None
        with suppress(OSError):
            if abrupt:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif self.transport == "websocket":
                self.socket.send(frame(CLOSE, struct.pack("!H", 1000)))
        self.socket.close()
        self.socket = None

    def _message(self, heard: Heard) -> None:
        message = json.loads(heard.payload)
        kind = message["type"]
        if not self._greeted:
            if kind != "connection" or message["cursor"] != self.cursor:
                raise Fault(f"{self.name} asked to go on from {self.cursor} and heard {message}")
            self._greeted = True
            return
        if kind != "pedido_update":
            raise Fault(f"{self.name} at {self.cursor} over {self.transport}: {message}")
        cursor = message["cursor"]
        if number(cursor) != number(self.cursor) + 1:
            raise Fault(f"{self.name}: {cursor} after {self.cursor} over {self.transport}")
        if self.transport == "sse" and heard.id != cursor:
            raise Fault(f"{self.name}: id {heard.id} on the event {cursor}")
        self.cursor = cursor
        self.seen.append((cursor, digest(heard.payload)))
        if message["action"] == "delete":
            del self.replica[message["pedido_id"]]
        else:
            self.replica[message["pedido_id"]] = message["data"]


def number(cursor: str) -> int:
    return int(cursor.partition("-")[0])


class Crowd:
    """Runs followers in a thread of its own. ``restless`` is the mean seconds that one stays."""

    def __init__(self, followers: list[Follower], *, restless: float) -> None:
        self.followers = followers
        self.faults: list[BaseException] = []
        self._restless = restless
        self._steady = False
        self._stop = False
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, name="followers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def settle(self, cursor: str, timeout: float) -> None:
        """Lets every follower stay from now on, and waits until all stand at ``cursor``."""
        self._steady = True
        deadline = time.monotonic() + timeout
        while not self.faults and any(follower.cursor != cursor for follower in self.followers):
            late = sorted((number(f.cursor), f.name, f.transport, f.socket is not None) for f in self.followers)
            assert time.monotonic() < deadline, f"not all at {cursor} within {timeout} s: {late[:5]}"
            time.sleep(0.02)

    def stop(self) -> None:
        self._stop = True
        self._thread.join(30)
        for follower in self.followers:
            if follower.socket is not None:
                follower.leave(abrupt=True)
        self._selector.close()

    def _run(self) -> None:
        try:
            while not self._stop:
                now = time.monotonic()
                for follower in self.followers:
                    if follower.socket is None and follower.busy_until <= now:
                        self._come(follower, now)
                    elif follower.socket is not None and follower.busy_until <= now and not self._steady:
                        self._go(follower, abrupt=follower.dice.randrange(2) == 0)
                for key, events in self._selector.select(0.02):
                    self._serve(key.data, events)
        except BaseException as error:  # noqa: BLE001 (shown by the test)
            self.faults.append(error)

    def _come(self, follower: Follower, now: float) -> None:
        try:
            if not follower.first:
                follower.load()
            sock = follower.connect()
        except (OSError, http.client.HTTPException):
            follower.busy_until = now + follower.dice.uniform(0, RETRY_SECONDS)
            return
        follower.busy_until = now + follower.dice.expovariate(1 / self._restless)
        self._selector.register(sock, selectors.EVENT_WRITE, follower)

    def _go(self, follower: Follower, *, abrupt: bool) -> None:
        assert follower.socket is not None
        self._selector.unregister(follower.socket)
        follower.leave(abrupt=abrupt)
        follower.busy_until = time.monotonic() + follower.dice.uniform(0, RETRY_SECONDS)

    def _serve(self, follower: Follower, events: int) -> None:
        assert follower.socket is not None
        try:
            if events & selectors.EVENT_WRITE:
                follower.socket.sendall(follower.request())
                self._selector.modify(follower.socket, selectors.EVENT_READ, follower)
                return
            # Small pieces now and then, so that a cut may come anywhere in a frame.
            data = follower.socket.recv(follower.dice.choice((100, 5_000, 65_536, 262_144)))
            if not data:
                raise ConnectionError("the end")
            follower.take(data)
        except OSError:
            self._go(follower, abrupt=True)


def crowd(port: int, count: int, seed: int, *, restless: float) -> Crowd:
    """Half over WebSocket and half over SSE to begin with; they come one after another."""
    dice = random.Random(seed)
    followers = [
        Follower(
            name=f"client {index}",
            transport=("websocket", "sse")[index % 2],
            port=port,
            dice=random.Random(dice.random()),
            busy_until=time.monotonic() + index * 0.05,
        )
        for index in range(count)
    ]
    return Crowd(followers, restless=restless)


Check = Callable[[], None]
