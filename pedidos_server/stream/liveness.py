"""Once a second: heartbeats, and the end of those who take nothing, say nothing, or do not go."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

import gevent

from .connection import Owner, Subscription
from .protocol import SILENT, TOO_SLOW

STALL = 10.0
"""Seconds that a socket may take no byte while something waits for it."""
SILENCE = 60.0
"""Seconds that a WebSocket client may say nothing, pongs included."""
FIRST_ASKED = 1.0
"""Seconds that a stream which asked for its own heartbeat waits for the first one: by then its client knows whether
the network has passed the beginning on."""
HEARTBEAT_TURN_SECONDS = 0.002
"""Of heartbeats, after which the loop gets its turn."""


class Liveness:
    """``heartbeat`` is in seconds; a stream may ask for its own. ``counts`` gets how many were cut, and why."""

    def __init__(
        self,
        owner: Owner,
        streams: Mapping[Subscription, None],
        heartbeat: float,
        counts: Counter[str],
        give_way: Callable[[], float],
    ) -> None:
        self._owner, self._streams = owner, streams
        self._heartbeat = max(1, round(heartbeat))
        self._counts, self._give_way = counts, give_way

    def run(self) -> None:
        now = self._owner.now
        started = now()
        tick = 0
        while True:
            tick += 1
            gevent.sleep(max(0.001, started + tick - now()))
            self._cut_overdue(now())
            self._beat(now(), tick)

    def _cut_overdue(self, now: float) -> None:
        owner = self._owner
        for stream in [s for s in owner.closing if s.closing_by is not None and s.closing_by <= now]:
            owner.drop(stream, stream.close or TOO_SLOW, reset=not stream.finished)
        for stream in [s for s in owner.blocked if now - s.stalled_since > STALL and s.closing_by is None]:
            self._counts["slow"] += 1
            owner.end(stream, TOO_SLOW)

    def _beat(self, now: float, tick: int) -> None:
        """A share of the streams each second: those whose number falls on this one."""
        turn_ends = time.perf_counter() + HEARTBEAT_TURN_SECONDS
        for stream in list(self._streams):
            if stream.finished:
                continue
            period = stream.heartbeat or self._heartbeat
            if now - stream.last_heard > SILENCE and stream.transport.answers_pings:
                self._counts["silent"] += 1
                self._owner.drop(stream, SILENT, reset=True)
            elif stream.heartbeat and now - stream.opened < FIRST_ASKED:
                continue
            elif stream.number % period == tick % period:
                stream.say(stream.transport.ping())
                if time.perf_counter() > turn_ends:
                    self._give_way()
                    turn_ends = time.perf_counter() + HEARTBEAT_TURN_SECONDS
