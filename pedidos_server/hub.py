"""The hub: one bounded tail of the newest events, and every stream as a cursor into it.

No queue per client: a stream that stands behind is given the joined bytes of what follows its cursor, from the
tail, or page by page from the event log where the tail no longer reaches. Live delivery and resume are the same
loop, so there is no hand-over in which an event could be lost or come twice.

Everything here runs on the gevent loop. A wish goes through ``_mail``: on the loop it is granted at once, in other
threads after they have woken the loop.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NoReturn
from weakref import WeakValueDictionary

import gevent
from gevent.event import Event as Flag

from . import multisend
from .auth import Principal
from .clock import RunningClock
from .domain.events import Cursor, Event
from .errors import Problem
from .protocol import INTERNAL_ERROR, NOT_ALLOWED, RESTART, SILENT, TOO_SLOW, Close
from .subscription import Batch, Start, Subscription
from .transports import Transport

log = logging.getLogger("pedidos.stream")

MAX_JOIN = 256 * 1024
"""Bytes of events that one write joins at most; a larger single event goes alone."""
KEPT = 4
"""Joined batches that are kept when no stream is being sent them."""
SLICE = 0.002
"""Seconds of heartbeats after which the loop gets its turn."""
READING = 0.002
"""Seconds of one turn of the loop in which streams are read from: what others send without end waits for the next."""
TURN = 4 * 1024 * 1024
"""Bytes of fan-out after which the loop gets its turn: a millisecond or two."""
PATIENCE = 32
"""Events that the streams may be behind before the fan-out takes as long a turn as all else took. Did it give way as
readily then, many writers would leave it ever less time for ever more to send."""
WORTH_WAITING = range(3, 8)
"""Events that came during a round of the fan-out for which the next round waits as long as that one took: where
programs write, more come meanwhile and share it, and the writers get their turn. For one or two, as people cause,
it does not wait; a larger number shares a round already."""
SHORT_ROUND = 0.001
"""Seconds of a round that is not worth a timer."""
LONGEST_WAIT = 0.01
"""Seconds that a round waits at most."""
SEND = TURN // multisend.ENTRIES
"""What each send counts as at least."""
FEW = 8
"""Sends for which a ring is not worth its while."""
STALL = 10.0
"""Seconds that a socket may take no byte while something waits for it."""
SILENCE = 60.0
"""Seconds that a WebSocket client may say nothing, pongs included."""
GRACE = 5.0
"""Seconds that a closing stream gets for the frame under way and its close code."""

ReadPage = Callable[[int, int], list[Event]]
"""Given a number and a size in bytes: the events that follow, from the log. Blocks the calling greenlet only."""


class Hub:
    """``head`` is the newest event published. ``read_page`` reads the log; ``now`` is in seconds; with a
    ``ring`` the fan-out is a system call per turn instead of one per stream."""

    def __init__(
        self,
        *,
        head: Cursor,
        newest: list[Event],
        read_page: ReadPage,
        server_version: str,
        tail_events: int,
        tail_bytes: int,
        heartbeat: float,
        now: Callable[[], float] | None = None,
        ring: multisend.Ring | None = None,
    ) -> None:
        self.head = head
        self.now = now or RunningClock()
        self.server_version = server_version
        self.ring = ring
        self.loop: Any = gevent.get_hub().loop
        self.blocked: set[Subscription] = set()
        """Streams whose socket takes no more at the moment."""
        self.closing: set[Subscription] = set()
        self._streams: dict[Subscription, None] = {}
        self._tail = newest
        self._tail_bytes = sum(len(event.payload) for event in newest)
        self._max_events, self._max_bytes = tail_events, tail_bytes
        self._read_page = read_page
        self._waiting_for_page: dict[int, dict[Subscription, None]] = {}
        self._shared: WeakValueDictionary[tuple[str, int], Batch] = WeakValueDictionary()
        self._lately: deque[Batch] = deque(maxlen=KEPT)
        """The newest of these, for those who come one by one after a restart, and from one place."""
        self._heartbeat = heartbeat
        self._numbers = 0
        self._behind = Flag()
        self._pages_wanted = Flag()
        self._closed = False
        self._counts: Counter[str] = Counter()
        self._by_type: Counter[str] = Counter({"websocket": 0, "sse": 0})
        self._by_token: Counter[int] = Counter()
        self._polled = Flag()
        """Set after each turn of the loop that somebody has waited for."""
        self._thread = threading.get_native_id()  # gevent makes get_ident tell greenlets apart
        self._mail: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._wake = self.loop.async_()
        self._wake.start(self._woken)
        self._reading_turn = self._reading_ends = 0.0
        self._greenlets = [gevent.spawn(work) for work in (self._dispatch, self._load_pages, self._keep_time)]
        for greenlet in self._greenlets:
            greenlet.link_exception(_die)

    # ---- for any thread

    def publish(self, events: list[Event]) -> None:
        """Appends committed events, in order, to what every stream gets."""
        self._post(self._publish, events)

    def subscribe(self, subscription: Subscription, start: Start, head: bytes, unread: bytes) -> None:
        """Takes a stream over. ``head`` goes out before its first message; ``unread`` are bytes that the
        client sent behind its request."""
        self._post(self._subscribe, subscription, start, head, unread)

    def unsubscribe(self, subscription: Subscription, close: Close) -> None:
        self._post(self.end, subscription, close)

    def end_streams(self, stands: Callable[[Principal], bool]) -> None:
        """Ends the streams of those who no longer ``stands``."""
        self._post(self._end_streams, stands)

    def streams_of(self, principal: Principal) -> int:
        """How many streams its token has."""
        return self._by_token[principal.token_id]

    def stats(self) -> dict[str, Any]:
        """Counts for an operator; a moment's picture, each number right by itself."""
        return {
            "total_connections": sum(self._by_type.values()),
            "connections_by_type": dict(self._by_type),
            "cursor": str(self.head),
            "tail_events": len(self._tail),
            "tail_bytes": self._tail_bytes,
            "blocked": len(self.blocked),
            "replaying": sum(map(len, list(self._waiting_for_page.values()))),
            "closing": len(self.closing),
            "slow_clients_cut": self._counts["slow"],
            "silent_clients_cut": self._counts["silent"],
            "connections_ever": self._numbers,
            "events_published": self._counts["events"],
        }

    def __len__(self) -> int:
        return len(self._streams)

    def _post(self, action: Callable[..., None], *args: Any) -> None:
        self._mail.append((action, args))
        if threading.get_native_id() == self._thread:
            self._read_mail()
        else:
            self._wake.send()

    def _woken(self) -> None:
        self._read_mail()
        self._polled.set()

    def _read_mail(self) -> None:
        while self._mail:
            action, args = self._mail.popleft()
            try:
                action(*args)
            except Exception as error:
                if action == self._publish:  # what was committed would reach nobody
                    _exit("an event was not published; exiting", error)
                log.exception("stream action failed", extra={"action": action.__name__})

    def _give_way(self) -> float:
        """Comes back after the loop has looked at its sockets, and tells how many seconds that took. After
        ``gevent.sleep(0)`` it has not: that is among the callbacks of which libev's loop runs up to a thousand before
        it polls."""
        gone = time.perf_counter()
        self._polled.clear()
        self._wake.send()
        self._polled.wait()
        return time.perf_counter() - gone

    def may_read(self) -> bool:
        """False where enough was read from streams in this turn of the loop."""
        turn = self.loop.now()  # the same throughout a turn
        now = time.perf_counter()
        if turn != self._reading_turn:
            self._reading_turn, self._reading_ends = turn, now + READING
        return now < self._reading_ends

    # ---- the tail

    def _publish(self, events: list[Event]) -> None:
        self._tail += events
        self._tail_bytes += sum(len(event.payload) for event in events)
        surplus = 0
        while len(self._tail) - surplus > 1 and (
            len(self._tail) - surplus > self._max_events or self._tail_bytes > self._max_bytes
        ):
            self._tail_bytes -= len(self._tail[surplus].payload)
            surplus += 1
        del self._tail[:surplus]
        self.head = self._tail[-1].cursor
        self._counts["events"] += len(events)
        self._behind.set()

    def batch_for(self, stream: Subscription) -> Batch | None:
        """What follows the stream's cursor; None where nothing does, or where it must be read from the log
        first (the stream is then called again)."""
        position = stream.position
        if position >= self.head.number:
            stream.live = True
            return None
        shared = self._shared.get((stream.transport.name, position))
        if shared is not None:
            return shared
        first = self._tail[0].cursor.number
        if position + 1 < first:
            if stream.live and stream in self.blocked:
                self._counts["slow"] += 1
                self.end(stream, TOO_SLOW)
            else:  # it was resumed, or the fan-out is late: it catches up at its own pace
                stream.live = False
                self._wait_for_page(stream)
            return None
        stream.live = True
        events: list[Event] = []
        size = 0
        for index in range(position + 1 - first, len(self._tail)):
            size += len(self._tail[index].payload)
            if events and size > MAX_JOIN:
                break
            events.append(self._tail[index])
        return self._share(stream, events)

    def _share(self, stream: Subscription, events: list[Event]) -> Batch:
        batch = Batch(stream.transport, events)
        self._shared[stream.transport.name, events[0].cursor.number - 1] = batch
        self._lately.append(batch)
        return batch

    # ---- fan-out

    def _dispatch(self) -> None:
        """Brings every stream that is not held up by its own socket to the head, a turn of the loop at a time."""
        due: dict[Batch, list[Subscription]] = {}
        others = 0.0
        while True:
            self._behind.wait()
            self._behind.clear()
            start = newest = self.head.number
            joined: dict[tuple[Transport, int], Batch] = {}
            cost = 0
            began = round_began = time.perf_counter()
            # Nearly all stand at one place: what is known of the last stream's is not looked up again.
            transport, position, batch = None, -1, None
            for stream in list(self._streams):
                if stream.position >= newest or stream.unsent is not None or stream.finished:
                    continue
                if stream.position != position or stream.transport is not transport:
                    transport, position = stream.transport, stream.position
                    batch = joined.get((transport, position)) or self.batch_for(stream)
                    if batch is not None:
                        joined[transport, position] = batch
                        streams = due.setdefault(batch, [])
                        price = max(SEND, len(batch.data))
                if batch is None:
                    position = -1  # each is asked: it may be told to go, or to wait for a page
                    continue
                streams.append(stream)
                cost += price
                if cost < TURN:
                    continue
                self._send(due)
                cost = 0
                behind = newest - position
                if time.perf_counter() - began >= others * behind / PATIENCE:
                    others = self._give_way()
                    began = time.perf_counter()
                position = -1
                if self.head.number != newest:  # the rest of the streams get what came meanwhile in the same write
                    newest = self.head.number
                    joined.clear()
            self._send(due)
            took = time.perf_counter() - round_began
            if self.head.number - start in WORTH_WAITING and took > SHORT_ROUND:
                gevent.sleep(min(took, LONGEST_WAIT))

    def _send(self, due: dict[Batch, list[Subscription]]) -> None:
        """Sends each batch to its idle streams, and empties ``due``."""
        for batch, streams in due.items():
            if self.ring is None or len(streams) < FEW:
                for stream in streams:
                    stream.send_batch(batch)
            else:
                self._send_at_once(self.ring, batch, streams)
            if batch.last < self.head.number:
                self._behind.set()
        due.clear()

    def _send_at_once(self, ring: multisend.Ring, batch: Batch, streams: list[Subscription]) -> None:
        last = batch.last
        for stream in streams:
            stream.position = last
            stream.sent += 1
        short = ring.send(batch.data, [stream.entry for stream in streams])
        if short:
            for stream in streams:
                taken = short.get(stream.socket.fileno())
                if taken is not None:
                    stream.took(batch, taken)

    def _wait_for_page(self, stream: Subscription) -> None:
        self._waiting_for_page.setdefault(stream.position, {})[stream] = None
        self._pages_wanted.set()

    def _load_pages(self) -> None:
        """Reads the log for those who stand before the tail: one page for all who stand at one cursor."""
        while True:
            self._pages_wanted.wait()
            self._pages_wanted.clear()
            while self._waiting_for_page:
                position = next(iter(self._waiting_for_page))
                try:
                    events = self._read_page(position, MAX_JOIN)
                except Problem:
                    gevent.sleep(1)  # the database does not answer; they stay where they are
                    continue
                streams = [s for s in self._waiting_for_page.pop(position) if not s.finished]
                if events:
                    batch: Batch | None = None
                    for stream in streams:
                        batch = self._shared.get((stream.transport.name, position)) or self._share(stream, events)
                        if stream.unsent is None and stream.closing_by is None:
                            stream.send_batch(batch)
                            if stream.unsent is None:
                                stream.pump()
                    self._give_way()
                else:
                    for stream in streams:
                        self._refresh(stream, "O histórico pedido não existe mais: recarregue os pedidos.")

    def _refresh(self, stream: Subscription, reason: str) -> None:
        """What the client missed cannot be given: it reloads, and goes on from here."""
        stream.position = self.head.number
        stream.live = True
        stream.say(stream.transport.refresh(reason, self.head))

    # ---- coming and going

    def _subscribe(self, stream: Subscription, start: Start, head: bytes, unread: bytes) -> None:
        if self._closed:
            stream.socket.close()
            return
        self._numbers += 1
        stream.number = self._numbers
        begin = start.resume or self.head
        stream.position = begin.number
        transport = stream.transport
        hello = transport.hello(begin, self.server_version, resumable=not start.refused)
        if start.refused:
            hello += transport.refresh("Recarregue os pedidos: não dá para retomar deste ponto.", begin)
        self._streams[stream] = None
        self._by_type[transport.name] += 1
        self._by_token[stream.principal.token_id] += 1
        try:
            stream.start(self, head + hello, self.now())
        except Exception:
            log.exception("stream not started", extra={"peer": stream.peer})
            self.drop(stream, INTERNAL_ERROR, reset=True)
        if unread and stream in self._streams:
            stream.receive(unread)

    def end(self, stream: Subscription, close: Close) -> None:
        """Ends a stream with a close code, after the frame under way."""
        if stream in self._streams:
            stream.end(close, self.now(), GRACE)

    def _end_streams(self, stands: Callable[[Principal], bool]) -> None:
        verdicts: dict[Principal, bool] = {}
        for stream in list(self._streams):
            if stream.principal not in verdicts:
                verdicts[stream.principal] = stands(stream.principal)
            if not verdicts[stream.principal]:
                self.end(stream, NOT_ALLOWED)

    def failed(self, stream: Subscription) -> None:
        """An error of ours while a client's bytes were read: its stream ends, no other is touched."""
        log.exception("stream failed", extra={"peer": stream.peer})
        self.end(stream, INTERNAL_ERROR)

    def drop(self, stream: Subscription, close: Close, *, reset: bool = False) -> None:
        """Forgets a stream and closes its socket."""
        if stream not in self._streams:
            return
        del self._streams[stream]
        self._by_type[stream.transport.name] -= 1
        self._by_token[stream.principal.token_id] -= 1
        self.blocked.discard(stream)
        self.closing.discard(stream)
        self._waiting_for_page.get(stream.position, {}).pop(stream, None)
        stream.shut(reset=reset)
        log.info(
            "stream closed",
            extra={
                "transport": stream.transport.name,
                "peer": stream.peer,
                "seconds": self.now() - stream.opened,
                "writes": stream.sent,
                "code": close.code,
                "reset": reset,
            },
        )

    # ---- time

    def _keep_time(self) -> None:
        """Once a second: heartbeats (a share of the streams each time), the stalled, the silent, the closing."""
        started = self.now()
        tick = 0
        while True:
            tick += 1
            gevent.sleep(max(0.001, started + tick - self.now()))
            now = self.now()
            for stream in [s for s in self.closing if s.closing_by is not None and s.closing_by <= now]:
                self.drop(stream, stream.close or TOO_SLOW, reset=not stream.finished)
            for stream in [s for s in self.blocked if now - s.stalled_since > STALL and s.closing_by is None]:
                self._counts["slow"] += 1
                self.end(stream, TOO_SLOW)
            common = max(1, round(self._heartbeat))
            turn_ends = time.perf_counter() + SLICE
            for stream in list(self._streams):
                if stream.finished:
                    continue
                period = stream.heartbeat or common
                if now - stream.last_heard > SILENCE and stream.transport.answers_pings:
                    self._counts["silent"] += 1
                    self.drop(stream, SILENT, reset=True)
                elif stream.number % period == tick % period:
                    stream.say(stream.transport.ping())
                    if time.perf_counter() > turn_ends:
                        self._give_way()
                        turn_ends = time.perf_counter() + SLICE

    # ---- shutdown

    def close(self, seconds: float = 1.5) -> None:
        """After the last published event: close code 1012, or the end of the SSE stream; waits for the peers
        ``seconds`` at most."""
        self._read_mail()
        self._closed = True
        gevent.killall(self._greenlets)
        ends = self.now() + seconds
        for stream in list(self._streams):
            if stream.unsent is None and stream.closing_by is None:
                stream.pump()
        while self.blocked and self.now() < ends - seconds / 2:
            gevent.sleep(0.02)  # those whose socket was full go on by their own watchers
        for stream in list(self._streams):
            self.end(stream, RESTART)
        while self._streams and self.now() < ends:
            gevent.sleep(0.02)
        for stream in list(self._streams):
            self.drop(stream, RESTART)
        self._wake.stop()
        self._wake.close()
        if self.ring is not None:
            self.ring.close()
            self.ring = None


def _die(greenlet: gevent.Greenlet) -> None:
    _exit("the dispatcher died; exiting", greenlet.exception)


def _exit(why: str, error: BaseException) -> NoReturn:
    """A server that takes writes and tells no one is worse than none."""
    log.critical(why, exc_info=error)
    logging.shutdown()
    os._exit(70)
