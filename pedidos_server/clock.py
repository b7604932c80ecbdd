"""A clock for deadlines: how long peers have had while this process was there to see it."""

from __future__ import annotations

import time
from collections.abc import Callable

ABSENT = 3.0
"""Seconds between two readings from which on nobody was there: the process was stopped, its machine slept, or
the loop hung. The hub reads its clock every second."""


class RunningClock:
    """Seconds, without those in which nobody read the clock: what a peer said meanwhile has yet to be read, so it
    may not be judged by them. ``now`` is a clock that never goes back."""

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
