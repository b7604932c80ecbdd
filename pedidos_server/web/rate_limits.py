"""How often one caller may write, open streams, and fail to sign in; 429 with Retry-After beyond that."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

from ..domain.roles import Principal
from ..errors import Problem

WINDOW_SECONDS = 60.0
STREAMS_A_MINUTE = 300
FAILED_SIGN_INS_A_MINUTE = 10
"""From one address; what is guessed at has 256 random bits, this only keeps the log readable."""
MOST_KEPT = 10_000
"""Callers remembered for one limit. Bounded, because a stranger may have any number of addresses."""


class RateLimit:
    """Counts what each caller does in windows of a minute, by a monotonic clock.

    The ``limits`` library goes by the time of day: when that is set back, callers wait until it has caught up.
    """

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most, self._now = most, now
        self._windows: dict[str, tuple[float, int]] = {}
        """Caller -> (end of the window, how often), the oldest window first."""

    def hit(self, who: str) -> float:
        """Counts one more. 0 where that is within the limit, else the seconds until it will be again."""
        now = self._now()
        end, count = self._windows.get(who, (0.0, 0))
        if end <= now:
            self._windows.pop(who, None)  # to its place among the newest
            end, count = now + WINDOW_SECONDS, 0
            self._forget(now)
        self._windows[who] = end, count + 1
        return 0.0 if count < self._most else end - now

    def _forget(self, now: float) -> None:
        """Drops windows that have ended, and the oldest of too many."""
        while self._windows:
            oldest = next(iter(self._windows))
            if self._windows[oldest][0] > now and len(self._windows) < MOST_KEPT:
                return
            del self._windows[oldest]


class RateLimits:
    """Counts in memory. ``writes_a_minute`` 0 counts no writes; ``now`` gives seconds of a monotonic clock. On an
    open server nothing is counted: many seats share one proxy there, and nobody can be told from the others."""

    def __init__(self, writes_a_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._writes = RateLimit(writes_a_minute, now) if writes_a_minute else None
        self._streams = RateLimit(STREAMS_A_MINUTE, now)
        self._failed_sign_ins = RateLimit(FAILED_SIGN_INS_A_MINUTE, now)

    def write(self, principal: Principal) -> None:
        """Raises Problem 429 where this token has written too often."""
        if self._writes is not None:
            _refuse(self._writes.hit(str(principal.token_id)), "gravações")

    def stream(self, principal: Principal) -> None:
        """Raises Problem 429 where this token has opened too many streams."""
        _refuse(self._streams.hit(str(principal.token_id)), "conexões em tempo real")

    def failed_sign_in(self, address: str) -> None:
        """Raises Problem 429 where too many came from there. Called for failures alone: a valid token is never kept
        out by what others try, from the same address or from many."""
        _refuse(self._failed_sign_ins.hit(_network(address)), "tentativas de entrar")


def _network(address: str) -> str:
    """An IPv6 address as its /64, all of which one line has for itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def _refuse(wait: float, what: str) -> None:
    if wait > 0:
        seconds = max(1, math.ceil(wait))
        raise Problem(
            429,
            "Devagar",
            f"Foram {what} demais em pouco tempo. Tente de novo em {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )
