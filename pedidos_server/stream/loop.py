"""All that the streams need of gevent's loop: watchers, calls from other threads, and the loop's turns."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.event import Event as Flag

READ, WRITE = 1, 2
READING_SECONDS = 0.002
"""Of each turn of the loop in which streams are read from: what comes beyond it waits for the next turn."""


class Watcher(Protocol):
    """libev's or libuv's, of one descriptor."""

    def start(self, callback: Callable[[], None]) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


class Loop:
    """``failed`` is told of an action that has raised; it runs on the loop, and the next action follows."""

    def __init__(self, failed: Callable[[Callable[..., None], Exception], None]) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._failed = failed
        self._thread = threading.get_native_id()  # gevent makes get_ident tell greenlets apart
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._wake = self._loop.async_()
        self._wake.start(self._woken)
        self._polled = Flag()
        """Set after each turn of the loop that somebody has waited for."""
        self._reading_turn = self._reading_ends = 0.0

    def watch(self, descriptor: int, events: int) -> Watcher:
        watcher: Watcher = self._loop.io(descriptor, events)
        return watcher

    def call(self, action: Callable[..., None], *args: Any) -> None:
        """Calls run at once on the loop's own thread; from other threads, after waking it."""
        self._calls.append((action, args))
        if threading.get_native_id() == self._thread:
            self.run_calls()
        else:
            self._wake.send()

    def run_calls(self) -> None:
        while self._calls:
            action, args = self._calls.popleft()
            try:
                action(*args)
            except Exception as error:  # noqa: BLE001 (told)
                self._failed(action, error)

    def _woken(self) -> None:
        self.run_calls()
        self._polled.set()

    def give_way(self) -> float:
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
        turn = self._loop.now()  # the same throughout a turn
        now = time.perf_counter()
        if turn != self._reading_turn:
            self._reading_turn, self._reading_ends = turn, now + READING_SECONDS
        return now < self._reading_ends

    def close(self) -> None:
        self._wake.stop()
        self._wake.close()
