"""One stream: a socket, a cursor into the log, and the unsent rest of one write.

    replaying ──reached the tail──► live ──fault, slow, shutdown──► closing ──► closed
        └────────────────────────────┴──peer gone──────────────────────────────────▲

All bytes to the socket go through ``pump``, so frames cannot interleave. Nothing here blocks: what the socket
does not take now waits in ``unsent`` until a WRITE watcher says that it takes more.
Only the hub's loop touches a subscription.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from ..domain.events import Cursor
from ..domain.roles import NOBODY, Principal
from .encoders import Transport
from .io_uring import Ring
from .loop import READ, WRITE, Loop, Watcher
from .protocol import FLOOD, GONE, RESTART, Allowance, ClientFrames, Close
from .tail import Batch

SEND_BUFFER = 64 * 1024
"""Bytes that the kernel may hold for one client: without a bound it would hide a slow one for megabytes. Four times
as many, for a thousand slow ones, are all that Linux gives to TCP; then it drops what others are sent."""
MAX_CONTROL = 16 * 1024
"""Bytes of answers (pongs) that may wait; beyond that nothing more is read from the client."""
UNACKNOWLEDGED = 60
"""Seconds after which a peer whose network acknowledges nothing is given up by the kernel."""

_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class Owner(Protocol):
    """What a stream needs of the hub."""

    loop: Loop
    ring: Ring | None
    now: Callable[[], float]
    blocked: set[Subscription]
    """Streams whose socket takes no more at the moment."""
    closing: set[Subscription]

    def batch_for(self, stream: Subscription) -> Batch | None: ...

    def end(self, stream: Subscription, close: Close) -> None: ...

    def drop(self, stream: Subscription, close: Close, *, reset: bool = False) -> None: ...

    def failed(self, stream: Subscription) -> None: ...


class Subscription:
    """Made by a transport's route, then owned by the hub."""

    __slots__ = (
        "allowance",
        "batch",
        "close",
        "closing_by",
        "control",
        "entry",
        "finished",
        "frames",
        "heartbeat",
        "hub",
        "last_heard",
        "live",
        "number",
        "opened",
        "peer",
        "position",
        "principal",
        "reader",
        "sent",
        "socket",
        "stalled_since",
        "transport",
        "unsent",
        "writer",
    )

    def __init__(
        self,
        transport: Transport,
        sock: socket.socket,
        peer: str,
        principal: Principal = NOBODY,
        heartbeat: int | None = None,
    ) -> None:
        self.transport = transport
        self.socket = sock
        self.peer = peer
        self.principal = principal
        """Who listens; the stream ends with their token."""
        self.heartbeat = heartbeat
        """Seconds between heartbeats, where the client asked for its own; None for the server's."""
        self.position = 0
        """Number of the newest event that was handed to the socket or is in ``unsent``."""
        self.live = False
        self.batch: Batch | None = None
        self.unsent: memoryview | None = None
        self.reader: Watcher | None = None
        self.writer: Watcher | None = None
        self.control: bytearray | None = None
        """Answers and heartbeats that wait for the next frame boundary."""
        self.frames: ClientFrames | None = None
        """The parser, while a message is incomplete."""
        self.closing_by: float | None = None
        """When a closing stream is cut off."""
        self.close: Close | None = None
        self.finished = False
        """True when the last byte of a closing stream was taken by the socket."""
        self.stalled_since = 0.0
        self.sent = 0
        """Writes of events, for the connection's log line."""
        self.number = 0
        """Counts the connections; spreads the heartbeats over time."""

    def start(self, hub: Owner, first_bytes: bytes, now: float) -> None:
        """Takes its place on the loop: watches for bytes and hang-ups, and sends ``first_bytes``."""
        self.hub = hub
        self.entry = hub.ring.entry(self.socket.fileno()) if hub.ring is not None else b""
        self.opened = self.last_heard = now
        self.allowance = Allowance(self.transport.max_received, now)
        _tune(self.socket)
        self.reader = hub.loop.watch(self.socket.fileno(), READ)
        self.reader.start(self._readable)
        self.unsent = memoryview(first_bytes)
        self.pump()

    # ---- out

    def pump(self) -> None:
        """Sends until the socket takes no more or nothing is left to send."""
        while not self.finished or self.unsent is not None:
            if self.unsent is None:
                self._next()
            rest = self.unsent
            if rest is None:
                break
            try:
                taken = self.socket.send(rest)
            except (BlockingIOError, InterruptedError):
                self._wait_for_room()
                return
            except OSError:
                self.hub.drop(self, GONE)
                return
            self.unsent = rest[taken:] if taken < len(rest) else None
            if self.writer is not None:
                self.stalled_since = self.hub.now()
        if self.unsent is None:
            self._all_sent()

    def send_batch(self, batch: Batch) -> None:
        """The fast path of the fan-out: an idle stream, one write."""
        self.position = batch.last
        self.sent += 1
        try:
            taken = self.socket.send(batch.data)
        except OSError as error:
            taken = -(error.errno or errno.EIO)
        if taken < len(batch.data):
            self.took(batch, taken)

    def took(self, batch: Batch, taken: int) -> None:
        """Goes on after a write of which the socket took so many bytes only; below zero is minus an error."""
        if taken < 0 and -taken not in _NOT_NOW:
            self.hub.drop(self, GONE)
            return
        self.batch = batch
        self.unsent = memoryview(batch.data)[max(0, taken) :]
        self._wait_for_room()

    def say(self, data: bytes) -> None:
        """Sends control bytes at the next frame boundary."""
        if self.closing_by is not None:
            return
        if self.control is None:
            self.control = bytearray(data)
        else:
            self.control += data
            if len(self.control) > MAX_CONTROL and self.reader is not None:
                self.reader.stop()
        if self.unsent is None:
            self.pump()

    def _next(self) -> None:
        """Puts what comes next into ``unsent``: control bytes first, then events."""
        if self.control is not None:
            if len(self.control) > MAX_CONTROL and self.reader is not None:
                self.reader.start(self._readable)
            self.unsent, self.control, self.batch = memoryview(bytes(self.control)), None, None
        elif self.closing_by is not None:
            self.finished = True
        elif (batch := self.hub.batch_for(self)) is not None:
            self.batch = batch
            self.position = batch.last
            self.unsent = memoryview(batch.data)
            self.sent += 1

    def _wait_for_room(self) -> None:
        if self.writer is None or not self.writer.active:
            if self.writer is None:
                self.writer = self.hub.loop.watch(self.socket.fileno(), WRITE)
            self.writer.start(self.pump)
            self.stalled_since = self.hub.now()
            self.hub.blocked.add(self)

    def _all_sent(self) -> None:
        self.batch = None
        if self.writer is not None:
            self.writer.stop()
            self.writer.close()
            self.writer = None
            self.hub.blocked.discard(self)
        if not self.finished:
            return
        if self.transport.peer_closes:  # it does when it has read ours, or is cut when the grace is over
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        else:
            self.hub.drop(self, self.close or RESTART)

    # ---- in

    def _readable(self) -> None:
        if not self.hub.loop.may_read():
            return  # the loop says so again in its next turn
        try:
            data = self.socket.recv(65536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.hub.drop(self, self.close or GONE)
            return
        self.receive(data)

    def receive(self, data: bytes) -> None:
        self.last_heard = self.hub.now()
        if self.closing_by is not None:
            return  # only the end of the connection still counts
        if not self.allowance.take_bytes(len(data), self.last_heard):
            self.hub.end(self, FLOOD)
            return
        try:
            received = self.transport.receive(data, self.frames, self.allowance)
            self.frames = received.frames
            if received.answers:
                self.say(received.answers)
            if received.close is not None:
                self.hub.end(self, received.close)
        except Exception:  # noqa: BLE001 (logged there; one client's bytes must not stop the loop)
            self.hub.failed(self)

    # ---- the end

    def end(self, close: Close, now: float, grace: float) -> None:
        """Ends the stream: the frame under way, then the transport's goodbye; after ``grace`` seconds the
        connection is reset."""
        if self.closing_by is not None:
            return
        self.close = close
        self.closing_by = now + grace
        self.hub.closing.add(self)
        goodbye = self.transport.goodbye(close)
        self._cut_after_this_frame()
        self.control = bytearray(goodbye) if goodbye else None
        self.pump()

    def _cut_after_this_frame(self) -> None:
        """Of a batch under way only the frame that was begun is finished."""
        if self.unsent is None or self.batch is None:
            return
        done = len(self.batch.data) - len(self.unsent)
        if done in (0, *self.batch.ends):
            self.unsent = None
            return
        end = self.batch.ends[bisect_right(self.batch.ends, done)]
        self.unsent = self.unsent[: end - done]

    def shut(self, *, reset: bool) -> None:
        """Closes the socket. ``reset`` drops what the kernel still holds for the peer."""
        self.finished = True
        for watcher in (self.reader, self.writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.reader = self.writer = self.unsent = self.batch = self.control = self.frames = None
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.close()


_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def _tune(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if sock.family == getattr(socket, "AF_UNIX", None):  # gunicorn's, behind a proxy on the same machine
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED * 1000)


class Start:
    """Where a stream begins. ``resume`` names the last event that the client has seen; ``refused`` says that
    it asked to resume and cannot."""

    __slots__ = ("refused", "resume")

    def __init__(self, resume: Cursor | None = None, *, refused: bool = False) -> None:
        self.resume = resume
        self.refused = refused
