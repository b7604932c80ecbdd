"""The event log: what is committed comes back in order, and what is pruned is what is over a bound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pedidos_server.domain.events import Cursor, Event, timestamp
from pedidos_server.storage.base import Database, Head, Retention
from pedidos_server.timekeeping import Moment
from tests.contract.conftest import NewShop
from tests.support.shop import Shop
from tests.support.unit_shop import create

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL = 10**12
EVERYTHING = Retention(events=10**9, days=10_000, bytes=ALL)


def add(shop: Shop, size: int = 0, age_in_days: float = 0) -> Event:
    """One event more, ``size`` bytes longer than the shortest."""
    own = NOW - timedelta(days=age_in_days)
    shop.do(create(observacao="x" * size), Moment(timestamp(own), own))
    (event,) = shop.database.newest_events(1, ALL)
    return event


def several(shop: Shop, count: int = 4) -> list[Event]:
    return [add(shop, 10 * turn) for turn in range(count)]


def numbers(shop: Shop) -> list[int]:
    return [event.cursor.number for event in shop.events()]


def size(events: Sequence[Event]) -> int:
    return sum(len(event.payload) for event in events)


# ------------------------------------------------------------------------------- appending, reading


def test_an_empty_log_begins_with_the_databases_own_tag(shop: Shop, database: Database) -> None:
    access = database.access()
    assert access is not None
    assert database.head() == Head(Cursor(0, access.tag), 0, "")
    assert database.events_after(0, 1000) == [] == database.newest_events(10, 1000)
    assert shop.prune(EVERYTHING, NOW) == 0


def test_what_is_committed_is_read_in_order(shop: Shop, database: Database) -> None:
    events = several(shop)
    assert [event.cursor.number for event in events] == [1, 2, 3, 4]
    assert len({event.cursor.tag for event in events}) == 4
    assert database.events_after(0, ALL) == events
    assert database.events_after(2, ALL) == events[2:]
    assert database.events_after(4, ALL) == []
    assert database.head() == Head(events[-1].cursor, size(events), timestamp(NOW))


def test_a_page_holds_what_fits_and_at_least_one(shop: Shop, database: Database) -> None:
    events = several(shop)
    assert database.events_after(0, size(events[:3])) == events[:3]
    assert database.events_after(0, size(events[:3]) - 1) == events[:2]
    assert database.events_after(0, 1) == events[:1]
    assert database.events_after(3, 0) == events[3:]


def test_the_newest_within_both_bounds(shop: Shop, database: Database) -> None:
    events = several(shop)
    assert database.newest_events(10, ALL) == events
    assert database.newest_events(3, ALL) == events[1:]
    assert database.newest_events(10, size(events[1:])) == events[1:]
    assert database.newest_events(10, size(events[1:]) - 1) == events[2:]
    assert database.newest_events(10, 1) == events[3:], "the very newest even where it alone is too large"


# ------------------------------------------------------------------------------------------ resume


def test_a_cursor_of_the_log_can_be_resumed_from(shop: Shop, database: Database) -> None:
    beginning = database.head().cursor
    assert database.can_resume(beginning)
    events = several(shop, 3)
    assert all(database.can_resume(cursor) for cursor in (beginning, *(event.cursor for event in events)))


def test_another_tag_another_number_another_database(shop: Shop, database: Database) -> None:
    beginning = database.head().cursor
    first, second = add(shop), add(shop)
    for cursor in (
        Cursor(1, second.cursor.tag),
        Cursor(2, first.cursor.tag),
        Cursor(3, second.cursor.tag),
        Cursor(0, first.cursor.tag),
        Cursor(1, beginning.tag),
        Cursor(10**18 - 1, second.cursor.tag),
    ):
        assert not database.can_resume(cursor)


def test_after_pruning_only_what_is_left_can_be_resumed_from(shop: Shop, database: Database) -> None:
    beginning = database.head().cursor
    events = several(shop, 5)
    assert shop.prune(Retention(3, 10_000, ALL), NOW) == 2
    assert not database.can_resume(beginning)
    assert [database.can_resume(event.cursor) for event in events] == [False, False, True, True, True]


# ------------------------------------------------------------------------------------------- prune


def test_prune_by_count(shop: Shop) -> None:
    several(shop, 10)
    assert shop.prune(Retention(4, 10_000, ALL), NOW) == 6
    assert numbers(shop) == [7, 8, 9, 10]
    assert shop.prune(Retention(4, 10_000, ALL), NOW) == 0


def test_prune_by_age(shop: Shop) -> None:
    for age in (9, 8, 7.001, 6.999, 2, 0):
        add(shop, age_in_days=age)
    assert shop.prune(Retention(10**9, 7, ALL), NOW) == 3
    assert numbers(shop) == [4, 5, 6]


def test_prune_by_bytes(shop: Shop) -> None:
    """The event with which the bound is reached stays, and what was pruned weighs nothing more."""
    events = several(shop, 5)
    assert shop.prune(Retention(10**9, 10_000, size(events[2:]) + 1), NOW) == 1
    assert numbers(shop) == [2, 3, 4, 5]
    assert shop.prune(Retention(10**9, 10_000, size(events[2:])), NOW) == 1
    assert numbers(shop) == [3, 4, 5]
    add(shop, 100)
    assert shop.prune(Retention(10**9, 10_000, size(events[2:])), NOW) == 1


def test_the_strictest_bound_counts(shop: Shop) -> None:
    for age in (9, 8, 7, 2, 1, 0):
        add(shop, age_in_days=age)
    assert shop.prune(Retention(5, 3, ALL), NOW) == 3
    assert shop.prune(Retention(2, 3, ALL), NOW) == 1
    assert shop.prune(Retention(2, 3, 100), NOW) == 1
    assert numbers(shop) == [6]


@pytest.mark.parametrize("retention", [Retention(1, 0.0001, 1), Retention(10**9, 1, ALL), Retention(10**9, 99, 1)])
def test_the_newest_is_never_pruned(shop: Shop, retention: Retention) -> None:
    for _ in range(3):
        add(shop, 1000, age_in_days=50)
    shop.prune(retention, NOW)
    assert numbers(shop)[-1] == 3
    assert add(shop).cursor.number == 4, "numbers go on where they were"


EVENT = st.tuples(st.integers(1, 50), st.floats(0, 3))


def test_what_is_kept_is_what_a_walk_through_the_log_keeps(new_shop: NewShop) -> None:
    @settings(max_examples=40)
    @given(
        st.lists(EVENT, min_size=1, max_size=15),
        st.integers(1, 20),
        st.floats(0.01, 25),
        st.integers(1, 15_000),
        st.integers(0, 10),
    )
    def compare(log: Sequence[tuple[int, float]], count: int, days: float, most: int, pruned_before: int) -> None:
        """``log`` is each event's size and how many days after the one before it came."""
        age = sum(gap for _, gap in log)
        events: list[Event] = []
        ages: list[float] = []
        with new_shop() as shop:
            for event_size, gap in log:
                age -= gap
                ages.append(max(0.0, age))
                events.append(add(shop, event_size, ages[-1]))
            if pruned_before:
                shop.prune(Retention(max(1, len(log) - pruned_before), 10_000, ALL), NOW)
            oldest = timestamp(NOW - timedelta(days=days))
            expected = [
                number
                for number in numbers(shop)
                if number == len(log)
                or (
                    number > len(log) - count
                    and timestamp(NOW - timedelta(days=ages[number - 1])) >= oldest
                    and size(events[number:]) < most
                )
            ]
            shop.prune(Retention(count, days, most), NOW)
            assert numbers(shop) == expected

    compare()
