"""The newest events, bounded by their number and bytes, and what follows each place in them, joined for sending."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from weakref import WeakValueDictionary

from ..domain.events import Cursor, Event
from .encoders import Transport

MAX_JOIN = 256 * 1024
"""Bytes of events that one write joins at most; a larger single event goes alone."""


class Batch:
    """The events that follow one cursor, joined for one transport: the same bytes serve all who stand there."""

    __slots__ = ("__weakref__", "_frame_ends", "data", "last")

    def __init__(self, transport: Transport, events: list[Event]) -> None:
        blocks = [transport.encode(event) for event in events]
        self.data = b"".join(blocks) if len(blocks) > 1 else blocks[0]
        self.last = events[-1].cursor.number
        """Number of the newest event in it."""
        self._frame_ends = [0, *accumulate(map(len, blocks))]

    def end_of_frame(self, sent: int) -> int:
        """Where the frame ends that is under way when so many bytes were sent: there, if it is between two."""
        return self._frame_ends[bisect_left(self._frame_ends, sent)]


class Tail:
    """``head`` names the newest event, also where the tail holds none yet."""

    def __init__(self, head: Cursor, newest: list[Event], max_events: int, max_bytes: int) -> None:
        self.head = head
        self._events = newest
        self.bytes = sum(len(event.payload) for event in newest)
        self._max_events, self._max_bytes = max_events, max_bytes
        self._shared: WeakValueDictionary[tuple[str, int], Batch] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._events)

    def append(self, events: list[Event]) -> None:
        """Committed events that follow the head, in order. The newest always stays, however large."""
        self._events += events
        self.bytes += sum(len(event.payload) for event in events)
        surplus = 0
        while len(self._events) - surplus > 1 and (
            len(self._events) - surplus > self._max_events or self.bytes > self._max_bytes
        ):
            self.bytes -= len(self._events[surplus].payload)
            surplus += 1
        del self._events[:surplus]
        self.head = self._events[-1].cursor

    def joined(self, transport: Transport, position: int) -> Batch | None:
        """What was joined for somebody who stands there; None where it must be made."""
        return self._shared.get((transport.name, position))

    def reaches(self, position: int) -> bool:
        """True where what follows an event is in the tail, or has yet to come."""
        return position >= self.head.number or position + 1 >= self._events[0].cursor.number

    def after(self, transport: Transport, position: int) -> Batch:
        """What follows an event before the head that the tail ``reaches``."""
        first = self._events[0].cursor.number
        events: list[Event] = []
        size = 0
        for index in range(position + 1 - first, len(self._events)):
            size += len(self._events[index].payload)
            if events and size > MAX_JOIN:
                break
            events.append(self._events[index])
        return self.join(transport, events)

    def join(self, transport: Transport, events: list[Event]) -> Batch:
        """The events as one batch, for all who stand before the first of them."""
        batch = Batch(transport, events)
        self._shared[transport.name, events[0].cursor.number - 1] = batch
        return batch
