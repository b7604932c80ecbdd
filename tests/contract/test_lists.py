"""Lists beside a walk through all orders, in pages and in pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from pedidos_server.domain.fields import OPEN_STATUSES, PRIORITIES, SECTORS
from pedidos_server.domain.order import searchable, sector_of
from pedidos_server.errors import Problem
from pedidos_server.storage.base import Database, NextNumber, OrderList
from pedidos_server.storage.lists import MAX_WORDS, Filters, Page
from pedidos_server.timekeeping import Moment
from tests.contract.conftest import NewShop
from tests.support.databases import SMALL_BOUNDS
from tests.support.shop import AT_ONCE, Shop, whole
from tests.support.unit_shop import create

LONG_AGO, NOT_SO_LONG_AGO = "2001-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"
OWN = datetime(2026, 11, 28, 12, tzinfo=UTC)

ORDER = st.fixed_dictionaries(
    {
        "status": st.sampled_from(("pendente", "pronto", "entregue")),
        "prioridade": st.sampled_from(PRIORITIES),
        "cliente": st.sampled_from(("Ana Luz", "Ánã", "Bia*[a]?", "lu")),
        "financeiro": st.booleans(),
        "changed": st.sampled_from((LONG_AGO, NOT_SO_LONG_AGO)),
        "gone": st.sampled_from((False, False, False, True)),
    }
)
ONE_BY_ONE: dict[str, list[Any]] = {
    "status": ["", "pendente", "entregue"],
    "setor": ["financeiro", "conferencia"],
    "prioridade": ["ALTA"],
    "q": ["ana", "a", "lu a", "luz ana", "Bía", "*", "?", "[a]", "caio", "% _"],
    "atualizado_desde": [LONG_AGO, NOT_SO_LONG_AGO],
    "recentes": [0, 36_500],
}
FILTERS = st.sets(st.sampled_from(sorted(ONE_BY_ONE)), max_size=3).flatmap(
    lambda names: st.builds(Filters, **{name: st.sampled_from(ONE_BY_ONE[name]) for name in names})
)
"""Few at a time: a list that all six filter is empty."""


def fill(shop: Shop, orders: list[dict[str, Any]]) -> None:
    for order_id, order in enumerate(orders, 1):
        fields = {name: value for name, value in order.items() if name not in ("changed", "gone")}
        shop.do(create(**fields), Moment(order["changed"], OWN))
        if order["gone"]:
            shop.delete(order_id)


def expected(orders: list[dict[str, Any]], filters: Filters) -> list[int]:
    """The ids, newest first."""

    def matches(order_id: int, order: dict[str, Any]) -> bool:
        text = searchable(f"{order_id}\n{order['cliente']}\n")
        sector = sector_of({**dict.fromkeys(SECTORS, False), **order})
        recent = filters.recentes is None or (
            order["status"] in OPEN_STATUSES or order["changed"] >= filters.recent_since()
        )
        return (
            not order["gone"]
            and filters.status in (None, "", order["status"])
            and filters.setor in (None, sector)
            and filters.prioridade in (None, order["prioridade"])
            and all(word in text for word in searchable(filters.q).split())
            and order["changed"] >= (filters.atualizado_desde or "")
            and recent
        )

    return [order_id for order_id, order in reversed(list(enumerate(orders, 1))) if matches(order_id, order)]


def listed(database: Database, filters: Filters, page: Page) -> tuple[OrderList, list[int]]:
    found = database.orders(filters, page, AT_ONCE)
    return found, [order["id"] for order in whole(found.pieces)]


def test_a_list_holds_what_a_walk_through_all_orders_finds(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SMALL_BOUNDS.items():
        monkeypatch.setattr(name, value)

    @settings(max_examples=60)
    @given(st.lists(ORDER, max_size=12), st.lists(FILTERS, min_size=8, max_size=8), st.integers(1, 3))
    def compare(orders: list[dict[str, Any]], several: list[Filters], limit: int) -> None:
        with new_shop() as shop:
            fill(shop, orders)
            assert shop.database.next_number().orders == len(expected(orders, Filters()))
            for filters in several:
                ids = expected(orders, filters)
                all_at_once, found = listed(shop.database, filters, Page())
                assert (all_at_once.total, found) == (len(ids), ids), filters
                paged: list[int] = []
                cursor = None
                for _ in range(len(ids) // limit + 1):
                    page, found = listed(shop.database, filters, Page.parse(limit, cursor))
                    assert page.total == len(ids), filters
                    paged += found
                    cursor = page.next_cursor
                    if cursor is None:
                        break
                assert (paged, cursor) == (ids, None), filters

    compare()


def test_a_list_says_where_in_the_log_it_stands(shop: Shop, database: Database) -> None:
    shop.together(*[create()] * 5)
    first = database.orders(Filters(), Page(2), AT_ONCE)
    assert first.current == first.snapshot == database.head().cursor
    shop.create()
    second = database.orders(Filters(), Page.parse(2, first.next_cursor), AT_ONCE)
    assert second.current == database.head().cursor != second.snapshot == first.snapshot
    assert [order["id"] for order in whole(second.pieces)] == [3, 2]


def test_a_long_list_is_read_in_pieces_each_as_it_is_then(shop: Shop, database: Database) -> None:
    shop.together(*(create(observacao="x" * 9_000) for _ in range(200)))
    found = database.orders(Filters(), Page(), 30_000)
    assert found.pieces.rest is not None and found.total == 200
    assert 30_000 <= len(found.pieces.first) < 60_000
    shop.delete(1)
    shop.change(2, observacao="changed since")
    orders = whole(found.pieces)
    assert [order["id"] for order in orders] == list(range(200, 1, -1)), "what is gone is missing"
    assert orders[-1]["observacao"] == "changed since"
    assert [from_json(event.payload)["action"] for event in database.events_after(found.current.number, 1 << 30)] == [
        "delete",
        "update",
    ], "the events behind the list's cursor say so"


def test_nothing_is_an_empty_array(shop: Shop, database: Database) -> None:
    found = database.orders(Filters(), Page(), 1)
    assert (found.total, found.pieces.first, found.pieces.rest) == (0, b"[]", None)
    assert database.next_number() == NextNumber(1, 0)


# -------------------------------------------------------------------------------------- telephones

STORED = ("(11) 98765-4321", "11987654321", "+55 11 98765-4321", "11 9.8765.4321", "0 11 98765 4321")
TYPED = (
    *STORED,
    "98765-4321",
    "987654321",
    "5511987654321",
    "+55(11)98765-4321",
    "011987654321",
    "4321",
    "8765 4321",
)


def total(shop: Shop, q: str) -> int:
    return shop.database.orders(Filters(q=q), Page(2), AT_ONCE).total


def test_a_telephone_is_found_however_it_is_written(shop: Shop) -> None:
    for stored in (*STORED, "(31) 3333-1047"):
        shop.create(telefone_cliente=stored)
    for typed in TYPED:
        assert len(shop.orders(Filters(q=typed))) == len(STORED), typed
        assert total(shop, f"ana {typed}") == len(STORED)
        assert total(shop, f"bia {typed}") == 0


def test_a_number_finds_the_order_and_not_a_tenth_of_all_telephones(shop: Shop) -> None:
    for numero, digits in (("47", "(11) 98765-4321"), ("48", "(11) 94747-4747"), ("1047", "(31) 3333-0000")):
        shop.create(numero=numero, telefone_cliente=digits)
    assert [order["numero"] for order in shop.orders(Filters(q="47"))] == ["1047", "47"]


def test_a_changed_telephone_is_found(shop: Shop) -> None:
    shop.create()
    shop.change(1, telefone_cliente="(11) 98765-4321")
    assert total(shop, "98765-4321") == 1
    shop.change(1, telefone_cliente="")
    assert total(shop, "98765-4321") == 0


def test_a_search_has_so_many_words_and_no_more(shop: Shop) -> None:
    shop.create()
    assert total(shop, "a " * MAX_WORDS) == 1
    for text in ("a " * (MAX_WORDS + 1), "1 " * 100):
        with pytest.raises(Problem, match="q") as refused:
            total(shop, text)
        assert refused.value.status == 422
        assert refused.value.extra["errors"] == [{"campo": "q", "mensagem": "no máximo 8 palavras"}]
