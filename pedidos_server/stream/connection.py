"""One stream: a socket, a cursor into the log, and the unsent rest of one write. All of its state is here.

    NEW ──────────── started ───────────────┐
                                            ▼
    LIVE ◄───────── reached tail ────── REPLAYING
     │ ▲ ────────── fell behind ──────────► │ ▲
     │ │                                    │ │
     │ └── all sent                         │ └── all sent
     ▼ socket full                          ▼ socket full
    LIVE_BLOCKED ◄── reached tail ── REPLAYING_BLOCKED

    each of these four ─── closing ──► ENDING ─── all sent ──► ENDED
    each but NEW ───────── aborted ──► CLOSED

The fan-out serves a LIVE stream from the tail. A REPLAYING one waits for a page of the log, because the tail does not
reach back to it; each begins so, until its place is looked at. A BLOCKED one waits until its socket takes more; if it
falls behind the tail meanwhile, it is too slow, and closed. An ENDING one sends the rest of its frame and a goodbye.
An ENDED one waits for the peer to close the connection.

All bytes go through ``pump``, or through ``send_batch`` where nothing is left to send, so frames cannot interleave.
What the socket does not take now is kept in ``unsent``: nothing blocks. Only the loop's thread touches a stream.
"""

from __future__ import annotations

import errno
import logging
import math
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from ..domain.roles import NOBODY, Principal
from ..sockets import reset_on_close
from .encoders import Transport
from .loop import READ, WRITE, Loop, Watcher
from .protocol import FLOOD, GONE, INTERNAL_ERROR, TOO_SLOW, Allowance, ClientFrames, Close
from .tail import Batch

log = logging.getLogger("pedidos.stream")

SEND_BUFFER = 64 * 1024
"""Bytes that the kernel may hold for one client: without a bound it would hide a slow one for megabytes. Four times
as many, for a thousand slow ones, are all that Linux gives to TCP; then it drops what others are sent."""
MAX_CONTROL = 16 * 1024
"""Bytes of answers (pongs) that may wait; beyond that nothing more is read from the client."""
STALL_SECONDS = 10.0
"""For which a socket may take no byte while something waits for it."""
GRACE_SECONDS = 5.0
"""That a closing stream gets for the frame under way, its goodbye and the peer's end."""

_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class State(Enum):
    NEW = auto()
    LIVE = auto()
    LIVE_BLOCKED = auto()
    REPLAYING = auto()
    REPLAYING_BLOCKED = auto()
    ENDING = auto()
    ENDED = auto()
    CLOSED = auto()


OPEN = (State.LIVE, State.LIVE_BLOCKED, State.REPLAYING, State.REPLAYING_BLOCKED)
BLOCKED = (State.LIVE_BLOCKED, State.REPLAYING_BLOCKED)
CLOSING = (State.ENDING, State.ENDED)

TRANSITIONS: Mapping[str, Mapping[State, State]] = {
    "started": {State.NEW: State.REPLAYING},
    "socket full": {State.LIVE: State.LIVE_BLOCKED, State.REPLAYING: State.REPLAYING_BLOCKED},
    "all sent": {
        State.LIVE_BLOCKED: State.LIVE,
        State.REPLAYING_BLOCKED: State.REPLAYING,
        State.ENDING: State.ENDED,
    },
    "reached tail": {State.REPLAYING: State.LIVE, State.REPLAYING_BLOCKED: State.LIVE_BLOCKED},
    "fell behind": {State.LIVE: State.REPLAYING},
    "closing": dict.fromkeys(OPEN, State.ENDING),
    "aborted": dict.fromkeys((*OPEN, *CLOSING), State.CLOSED),
}
"""What happens to a stream, and the state that it leads to from each other one. Where none is given it stays."""


class Owner(Protocol):
    """What a stream needs of the hub."""

    loop: Loop
    now: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    ends: Counter[Close]
    """How many streams were ended, by why."""

    def next_batch(self, stream: Subscription) -> Batch | None:
        """What follows the stream's cursor. None where nothing does, or where it must be read from the log first:
        the stream is given that page when it is there."""
        ...

    def closed(self, stream: Subscription, why: Close, *, reset: bool) -> None:
        """The stream is CLOSED."""
        ...


