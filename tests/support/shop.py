"""A shop on any database, without a server: commands are carried out at the time that a test says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic_core import from_json

from pedidos_server.domain.commands import Answer, Command, DeleteOrder, World
from pedidos_server.domain.events import Event
from pedidos_server.domain.refusals import Refusal
from pedidos_server.storage.base import Database, Pieces, Retention, Transaction
from pedidos_server.storage.lists import Filters, Page
from pedidos_server.timekeeping import Clock, Moment
from tests.support.unit_shop import change, create, outcome

T = TypeVar("T")

AT_ONCE = 1 << 30
"""Bytes: more than any list here."""


def whole(pieces: Pieces) -> list[Any]:
    """The array, its rest read on."""
    entries: list[Any] = from_json(pieces.first + b"".join(pieces.rest or ()))
    return entries


class Shop:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock(database.head().when)

    # ---- writing

    def together(self, *commands: Command, moment: Moment | None = None) -> list[Answer | Refusal]:
        """All in one transaction; of each its answer or its refusal."""
        moment = moment or self.clock.moment()
        results: list[Answer | Refusal] = []

        def decide_all(world: World) -> None:
            results.extend(outcome(world, command, moment.wall) for command in commands)

        self.database.transactions.carry_out(commands, decide_all, moment)
        return results

    def do(self, command: Command, moment: Moment | None = None) -> Answer:
        """One command's answer. Raises its refusal."""
        (result,) = self.together(command, moment=moment)
        if isinstance(result, Refusal):
            raise result
        return result

    def create(self, key: str = "", **fields: Any) -> dict[str, Any]:
        return _order(self.do(create(key, **fields)))

    def change(self, order_id: int, key: str = "", **fields: Any) -> dict[str, Any]:
        return _order(self.do(change(order_id, key, **fields)))

    def delete(self, order_id: int) -> None:
        self.do(DeleteOrder(order_id))

    def run(self, work: Callable[[Transaction], T]) -> T:
        return self.database.transactions.run(work)

    def prune(self, retention: Retention, own: datetime | None = None) -> int:
        """All that is over a bound, step by step; how many events."""
        count = 0
        while step := self.run(lambda transaction: transaction.prune(retention, own or self.clock.own())):
            count += step
        return count

    def forget_answers(self, own: datetime | None = None) -> None:
        while self.run(lambda transaction: transaction.forget_answers(own or self.clock.own())):
            pass

    # ---- reading

    def order(self, order_id: int) -> dict[str, Any]:
        order: dict[str, Any] = from_json(self.database.order(order_id).body)
        return order

    def orders(self, filters: Filters = Filters(), page: Page = Page()) -> list[dict[str, Any]]:  # noqa: B008
        return whole(self.database.orders(filters, page, AT_ONCE).pieces)

    def history(self, order_id: int) -> list[dict[str, Any]]:
        return whole(self.database.history(order_id, AT_ONCE))

    def events(self) -> list[Event]:
        """All that are kept, oldest first."""
        return self.database.newest_events(1 << 30, 1 << 40)


def _order(answer: Answer) -> dict[str, Any]:
    order: dict[str, Any] = from_json(answer.body)
    return order
