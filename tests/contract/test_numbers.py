"""The sequence of numbers: unique, never back, moved by what is near and not by what is far."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pedidos_server.domain.commands import FAR
from pedidos_server.domain.refusals import Refusal
from pedidos_server.storage.base import NumberError
from tests.contract.conftest import NewShop
from tests.support.shop import Shop

BARCODE = 7891000315507


def number(shop: Shop, numero: str = "") -> dict[str, Any]:
    return shop.create(numero=numero)


def numbers(shop: Shop, count: int) -> list[str]:
    return [number(shop)["numero"] for _ in range(count)]


def hint(shop: Shop) -> int:
    return shop.database.next_number().number


def set_next(shop: Shop, value: int) -> None:
    shop.run(lambda transaction: transaction.set_next_number(value))


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("typed", [str(BARCODE), "9" * 40, str(2**63), str(FAR + 49)])
def test_a_barcode_does_not_move_the_sequence(shop: Shop, typed: str, deleted: bool) -> None:
    number(shop, "48")
    order = number(shop, typed)
    assert order["numero"] == typed
    if deleted:
        shop.delete(order["id"])
    assert hint(shop) == 49
    assert numbers(shop, 2) == ["49", "50"]


@pytest.mark.parametrize("typed", [49, 500, FAR + 48])
def test_what_is_near_moves_it(shop: Shop, typed: int) -> None:
    number(shop, "48")
    number(shop, str(typed))
    assert numbers(shop, 1) == [str(typed + 1)]


def test_an_order_that_gets_a_number_later_is_no_other(shop: Shop) -> None:
    order = number(shop)
    shop.change(order["id"], numero=str(BARCODE))
    assert numbers(shop, 1) == ["2"]
    shop.change(order["id"], numero="30")
    assert numbers(shop, 1) == ["31"]


@pytest.mark.parametrize("gone", [None, "deleted", "renamed"])
def test_the_sequence_steps_over_what_was_used_far_above(shop: Shop, gone: str | None) -> None:
    """Nobody who sends no number gets a 409 for it, and no number comes back."""
    far = [number(shop, str(FAR + extra)) for extra in (2, 3, 5, 9)]
    for order in far:
        if gone == "deleted":
            shop.delete(order["id"])
        elif gone == "renamed":
            shop.change(order["id"], numero=f"velho {order['id']}")
    number(shop, str(FAR))
    assert hint(shop) == FAR + 1
    assert numbers(shop, 1) == [str(FAR + 1)]
    assert hint(shop) == FAR + 4
    assert numbers(shop, 5) == [str(FAR + extra) for extra in (4, 6, 7, 8, 10)]


def test_zeros_before_a_number_are_the_same_number(shop: Shop) -> None:
    number(shop, "000" + str(FAR + 2))
    number(shop, str(FAR))
    assert numbers(shop, 2) == [str(FAR + 1), str(FAR + 3)]


def test_a_refused_number_moves_nothing(shop: Shop) -> None:
    number(shop, "48")
    with pytest.raises(Refusal):
        number(shop, "48")
    assert hint(shop) == 49


def test_the_next_one_can_be_set(shop: Shop) -> None:
    number(shop, "48")
    number(shop, str(BARCODE))
    set_next(shop, 120_000)
    assert hint(shop) == 120_000
    assert numbers(shop, 2) == ["120000", "120001"]
    for value, why in (
        (48, "120002"),
        (120_001, "120002"),
        (BARCODE, "já foi"),
        (10**16, "grande demais"),
        (-1, "120002"),
    ):
        with pytest.raises(NumberError, match=why):
            set_next(shop, value)
    set_next(shop, 120_002)
    set_next(shop, BARCODE - 1)
    assert numbers(shop, 2) == [str(BARCODE - 1), str(BARCODE + 1)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("next"), st.just(0)),
        st.tuples(st.just("create"), st.integers(1, 60).map(lambda near: near * FAR // 20)),
        st.tuples(st.just("create"), st.integers(1, 30)),
        st.tuples(st.just("delete"), st.integers(1, 12)),
        st.tuples(st.just("set"), st.integers(1, 60).map(lambda near: near * FAR // 20)),
    ),
    max_size=30,
)


def test_whatever_is_typed_the_servers_numbers_are_new(new_shop: NewShop) -> None:
    @settings(max_examples=50)
    @given(STEPS)
    def type_them(steps: list[tuple[str, int]]) -> None:
        used: set[int] = set()
        with new_shop() as shop:
            for what, value in steps:
                if what == "next":
                    expected = hint(shop)
                    given_out = int(number(shop)["numero"])
                    assert given_out == expected and given_out not in used
                    used.add(given_out)
                elif what == "create":
                    with suppress(Refusal):
                        number(shop, str(value))
                    used.add(value)
                elif what == "delete":
                    with suppress(Refusal):
                        shop.delete(value)
                else:
                    with suppress(NumberError):
                        set_next(shop, value)
                        assert hint(shop) == value and value not in used

    type_them()
