"""The sequence of numbers: unique, never back, moved by what is near and not by what is far."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_database import new_database

from pedidos_server import order_numbers, pedidos, queries, schemas
from pedidos_server.errors import Problem
from pedidos_server.order_numbers import REACH, NumberError
from pedidos_server.pedidos import Caller
from pedidos_server.writer import Transaction

NOBODY = Caller(None, None)
BARCODE = 7891000315507


class Shop:
    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.deserialize(new_database())

    def do(self, job: Any) -> Any:
        transaction = Transaction(self.connection)
        answer = job(transaction)
        transaction.flush()
        return answer

    def create(self, numero: str = "") -> dict[str, Any]:
        body = schemas.new_order(schemas.PedidoNovo(cliente="Ana", numero=numero))
        order: dict[str, Any] = schemas.parse_json(self.do(pedidos.create(body, NOBODY)).body)
        return order

    def numbers(self, count: int) -> list[str]:
        return [self.create()["numero"] for _ in range(count)]

    def rename(self, order: dict[str, Any], numero: str) -> None:
        self.do(pedidos.update(order["id"], {"numero": numero}, None, NOBODY))

    def delete(self, order: dict[str, Any]) -> None:
        self.do(pedidos.delete(order["id"], None, NOBODY))

    def hint(self) -> int:
        return queries.next_number(self.connection)["proximo_numero"]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with closing(shop.connection):
        yield shop


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("number", [str(BARCODE), "9" * 40, str(2**63), str(REACH + 49)])
def test_a_barcode_does_not_move_the_sequence(shop: Shop, number: str, deleted: bool) -> None:
    shop.create("48")
    order = shop.create(number)
    assert order["numero"] == number
    if deleted:
        shop.delete(order)
    assert shop.hint() == 49
    assert shop.numbers(2) == ["49", "50"]


@pytest.mark.parametrize("number", [49, 500, REACH + 48])
def test_what_is_near_moves_it(shop: Shop, number: int) -> None:
    shop.create("48")
    shop.create(str(number))
    assert shop.numbers(1) == [str(number + 1)]


def test_an_order_that_gets_a_number_later_is_no_other(shop: Shop) -> None:
    order = shop.create()
    shop.rename(order, str(BARCODE))
    assert shop.numbers(1) == ["2"]
    shop.rename(order, "30")
    assert shop.numbers(1) == ["31"]


@pytest.mark.parametrize("gone", [None, "deleted", "renamed"])
def test_the_sequence_steps_over_what_was_used_far_above(shop: Shop, gone: str | None) -> None:
    """Nobody who sends no number gets a 409 for it, and no number comes back."""
    far = [shop.create(str(REACH + extra)) for extra in (2, 3, 5, 9)]
    for order in far:
        if gone == "deleted":
            shop.delete(order)
        elif gone == "renamed":
            shop.rename(order, f"velho {order['id']}")
    shop.create(str(REACH))
    assert shop.hint() == REACH + 1
    assert shop.numbers(1) == [str(REACH + 1)]
    assert shop.hint() == REACH + 4
    assert shop.numbers(5) == [str(REACH + extra) for extra in (4, 6, 7, 8, 10)]
    assert shop.connection.execute("SELECT COUNT(*) FROM numero_distante").fetchone() == (0,), "passed, and forgotten"


def test_zeros_before_a_number_are_the_same_number(shop: Shop) -> None:
    shop.create("000" + str(REACH + 2))
    shop.create(str(REACH))
    assert shop.numbers(2) == [str(REACH + 1), str(REACH + 3)]


def test_a_refused_number_moves_nothing(shop: Shop) -> None:
    shop.create("48")
    with pytest.raises(Problem):
        shop.create("48")
    assert shop.hint() == 49


def test_the_next_one_can_be_set(shop: Shop) -> None:
    shop.create("48")
    shop.create(str(BARCODE))
    order_numbers.set_next(shop.connection, 120_000)
    assert shop.hint() == 120_000
    assert shop.numbers(2) == ["120000", "120001"]
    for number, why in (
        (48, "120002"),
        (120_001, "120002"),
        (BARCODE, "já foi"),
        (10**16, "grande demais"),
        (-1, "120002"),
    ):
        with pytest.raises(NumberError, match=why):
            order_numbers.set_next(shop.connection, number)
    order_numbers.set_next(shop.connection, 120_002)
    order_numbers.set_next(shop.connection, BARCODE - 1)
    assert shop.numbers(2) == [str(BARCODE - 1), str(BARCODE + 1)]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("next"), st.just(0)),
            st.tuples(st.just("create"), st.integers(1, 60).map(lambda near: near * REACH // 20)),
            st.tuples(st.just("create"), st.integers(1, 30)),
            st.tuples(st.just("delete"), st.integers(1, 12)),
            st.tuples(st.just("set"), st.integers(1, 60).map(lambda near: near * REACH // 20)),
        ),
        max_size=30,
    )
)
def test_whatever_is_typed_the_servers_numbers_are_new(steps: list[tuple[str, int]]) -> None:
    shop = Shop()
    with closing(shop.connection):
        used: set[int] = set()
        for what, value in steps:
            if what == "next":
                hint = shop.hint()
                given_out = int(shop.create()["numero"])
                assert given_out == hint and given_out not in used
                used.add(given_out)
            elif what == "create":
                with suppress(Problem):
                    shop.create(str(value))
                used.add(value)
            elif what == "delete":
                with suppress(Problem):
                    shop.delete({"id": value})
            else:
                with suppress(NumberError):
                    order_numbers.set_next(shop.connection, value)
                    assert shop.hint() == value and value not in used
