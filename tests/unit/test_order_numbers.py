"""The sequence of numbers: unique, never back, moved by what is near and not by what is far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pedidos_server.domain.commands import FAR
from pedidos_server.domain.refusals import Refusal
from pedidos_server.storage.base import NumberError
from pedidos_server.storage.sqlite import numbers as order_numbers
from tests.support import unit_shop

BARCODE = 7891000315507


class Shop(unit_shop.Shop):
    def number(self, numero: str = "") -> dict[str, Any]:
        return self.create(numero=numero)

    def numbers(self, count: int) -> list[str]:
        return [self.number()["numero"] for _ in range(count)]

    def rename(self, order: dict[str, Any], numero: str) -> None:
        self.change(order["id"], numero=numero)

    def hint(self) -> int:
        return order_numbers.next_number(self.connection)


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with closing(shop.connection):
        yield shop


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("number", [str(BARCODE), "9" * 40, str(2**63), str(FAR + 49)])
def test_a_barcode_does_not_move_the_sequence(shop: Shop, number: str, deleted: bool) -> None:
    shop.number("48")
    order = shop.number(number)
    assert order["numero"] == number
    if deleted:
        shop.delete(order["id"])
    assert shop.hint() == 49
    assert shop.numbers(2) == ["49", "50"]


@pytest.mark.parametrize("number", [49, 500, FAR + 48])
def test_what_is_near_moves_it(shop: Shop, number: int) -> None:
    shop.number("48")
    shop.number(str(number))
    assert shop.numbers(1) == [str(number + 1)]


def test_an_order_that_gets_a_number_later_is_no_other(shop: Shop) -> None:
    order = shop.number()
    shop.rename(order, str(BARCODE))
    assert shop.numbers(1) == ["2"]
    shop.rename(order, "30")
    assert shop.numbers(1) == ["31"]


@pytest.mark.parametrize("gone", [None, "deleted", "renamed"])
def test_the_sequence_steps_over_what_was_used_far_above(shop: Shop, gone: str | None) -> None:
    """Nobody who sends no number gets a 409 for it, and no number comes back."""
    far = [shop.number(str(FAR + extra)) for extra in (2, 3, 5, 9)]
    for order in far:
        if gone == "deleted":
            shop.delete(order["id"])
        elif gone == "renamed":
            shop.rename(order, f"velho {order['id']}")
    shop.number(str(FAR))
    assert shop.hint() == FAR + 1
    assert shop.numbers(1) == [str(FAR + 1)]
    assert shop.hint() == FAR + 4
    assert shop.numbers(5) == [str(FAR + extra) for extra in (4, 6, 7, 8, 10)]
    assert shop.connection.execute("SELECT COUNT(*) FROM numero_distante").fetchone() == (0,), "passed, and forgotten"


def test_zeros_before_a_number_are_the_same_number(shop: Shop) -> None:
    shop.number("000" + str(FAR + 2))
    shop.number(str(FAR))
    assert shop.numbers(2) == [str(FAR + 1), str(FAR + 3)]


def test_a_refused_number_moves_nothing(shop: Shop) -> None:
    shop.number("48")
    with pytest.raises(Refusal):
        shop.number("48")
    assert shop.hint() == 49


def test_the_next_one_can_be_set(shop: Shop) -> None:
    shop.number("48")
    shop.number(str(BARCODE))
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
            st.tuples(st.just("create"), st.integers(1, 60).map(lambda near: near * FAR // 20)),
            st.tuples(st.just("create"), st.integers(1, 30)),
            st.tuples(st.just("delete"), st.integers(1, 12)),
            st.tuples(st.just("set"), st.integers(1, 60).map(lambda near: near * FAR // 20)),
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
                given_out = int(shop.number()["numero"])
                assert given_out == hint and given_out not in used
                used.add(given_out)
            elif what == "create":
                with suppress(Refusal):
                    shop.number(str(value))
                used.add(value)
            elif what == "delete":
                with suppress(Refusal):
                    shop.delete(value)
            else:
                with suppress(NumberError):
                    order_numbers.set_next(shop.connection, value)
                    assert shop.hint() == value and value not in used
