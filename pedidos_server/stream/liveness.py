"""Once a second: heartbeats, and the end of those who take nothing, say nothing, or do not go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import gevent

from .connection import OPEN, Subscription
from .protocol import SILENT

SILENCE_SECONDS = 60.0
"""For which a WebSocket client may say nothing, pongs included."""
FIRST_ASKED = 1.0
"""Seconds that a stream which asked for its own heartbeat waits for the first one: by then its client knows whether
the network has passed the beginning on."""
HEARTBEAT_TURN_SECONDS = 0.002
"""Of heartbeats, after which the loop gets its turn."""


class Liveness:
    """``heartbeat`` is in seconds; a stream may ask for its own. ``now`` is the streams' clock."""

    def __init__(
        self,
        streams: Mapping[Subscription, None],
        heartbeat: float,
        now: Callable[[], float],
        give_way: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._heartbeat = max(1, round(heartbeat))
        self._now, self._give_way = now, give_way

    def run(self) -> None:
        """For ever."""
        started = self._now()
        tick = 0
        while True:
            tick += 1
            gevent.sleep(max(0.001, started + tick - self._now()))
            self._look(self._now(), tick)

    def _look(self, now: float, tick: int) -> None:
        """At all streams. A share of them gets a heartbeat: those whose number falls on this second."""
        turn_ends = time.perf_counter() + HEARTBEAT_TURN_SECONDS
        for stream in list(self._streams):
            period = stream.heartbeat or self._heartbeat
            if now >= stream.deadline:
                stream.deadline_passed()
            elif stream.state not in OPEN:
                continue
            elif now - stream.last_heard > SILENCE_SECONDS and stream.transport.answers_pings:
                stream.abort(SILENT, reset=True)
            elif stream.heartbeat and now - stream.opened < FIRST_ASKED:
                continue
            elif stream.number % period == tick % period:
                stream.send_control(stream.transport.ping())
                if time.perf_counter() > turn_ends:
                    self._give_way()
                    turn_ends = time.perf_counter() + HEARTBEAT_TURN_SECONDS
