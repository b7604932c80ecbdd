"""A clock for deadlines that stands still while this process is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

ABSENT = 3.0
"""Seconds between two readings from which on the process was not running: it was stopped, its machine slept, or the
loop hung. Whoever has such a clock reads it every second."""


class RunningClock:
    """Seconds, without those in which the process did not run: what a peer sent meanwhile has yet to be read, so no
    deadline may count them. ``now`` is a clock that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = now()
        self._absent = 0.0

    def __call__(self) -> float:
        now = self._now()
        if now - self._last > ABSENT:
            self._absent += now - self._last
        self._last = now
        return now - self._absent
