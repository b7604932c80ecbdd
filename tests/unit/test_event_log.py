"""The event log: what is appended comes back in order, and what is pruned is what is over a bound."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pedidos_server.domain.commands import new_tag
from pedidos_server.domain.events import Cursor, Event, timestamp
from pedidos_server.storage.base import Head, Retention
from pedidos_server.storage.sqlite import event_log
from pedidos_server.storage.sqlite.meta import get_meta
from pedidos_server.storage.sqlite.statements import Connection
from tests.support.unit_database import new_database, steps_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVERYTHING = Retention(events=10**9, days=10_000, bytes=10**12)


def append(connection: Connection, size: int = 100, age_in_days: float = 0) -> Event:
    head = event_log.head(connection)
    event = Event(Cursor(head.cursor.number + 1, new_tag()), b"x" * size)
    event_log.append(connection, head, [event], timestamp(NOW - timedelta(days=age_in_days)))
    return event


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT numero FROM evento ORDER BY numero")]


# ------------------------------------------------------------------------------- appending, reading


def test_an_empty_log_begins_with_the_databases_own_tag(connection: Connection) -> None:
    assert event_log.head(connection) == Head(Cursor(0, get_meta(connection, "tag")), 0, "")
    assert event_log.page(connection, 0, 1000) == []
    assert event_log.newest(connection, 10, 1000) == []
    assert event_log.prune(connection, EVERYTHING, NOW) == 0


def test_what_is_appended_is_read_in_order(connection: Connection) -> None:
    events = [append(connection, size) for size in (10, 20, 30, 40)]
    assert [event.cursor.number for event in events] == [1, 2, 3, 4]
    assert len({event.cursor.tag for event in events}) == 4
    assert event_log.page(connection, 0, 1000) == events
    assert event_log.page(connection, 2, 1000) == events[2:]
    assert event_log.page(connection, 4, 1000) == []
    assert event_log.head(connection) == Head(events[-1].cursor, 100, timestamp(NOW))


def test_a_page_holds_what_fits_and_at_least_one(connection: Connection) -> None:
    events = [append(connection, size) for size in (10, 20, 30, 40)]
    assert event_log.page(connection, 0, 60) == events[:3]
    assert event_log.page(connection, 0, 59) == events[:2]
    assert event_log.page(connection, 0, 1) == events[:1]
    assert event_log.page(connection, 3, 0) == events[3:]


def test_the_newest_within_both_bounds(connection: Connection) -> None:
    events = [append(connection, size) for size in (10, 20, 30, 40)]
    assert event_log.newest(connection, 10, 1000) == events
    assert event_log.newest(connection, 3, 1000) == events[1:]
    assert event_log.newest(connection, 10, 90) == events[1:]
    assert event_log.newest(connection, 10, 89) == events[2:]
    assert event_log.newest(connection, 10, 1) == events[3:], "the very newest even where it alone is too large"


# ------------------------------------------------------------------------------------------ resume


def test_a_cursor_of_the_log_can_be_resumed_from(connection: Connection) -> None:
    beginning = event_log.head(connection).cursor
    assert event_log.can_resume(connection, beginning)
    for event in [append(connection) for _ in range(3)]:
        assert event_log.can_resume(connection, event.cursor)
    assert event_log.can_resume(connection, beginning)


def test_another_tag_another_number_another_database(connection: Connection) -> None:
    beginning = event_log.head(connection).cursor
    first = append(connection)
    second = append(connection)
    for cursor in (
        Cursor(1, second.cursor.tag),
        Cursor(2, first.cursor.tag),
        Cursor(3, second.cursor.tag),
        Cursor(0, first.cursor.tag),
        Cursor(1, beginning.tag),
        Cursor(10**18 - 1, second.cursor.tag),
    ):
        assert not event_log.can_resume(connection, cursor)


def test_after_pruning_only_what_is_left_can_be_resumed_from(connection: Connection) -> None:
    beginning = event_log.head(connection).cursor
    events = [append(connection) for _ in range(5)]
    assert event_log.prune(connection, Retention(3, 10_000, 10**12), NOW) == 2
    assert not event_log.can_resume(connection, beginning)
    assert [event_log.can_resume(connection, event.cursor) for event in events] == [False, False, True, True, True]


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


def test_prune_by_count(connection: Connection) -> None:
    for _ in range(10):
        append(connection)
    assert event_log.prune(connection, Retention(4, 10_000, 10**12), NOW) == 6
    assert numbers(connection) == [7, 8, 9, 10]
    assert event_log.prune(connection, Retention(4, 10_000, 10**12), NOW) == 0


def test_prune_by_age(connection: Connection) -> None:
    for age in (9, 8, 7.001, 6.999, 2, 0):
        append(connection, age_in_days=age)
    assert event_log.prune(connection, Retention(10**9, 7, 10**12), NOW) == 3
    assert numbers(connection) == [4, 5, 6]


def test_prune_by_bytes(connection: Connection) -> None:
    """The event with which the bound is reached stays."""
    for size in (50, 50, 10, 20, 30):
        append(connection, size)
    assert event_log.prune(connection, Retention(10**9, 10_000, 61), NOW) == 1
    assert numbers(connection) == [2, 3, 4, 5]
    assert event_log.prune(connection, Retention(10**9, 10_000, 60), NOW) == 1
    assert numbers(connection) == [3, 4, 5]


def test_the_strictest_bound_counts(connection: Connection) -> None:
    for age in (9, 8, 7, 2, 1, 0):
        append(connection, age_in_days=age)
    assert event_log.prune(connection, Retention(5, 3, 10**12), NOW) == 3
    assert event_log.prune(connection, Retention(2, 3, 10**12), NOW) == 1
    assert event_log.prune(connection, Retention(2, 3, 100), NOW) == 1
    assert numbers(connection) == [6]


@pytest.mark.parametrize("retention", [Retention(1, 0.0001, 1), Retention(10**9, 1, 10**12), Retention(10**9, 99, 1)])
def test_the_newest_is_never_pruned(connection: Connection, retention: Retention) -> None:
    for _ in range(3):
        append(connection, size=1000, age_in_days=50)
    event_log.prune(connection, retention, NOW)
    assert numbers(connection)[-1] == 3
    # and so numbers go on where they were
    assert append(connection).cursor.number == 4


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


def test_bytes_count_from_what_is_left(connection: Connection) -> None:
    """What was pruned weighs nothing more: the same bound again deletes nothing."""
    for _ in range(10):
        append(connection, 100)
    retention = Retention(10**9, 10_000, 400)
    assert event_log.prune(connection, retention, NOW) == 6
    assert event_log.prune(connection, retention, NOW) == 0
    append(connection, 100)
    assert event_log.prune(connection, retention, NOW) == 1
    assert len(numbers(connection)) == 4


EVENT = st.tuples(st.integers(1, 50), st.floats(0, 3))


@given(
    st.lists(EVENT, min_size=1, max_size=40),
    st.integers(1, 50),
    st.floats(0.01, 60),
    st.integers(1, 1500),
    st.integers(0, 30),
)
def test_halving_finds_what_a_walk_through_the_log_finds(
    log: Sequence[tuple[int, float]], count: int, days: float, size: int, pruned_before: int
) -> None:
    """``log`` is each event's size and how many days after the one before it came."""
    retention = Retention(count, days, size)
    total = sum(gap for _, gap in log)
    ages = []
    for _, gap in log:
        total -= gap
        ages.append(max(0.0, total))

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(new_database())
        for (event_size, _), age in zip(log, ages, strict=True):
            append(connection, event_size, age)
        kept = numbers(connection)
        if pruned_before:
            event_log.prune(connection, Retention(max(1, len(log) - pruned_before), 10_000, 10**12), NOW)
            kept = numbers(connection)
        oldest = timestamp(NOW - timedelta(days=days))
        expected = [
            number
            for number in kept
            if number == len(log)
            or (
                number > len(log) - count
                and timestamp(NOW - timedelta(days=ages[number - 1])) >= oldest
                and sum(weight for weight, _ in log[number:]) < size
            )
        ]
        assert event_log.prune(connection, retention, NOW) == len(kept) - len(expected)
        assert numbers(connection) == expected
