"""The answers to requests with an Idempotency-Key: given again to the byte, or said to be gone; no other state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic_core import from_json

from pedidos_server.domain.commands import DeleteOrder, Once
from pedidos_server.domain.refusals import AnswerGone, KeyReused, NotFound
from pedidos_server.storage.base import Retention
from tests.support.shop import Shop
from tests.support.unit_shop import change, create, same

ONLY_THE_NEWEST = Retention(events=1, days=10_000, bytes=10**12)
PICTURE = "data:image/png;base64," + "A" * 100_000
DAY = timedelta(hours=24)


@pytest.mark.parametrize("picture", ["", PICTURE])
@pytest.mark.parametrize("pruned", [False, True])
def test_each_is_given_again_to_the_byte(shop: Shop, picture: str, pruned: bool) -> None:
    items = [{"descricao": 'x "data": y', "imagem": picture, "extra": [1.50, {"ç": None}]}]
    commands = {
        "create": create("create", items=items, cliente='"data":'),
        "change": change(1, "change", costura=True),
        "no change": change(1, "no change", costura=True),
    }
    first = {key: shop.do(command) for key, command in commands.items()}
    if pruned:
        shop.create(cliente="Bia")
        shop.prune(ONLY_THE_NEWEST)
        if picture:
            del commands["create"]  # of a later version now
    for key, command in commands.items():
        assert same(first[key], shop.do(command)), key
    assert from_json(first["no change"].body)["versao"] == 2


def test_that_of_a_delete(shop: Shop) -> None:
    shop.create()
    gone = DeleteOrder(1, once=Once("a", ""))
    first = shop.do(gone)
    assert same(first, shop.do(gone))
    with pytest.raises(NotFound):
        shop.delete(1)


def test_one_that_is_repeated_in_its_own_transaction(shop: Shop) -> None:
    shop.create()
    first, unchanged = change(1, "a", costura=True), change(1, "b", costura=True)
    results = shop.together(first, unchanged, change(1, expedicao=True), first, unchanged)
    assert same(results[0], results[3]) and same(results[1], results[4])


def test_a_key_is_one_requests(shop: Shop) -> None:
    shop.do(create("a"))
    with pytest.raises(KeyReused):
        shop.do(DeleteOrder(1, once=Once("a", "another request")))
    assert shop.order(1)["versao"] == 1


def test_a_long_one_whose_event_is_gone_is_said_to_be_done(shop: Shop) -> None:
    shop.create(items=[{"descricao": "x", "imagem": PICTURE}])
    command = change(1, "a", costura=True)
    shop.do(command)
    shop.change(1, costura=False)
    shop.prune(ONLY_THE_NEWEST)
    with pytest.raises(AnswerGone):
        shop.do(command)
    assert shop.order(1)["versao"] == 3, "and not done again"


def test_it_is_forgotten_after_a_day(shop: Shop) -> None:
    command = create("a")
    first = shop.do(command)
    shop.forget_answers(shop.clock.own() + DAY * 0.9)
    assert same(first, shop.do(command))
    shop.forget_answers(shop.clock.own() + DAY * 1.1)
    assert shop.do(command).order_id == 2
