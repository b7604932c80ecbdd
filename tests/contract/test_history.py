"""The history: who changed what, oldest first, for as long as there is a database."""

from __future__ import annotations

import pytest
from pydantic_core import from_json

from pedidos_server.domain.commands import Caller, ChangeOrder, DeleteOrder
from pedidos_server.domain.refusals import NotFound
from pedidos_server.storage.base import Database, Retention
from tests.support.shop import Shop, whole
from tests.support.unit_shop import change, create


def test_each_change_has_its_line(shop: Shop) -> None:
    shop.create()
    shop.do(ChangeOrder(1, {"observacao": "a"}, by=Caller("Ana")))
    shop.do(ChangeOrder(1, {"observacao": "a"}))  # nothing
    shop.do(DeleteOrder(1, by=Caller("Bia")))
    lines = shop.history(1)
    events = [from_json(event.payload) for event in shop.events()]
    assert [line["acao"] for line in lines] == ["create", "update", "delete"]
    assert [line["autor"] for line in lines] == [None, "Ana", "Bia"]
    assert [line["cursor"] for line in lines] == [event["cursor"] for event in events]
    assert [line["timestamp"] for line in lines] == [event["timestamp"] for event in events]
    assert lines[1]["mudancas"] == {"observacao": [None, "a"]}
    assert lines[2]["mudancas"]["observacao"] == ["a", None]


def test_it_is_that_of_one_order(shop: Shop) -> None:
    shop.together(create(), create(), change(1, observacao="a"), change(2, observacao="b"), DeleteOrder(2))
    assert [len(shop.history(order_id)) for order_id in (1, 2)] == [2, 3]
    for never in (3, 987_654):
        with pytest.raises(NotFound):
            shop.history(never)


def test_it_outlives_its_events(shop: Shop) -> None:
    shop.create()
    shop.change(1, observacao="a")
    shop.prune(Retention(1, 10_000, 1))
    assert [line["acao"] for line in shop.history(1)] == ["create", "update"]


def test_a_long_one_is_read_in_pieces(shop: Shop, database: Database) -> None:
    shop.create()
    shop.together(*(change(1, observacao=f"{turn}".ljust(4_000, "x")) for turn in range(200)))
    pieces = database.history(1, 1_000)
    assert len(pieces.first) < 20_000 and pieces.rest is not None
    assert [line["cursor"] for line in whole(pieces)] == [line["cursor"] for line in shop.history(1)]


def test_what_it_keeps_of_a_change_is_bounded(shop: Shop, database: Database) -> None:
    shop.create()
    shop.change(1, items=[{"descricao": "x", "notas": "n" * 1_000_000}])
    assert len(database.history(1, 1 << 30).first) < 4_000
