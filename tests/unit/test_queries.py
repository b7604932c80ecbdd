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
from pedidos_server.domain.fields import PRIORITIES, SECTORS, STATUSES
from pedidos_server.domain.order import search_text, sector_of
from pedidos_server.domain.refusals import NotFound
from pedidos_server.storage.lists import Filters, Page
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


def whole(connection: Connection, array: JsonArray) -> Any:
    return pydantic_core.from_json(array.read(connection, 1 << 40))


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
