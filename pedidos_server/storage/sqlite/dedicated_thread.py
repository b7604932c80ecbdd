"""The thread that writes: SQLite's calls block, so none runs on the gevent loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import gevent
from gevent.hub import Waiter
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from ...domain.commands import Command, World
from ...timekeeping import Moment
from ..base import Transaction, Transactions

T = TypeVar("T")


class DedicatedThread:
    """Makes one call at a time, in a thread that stays the same.

    A thread of gevent's pool that is given one task: to take calls off a queue. A task for each call would cost a
    watcher on the loop and two more locks: 50 µs.
    """

    def __init__(self) -> None:
        self._calls = get_original("queue", "SimpleQueue")()  # gevent's is for greenlets
        self._result: Any = None
        self._error: BaseException | None = None
        self._wake = gevent.get_hub().loop.async_()
        self._pool = ThreadPool(1)
        self._pool.spawn(self._work)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """What ``function`` returns or raises, in the thread. The calling greenlet waits; only one may at a time."""
        waiter: Any = Waiter()
        self._wake.start(waiter.switch, None)
        self._calls.put((function, arguments))
        waiter.get()
        self._wake.stop()
        result, error = self._result, self._error
        self._result = self._error = None
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            function, arguments = call
            try:
                self._result = function(*arguments)
            except BaseException as error:  # noqa: BLE001 (raised where the call came from)
                self._error = error
            del call, function, arguments
            self._wake.send()

    def stop(self) -> None:
        """Ends the thread, once no call is under way."""
        self._calls.put(None)
        self._pool.kill()
        self._wake.close()


class InThread(Transactions):
    """``transactions``, each made in one thread that stays the same."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions, self._thread = transactions, DedicatedThread()

    def stop(self) -> None:
        self._thread.stop()

    def carry_out(self, commands: Sequence[Command], decide_all: Callable[[World], None], moment: Moment) -> World:
        return self._thread.call(self._transactions.carry_out, commands, decide_all, moment)

    def run(self, work: Callable[[Transaction], T]) -> T:
        result: T = self._thread.call(self._transactions.run, work)
        return result

    def due(self, *, idle: bool) -> float | None:
        return self._transactions.due(idle=idle)

    def tidy(self) -> None:
        self._thread.call(self._transactions.tidy)
