"""A few places, shared fairly: a caller with few requests does not wait behind one with thousands."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from gevent.event import Event as Flag


class FairQueue:
    """``places`` may be taken at once, ``each`` of them by one caller.

    Who waits gets a place in turn: the callers one after the other, each caller's own requests in the order in which
    they came. For greenlets of one thread.
    """

    def __init__(self, places: int, each: int) -> None:
        self._free, self._each = places, each
        self._taken: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[Flag]] = {}
        """By caller; the caller whose turn is next comes first."""

    @contextmanager
    def place(self, caller: Hashable) -> Iterator[None]:
        if self._has_place(caller):
            self._take(caller)
        else:
            self._wait(caller)
        try:
            yield
        finally:
            self._give_back(caller)

    def _has_place(self, caller: Hashable) -> bool:
        return self._free > 0 and self._taken[caller] < self._each

    def _take(self, caller: Hashable) -> None:
        self._free -= 1
        self._taken[caller] += 1

    def _wait(self, caller: Hashable) -> None:
        turn = Flag()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            turn.wait()
        except BaseException:  # killed, or out of time
            if turn.is_set():
                self._give_back(caller)
            else:
                self._forget(caller, turn)
            raise

    def _forget(self, caller: Hashable, turn: Flag) -> None:
        self._waiting[caller].remove(turn)
        if not self._waiting[caller]:
            del self._waiting[caller]

    def _give_back(self, caller: Hashable) -> None:
        self._free += 1
        self._taken[caller] -= 1
        if not self._taken[caller]:
            del self._taken[caller]
        for following in filter(self._has_place, self._waiting):
            self._take(following)
            turns = self._waiting.pop(following)
            turns.popleft().set()
            if turns:
                self._waiting[following] = turns  # behind all others
            return
