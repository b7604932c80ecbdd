"""Lists beside a walk through all orders; their counts beside a fresh count; and what they read to be made."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pydantic_core
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pedidos_server.domain.commands import Command, DeleteOrder
from pedidos_server.domain.fields import OPEN_STATUSES, PRIORITIES, SECTORS, STATUSES
from pedidos_server.domain.order import search_text, searchable, sector_of
from pedidos_server.domain.refusals import NotFound
from pedidos_server.errors import Problem
from pedidos_server.storage.lists import MAX_WORDS, Filters, Page
from pedidos_server.storage.sqlite import orders as queries
from pedidos_server.storage.sqlite.json_array import JsonArray
from pedidos_server.storage.sqlite.statements import Connection
from tests.support import unit_shop
from tests.support.unit_database import new_database, steps_of
from tests.support.unit_shop import Shop

LONG_AGO, NOT_SO_LONG_AGO = "2001-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"
LAST_IDS = 4
"""Ids among which a page is looked for first, here."""


@contextmanager
def fresh() -> Iterator[Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(new_database())
        yield connection


# ---------------------------------------------------------------------------------- what is counted

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "prioridade": st.sampled_from(PRIORITIES),
        "cliente": st.sampled_from(("Ana", "Bia")),
        "numero": st.sampled_from(("7", "8")),
        **{sector: st.booleans() for sector in SECTORS},
    },
)
STEP = st.tuples(st.sampled_from(("create", "update", "update", "delete")), st.integers(1, 6), FIELDS)
"""What is done, to which order, with which fields; those of one list are one savepoint."""


def command(kind: str, pedido_id: int, fields: dict[str, Any]) -> Command:
    if kind == "create":
        return unit_shop.create(**{"cliente": "Caio", **fields})
    if kind == "update":
        return unit_shop.change(pedido_id, **fields)
    return DeleteOrder(pedido_id)


def do(connection: Connection, kind: str, pedido_id: int = 0, fields: dict[str, Any] | None = None) -> None:
    Shop(connection).do(command(kind, pedido_id, fields or {}))


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT id, numero, versao, status, setor, prioridade, busca, alterado_em FROM pedido ORDER BY id"
    ).fetchall()


def rows_of_their_documents(connection: Connection) -> list[tuple[Any, ...]]:
    orders = [
        pydantic_core.from_json(row[0]) for row in connection.execute("SELECT documento FROM pedido ORDER BY id")
    ]
    return [
        (
            *(order[name] for name in ("id", "numero", "versao", "status")),
            sector_of(order),
            order["prioridade"],
            search_text(order),
            order["ultima_atualizacao"],
        )
        for order in orders
    ]


class _RolledBack(Exception):
    pass


@given(st.lists(st.tuples(st.lists(STEP, max_size=4), st.booleans()), max_size=12))
def test_counts_and_columns_are_those_of_the_orders(batches: list[tuple[list[Any], bool]]) -> None:
    """After whatever was done, refused, or rolled back."""
    with fresh() as connection:
        shop = Shop(connection)
        for steps, kept in batches:
            if kept:
                shop.together(*(command(*step) for step in steps))
            else:
                with suppress(_RolledBack):
                    shop.transactions.run(_half_done)
            counted = connection.execute(
                "SELECT status, setor, prioridade, COUNT(*) FROM pedido GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()
            assert (
                connection.execute("SELECT * FROM contagem WHERE total <> 0 ORDER BY 1, 2, 3").fetchall() == counted
            )
            assert rows(connection) == rows_of_their_documents(connection)


def _half_done(transaction: Any) -> None:
    transaction.connection.execute("DELETE FROM pedido")
    transaction.connection.execute("UPDATE pedido SET status = 'pronto'")
    raise _RolledBack


def test_a_change_begins_with_what_the_database_holds(connection: Connection) -> None:
    """Not with what an earlier transaction made of it, that was rolled back or changed by another program since."""
    shop = Shop(connection)
    shop.create()
    connection.execute("UPDATE pedido SET documento = CAST(REPLACE(documento, 'Ana', 'Bia') AS BLOB)")
    assert shop.change(1, costura=True)["cliente"] == "Bia"


# -------------------------------------------------------------------------------------------- lists

ORDER = st.fixed_dictionaries(
    {
        "status": st.sampled_from(("pendente", "pronto", "entregue")),
        "prioridade": st.sampled_from(PRIORITIES),
        "cliente": st.sampled_from(("Ana Luz", "Ánã", "Bia*[a]?", "lu")),
        "financeiro": st.booleans(),
        "alterado_em": st.sampled_from((LONG_AGO, NOT_SO_LONG_AGO)),
        "gone": st.booleans(),
    }
)
FILTERS = st.builds(
    Filters,
    status=st.sampled_from((None, "", "pendente", "entregue")),
    setor=st.sampled_from((None, "financeiro", "conferencia")),
    prioridade=st.sampled_from((None, "ALTA")),
    q=st.sampled_from(("", "", "ana", "a", "lu a", "luz ana", "Bía", "*", "?", "[a]", "caio")),
    atualizado_desde=st.sampled_from((None, None, LONG_AGO, NOT_SO_LONG_AGO)),
    recentes=st.sampled_from((None, None, 0, 36_500)),
)


def fill(connection: Connection, orders: list[dict[str, Any]]) -> None:
    for pedido_id, order in enumerate(orders, 1):
        fields = {name: value for name, value in order.items() if name not in ("alterado_em", "gone")}
        do(connection, "create", 0, fields)
        connection.execute("UPDATE pedido SET alterado_em = ? WHERE id = ?", [order["alterado_em"], pedido_id])
        if order["gone"]:
            do(connection, "delete", pedido_id)


def expected(orders: list[dict[str, Any]], filters: Filters) -> list[int]:
    """The ids, newest first."""

    def matches(pedido_id: int, order: dict[str, Any]) -> bool:
        words = searchable(filters.q).split()
        text = searchable(f"{pedido_id}\n{order['cliente']}\n")
        sector = sector_of({**dict.fromkeys(SECTORS, False), **order})
        recent = filters.recentes is None or (
            order["status"] in OPEN_STATUSES or order["alterado_em"] >= filters.recent_since()
        )
        return (
            not order["gone"]
            and filters.status in (None, "", order["status"])
            and filters.setor in (None, sector)
            and filters.prioridade in (None, order["prioridade"])
            and all(word in text for word in words)
            and order["alterado_em"] >= (filters.atualizado_desde or "")
            and recent
        )

    return [pedido_id for pedido_id, order in reversed(list(enumerate(orders, 1))) if matches(pedido_id, order)]


def listed(connection: Connection, filters: Filters, page: Page) -> tuple[queries.FoundList, list[int]]:
    found, documents = queries.find(connection, filters, page)
    return found, [order["id"] for order in whole(connection, documents)]


def whole(connection: Connection, array: JsonArray) -> Any:
    return pydantic_core.from_json(array.read(connection, 1 << 40))


@pytest.fixture
def few_are_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "NEWEST", LAST_IDS)


@pytest.mark.usefixtures("few_are_newest")
def test_a_list_holds_what_a_walk_through_all_orders_finds() -> None:
    @given(st.lists(ORDER, max_size=12), st.lists(FILTERS, min_size=8, max_size=8), st.integers(1, 5))
    def compare(orders: list[dict[str, Any]], several: list[Filters], limit: int) -> None:
        with fresh() as connection:
            fill(connection, orders)
            for filters in several:
                ids = expected(orders, filters)
                whole, found = listed(connection, filters, Page())
                assert (whole.total, found) == (len(ids), ids), filters
                paged: list[int] = []
                cursor = None
                for _ in range(len(ids) // limit + 1):
                    page, found = listed(connection, filters, Page.parse(limit, cursor))
                    assert page.total == len(ids), filters
                    paged += found
                    cursor = page.next_cursor
                    if cursor is None:
                        break
                assert (paged, cursor) == (ids, None), filters

    compare()


KIND = {"status": "pronto", "setor": "costura", "prioridade": "ALTA"}


@pytest.mark.parametrize("limit", [None, 50])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        *(Filters(**{name: value}) for name, value in KIND.items()),
        Filters(**KIND),
        Filters(q="ana"),
        Filters(q="1047"),
        Filters(q="ana maria", **KIND),
        Filters(atualizado_desde=LONG_AGO),
        Filters(atualizado_desde=LONG_AGO, **KIND),
        Filters(recentes=7),
        Filters(recentes=7, **KIND),
        Filters(recentes=7, atualizado_desde=LONG_AGO, q="ana"),
    ],
)
def test_no_list_walks_through_the_orders(connection: Connection, filters: Filters, limit: int | None) -> None:
    """Only what a million orders do not make slower: an index by itself, or as many ids as are asked for."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    whole(connection, queries.find(connection, filters, Page(limit))[1])
    connection.set_trace_callback(None)
    of_orders = [statement for statement in statements if re.search(r'FROM "?pedido\b', statement)]
    assert of_orders
    for statement in of_orders:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        for line in plan:
            # "SEARCH pedido" and nothing else is MAX(id)
            walks = line != "SEARCH pedido" and re.match(
                r"(SCAN|SEARCH) (pedido|t1)\b(?! USING (COVERING INDEX|INTEGER PRIMARY KEY \())", line
            )
            reads_only_hits = "USING INDEX pedido_letras_busca" in line  # the orders whose text matches
            assert not walks or reads_only_hits, (line, statement)
            assert "TEMP B-TREE" not in line or "documento" not in statement, "documents would be sorted"


