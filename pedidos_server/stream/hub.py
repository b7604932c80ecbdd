"""The hub: every stream is a cursor into one bounded tail of the newest events.

No queue per client: a stream that stands behind is given the joined bytes of what follows its cursor, from the
tail, or page by page from the event log where the tail no longer reaches. Live delivery and resume are the same
loop, so there is no hand-over in which an event could be lost or come twice.

The hub owns the streams; who sends to them (fanout.py), reads the log for them (replay.py) and keeps time
(liveness.py) is apart. All of it runs on the gevent loop; what is marked so may be called from any thread.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import gevent
from gevent.event import Event as Flag

from ..clock import RunningClock
from ..domain.events import Cursor, Event
from ..domain.roles import Principal
from ..errors import Problem
from .connection import BLOCKED, CLOSING, State, Subscription
from .fanout import Fanout
from .io_uring import Ring
from .liveness import Liveness
from .loop import Loop
from .protocol import INTERNAL_ERROR, NOT_ALLOWED, RESTART, SILENT, TOO_SLOW, Close
from .replay import ReadPage, Replay
from .tail import MAX_JOIN, Batch, Tail

log = logging.getLogger("pedidos.stream")


class Start(NamedTuple):
    """Where a stream begins. ``resume`` names the last event that the client has seen; ``refused`` says that
    it asked to resume and cannot."""

    resume: Cursor | None = None
    refused: bool = False


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
        ring: Ring | None = None,
    ) -> None:
        self.now = now or RunningClock()
        self.server_version = server_version
        self.loop = Loop(self._action_failed)
        self.ends: Counter[Close] = Counter()
        self._streams: dict[Subscription, None] = {}
        self._tail = Tail(head, newest, tail_events, tail_bytes)
        self._read_page = read_page
        self._gap = Flag()
        self._committed = head.number
        """The newest event that came without those before it."""
        self._numbers = self._published = 0
        self._closed = False
        self._by_type: Counter[str] = Counter({"websocket": 0, "sse": 0})
        self._by_token: Counter[int] = Counter()
        give_way = self.loop.give_way
        self._fanout = Fanout(self._streams, self._tail, self.next_batch, give_way, ring)
        self._replay = Replay(self._tail, read_page, self._lost, give_way)
        liveness = Liveness(self._streams, heartbeat, self.now, give_way)
        work = (self._fanout.run, self._replay.run, liveness.run, self._catch_up)
        self._greenlets = [gevent.spawn(run) for run in work]
        for greenlet in self._greenlets:
            greenlet.link_exception(_die)

    # ---- for any thread

    def publish(self, events: list[Event]) -> None:
        """Appends committed events, in order, to what every stream gets."""
        self.loop.call(self._publish, events)

    def subscribe(self, subscription: Subscription, start: Start, head: bytes, unread: bytes) -> None:
        """Takes a stream over. ``head`` goes out before its first message; ``unread`` are bytes that the
        client sent behind its request."""
        self.loop.call(self._subscribe, subscription, start, head, unread)

    def unsubscribe(self, subscription: Subscription, close: Close) -> None:
        self.loop.call(subscription.close, close)

    def end_streams(self, is_valid: Callable[[Principal], bool]) -> None:
        """Ends the streams of those who are no longer valid."""
        self.loop.call(self._end_streams, is_valid)

    def streams_of(self, principal: Principal) -> int:
        """How many streams its token has."""
        return self._by_token[principal.token_id]

    @property
    def head(self) -> Cursor:
        return self._tail.head

    def stats(self) -> dict[str, Any]:
        """Counts for an operator; a moment's picture, each number right by itself."""
        states = Counter(stream.state for stream in list(self._streams))
        return {
            "total_connections": sum(self._by_type.values()),
            "connections_by_type": dict(self._by_type),
            "cursor": str(self.head),
            "tail_events": len(self._tail),
            "tail_bytes": self._tail.bytes,
            "blocked": sum(states[state] for state in BLOCKED),
            "replaying": states[State.REPLAYING] + states[State.REPLAYING_BLOCKED],
            "closing": sum(states[state] for state in CLOSING),
            "slow_clients_cut": self.ends[TOO_SLOW],
            "silent_clients_cut": self.ends[SILENT],
            "connections_ever": self._numbers,
            "events_published": self._published,
        }

    def __len__(self) -> int:
        return len(self._streams)

    # ---- what a stream is sent

    def _publish(self, events: list[Event]) -> None:
        """Appends what follows the head. Where something is missing between, because another process committed it or
        a call was lost, the log is read from the head on."""
        head = self.head.number
        if events and events[0].cursor.number <= head:  # read from the log already
            events = [event for event in events if event.cursor.number > head]
        if not events:
            return
        if events[0].cursor.number != head + 1:
            self._committed = events[-1].cursor.number
            self._gap.set()
            return
        self._tail.append(events)
        self._published += len(events)
        self._fanout.wake()

    def _catch_up(self) -> None:
        """For ever: where there was a gap, reads the log from the head on."""
        while True:
            self._gap.wait()
            self._gap.clear()
            while self.head.number < self._committed:
                try:
                    events = self._read_page(self.head.number, MAX_JOIN)
                except Problem:
                    gevent.sleep(1)  # the database does not answer
                    continue
                if not events and self.head.number < self._committed:
                    raise LookupError(f"no event follows {self.head} in the log, but {self._committed} was committed")
                self._publish(events)

    def next_batch(self, stream: Subscription) -> Batch | None:
        """What follows the stream's cursor, see ``Owner``."""
        tail, position = self._tail, stream.position
        if tail.reaches(position):
            stream.reached_tail()
            if position >= tail.head.number:
                return None
            return tail.joined(stream.transport, position) or tail.after(stream.transport, position)
        page = tail.joined(stream.transport, position) if stream.state is not State.LIVE else None
        if page is None and stream.fell_behind():
            self._replay.wait(stream)
        return page

    def _lost(self, stream: Subscription) -> None:
        reason = "O histórico pedido não existe mais: recarregue os pedidos."
        stream.skip_to(self.head.number, stream.transport.refresh(reason, self.head))

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
            stream.start(self, head + hello)
        except Exception:
            log.exception("stream not started", extra={"peer": stream.peer})
            stream.abort(INTERNAL_ERROR, reset=True)
        if unread:
            stream.receive(unread)

    def _end_streams(self, is_valid: Callable[[Principal], bool]) -> None:
        verdicts: dict[Principal, bool] = {}
        for stream in list(self._streams):
            if stream.principal not in verdicts:
                verdicts[stream.principal] = is_valid(stream.principal)
            if not verdicts[stream.principal]:
                try:
                    stream.close(NOT_ALLOWED)
                except Exception:  # the others must go all the same
                    log.exception("stream not ended", extra={"peer": stream.peer})
                    stream.abort(NOT_ALLOWED, reset=True)

    def closed(self, stream: Subscription, why: Close, *, reset: bool) -> None:
        """Forgets a stream that is CLOSED."""
        del self._streams[stream]
        self._by_type[stream.transport.name] -= 1
        self._by_token[stream.principal.token_id] -= 1
        self._replay.forget(stream)
        log.info(
            "stream closed",
            extra={
                "transport": stream.transport.name,
                "peer": stream.peer,
                "seconds": self.now() - stream.opened,
                "writes": stream.sent,
                "code": why.code,
                "reset": reset,
            },
        )

    # ---- the end

    def close(self, seconds: float = 1.5) -> None:
        """After the last published event: close code 1012, or the end of the SSE stream; waits for the peers
        ``seconds`` at most."""
        self.loop.run_calls()
        self._closed = True
        gevent.killall(self._greenlets)
        ends = self.now() + seconds
        for stream in list(self._streams):
            if stream.state is State.LIVE:
                stream.pump()
        while any(stream.state in BLOCKED for stream in self._streams) and self.now() < ends - seconds / 2:
            gevent.sleep(0.02)  # these go on by their own watchers
        for stream in list(self._streams):
            stream.close(RESTART)
        while self._streams and self.now() < ends:
            gevent.sleep(0.02)
        for stream in list(self._streams):
            stream.abort(RESTART)
        self.loop.close()
        self._fanout.close()

    def _action_failed(self, action: Callable[..., None], error: Exception) -> None:
        if action == self._publish:  # what was committed would reach nobody
            _exit("an event was not published; exiting", error)
        log.error("stream action failed", exc_info=error, extra={"action": action.__name__})


def _die(greenlet: gevent.Greenlet) -> None:
    _exit("the dispatcher died; exiting", greenlet.exception)


def _exit(why: str, error: BaseException) -> NoReturn:
    """A server that takes writes and tells no one is worse than none."""
    log.critical(why, exc_info=error)
    logging.shutdown()
    os._exit(70)
