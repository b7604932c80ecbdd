"""Decide, then write: a batch gives what its commands give one by one, and what was committed is read at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from pedidos_server.domain import commands as commands_module
from pedidos_server.domain.commands import Answer, ChangeOrder, Command, CreateOrder, DeleteOrder, Once
from pedidos_server.domain.order import FIELDS
from pedidos_server.domain.refusals import Conflict, NotFound, NumberTaken
from pedidos_server.storage.base import Database, Document
from pedidos_server.storage.writer import Writer
from pedidos_server.timekeeping import Clock, Moment
from tests.contract.conftest import NewShop
from tests.support.shop import Shop
from tests.support.unit_shop import change, create

OWN = datetime(2026, 11, 28, 12, tzinfo=UTC)
MOMENTS = [
    Moment(wall, OWN) for wall in ("2026-11-28T12:00:00.000Z", "2026-11-28T12:00:01.000Z", "2025-01-01T00:00:00.000Z")
]
NUMBERS = st.sampled_from(("1", "2", "3", "4", "x", "10004", "99999"))
"""So few that commands of one batch take, free and swap the same ones."""
IDS = st.integers(1, 4)
VERSIONS = st.none() | st.frozensets(st.integers(1, 3), max_size=2)
KEYS = "ab"
ONCE = st.none() | st.builds(Once, st.sampled_from(KEYS), st.sampled_from("12"))
CHANGES = st.dictionaries(
    st.sampled_from(("cliente", "observacao", "status")), st.sampled_from(("pendente", "pronto"))
)


def fields(numero: str, cliente: str) -> dict[str, Any]:
    return {**FIELDS, "cliente": cliente, "numero": numero}


def changes(numero: str | None, others: dict[str, str]) -> dict[str, Any]:
    return others if numero is None else {**others, "numero": numero}


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(CreateOrder, st.builds(fields, st.just("") | NUMBERS, st.sampled_from(("Ana", "Bia"))), once=ONCE),
    st.builds(ChangeOrder, IDS, st.builds(changes, st.none() | NUMBERS, CHANGES), VERSIONS, once=ONCE),
    st.builds(DeleteOrder, IDS, VERSIONS, once=ONCE),
)
BATCHES = st.lists(st.tuples(st.lists(COMMANDS, min_size=1, max_size=12), st.sampled_from(MOMENTS)), max_size=4)


def comparable(results: list[Any]) -> list[Any]:
    return [result if isinstance(result, Answer) else (type(result), vars(result)) for result in results]


def all_of(shop: Shop) -> dict[str, Any]:
    """Whatever can be read."""
    events = shop.events()
    ids = range(1, len(events) + 2)
    return {
        "orders": shop.orders(),
        "one by one": [read(shop.database, order_id) for order_id in ids],
        "history": list(histories(shop, ids)),
        "events": events,
        "next": shop.database.next_number(),
    }


def read(database: Database, order_id: int) -> Document | None:
    try:
        return database.order(order_id)
    except NotFound:
        return None


def histories(shop: Shop, ids: range) -> Iterator[Any]:
    for order_id in ids:
        try:
            yield shop.history(order_id)
        except NotFound:
            return


def test_a_batch_gives_what_its_commands_give_one_by_one(new_shop: NewShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands_module, "new_tag", lambda: "00000000")

    @settings(max_examples=60)
    @given(BATCHES)
    def compare(batches: list[tuple[list[Command], Moment]]) -> None:
        with new_shop() as together, new_shop() as apart:
            for commands, moment in batches:
                at_once = together.together(*commands, moment=moment)
                one_by_one = [apart.together(command, moment=moment)[0] for command in commands]
                assert comparable(at_once) == comparable(one_by_one)
            assert all_of(together) == all_of(apart)

    compare()


def test_two_orders_swap_their_numbers_in_one_batch(shop: Shop) -> None:
    shop.together(create(numero="1"), create(numero="2"))
    third = shop.together(change(1, numero="9"), change(2, numero="1"), change(1, numero="2"))[2]
    assert isinstance(third, Answer)
    assert [shop.order(order_id)["numero"] for order_id in (1, 2)] == ["2", "1"]


def test_one_that_is_refused_has_changed_nothing(shop: Shop) -> None:
    taken, gone, stale, last = shop.together(
        create(numero="7"),
        create(numero="7"),
        DeleteOrder(99),
        ChangeOrder(1, {"cliente": "Bia"}, frozenset((5,))),
        create(),
    )[1:]
    assert isinstance(taken, NumberTaken) and isinstance(gone, NotFound) and isinstance(stale, Conflict)
    assert isinstance(last, Answer) and last.order_id == 2, "no id was used up"
    assert [shop.order(order_id)["numero"] for order_id in (1, 2)] == ["7", "8"]


def test_an_id_never_comes_back(shop: Shop) -> None:
    shop.together(create(), create(), DeleteOrder(2))
    shop.delete(1)
    assert shop.create()["id"] == 3


def test_an_order_changed_often_in_one_batch_has_an_event_each(shop: Shop) -> None:
    shop.create()
    shop.together(*(change(1, observacao=str(turn)) for turn in range(10)))
    assert shop.order(1)["versao"] == 11
    assert [from_json(event.payload)["versao"] for event in shop.events()] == list(range(1, 12))


class _Stumbles(Exception):
    pass


def test_what_raises_leaves_nothing_behind(shop: Shop) -> None:
    shop.create()
    before = all_of(shop)

    def stumble(*_: object) -> None:
        raise _Stumbles

    with pytest.raises(_Stumbles):
        shop.database.transactions.carry_out([change(1, financeiro=True)], stumble, shop.clock.moment())
    with pytest.raises(_Stumbles):
        shop.run(lambda transaction: (transaction.set_next_number(77), stumble()))
    assert all_of(shop) == before
    shop.run(lambda transaction: transaction.probe())
    shop.database.probe()
    assert shop.database.trouble() is None
    assert shop.change(1, financeiro=True)["versao"] == 2


def test_who_was_answered_reads_that_or_newer(shop: Shop) -> None:
    """While others write and read the same orders: no version is older than one that was answered or read before."""
    orders = [shop.create()["id"] for _ in range(3)]
    known = dict.fromkeys(orders, 1)
    deleted: set[int] = set()
    writer = Writer(shop.database.transactions, lambda events: None, Clock())
    under_way = gevent.spawn(lambda: [one_after_the_other(orders[turn % 2], turn) for turn in range(120)])

    def one_after_the_other(order_id: int, turn: int) -> None:
        version = writer.submit(change(order_id, observacao=f"{turn}")).version
        assert shop.database.order(order_id).version >= version
        known[order_id] = max(known[order_id], version)

    def look() -> None:
        while not under_way.dead:
            for order_id in orders:
                least = known[order_id]
                was_deleted = order_id in deleted
                try:
                    found = shop.database.order(order_id)
                except NotFound:
                    deleted.add(order_id)
                    continue
                assert found.version >= least and not was_deleted
                known[order_id] = max(known[order_id], found.version)
                listed = {order["id"]: order["versao"] for order in shop.orders()}
                if order_id in listed:
                    known[order_id] = max(known[order_id], listed[order_id])
            gevent.sleep(0)

    def delete() -> None:
        gevent.sleep(0.05)
        writer.submit(DeleteOrder(orders[2]))
        with pytest.raises(NotFound):
            shop.database.order(orders[2])
        deleted.add(orders[2])

    try:
        readers = [gevent.spawn(look) for _ in range(4)]
        gevent.joinall([under_way, gevent.spawn(delete), *readers], timeout=60, raise_error=True)
        assert known[orders[0]] == known[orders[1]] == 61 and orders[2] in deleted
    finally:
        writer.close()