def test_a_search_reads_only_the_orders_that_have_its_letters(connection: Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    for page in (Page(), Page(50)):
        whole(connection, queries.find(connection, Filters(q="ana"), page)[1])
    connection.set_trace_callback(None)
    searches = [statement for statement in statements if "INDEXED BY pedido_letras_busca" in statement]
    assert len(searches) == 2
    for statement in searches:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert "SEARCH pedido USING COVERING INDEX pedido_letras_busca (<expr>=?)" in plan


def test_the_history_of_one_order_reads_no_other(connection: Connection) -> None:
    """Counted in SQLite's own steps: of an order that is, one that was deleted, and one that never was."""
    shop = Shop(connection)
    shop.together(*[unit_shop.create()] * 2_000)
    shop.delete(7)

    def read() -> None:
        lengths = [len(whole(connection, queries.history(connection, pedido_id))) for pedido_id in (6, 7)]
        assert lengths == [1, 2]
        with pytest.raises(NotFound):
            queries.history(connection, 987_654)

    assert 0 < steps_of(connection, read) < 100


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


@pytest.mark.parametrize("typed", TYPED)
def test_a_telephone_is_found_however_it_is_written(typed: str) -> None:
    with fresh() as connection:
        for stored in (*STORED, "(31) 3333-1047"):
            do(connection, "create", 0, {"cliente": "Ana", "telefone_cliente": stored})
        assert len(listed(connection, Filters(q=typed), Page())[1]) == len(STORED)
        assert queries.find(connection, Filters(q=f"ana {typed}"), Page(2))[0].total == len(STORED)
        assert queries.find(connection, Filters(q=f"bia {typed}"), Page(2))[0].total == 0


def test_a_number_finds_the_order_and_not_a_tenth_of_all_telephones() -> None:
    with fresh() as connection:
        for numero, digits in (("47", "(11) 98765-4321"), ("48", "(11) 94747-4747"), ("1047", "(31) 3333-0000")):
            fields = {"numero": numero, "telefone_cliente": digits}
            do(connection, "create", 0, fields)
        found = queries.find(connection, Filters(q="47"), Page())[1]
        assert [order["numero"] for order in whole(connection, found)] == ["1047", "47"]


def test_a_changed_telephone_is_found() -> None:
    with fresh() as connection:
        do(connection, "create", 0, {})
        do(connection, "update", 1, {"telefone_cliente": "(11) 98765-4321"})
        assert queries.find(connection, Filters(q="98765-4321"), Page(5))[0].total == 1
        do(connection, "update", 1, {"telefone_cliente": ""})
        assert queries.find(connection, Filters(q="98765-4321"), Page(5))[0].total == 0


def test_a_search_has_so_many_words_and_no_more() -> None:
    with fresh() as connection:
        do(connection, "create", 0, {})
        assert queries.find(connection, Filters(q="a " * MAX_WORDS), Page())[0].total == 1
        for text in ("a " * (MAX_WORDS + 1), "1 " * 100):
            with pytest.raises(Problem, match="q") as refused:
                queries.find(connection, Filters(q=text), Page())
            assert refused.value.status == 422
            assert refused.value.extra["errors"] == [{"campo": "q", "mensagem": "no máximo 8 palavras"}]
