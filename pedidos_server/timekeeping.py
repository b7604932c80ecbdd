"""The server's two clocks: the wall's, for what people read, and one of its own, by which things grow old.

The wall clock of a shop's computer may be wrong for a while: its battery is empty, somebody mistypes the year, NTP
puts it right. What is written meanwhile carries the wrong time, and what comes after it the right one again. But how
old a thing is, and so what is deleted, goes by a clock that such a jump does not move.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .domain.events import timestamp

log = logging.getLogger("pedidos.clock")

MAX_OFF = 12 * 3600.0
"""The most seconds that count for the time in which no server ran. A server that starts cannot tell a year off from a
wall clock that is a year ahead, and for the latter it must not delete a year's worth: idempotent answers, say, which
are kept for longer than this."""
JUMP = 60.0
"""Seconds by which the wall clock must jump for a line in the log."""
_LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def running_time() -> float:
    """Seconds since some moment, those in which the machine slept included, whatever is done to the wall clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # monotonic() stands still there while the machine sleeps
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock was set, or found wrong at the start: by how many seconds, and what it said then."""

    seconds: float
    noticed: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks: ``wall`` as people read it, ISO 8601; ``own`` as things grow old by it."""

    wall: str
    own: datetime


class Clock:
    """``newest`` is the time, by this clock, of the newest event: it goes on from there; "" begins anew.

    ``wall`` is Unix time, ``running`` seconds as ``running_time`` counts them.
    """

    def __init__(
        self,
        newest: str = "",
        wall: Callable[[], float] = time.time,
        running: Callable[[], float] = running_time,
    ) -> None:
        self._wall, self._running = wall, running
        now = wall()
        last = _unix(newest)
        self._started = running()
        self._own_start = now if last is None else max(last, min(now, last + MAX_OFF))
        self._offset = now - self._started
        self.jump: Jump | None = None
        """The latest one."""
        if last is not None and last - now > JUMP:
            self._note(now - last)

    def now(self) -> str:
        """What the wall clock says, for people. Notices a jump."""
        now = self._wall()
        offset = now - self._running()
        if abs(offset - self._offset) > JUMP:
            self._note(offset - self._offset)
        self._offset = offset  # small corrections, as NTP makes them, add up to no jump
        return _text(now)

    def moment(self) -> Moment:
        """Now, by both."""
        return Moment(self.now(), self.own())

    def own(self) -> datetime:
        """The time by which things grow old: it never falls, and moves only as time passes."""
        return datetime.fromtimestamp(min(_LAST, self._own_start + self._running() - self._started), UTC)

    def _note(self, seconds: float) -> None:
        self.jump = Jump(round(seconds, 1), _text(self._wall()))
        log.warning("the clock jumped", extra={"seconds": seconds})


def _text(unix: float) -> str:
    return timestamp(datetime.fromtimestamp(unix, UTC))


def _unix(when: str) -> float | None:
    try:
        return datetime.fromisoformat(when).timestamp() if when else None
    except ValueError:
        return None
