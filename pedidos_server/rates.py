"""How often one caller may write, open streams, and try to sign in; 429 with Retry-After beyond that."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from .auth import Principal
from .errors import Problem

STREAMS_A_MINUTE = 300
SIGN_INS_A_MINUTE = 10
"""From one address; what is guessed at has 256 random bits, this only keeps the log readable."""
ALL_SIGN_INS_A_MINUTE = 120


class Rates:
    """Counts in memory, per token. ``writes_a_minute`` 0 counts no writes. On an open server nothing is counted:
    many seats share one proxy there, and nobody can be told from the others."""

    def __init__(self, writes_a_minute: int, now: Callable[[], float] = time.time) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._now = now
        self._writes = RateLimitItemPerMinute(writes_a_minute, namespace="w") if writes_a_minute else None
        self._streams = RateLimitItemPerMinute(STREAMS_A_MINUTE, namespace="s")
        self._sign_ins = RateLimitItemPerMinute(SIGN_INS_A_MINUTE, namespace="e")
        self._all_sign_ins = RateLimitItemPerMinute(ALL_SIGN_INS_A_MINUTE, namespace="ee")

    def write(self, principal: Principal) -> None:
        """Raises Problem 429 where this token has written too often."""
        if self._writes is not None:
            self._count(self._writes, str(principal.token_id), "gravações")

    def stream(self, principal: Principal) -> None:
        self._count(self._streams, str(principal.token_id), "conexões em tempo real")

    def sign_in(self, address: str) -> None:
        self._count(self._sign_ins, address, "tentativas de entrar")
        self._count(self._all_sign_ins, "", "tentativas de entrar")

    def _count(self, limit: RateLimitItem, who: str, what: str) -> None:
        if not self._limiter.hit(limit, who):
            wait = max(1, math.ceil(self._limiter.get_window_stats(limit, who).reset_time - self._now()))
            raise Problem(
                429,
                "Devagar",
                f"Foram {what} demais em pouco tempo. Tente de novo em {wait} s.",
                headers={"Retry-After": str(wait)},
            )
