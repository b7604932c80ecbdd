"""Brings the streams to the head: rounds over all of them, in turns that leave the loop to others in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import gevent
from gevent.event import Event as Flag

from . import io_uring
from .connection import State, Subscription
from .encoders import Transport
from .tail import Batch, Tail

TURN_BYTES = 4 * 1024 * 1024
"""Of fan-out, after which the loop gets its turn: a millisecond or two."""
SEND_BYTES = TURN_BYTES // io_uring.ENTRIES
"""What each send counts as at least."""
LAG_EVENTS = 32
"""Lag at which a turn of the fan-out may last as long as all other work since the last one. Without this, many
writers starve the fan-out."""
WORTH_WAITING = range(3, 8)
"""Events that came during a round for which the next round waits as long as that one took: where programs write, more
come meanwhile and share it, and the writers get their turn. For one or two, as people cause, it does not wait; a
larger number shares a round already."""
SHORT_ROUND_SECONDS = 0.001
"""Of a round that is not worth a timer."""
LONGEST_WAIT_SECONDS = 0.01
FEW_SENDS = 8
"""For which a ring is not worth its while."""

Sends = dict[Batch, list[Subscription]]


class Fanout:
    """``next_batch`` gives what a stream is to be sent next, if anything. ``give_way`` comes back after the loop has
    looked at its sockets, and tells how many seconds that took."""

    def __init__(
        self,
        streams: Mapping[Subscription, None],
        tail: Tail,
        next_batch: Callable[[Subscription], Batch | None],
        give_way: Callable[[], float],
        ring: io_uring.Ring | None,
    ) -> None:
        self._streams, self._tail = streams, tail
        self._next_batch, self._give_way = next_batch, give_way
        self._ring = ring
        self._behind = Flag()

    def wake(self) -> None:
        """There is something to send."""
        self._behind.set()

    def run(self) -> None:
        """For ever: every stream that is not held up by its own socket to the head, round by round."""
        pace = Pace(self._give_way)
        while True:
            self._behind.wait()
            self._behind.clear()
            start, began = self._tail.head.number, time.perf_counter()
            self._round(pace)
            wait = pace.wait_after(self._tail.head.number - start, time.perf_counter() - began)
            if wait:
                gevent.sleep(wait)

    def close(self) -> None:
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def _round(self, pace: Pace) -> None:
        tail = self._tail
        newest = tail.head.number
        due: Sends = {}
        joined: dict[tuple[Transport, int], Batch] = {}
        live = State.LIVE
        pace.begin()
        for stream in list(self._streams):
            position = stream.position
            if position >= newest or stream.state is not live:
                continue
            place = (stream.transport, position)
            batch = joined.get(place) or self._next_batch(stream)
            if batch is None:  # it was told to go, or to wait for a page of the log
                continue
            joined[place] = batch
            due.setdefault(batch, []).append(stream)
            if pace.is_due(max(SEND_BYTES, len(batch.data))):
                self._send(due)
                pace.turn(newest - position)
                if tail.head.number != newest:  # the rest of the streams get what came meanwhile in the same write
                    newest = tail.head.number
                    joined.clear()
        self._send(due)

    def _send(self, due: Sends) -> None:
        """Sends each batch to its idle streams, and empties ``due``."""
        for batch, streams in due.items():
            if self._ring is None or len(streams) < FEW_SENDS:
                for stream in streams:
                    stream.send_batch(batch)
            else:
                _send_at_once(self._ring, batch, streams)
            if batch.last < self._tail.head.number:
                self._behind.set()
        due.clear()


class Pace:
    """When a round gives the loop to others, and when the next round begins. ``clock`` is in seconds."""

    def __init__(self, give_way: Callable[[], float], clock: Callable[[], float] = time.perf_counter) -> None:
        self._give_way, self._clock = give_way, clock
        self._others = 0.0
        """Seconds that all other work took in the last turn that it got."""
        self._began = 0.0
        self._cost = 0

    def begin(self) -> None:
        self._cost, self._began = 0, self._clock()

    def is_due(self, price: int) -> bool:
        """Adds a send's price, in bytes. True where a turn's worth is there to be sent."""
        self._cost += price
        return self._cost >= TURN_BYTES

    def turn(self, lag: int) -> None:
        """A turn's worth was sent to streams that are ``lag`` events behind: others get theirs, unless the streams
        are so far behind that the fan-out goes on for a while."""
        self._cost = 0
        if self._clock() - self._began >= self._others * lag / LAG_EVENTS:
            self._others = self._give_way()
            self._began = self._clock()

    def wait_after(self, events: int, took: float) -> float:
        """Seconds to wait after a round in which so many events came and that took so many seconds."""
        worth = events in WORTH_WAITING and took > SHORT_ROUND_SECONDS
        return min(took, LONGEST_WAIT_SECONDS) if worth else 0.0


def _send_at_once(ring: io_uring.Ring, batch: Batch, streams: list[Subscription]) -> None:
    last = batch.last
    for stream in streams:
        stream.position = last
        stream.sent += 1
    short = ring.send(batch.data, [stream.socket.fileno() for stream in streams])
    if short:
        for stream in streams:
            taken = short.get(stream.socket.fileno())
            if taken is not None:
                stream.took(batch, taken)
