"""POST /api/v1/pedidos/."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.checks import SECTORS, assert_faults, assert_problem, media_type, unique
from tests.support.live_server import ORDERS, LiveServer

FULL_ITEM = {
    "id": 7,
    "tipo_producao": "painel",
    "descricao": "Painel de festa",
    "largura": "1,50",
    "altura": "2,10",
    "metro_quadrado": "3,15",
    "vendedor": "Rita",
    "designer": "Caio",
    "tecido": "tactel",
    "acabamento": {"overloque": True, "elastico": False, "ilhos": True},
    "emenda": "com-emenda",
    "observacao": "ilhós a cada 30 cm",
    "valor_unitario": "120.00",
    "imagem": "data:image/png;base64,iVBORw0KGgo=",
    "ilhos_qtd": "12",
    "ilhos_valor_unitario": "1.50",
    "ilhos_distancia": "30",
}
FULL_ORDER: dict[str, Any] = {
    "cliente": "Confecções Ávila & Filhos",
    "telefone_cliente": "(11) 98765-4321",
    "cidade_cliente": "São José dos Campos",
    "data_entrada": "2026-11-20",
    "data_entrega": "2026-12-01",
    "prioridade": "ALTA",
    "status": "em_producao",
    "financeiro": True,
    "conferencia": True,
    "sublimacao": False,
    "costura": False,
    "expedicao": False,
    "observacao": 'duas linhas\ne "aspas", \u2028, emoji 🧵',
    "valor_total": "450.00",
    "valor_frete": "30.50",
    "valor_itens": "419.50",
    "tipo_pagamento": "PIX",
    "obs_pagamento": "50% na entrada",
    "forma_envio": "Sedex",
    "forma_envio_id": 3,
    "items": [FULL_ITEM],
}


def test_only_the_client_is_needed(server: LiveServer) -> None:
    today = {date.today(), datetime.now(UTC).date()}
    response = server.post(ORDERS, json={"cliente": "Ana"})
    assert response.status_code == 201
    assert media_type(response) == "application/json"
    order = response.json()
    today |= {date.today(), datetime.now(UTC).date()}

    assert isinstance(order["id"], int)
    assert order["numero"].isdigit()
    assert order["cliente"] == "Ana"
    assert order["telefone_cliente"] == order["cidade_cliente"] == ""
    assert date.fromisoformat(order["data_entrada"]) in today
    assert order["data_entrega"] is None
    assert order["prioridade"] == "NORMAL"
    assert order["status"] == "pendente"
    assert [order[sector] for sector in SECTORS] == [False] * 5
    assert [order[name] for name in ("valor_total", "valor_frete", "valor_itens")] == ["0.00"] * 3
    nullable = ("observacao", "tipo_pagamento", "obs_pagamento", "forma_envio", "forma_envio_id")
    assert [order[name] for name in nullable] == [None] * len(nullable)
    assert order["items"] == []
    assert order["versao"] == 1
    assert set(order) == {"id", "numero", "versao", "data_criacao", "ultima_atualizacao", *FULL_ORDER}


def test_location_and_etag(server: LiveServer) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana"})
    location = response.headers["Location"].removeprefix(server.url)
    assert location.startswith(ORDERS + str(response.json()["id"]))
    read = server.get(location)
    assert read.status_code == 200
    assert read.json() == response.json()
    assert read.headers["ETag"] == response.headers["ETag"] == '"1"'


def test_every_field_comes_back(server: LiveServer) -> None:
    order = server.create(**FULL_ORDER)
    assert {name: order[name] for name in FULL_ORDER} == FULL_ORDER
    assert server.get(f"{ORDERS}{order['id']}").json() == order


def test_timestamps_are_iso_8601_in_utc(server: LiveServer) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    order = server.create()
    assert order["data_criacao"] == order["ultima_atualizacao"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", order["data_criacao"])
    created = datetime.fromisoformat(order["data_criacao"])
    assert before <= created <= datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sent", "stored"), [("alta", "ALTA"), ("Normal", "NORMAL"), ("ALTA", "ALTA"), ("", "NORMAL")]
)
def test_priority_is_read_in_any_case(server: LiveServer, sent: str, stored: str) -> None:
    assert server.create(prioridade=sent)["prioridade"] == stored


@pytest.mark.parametrize("status", ["pendente", "em_producao", "pronto", "entregue", "cancelado"])
def test_status_is_read_in_any_case(server: LiveServer, status: str) -> None:
    assert server.create(status=status)["status"] == status
    assert server.create(status=status.upper())["status"] == status
    assert server.create(status=status.title())["status"] == status


def test_read_only_fields_are_ignored(server: LiveServer) -> None:
    moment = "2001-01-01T00:00:00.000Z"
    order = server.create(id=1_000_000_007, versao=99, data_criacao=moment, ultima_atualizacao="lixo")
    assert order["id"] != 1_000_000_007
    assert order["versao"] == 1
    assert not order["data_criacao"].startswith("2001")
    assert not order["ultima_atualizacao"].startswith("lixo")


def test_unknown_fields_are_refused_by_name(server: LiveServer) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana", "clientes": "Ana", "Financeiro": True})
    assert_faults(response, "clientes", "Financeiro")


@pytest.mark.parametrize("text", ["\u0000", "a\u0000b", "🧵" * 50, "\ufeff", "</script>", "'; --", "\\"])
def test_odd_text_is_kept_or_refused_never_altered(server: LiveServer, text: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana", "observacao": text})
    if response.status_code == 201:
        assert server.get(f"{ORDERS}{response.json()['id']}").json()["observacao"] == text
    else:
        assert_faults(response, "observacao")


# -- numero


def test_numbers_are_assigned_one_above_the_other(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    assert [server.create()["numero"] for _ in range(3)] == ["1", "2", "3"]
    assert server.create(numero="5000")["numero"] == "5000"
    assert server.create()["numero"] == "5001"
    assert server.create(numero="A-7000")["numero"] == "A-7000"
    assert server.create()["numero"] == "5002"
    assert server.create(numero="40")["numero"] == "40"
    assert server.create()["numero"] == "5003"


def test_nothing_ever_comes_back(start_server: Callable[..., LiveServer]) -> None:
    """No number: not that of a deleted order, not one that an order has given up. No id. Not after a restart."""
    server = start_server()
    highest = server.create(numero="100")
    server.delete(f"{ORDERS}{highest['id']}")
    assert server.create()["numero"] == "101"

    renumbered = server.create(numero="200")
    server.change(renumbered["id"], numero="X-1")
    assert server.create()["numero"] == "201"

    server.change(renumbered["id"], numero="300")
    server.change(renumbered["id"], numero="X-2")
    assert server.create()["numero"] == "301"

    last = server.create()
    server.delete(f"{ORDERS}{last['id']}")
    server.restart()
    order = server.create()
    assert int(order["numero"]) == int(last["numero"]) + 1
    assert order["id"] > last["id"]


def test_a_number_in_use_answers_409(server: LiveServer) -> None:
    number = unique("N")
    order = server.create(numero=number)
    assert_problem(server.post(ORDERS, json={"cliente": "Bia", "numero": number}), 409)
    assert server.get(f"{ORDERS}{order['id']}").json() == order
    assert len(server.get(ORDERS, params={"q": number}).json()) == 1


def test_odd_numbers_do_not_disturb_the_counting(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    for number in ("²", "٣", "9" * 19, "9" * 25, "-5", "1e3", "0x10", " 777", "+8", "1_0", "9" * 5000):
        response = server.post(ORDERS, json={"cliente": "Ana", "numero": number})
        assert response.status_code in (201, 422), response.text
        numbers = [server.create()["numero"] for _ in range(2)]
        assert int(numbers[1]) == int(numbers[0]) + 1, number[:10]


# -- items


def test_an_item_needs_its_description_only(server: LiveServer) -> None:
    order = server.create(items=[{"descricao": "Bandeira"}, {"descricao": "Faixa"}])
    assert [item["descricao"] for item in order["items"]] == ["Bandeira", "Faixa"]
    response = server.post(ORDERS, json={"cliente": "Ana", "items": [{"descricao": "Faixa"}, {}]})
    assert_faults(response, "items.1.descricao")


def test_unknown_fields_of_an_item_are_kept(server: LiveServer) -> None:
    extra = {"zíper": "sim", "mesa": {"lados": [1, 2.5, None, {"cor": "azul"}]}, "quantidade_paineis": 4}
    order = server.create(items=[{"descricao": "Mesa", **extra}])
    item = server.get(f"{ORDERS}{order['id']}").json()["items"][0]
    assert {name: item[name] for name in extra} == extra


@pytest.mark.parametrize("item_id", [None, 12])
def test_an_item_id_is_an_integer_or_null(server: LiveServer, item_id: int | None) -> None:
    assert server.create(items=[{"descricao": "Faixa", "id": item_id}])["items"][0]["id"] == item_id


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("emenda", "sem emenda", "items.0.emenda"),
        ("acabamento", {"overloque": "sim"}, "items.0.acabamento.overloque"),
        ("valor_unitario", "1.999", "items.0.valor_unitario"),
        ("id", "doze", "items.0.id"),
        ("descricao", 5, "items.0.descricao"),
        ("largura", ["1"], "items.0.largura"),
        ("imagem", "javascript:alert(1)", "items.0.imagem"),
        ("imagem", "data:text/html;base64,PHNjcmlwdD4=", "items.0.imagem"),
    ],
)
def test_faults_of_an_item_are_named(server: LiveServer, field: str, value: Any, fault: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana", "items": [{"descricao": "Faixa", field: value}]})
    assert_faults(response, fault)


# -- who does not create


def test_a_whole_number_may_have_a_point(server: LiveServer) -> None:
    order = server.create(forma_envio_id=3.0, items=[{"id": 7.0, "descricao": "Faixa"}])
    assert (order["forma_envio_id"], order["items"][0]["id"]) == (3, 7)


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({}, ["cliente"]),
        ({"cliente": ""}, ["cliente"]),
        ({"cliente": "   "}, ["cliente"]),
        ({"cliente": None}, ["cliente"]),
        ({"cliente": 5}, ["cliente"]),
        ({"cliente": "Ana", "telefone_cliente": 11987654321}, ["telefone_cliente"]),
        ({"cliente": "Ana", "financeiro": "true"}, ["financeiro"]),
        ({"cliente": "Ana", "financeiro": 1}, ["financeiro"]),
        ({"cliente": "Ana", "costura": None}, ["costura"]),
        ({"cliente": "Ana", "prioridade": "URGENTE"}, ["prioridade"]),
        ({"cliente": "Ana", "status": "aberto"}, ["status"]),
        ({"cliente": "Ana", "data_entrega": "24/11/2026"}, ["data_entrega"]),
        ({"cliente": "Ana", "data_entrega": "2026-02-30"}, ["data_entrega"]),
        ({"cliente": "Ana", "data_entrega": "2026-11-24T10:00:00Z"}, ["data_entrega"]),
        ({"cliente": "Ana", "data_entrega": 20261124}, ["data_entrega"]),
        ({"cliente": "Ana", "forma_envio_id": "3"}, ["forma_envio_id"]),
        ({"cliente": "Ana", "forma_envio_id": 10**30}, ["forma_envio_id"]),
        ({"cliente": "Ana", "forma_envio_id": 3.5}, ["forma_envio_id"]),
        ({"cliente": "Ana", "items": {"descricao": "Faixa"}}, ["items"]),
        ({"cliente": "Ana", "items": ["Faixa"]}, ["items.0"]),
    ],
)
def test_what_does_not_fit_is_refused_by_name(server: LiveServer, fields: dict[str, Any], faults: list[str]) -> None:
    assert_faults(server.post(ORDERS, json=fields), *faults)


def test_every_fault_is_named_at_once(server: LiveServer) -> None:
    response = server.post(
        ORDERS,
        json={
            "telefone_cliente": 5,
            "prioridade": "já",
            "valor_total": "1,999",
            "financeiro": "sim",
            "cor": "azul",
            "items": [{"emenda": "talvez"}],
        },
    )
    assert_faults(
        response,
        *["cliente", "telefone_cliente", "prioridade", "valor_total", "financeiro", "cor"],
        *["items.0.descricao", "items.0.emenda"],
    )


@pytest.mark.parametrize(
    ("written", "stored"),
    [("7.0", 7), ("-2.50e1", -25), ("1e2", 100), ("9007199254740993.0", 9007199254740993), ("0.0", 0)],
)
def test_a_whole_number_is_read_by_its_digits(server: LiveServer, written: str, stored: int) -> None:
    """However it is written: as a float, 9007199254740993.0 would be another number."""
    body = f'{{"cliente": "Ana", "forma_envio_id": {written}}}'
    answer = server.post(ORDERS, data=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["forma_envio_id"] == stored


@pytest.mark.parametrize(
    "written", ["7.5", "1e-400", "1e19", "1e999999999", "1e-99999999999999999999", "0." + "0" * 50 + "1"]
)
def test_what_is_no_whole_number_is_refused(server: LiveServer, written: str) -> None:
    body = f'{{"cliente": "Ana", "forma_envio_id": {written}}}'
    answer = server.post(ORDERS, data=body.encode(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 422)
    assert answer.json()["errors"][0]["campo"] == "forma_envio_id"


def test_today_is_the_day_where_the_shop_is(start_server: Callable[..., LiveServer]) -> None:
    zones = {name: ZoneInfo(name) for name in ("Pacific/Kiritimati", "Etc/GMT+12")}  # never on one day
    for name, zone in zones.items():
        server = start_server(PEDIDOS_TIMEZONE=name)
        before = datetime.now(zone).date().isoformat()
        assert server.create()["data_entrada"] in (before, datetime.now(zone).date().isoformat())
        assert server.create(data_entrada="", data_entrega="")["data_entrada"] is None
        server.stop()
