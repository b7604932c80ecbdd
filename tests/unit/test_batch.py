"""Decide, then write: a batch of any commands gives what the same commands give one by one."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pydantic_core
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pedidos_server.domain import commands as commands_module
from pedidos_server.domain import order as order_module
from pedidos_server.domain.commands import Answer, ChangeOrder, Command, CreateOrder, DeleteOrder, Once
from pedidos_server.domain.order import FIELDS
from pedidos_server.domain.refusals import Conflict, NotFound, NumberTaken
from pedidos_server.storage.base import TooLarge
from pedidos_server.storage.sqlite import batch as batch_module
from pedidos_server.storage.sqlite import orders as queries
from pedidos_server.timekeeping import Moment
from tests.support.unit_shop import Shop, change, create

OWN = datetime(2026, 11, 28, 12, tzinfo=UTC)
MOMENTS = [
    Moment(wall, OWN) for wall in ("2026-11-28T12:00:00.000Z", "2026-11-28T12:00:01.000Z", "2025-01-01T00:00:00.000Z")
]
NUMBERS = st.sampled_from(("1", "2", "3", "4", "x", "10004", "99999"))
"""So few that commands of one batch take, free and swap the same ones."""
IDS = st.integers(1, 4)
VERSIONS = st.none() | st.frozensets(st.integers(1, 3), max_size=2)
ONCE = st.none() | st.builds(Once, st.sampled_from("ab"), st.sampled_from("12"))
CHANGES = st.dictionaries(
    st.sampled_from(("cliente", "observacao", "status")), st.sampled_from(("pendente", "pronto"))
)


def fields(numero: str, cliente: str) -> dict[str, Any]:
    return {**FIELDS, "cliente": cliente, "numero": numero}


def changes(numero: str | None, others: dict[str, str]) -> dict[str, Any]:
    return others if numero is None else {**others, "numero": numero}


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(CreateOrder, st.builds(fields, st.just("") | NUMBERS, st.sampled_from(("Ana", "Bia"))), once=ONCE),
    st.builds(ChangeOrder, IDS, st.builds(changes, st.none() | NUMBERS, CHANGES), VERSIONS, once=ONCE),
    st.builds(DeleteOrder, IDS, VERSIONS, once=ONCE),
)
BATCHES = st.lists(st.tuples(st.lists(COMMANDS, min_size=1, max_size=12), st.sampled_from(MOMENTS)), max_size=4)


def comparable(results: list[Any]) -> list[Any]:
    return [result if isinstance(result, Answer) else (type(result), vars(result)) for result in results]


def tables(shop: Shop) -> dict[str, list[Any]]:
    def rows(sql: str) -> list[Any]:
        return shop.connection.execute(sql).fetchall()

    return {
        **{name: rows(f"SELECT * FROM {name} ORDER BY 1") for name in ("pedido", "evento", "historico", "resposta")},
        "numero_distante": rows("SELECT * FROM numero_distante ORDER BY 1"),
        "contagem": rows("SELECT * FROM contagem WHERE total ORDER BY 1, 2, 3"),
        "meta": rows("SELECT * FROM meta WHERE chave <> 'tag' ORDER BY chave"),
    }


@given(BATCHES)
def test_a_batch_gives_what_its_commands_give_one_by_one(batches: list[tuple[list[Command], Moment]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands_module, "new_tag", lambda: "00000000")
        together, apart = Shop(), Shop()
        with closing(together.connection), closing(apart.connection):
            for commands, moment in batches:
                at_once = together.together(*commands, moment=moment)
                one_by_one = [apart.together(command, moment=moment)[0] for command in commands]
                assert comparable(at_once) == comparable(one_by_one)
            assert tables(together) == tables(apart)


def test_two_orders_swap_their_numbers_in_one_batch() -> None:
    shop = Shop()
    shop.together(create(numero="1"), create(numero="2"))
    third = shop.together(change(1, numero="9"), change(2, numero="1"), change(1, numero="2"))[2]
    assert isinstance(third, Answer)
    assert [shop.order(order_id)["numero"] for order_id in (1, 2)] == ["2", "1"]


def test_one_that_is_refused_has_changed_nothing() -> None:
    shop = Shop()
    taken, gone, stale, last = shop.together(
        create(numero="7"),
        create(numero="7"),
        DeleteOrder(99),
        ChangeOrder(1, {"cliente": "Bia"}, frozenset((5,))),
        create(),
    )[1:]
    assert isinstance(taken, NumberTaken) and isinstance(gone, NotFound) and isinstance(stale, Conflict)
    assert isinstance(last, Answer) and last.order_id == 2, "no id was used up"
    assert [shop.order(order_id)["numero"] for order_id in (1, 2)] == ["7", "8"]


def test_an_id_never_comes_back() -> None:
    shop = Shop()
    shop.together(create(), create(), DeleteOrder(2))
    shop.delete(1)
    assert shop.create()["id"] == 3


def test_an_order_changed_often_in_one_batch_is_stored_once_with_an_event_each() -> None:
    shop = Shop()
    shop.create()
    written = shop.connection.total_changes
    shop.together(*(change(1, observacao=str(turn)) for turn in range(10)))
    assert shop.connection.total_changes - written == 1 + 10 + 10, "the order, its events, its history"
    assert shop.order(1)["versao"] == 11


def test_more_than_is_loaded_at_once_is_refused_before_anything_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    shop.together(create(), create())
    monkeypatch.setattr(batch_module, "MAX_BYTES", 1_000)
    with pytest.raises(TooLarge):
        shop.together(change(1, financeiro=True), change(2, financeiro=True))
    shop.together(change(1, financeiro=True), change(1, costura=True))
    assert shop.order(1)["versao"] == 3


def test_a_field_that_is_added_has_its_default_in_orders_stored_before(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
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
