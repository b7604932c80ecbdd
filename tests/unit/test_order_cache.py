"""The orders in memory are those of the database, or none, whatever reads and commits beside each other."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pedidos_server.domain.refusals import NotFound
from pedidos_server.storage.base import Document
from pedidos_server.storage.sqlite.order_cache import MAX_ENTRY, OVERHEAD, OrderCache

IDS = st.integers(1, 3)
SIZES = st.sampled_from((1, 20, 60, MAX_ENTRY))
ROOM = 2 * OVERHEAD + 80


class Interleaved(RuleBasedStateMachine):
    """A database of three orders, read and committed in steps, as threads would take them."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = OrderCache(ROOM)
        self.database: dict[int, Document | None] = dict.fromkeys((1, 2, 3))
        self.versions = 0
        self.reads: list[tuple[int, object, Document | None]] = []
        self.commit: dict[int, Document | None] | None = None
        self.visible = False
        """The commit under way has come to where readers see it."""

    @rule(order_id=IDS)
    def read(self, order_id: int) -> None:
        """A reader has its snapshot; what it does with it comes later."""
        self.reads.append((order_id, self.cache.reading(order_id), self.database[order_id]))

    @precondition(lambda self: self.reads)
    @rule(which=st.integers(0, 100))
    def fill(self, which: int) -> None:
        self.cache.fill(*self.reads.pop(which % len(self.reads)))

    @precondition(lambda self: self.commit is None)
    @rule(changed=st.dictionaries(IDS, st.none() | SIZES, min_size=1))
    def begin(self, changed: dict[int, int | None]) -> None:
        self.versions += 1
        self.commit = {
            order_id: None if size is None else Document(self.versions, b"x" * size)
            for order_id, size in changed.items()
        }
        self.visible = False
        self.cache.begin_commit(self.commit)

    @precondition(lambda self: self.commit is not None and not self.visible)
    @rule()
    def become_visible(self) -> None:
        assert self.commit is not None
        self.database.update(self.commit)
        self.visible = True

    @precondition(lambda self: self.commit is not None)
    @rule()
    def end(self) -> None:
        assert self.commit is not None
        self.cache.end_commit(self.commit if self.visible else {})
        self.commit = None

    @invariant()
    def holds_what_the_database_holds_or_nothing(self) -> None:
        for order_id, document in self.database.items():
            try:
                found = self.cache.get(order_id)
            except NotFound:
                assert document is None, "a deleted order"
            else:
                assert found is None or found == document

    @invariant()
    def keeps_within_its_bytes(self) -> None:
        held = [entry for entry in self.cache._entries.values()]
        assert self.cache._bytes == sum(OVERHEAD + (len(entry.body) if entry else 0) for entry in held) <= ROOM


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=200, stateful_step_count=30)


def test_a_commit_and_a_read_fill_it() -> None:
    cache = OrderCache(10_000)
    cache.begin_commit([1, 2])
    cache.end_commit({1: Document(1, b"{}"), 2: None})
    assert cache.get(1) == Document(1, b"{}") and cache.get(3) is None
    with pytest.raises(NotFound):
        cache.get(2)
    cache.fill(3, cache.reading(3), Document(7, b"[]"))
    assert cache.get(3) == Document(7, b"[]")
    cache.fill(4, cache.reading(4), None)
    assert cache.get(4) is None, "an id that never was is not kept"
    assert not cache._reading


def test_an_order_with_pictures_takes_nobodys_place() -> None:
    cache = OrderCache(10 * MAX_ENTRY)
    cache.begin_commit([1, 2])
    cache.end_commit({1: Document(1, b"{}"), 2: Document(1, b"x" * MAX_ENTRY)})
    assert cache.get(1) is not None and cache.get(2) is None


def test_the_first_that_came_go_first() -> None:
    cache = OrderCache(3 * (OVERHEAD + 2))
    for order_id in (1, 2, 3, 1, 4):
        cache.begin_commit([order_id])
        cache.end_commit({order_id: Document(1, b"{}")})
    assert [cache.get(order_id) is not None for order_id in (1, 2, 3, 4)] == [True, False, True, True]
