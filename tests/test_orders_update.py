"""PATCH /api/v1/pedidos/{id}."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from tests.support.checks import assert_faults, assert_problem, unique
from tests.support.live_server import ORDERS, LiveServer

CHANGES: dict[str, Any] = {
    "numero": "T-",  # and something unique
    "cliente": "Outra Cliente",
    "telefone_cliente": "11 5555-0000",
    "cidade_cliente": "Recife",
    "data_entrada": "2026-01-02",
    "data_entrega": "2026-03-04",
    "prioridade": "ALTA",
    "status": "pronto",
    "financeiro": True,
    "conferencia": True,
    "sublimacao": True,
    "costura": True,
    "expedicao": True,
    "observacao": "ligar antes",
    "valor_total": "10.01",
    "valor_frete": "0.99",
    "valor_itens": "9.02",
    "tipo_pagamento": "dinheiro",
    "obs_pagamento": "troco",
    "forma_envio": "retirada",
    "forma_envio_id": 9,
    "items": [{"descricao": "Faixa"}],
}
SERVER_SET = {"versao", "ultima_atualizacao"}


@pytest.mark.parametrize("field", CHANGES)
def test_only_the_named_field_changes(server: LiveServer, field: str) -> None:
    order = server.create()
    value = unique("T") if field == "numero" else CHANGES[field]
    response = server.patch(f"{ORDERS}{order['id']}", json={field: value})
    assert response.status_code == 200
    after = response.json()
    changed = {name for name in order if order[name] != after[name]}
    assert changed - {"ultima_atualizacao"} == {field, "versao"}
    if field == "items":
        assert [item["descricao"] for item in after["items"]] == ["Faixa"]
    else:
        assert after[field] == value
    assert after["versao"] == 2
    assert response.headers["ETag"] == '"2"'
    assert server.get(f"{ORDERS}{order['id']}").json() == after


@pytest.mark.parametrize(
    "field",
    [
        "data_entrada",
        "data_entrega",
        "observacao",
        "tipo_pagamento",
        "obs_pagamento",
        "forma_envio",
        "forma_envio_id",
    ],
)
def test_what_may_be_null_can_be_cleared(server: LiveServer, field: str) -> None:
    order = server.create(**{field: CHANGES[field]})
    assert server.change(order["id"], **{field: None})[field] is None


def test_items_are_replaced_as_a_whole(server: LiveServer) -> None:
    order = server.create(items=[{"descricao": "Faixa", "cor": "azul"}, {"descricao": "Mesa"}])
    after = server.change(order["id"], items=[order["items"][1], {"descricao": "Lona"}])
    assert [item["descricao"] for item in after["items"]] == ["Mesa", "Lona"]
    assert server.change(order["id"], items=[])["items"] == []


def test_a_whole_order_may_be_sent_back(server: LiveServer) -> None:
    """Desktops do: its read-only fields are ignored, however old they are."""
    order = server.create(items=[{"descricao": "Faixa", "cor": "azul"}], valor_total="1.00")
    server.change(order["id"], observacao="nova")
    after = server.change(order["id"], **{**order, "observacao": "nova", "costura": True})
    assert after["versao"] == 3
    assert after["costura"] is True
    assert after["data_criacao"] == order["data_criacao"]
    untouched = set(order) - SERVER_SET - {"observacao", "costura"}
    assert {name: after[name] for name in untouched} == {name: order[name] for name in untouched}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"costura": False},
        {"cliente": "Ana Lima", "observacao": None, "prioridade": "normal", "status": "PENDENTE"},
        {"id": 5, "versao": 9, "data_criacao": "x", "ultima_atualizacao": "y"},
        {"items": [{"descricao": "Faixa", "cor": "azul"}]},
    ],
)
def test_a_patch_that_changes_nothing(server: LiveServer, body: dict[str, Any]) -> None:
    order = server.create(items=[{"descricao": "Faixa", "cor": "azul"}])
    before = server.cursor()
    assert server.change(order["id"], **body) == order
    assert server.cursor() == before


def test_the_last_write_wins_field_by_field(server: LiveServer) -> None:
    """Two people who opened the same order and tick different boxes both keep theirs."""
    order = server.create()
    server.change(order["id"], financeiro=True, observacao="primeira")
    after = server.change(order["id"], conferencia=True, observacao="segunda")
    assert (after["financeiro"], after["conferencia"], after["observacao"]) == (True, True, "segunda")


def test_the_time_of_change_never_goes_back(server: LiveServer) -> None:
    order = server.create()
    times = [order["ultima_atualizacao"]]
    times += [server.change(order["id"], observacao=str(n))["ultima_atualizacao"] for n in range(20)]
    moments = [datetime.fromisoformat(time) for time in times]
    assert moments == sorted(moments)


def test_the_time_of_change_does_not_go_back_with_the_clock(start_server: Callable[..., LiveServer]) -> None:
    """The clock of a shop's computer may be set back; here the order's last change is set forward instead."""
    server = start_server()
    order = server.create()
    server.stop()
    future = order["ultima_atualizacao"].replace(order["ultima_atualizacao"][:4], "2099", 1)
    with closing(sqlite3.connect(server.database_path)) as database, database:
        document = json.dumps({**order, "ultima_atualizacao": future}).encode()
        database.execute("UPDATE pedido SET documento = ?, alterado_em = ?", [document, future])
        database.execute("UPDATE evento SET criado_em = ?", [future])
    server.restart()
    assert server.change(order["id"], costura=True)["ultima_atualizacao"] >= future


# -- If-Match


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', "*", '"1", "2"', 'W/"9" , W/"2"'])
def test_if_match_with_the_current_version(server: LiveServer, tag: str) -> None:
    order = server.create()
    server.change(order["id"], costura=True)
    response = server.patch(f"{ORDERS}{order['id']}", json={"expedicao": True}, headers={"If-Match": tag})
    assert response.status_code == 200
    assert response.json()["versao"] == 3


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"3"', '"1", "7"', '"x"', '"a,b"', '""'])
def test_if_match_with_another_version(server: LiveServer, tag: str) -> None:
    order = server.create()
    current = server.change(order["id"], costura=True)
    cursor = server.cursor()
    response = server.patch(f"{ORDERS}{order['id']}", json={"expedicao": True}, headers={"If-Match": tag})
    problem = assert_problem(response, 412)
    assert problem["pedido"] == current
    assert server.get(f"{ORDERS}{order['id']}").json() == current
    assert server.cursor() == cursor


@pytest.mark.parametrize("tag", ["2", "abc", '"2', "W/2", ",", "*x"])
def test_an_if_match_that_is_none_changes_nothing(server: LiveServer, tag: str) -> None:
    order = server.create()
    current = server.change(order["id"], costura=True)
    response = server.patch(f"{ORDERS}{order['id']}", json={"expedicao": True}, headers={"If-Match": tag})
    if response.status_code != 200 or tag != "2":  # an unquoted 2 may be read as meant
        assert response.status_code in (400, 412)
        assert_problem(response, response.status_code)
        assert server.get(f"{ORDERS}{order['id']}").json() == current


def test_if_match_on_a_patch_without_change(server: LiveServer) -> None:
    order = server.create()
    url = f"{ORDERS}{order['id']}"
    assert server.patch(url, json={"costura": False}, headers={"If-Match": '"1"'}).status_code == 200
    assert_problem(server.patch(url, json={"costura": False}, headers={"If-Match": '"4"'}), 412)


# -- refusals


def test_an_order_that_does_not_exist(server: LiveServer) -> None:
    assert_problem(server.patch(f"{ORDERS}999999999", json={"costura": True}), 404)
    headers = {"If-Match": "*"}
    response = server.patch(f"{ORDERS}999999999", json={"costura": True}, headers=headers)
    assert response.status_code in (404, 412)
    assert_problem(response, response.status_code)


def test_a_number_in_use_answers_409(server: LiveServer) -> None:
    taken = server.create()["numero"]
    order = server.create()
    assert_problem(server.patch(f"{ORDERS}{order['id']}", json={"numero": taken, "costura": True}), 409)
    assert server.get(f"{ORDERS}{order['id']}").json() == order
    assert server.change(order["id"], numero=order["numero"]) == order


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"cliente": ""}, ["cliente"]),
        ({"cliente": None}, ["cliente"]),
        ({"telefone_cliente": None}, ["telefone_cliente"]),
        ({"costura": "sim"}, ["costura"]),
        ({"costura": None}, ["costura"]),
        ({"status": None}, ["status"]),
        ({"items": None}, ["items"]),
        ({"cor": "azul"}, ["cor"]),
        ({"status": "x", "prioridade": "y", "valor_frete": "z", "cor": 1, "items": [{}]}, None),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    server: LiveServer, body: dict[str, Any], faults: list[str] | None
) -> None:
    order = server.create()
    cursor = server.cursor()
    faults = faults or ["status", "prioridade", "valor_frete", "cor", "items.0.descricao"]
    assert_faults(server.patch(f"{ORDERS}{order['id']}", json={"expedicao": True, **body}), *faults)
    assert server.get(f"{ORDERS}{order['id']}").json() == order
    assert server.cursor() == cursor


def test_of_many_with_the_same_if_match_exactly_one_wins(server: LiveServer) -> None:
    order = server.create()

    def write(author: int) -> int:
        return server.patch(
            f"{ORDERS}{order['id']}", json={"observacao": f"de {author}"}, headers={"If-Match": '"1"'}
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(write, range(24)))
    assert sorted(statuses) == [200] + [412] * 23
    after = server.get(f"{ORDERS}{order['id']}").json()
    assert after["versao"] == 2
    assert after["observacao"] == f"de {statuses.index(200)}"
