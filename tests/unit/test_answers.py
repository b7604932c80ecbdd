"""What is kept of an idempotent answer: enough to give it again to the byte, and no picture twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from unit_database import new_database

from pedidos_server import event_log, pedidos, schemas
from pedidos_server.errors import Problem
from pedidos_server.event_log import LONGEST_MOVED, Retention
from pedidos_server.pedidos import Answer, Caller, Idempotency
from pedidos_server.writer import Transaction

NOBODY = Caller(None, None)
ONLY_THE_NEWEST = Retention(events=1, days=10_000, bytes=10**12)
PICTURE = "data:image/png;base64," + "A" * 100_000


class Shop:
    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.deserialize(new_database())
        self.keys = 0

    def together(self, *jobs: Any) -> list[Any]:
        transaction = Transaction(self.connection)
        answers = [job(transaction) for job in jobs]
        transaction.flush()
        return answers

    def create(self, **fields: Any) -> Any:
        body = schemas.new_order(schemas.PedidoNovo.model_validate({"cliente": "Ana", **fields}))
        return pedidos.create(body, NOBODY)

    def change(self, **fields: Any) -> Any:
        return pedidos.update(1, fields, None, NOBODY)

    def keyed(self, job: Any, key: str = "") -> Any:
        self.keys += 1
        return pedidos.idempotent(job, Idempotency(key or f"key {self.keys}", ""))

    def prune(self) -> None:
        transaction = Transaction(self.connection)
        while event_log.prune(self.connection, ONLY_THE_NEWEST, transaction.own_time):
            pass

    def stored(self) -> int:
        """Bytes of all answers."""
        size: int = self.connection.execute("SELECT SUM(LENGTH(corpo)) FROM resposta").fetchone()[0]
        return size


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with closing(shop.connection):
        yield shop


def same(first: Answer, again: Answer) -> bool:
    return (first.status, first.body, dict(first.headers)) == (again.status, again.body, dict(again.headers))


@pytest.mark.parametrize("picture", ["", PICTURE])
@pytest.mark.parametrize("pruned", [False, True])
def test_each_is_given_again_to_the_byte(shop: Shop, picture: str, pruned: bool) -> None:
    items = [{"descricao": 'x "data": y', "imagem": picture, "extra": [1.50, {"ç": None}]}]
    jobs = {
        "create": shop.create(items=items, cliente='"data":'),
        "change": shop.change(costura=True),
        "no change": shop.change(costura=True),
    }
    first = {key: shop.together(shop.keyed(job, key))[0] for key, job in jobs.items()}
    if pruned:
        shop.together(pedidos.create(schemas.new_order(schemas.PedidoNovo(cliente="Bia")), NOBODY))
        shop.prune()
        if picture:
            del jobs["create"]  # of a later version now
    for key, job in jobs.items():
        assert same(first[key], shop.together(shop.keyed(job, key))[0]), key
    assert schemas.parse_json(first["no change"].body)["versao"] == 2


def test_one_that_is_repeated_in_its_own_transaction(shop: Shop) -> None:
    shop.together(shop.create())
    first = shop.keyed(shop.change(costura=True), "a")
    unchanged = shop.keyed(shop.change(costura=True), "b")
    answers = shop.together(first, unchanged, shop.change(expedicao=True), first, unchanged)
    assert same(answers[0], answers[3]) and same(answers[1], answers[4])


def test_a_program_that_ticks_a_box_stores_no_picture_again(shop: Shop) -> None:
    shop.together(shop.create(items=[{"descricao": "x", "imagem": PICTURE}]))
    for turn in range(40):
        shop.together(shop.keyed(shop.change(costura=turn % 3 == 0)))
    assert shop.stored() == 0
    shop.prune()
    for turn in range(40):
        shop.together(shop.keyed(shop.change(costura=turn % 3 == 0)))
    assert shop.stored() == 0


def test_a_long_one_that_is_gone_is_said_to_be_done(shop: Shop) -> None:
    shop.together(shop.create(items=[{"descricao": "x", "imagem": PICTURE}]))
    job = shop.keyed(shop.change(costura=True), "a")
    shop.together(job)
    shop.together(shop.change(costura=False))
    shop.prune()
    before = shop.connection.total_changes
    with pytest.raises(Problem, match="já foi feita") as told:
        shop.together(job)
    assert told.value.status == 409 and shop.connection.total_changes == before


def test_those_that_outlive_their_event_are_bounded_in_sum(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pedidos, "MAX_MOVED", 10)
    shop.together(shop.create(observacao="x" * 9_000))
    jobs = [shop.keyed(shop.change(observacao=f"{turn}".ljust(9_000, "x")), str(turn)) for turn in range(30)]
    first = [shop.together(job)[0] for job in jobs]
    shop.prune()
    assert 9_000 * 29 < shop.stored() < LONGEST_MOVED * 29
    while shop.together(pedidos.forget_old_answers)[0]:
        pass
    assert shop.stored() < LONGEST_MOVED * 10
    assert all(same(first[turn], shop.together(jobs[turn])[0]) for turn in range(19, 30)), "the newest are there"
    with pytest.raises(Problem, match="já foi feita"):
        shop.together(jobs[0])


def test_what_the_history_keeps_of_a_change_is_bounded(shop: Shop) -> None:
    shop.together(shop.create())
    items = [{"descricao": "x", "notas": "n" * 1_000_000}]
    shop.together(shop.change(items=schemas.changes(schemas.PedidoMudanca.model_validate({"items": items}))["items"]))
    size = shop.connection.execute("SELECT MAX(LENGTH(mudancas)) FROM historico").fetchone()[0]
    assert size < 2_000
