"""Where a stream may begin: one look into the database for all who ask at once."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from pedidos_server.domain.events import Cursor
from pedidos_server.domain.roles import NOBODY
from pedidos_server.errors import Problem, unavailable
from pedidos_server.web.streams import Streams

CURSOR = Cursor(7, "0a1b2c3d")


class Slow:
    """In the database's place: each look takes a moment, and is counted."""

    def __init__(self, answers: list[bool | Problem]) -> None:
        self._answers = answers
        self.looks = 0

    def can_resume(self, cursor: Cursor) -> bool:
        answer = self._answers[self.looks]
        self.looks += 1
        gevent.sleep(0.01)
        if isinstance(answer, Problem):
            raise answer
        return answer


def streams(database: Slow) -> Streams:
    hub: Any = ()  # has no streams
    return Streams(database, hub, lambda *_: None, 1000, 1000, 1000)  # type: ignore[arg-type]


def ask(judges: Streams, cursor: Cursor, times: int) -> list[bool | Problem]:
    """What each was told; True where it may resume."""

    def one() -> bool | Problem:
        try:
            return judges.resolve_start(NOBODY, str(cursor)).resume == cursor
        except Problem as problem:
            return problem

    greenlets = [gevent.spawn(one) for _ in range(times)]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.value for greenlet in greenlets]


@pytest.mark.parametrize("found", [True, False])
def test_who_asks_at_once_shares_a_look(found: bool) -> None:
    database = Slow([found, not found])
    judges = streams(database)
    assert ask(judges, CURSOR, 50) == [found] * 50
    assert database.looks == 1
    assert ask(judges, CURSOR, 1) == [not found], "who asks later has a look of their own"


def test_who_asks_for_another_cursor_does_not() -> None:
    database = Slow([True, False])
    judges = streams(database)
    other = Cursor(7, "ffffffff")
    greenlets = [gevent.spawn(judges.resolve_start, NOBODY, str(cursor)) for cursor in (CURSOR, other)]
    gevent.joinall(greenlets, raise_error=True)
    assert [greenlet.value.resume for greenlet in greenlets] == [CURSOR, None]


def test_a_look_that_fails_fails_for_all_and_for_nobody_later() -> None:
    problem = unavailable("O banco de dados está travado.")
    database = Slow([problem, True])
    judges = streams(database)
    assert ask(judges, CURSOR, 3) == [problem] * 3
    assert ask(judges, CURSOR, 1) == [True]
