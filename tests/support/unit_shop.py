"""A shop without a server: commands are carried out on a database in memory, at the time that a test says."""

from __future__ import annotations

import sqlite3
from typing import Any

import pydantic_core

from pedidos_server.domain.commands import Answer, ChangeOrder, Command, CreateOrder, DeleteOrder, Once, World, decide
from pedidos_server.domain.order import PedidoMudanca, PedidoNovo, named_fields, new_order
from pedidos_server.domain.refusals import Refusal
from pedidos_server.storage.sqlite import event_log
from pedidos_server.storage.sqlite.batch import SqliteTransactions
from pedidos_server.storage.sqlite.order_cache import OrderCache
from pedidos_server.timekeeping import Clock, Moment
from tests.support.unit_database import new_database


def create(key: str = "", **fields: Any) -> CreateOrder:
    body = PedidoNovo.model_validate({"cliente": "Ana", **fields})
    return CreateOrder(new_order(body), once=Once(key, "") if key else None)


def change(order_id: int, key: str = "", **fields: Any) -> ChangeOrder:
    named = named_fields(PedidoMudanca.model_validate(fields))
    return ChangeOrder(order_id, named, once=Once(key, "") if key else None)


def same(first: Any, again: Any) -> bool:
    """To the byte. Where its body lies is no part of it."""
    assert isinstance(first, Answer) and isinstance(again, Answer)
    return (first.action, first.order_id, first.version, first.body) == (
        again.action,
        again.order_id,
        again.version,
        again.body,
    )


def outcome(world: World, command: Command, now: str) -> Answer | Refusal:
    try:
        return decide(world, command, now)
    except Refusal as refusal:
        return refusal


class Shop:
    """``connection`` holds a new database unless one is given."""

    def __init__(self, connection: sqlite3.Connection | None = None) -> None:
        if connection is None:
            connection = sqlite3.connect(":memory:", isolation_level=None)
            connection.deserialize(new_database())
        self.connection = connection
        self.transactions = SqliteTransactions(connection, OrderCache(0))
        self.clock = Clock(event_log.head(connection).when)

    def together(self, *commands: Command, moment: Moment | None = None) -> list[Answer | Refusal]:
        """All in one transaction; of each its answer or its refusal."""
        moment = moment or self.clock.moment()
        results: list[Answer | Refusal] = []

        def decide_all(world: World) -> None:
            results.extend(outcome(world, command, moment.wall) for command in commands)

        self.transactions.carry_out(commands, decide_all, moment)
        return results

    def do(self, command: Command) -> Answer:
        """One command's answer. Raises its refusal."""
        (result,) = self.together(command)
        if isinstance(result, Refusal):
            raise result
        return result

    def create(self, key: str = "", **fields: Any) -> dict[str, Any]:
        return self._order(self.do(create(key, **fields)))

    def change(self, order_id: int, key: str = "", **fields: Any) -> dict[str, Any]:
        return self._order(self.do(change(order_id, key, **fields)))

    def delete(self, order_id: int) -> None:
        self.do(DeleteOrder(order_id))

    def order(self, order_id: int) -> dict[str, Any]:
        row = self.connection.execute("SELECT documento FROM pedido WHERE id = ?", [order_id]).fetchone()
        order: dict[str, Any] = pydantic_core.from_json(row[0])
        return order

    @staticmethod
    def _order(answer: Answer) -> dict[str, Any]:
        order: dict[str, Any] = pydantic_core.from_json(answer.body)
        return order
