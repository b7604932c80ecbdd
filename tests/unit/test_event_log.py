"""The event log on SQLite: gaps that others make, and steps of a size. (What any database does: tests/contract.)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pedidos_server.domain.commands import new_tag
from pedidos_server.domain.events import Cursor, Event, timestamp
from pedidos_server.storage.base import Retention
from pedidos_server.storage.sqlite import event_log
from pedidos_server.storage.sqlite.statements import Connection
from tests.support.unit_database import steps_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVERYTHING = Retention(events=10**9, days=10_000, bytes=10**12)


def append(connection: Connection, size: int = 100, age_in_days: float = 0) -> Event:
    head = event_log.head(connection)
    event = Event(Cursor(head.cursor.number + 1, new_tag()), b"x" * size)
    event_log.append(connection, head, [event], timestamp(NOW - timedelta(days=age_in_days)))
    return event


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT numero FROM evento ORDER BY numero")]


# ------------------------------------------------------------------------------------------ resume


@pytest.mark.parametrize("missing", [(3,), (4, 3), (2, 3, 6, 7)])
def test_before_a_gap_nothing_can_be_resumed_from(connection: Connection, missing: tuple[int, ...]) -> None:
    """Whoever makes it, and in whichever order."""
    cursors = [event_log.head(connection).cursor, *(append(connection).cursor for _ in range(9))]
    for number in missing:
        connection.execute("DELETE FROM evento WHERE numero = ?", [number])
    good = [number > max(missing) for number in range(10)]
    assert [event_log.can_resume(connection, cursor) for cursor in cursors] == good
    assert event_log.prune(connection, Retention(2, 10_000, 10**12), NOW)
    assert [event_log.can_resume(connection, cursor) for cursor in cursors] == [number > 7 for number in range(10)]


def test_without_its_first_event_nobody_resumes_from_the_beginning(connection: Connection) -> None:
    beginning = event_log.head(connection).cursor
    first, second = append(connection), append(connection)
    connection.execute("DELETE FROM evento WHERE numero = 1")
    resumed = [event_log.can_resume(connection, cursor) for cursor in (beginning, first.cursor, second.cursor)]
    assert resumed == [False, False, True]


def test_a_lost_end_whose_numbers_come_again(connection: Connection) -> None:
    old = [append(connection) for _ in range(4)]
    connection.execute("DELETE FROM evento WHERE numero > 2")
    new = [append(connection) for _ in range(2)]
    assert [event.cursor.number for event in new] == [3, 4]
    assert not any(event_log.can_resume(connection, event.cursor) for event in old[2:])
    assert event_log.can_resume(connection, new[1].cursor)


def test_resuming_reads_no_more_of_a_longer_log(connection: Connection) -> None:
    def resume() -> None:
        assert event_log.can_resume(connection, first.cursor)

    first = append(connection)
    append(connection)
    few = steps_of(connection, resume)
    for _ in range(500):
        append(connection)
    assert 0 < steps_of(connection, resume) <= few + 2


# ------------------------------------------------------------------------------------------- prune


def test_one_step_deletes_so_many_and_no_more(connection: Connection) -> None:
    count = event_log.PRUNE_STEP * 2 + 20
    for _ in range(count):
        append(connection, 1)
    retention = Retention(10, 10_000, 10**12)
    deleted = [event_log.prune(connection, retention, NOW) for _ in range(4)]
    assert deleted == [event_log.PRUNE_STEP, event_log.PRUNE_STEP, 10, 0]
    assert numbers(connection) == list(range(count - 9, count + 1))


def test_one_step_deletes_so_many_bytes_and_no_more(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the first, which goes whatever its size."""
    monkeypatch.setattr(event_log, "PRUNE_BYTES", 250)
    for size in (1000, 100, 100, 100, 500, 10, 10, 10):
        append(connection, size)
    deleted = [event_log.prune(connection, Retention(1, 10_000, 10**12), NOW) for _ in range(4)]
    assert deleted == [3, 1, 3, 0] and numbers(connection) == [8]
