"""Turns at a few places."""

from __future__ import annotations

from typing import Any

import gevent
import gevent.event
import pytest

from pedidos_server.storage.fair_queue import FairQueue


class Crowd:
    """Callers that hold a place until they are let go; says in which order they got one."""

    def __init__(self, places: int, each: int) -> None:
        self.queue = FairQueue(places, each)
        self.order: list[str] = []
        self._go: dict[str, list[gevent.event.Event]] = {}

    def come(self, caller: str, times: int = 1) -> list[Any]:
        came = [gevent.spawn(self._hold, caller) for _ in range(times)]
        gevent.sleep(0)
        return came

    def _hold(self, caller: str) -> None:
        with self.queue.place(caller):
            self.order.append(caller)
            go = gevent.event.Event()
            self._go.setdefault(caller, []).append(go)
            try:
                go.wait()
            finally:
                if go in self._go[caller]:
                    self._go[caller].remove(go)

    def let_go(self, caller: str) -> None:
        self._go[caller].pop(0).set()
        for _ in range(3):
            gevent.sleep(0)


def test_one_caller_never_has_all_places() -> None:
    crowd = Crowd(4, 3)
    crowd.come("a", 10)
    assert crowd.order == ["a"] * 3
    crowd.come("b", 2)
    assert crowd.order == ["a", "a", "a", "b"]


def test_the_callers_have_their_turns_one_after_the_other() -> None:
    crowd = Crowd(2, 2)
    crowd.come("a", 6)
    crowd.come("b", 2)
    crowd.come("c", 1)
    for _ in range(5):
        crowd.let_go("a")
        if "b" in crowd.order:
            break
    assert crowd.order[:4] == ["a", "a", "a", "b"]
    crowd.let_go("b")
    assert crowd.order[4] == "c"


def test_a_place_is_not_lost_with_who_waits_for_it_or_has_it() -> None:
    crowd = Crowd(1, 1)
    (first,) = crowd.come("a")
    waiting, other = crowd.come("a", 2)
    waiting.kill()
    first.kill()
    gevent.sleep(0)
    assert crowd.order == ["a", "a"]
    third, fourth = crowd.come("b")[0], crowd.come("c")[0]
    crowd.let_go("a")
    gevent.joinall([other], timeout=5)
    assert crowd.order[2:] == ["b"]
    gevent.killall([third, fourth])
    crowd.come("d")
    assert crowd.order[3:] == ["d"]


def test_any_caller_is_one() -> None:
    """None too, by which the database knows the server itself."""
    queue = FairQueue(1, 1)
    served = []

    def come(caller: object) -> None:
        with queue.place(caller):
            gevent.sleep(0)
            served.append(caller)

    gevent.joinall([gevent.spawn(come, caller) for caller in (None, None, 0, "", None)], timeout=5)
    assert len(served) == 5


def test_an_error_gives_the_place_back() -> None:
    queue = FairQueue(1, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.place("a"):
            raise ZeroDivisionError


def test_it_keeps_nothing_of_who_came_and_went() -> None:
    queue = FairQueue(1, 1)
    for caller in range(1_000):
        with queue.place(caller):
            pass
    assert not queue._taken and not queue._waiting
