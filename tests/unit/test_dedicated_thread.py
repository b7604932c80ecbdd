"""The thread beside the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import gevent
import pytest

from pedidos_server.storage.sqlite.dedicated_thread import DedicatedThread


@pytest.fixture
def worker() -> Iterator[DedicatedThread]:
    worker = DedicatedThread()
    yield worker
    worker.stop()


def test_it_makes_every_call_in_one_thread_that_is_not_the_loops(worker: DedicatedThread) -> None:
    threads = {worker.call(threading.get_native_id) for _ in range(50)}
    assert len(threads) == 1
    assert threads != {threading.get_native_id()}


def test_it_gives_back_what_the_call_returns_or_raises(worker: DedicatedThread) -> None:
    assert worker.call(divmod, 17, 5) == (3, 2)
    with pytest.raises(ZeroDivisionError):
        worker.call(divmod, 17, 0)
    assert worker.call(divmod, 9, 2) == (4, 1), "an error is told once"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, gevent.GreenletExit])
def test_nothing_that_a_call_raises_ends_the_thread(worker: DedicatedThread, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        worker.call(fail)
    assert worker.call(len, "abc") == 3


def test_the_loop_goes_on_meanwhile(worker: DedicatedThread) -> None:
    turns = []

    def turn() -> None:
        while True:
            turns.append(1)
            gevent.sleep(0.001)

    turning = gevent.spawn(turn)
    worker.call(time.sleep, 0.1)
    turning.kill()
    assert len(turns) > 10


def test_a_stopped_one_leaves_no_thread() -> None:
    before = count_threads()
    for _ in range(5):
        worker = DedicatedThread()
        worker.call(len, "")
        worker.stop()
    assert count_threads() == before


def count_threads() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads"))
