"""A thread beside the loop, for what would stall it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from gevent.hub import Waiter
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

T = TypeVar("T")


class Worker:
    """Makes one call at a time, in a thread that stays the same.

    It is a thread of gevent's pool, which is given a single task: to take calls off a queue. A task for each call
    would cost a watcher on the loop and two more locks, a tenth of a write.
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
