"""For streams that stand before the tail: the event log, page by page, each page for all who stand at one place."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent.event import Event as Flag

from ..domain.events import Event
from ..errors import Problem
from .connection import State, Subscription
from .tail import MAX_JOIN, Batch, Tail

ReadPage = Callable[[int, int], list[Event]]
"""Given a number and a size in bytes: the events that follow, from the log. Blocks the calling greenlet only."""


class Replay:
    """``lost`` is told of a stream whose next event the log does not have."""

    def __init__(
        self,
        tail: Tail,
        read_page: ReadPage,
        lost: Callable[[Subscription], None],
        give_way: Callable[[], float],
    ) -> None:
        self._tail, self._read_page, self._lost, self._give_way = tail, read_page, lost, give_way
        self._waiting: dict[int, dict[Subscription, None]] = {}
        """By the place where they stand."""
        self._wanted = Flag()

    def wait(self, stream: Subscription) -> None:
        """It is sent what follows its place once that was read."""
        self._waiting.setdefault(stream.position, {})[stream] = None
        self._wanted.set()

    def forget(self, stream: Subscription) -> None:
        self._waiting.get(stream.position, {}).pop(stream, None)

    def run(self) -> None:
        """For ever: reads what is waited for."""
        while True:
            self._wanted.wait()
            self._wanted.clear()
            while self._waiting:
                position = next(iter(self._waiting))
                try:
                    events = self._read_page(position, MAX_JOIN)
                except Problem:
                    gevent.sleep(1)  # the database does not answer; they stay where they are
                    continue
                streams = [stream for stream in self._waiting.pop(position) if stream.state is State.REPLAYING]
                for stream in streams:
                    if events:
                        self._send(stream, self._tail.joined(stream.transport, position), events)
                    else:
                        self._lost(stream)
                if events:
                    self._give_way()

    def _send(self, stream: Subscription, batch: Batch | None, events: list[Event]) -> None:
        batch = batch or self._tail.join(stream.transport, events)
        stream.send_batch(batch)
        if stream.state is State.REPLAYING:
            stream.pump()