@dataclass(slots=True, eq=False, repr=False)
class Subscription:
    """Made by a transport's route, then owned by the hub."""

    transport: Transport
    socket: socket.socket
    peer: str
    principal: Principal = NOBODY
    """Who listens; the stream ends with their token."""
    heartbeat: int | None = None
    """Seconds between heartbeats, where the client asked for its own; None for the server's."""

    state: State = State.NEW
    deadline: float = math.inf
    """When the state has lasted too long, by the hub's clock."""
    why: Close = GONE
    """Why it is ended."""
    position: int = 0
    """Number of the newest event that was handed to the socket or is in ``unsent``."""
    unsent: memoryview | None = None
    batch: Batch | None = None
    """The events that ``unsent`` is the rest of; None where that is control bytes."""
    control: bytearray | None = None
    """Answers, heartbeats and the goodbye, which wait for the next frame boundary."""
    frames: ClientFrames | None = None
    """The parser, while a message is incomplete."""
    read_watcher: Watcher | None = None
    write_watcher: Watcher | None = None
    sent: int = 0
    """Writes of events, for the connection's log line."""
    number: int = 0
    """Counts the connections; spreads the heartbeats over time."""

    hub: Owner = field(init=False)
    opened: float = field(init=False)
    last_heard: float = field(init=False)
    allowance: Allowance = field(init=False)

    def _on(self, happened: str) -> None:
        self.state = TRANSITIONS[happened].get(self.state, self.state)

    def start(self, hub: Owner, first_bytes: bytes) -> None:
        """Takes its place on the loop: watches for bytes and hang-ups, and sends ``first_bytes``."""
        self._on("started")
        self.hub = hub
        self.opened = self.last_heard = hub.now()
        self.allowance = Allowance(self.transport.max_received, self.opened)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.read_watcher = hub.loop.watch(self.socket.fileno(), READ)
        self.read_watcher.start(self._readable)
        self.unsent = memoryview(first_bytes)
        self.pump()

    # ---- out

    def pump(self) -> None:
        """Sends until the socket takes no more or nothing is left to send."""
        while (rest := self.unsent if self.unsent is not None else self._next()) is not None:
            try:
                taken = self.socket.send(rest)
            except (BlockingIOError, InterruptedError):
                self._wait_for_room()
                return
            except OSError:
                self.abort(GONE)
                return
            self.unsent = rest[taken:] if taken < len(rest) else None
            if self.state in BLOCKED:
                self.deadline = self.hub.now() + STALL_SECONDS
        self._all_sent()

    def send_batch(self, batch: Batch) -> None:
        """The fast path of the fan-out: a stream that has taken all before, one write."""
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
            self.abort(GONE)
            return
        self.batch = batch
        self.unsent = memoryview(batch.data)[max(0, taken) :]
        self._wait_for_room()

    def send_control(self, data: bytes) -> None:
        """Sends control bytes at the next frame boundary."""
        if self.state not in OPEN:
            return
        if self.control is None:
            self.control = bytearray(data)
        else:
            self.control += data
            if len(self.control) > MAX_CONTROL and self.read_watcher is not None:
                self.read_watcher.stop()
        if self.state not in BLOCKED:
            self.pump()

    def reached_tail(self) -> None:
        """What it needs next is in the tail, or has yet to come."""
        if self.state is not State.LIVE:
            self._on("reached tail")

    def fell_behind(self) -> bool:
        """The tail does not reach back to what it needs next. False where that closes the stream: its socket was too
        slow. Any other goes on with a page of the log."""
        if self.state is State.LIVE_BLOCKED:
            self.close(TOO_SLOW)
            return False
        self._on("fell behind")
        return True

    def skip_to(self, position: int, refresh: bytes) -> None:
        """What it needs next is lost: its client is told to reload, and it goes on behind this event."""
        self.position = position
        self.reached_tail()
        self.send_control(refresh)

    def _next(self) -> memoryview | None:
        """What is sent next, and stands in ``unsent`` now: control bytes first, then events."""
        if self.control is not None:
            if len(self.control) > MAX_CONTROL and self.read_watcher is not None:
                self.read_watcher.start(self._readable)
            self.unsent, self.control, self.batch = memoryview(bytes(self.control)), None, None
        elif self.state in OPEN and (batch := self.hub.next_batch(self)) is not None:
            self.unsent, self.batch = memoryview(batch.data), batch
            self.position = batch.last
            self.sent += 1
        return self.unsent  # not None either where next_batch has closed the stream, and its goodbye waits

    def _wait_for_room(self) -> None:
        if self.write_watcher is None:
            self._on("socket full")
            if self.state in BLOCKED:
                self.deadline = self.hub.now() + STALL_SECONDS
            self.write_watcher = self.hub.loop.watch(self.socket.fileno(), WRITE)
            self.write_watcher.start(self.pump)

    def _all_sent(self) -> None:
        self.batch = None
        if self.write_watcher is not None:
            self.write_watcher.stop()
            self.write_watcher.close()
            self.write_watcher = None
        if self.state in BLOCKED:
            self.deadline = math.inf
        ending = self.state is State.ENDING
        self._on("all sent")
        if ending and self.transport.peer_closes:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        elif ending:
            self.abort(self.why)

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
        if data:
            self.receive(data)
        else:
            self.abort(self.why)

    def receive(self, data: bytes) -> None:
        self.last_heard = self.hub.now()
        if self.state not in OPEN:
            return  # only the end of the connection still counts
        if not self.allowance.take_bytes(len(data), self.last_heard):
            self.close(FLOOD)
            return
        try:
            received = self.transport.receive(data, self.frames, self.allowance)
            self.frames = received.frames
            if received.answers:
                self.send_control(received.answers)
            if received.close is not None:
                self.close(received.close)
        except Exception:  # an error of ours: one client's bytes must not stop the loop
            log.exception("stream failed", extra={"peer": self.peer})
            self.close(INTERNAL_ERROR)

    # ---- the end

    def close(self, why: Close) -> None:
        """Ends the stream: the frame under way, then the transport's goodbye."""
        if self.state not in OPEN:
            return
        self._on("closing")
        self.why = why
        self.hub.ends[why] += 1
        self.deadline = self.hub.now() + GRACE_SECONDS
        if self.unsent is not None and self.batch is not None:
            sent = len(self.batch.data) - len(self.unsent)
            rest = self.batch.end_of_frame(sent) - sent
            self.unsent = self.unsent[:rest] if rest else None
        self.control = bytearray(self.transport.goodbye(why)) or None
        self.pump()

    def abort(self, why: Close, *, reset: bool = False) -> None:
        """Closes the socket. ``reset`` drops what the kernel still holds for the peer."""
        if self.state is State.CLOSED:
            return
        if self.state in OPEN:
            self.hub.ends[why] += 1
        self._on("aborted")
        for watcher in (self.read_watcher, self.write_watcher):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.read_watcher = self.write_watcher = self.unsent = self.batch = self.control = self.frames = None
        if reset:
            reset_on_close(self.socket)
        self.socket.close()
        self.hub.closed(self, why, reset=reset)

    def deadline_passed(self) -> None:
        """The state has lasted too long."""
        if self.state in BLOCKED:
            self.close(TOO_SLOW)
        else:
            self.abort(self.why, reset=self.state is State.ENDING)
