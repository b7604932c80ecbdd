"""What is kept of an idempotent answer: enough to give it again to the byte, and no picture twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from pedidos_server.domain.refusals import AnswerGone
from pedidos_server.storage.base import Retention
from pedidos_server.storage.sqlite import answers, event_log
from pedidos_server.storage.sqlite.event_log import LONGEST_MOVED
from tests.support import unit_shop
from tests.support.unit_shop import change, same

ONLY_THE_NEWEST = Retention(events=1, days=10_000, bytes=10**12)
PICTURE = "data:image/png;base64," + "A" * 100_000


class Shop(unit_shop.Shop):
    def prune(self) -> None:
        while event_log.prune(self.connection, ONLY_THE_NEWEST, self.clock.own()):
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


def test_a_program_that_ticks_a_box_stores_no_picture_again(shop: Shop) -> None:
    shop.create(items=[{"descricao": "x", "imagem": PICTURE}])
    for turn in range(80):
        if turn == 40:
            shop.prune()
        shop.do(change(1, f"key {turn}", costura=turn % 3 == 0))
    assert shop.stored() == 0


def test_those_that_outlive_their_event_are_bounded_in_sum(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_MOVED", 10)
    shop.create(observacao="x" * 9_000)
    commands = [change(1, f"key {turn}", observacao=f"{turn}".ljust(9_000, "x")) for turn in range(30)]
    first = [shop.do(command) for command in commands]
    shop.prune()
    assert 9_000 * 29 < shop.stored() < LONGEST_MOVED * 29
    while answers.forget_old(shop.connection, shop.clock.own()):
        pass
    assert shop.stored() < LONGEST_MOVED * 10
    assert all(same(first[turn], shop.do(commands[turn])) for turn in range(19, 30)), "the newest are there"
    with pytest.raises(AnswerGone):
        shop.do(commands[0])
