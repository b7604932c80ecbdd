"""A batch on SQLite: what is loaded and stored. (What any database does: tests/contract.)"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pydantic_core
import pytest

from pedidos_server.domain import order as order_module
from pedidos_server.domain.commands import ChangeOrder
from pedidos_server.domain.order import FIELDS
from pedidos_server.storage.base import TooLarge
from pedidos_server.storage.sqlite import batch as batch_module
from pedidos_server.storage.sqlite import orders as queries
from tests.support.unit_shop import Shop, change, create


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with closing(shop.connection):
        yield shop


def test_an_order_changed_often_in_one_batch_is_stored_once_with_an_event_each(shop: Shop) -> None:
    shop.create()
    written = shop.connection.total_changes
    shop.together(*(change(1, observacao=str(turn)) for turn in range(10)))
    assert shop.connection.total_changes - written == 1 + 10 + 10, "the order, its events, its history"
    assert shop.order(1)["versao"] == 11


def test_more_than_is_loaded_at_once_is_refused_before_anything_is_decided(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.together(create(), create())
    monkeypatch.setattr(batch_module, "MAX_BYTES", 1_000)
    with pytest.raises(TooLarge):
        shop.together(change(1, financeiro=True), change(2, financeiro=True))
    shop.together(change(1, financeiro=True), change(1, costura=True))
    assert shop.order(1)["versao"] == 3


def test_a_field_that_is_added_has_its_default_in_orders_stored_before(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.create(items=[{"descricao": "Painel"}])
    for module in (order_module, batch_module, queries):
        monkeypatch.setattr(module, "SHAPE", order_module.SHAPE + 1)
    monkeypatch.setitem(FIELDS, "estado_cliente", "")
    monkeypatch.setitem(order_module.ITEM_FIELDS, "quantidade", 1)
    read = pydantic_core.from_json(queries.one(shop.connection, 1)[1])
    assert (read["estado_cliente"], read["items"][0]["quantidade"]) == ("", 1)
    answer = shop.do(ChangeOrder(1, {"estado_cliente": "MG"}))
    assert pydantic_core.from_json(answer.body)["estado_cliente"] == "MG"
    assert shop.order(1)["items"][0]["quantidade"] == 1, "stored with the change"
