"""GET /api/v1/pedidos/: order, filters, paging, ETag."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.checks import SECTORS, assert_problem, media_type, position, unique
from tests.support.live_server import ORDERS, LiveServer


def ids(server: LiveServer, **filters: Any) -> list[int]:
    response = server.get(ORDERS, params=filters)
    assert response.status_code == 200, response.text
    return [order["id"] for order in response.json()]


def next_page(response: Any) -> str | None:
    """The path of `Link: rel="next"`."""
    link = response.links.get("next")
    return re.sub(r"^https?://[^/]+", "", link["url"]) if link else None


# -- the whole list


def test_an_empty_list(start_server: Callable[..., LiveServer]) -> None:
    response = start_server().get(ORDERS)
    assert response.status_code == 200
    assert media_type(response) == "application/json"
    assert response.json() == []
    assert response.headers["X-Total-Count"] == "0"
    assert response.headers["X-Pedidos-Cursor"].startswith("0-")
    assert next_page(response) is None


def test_all_orders_newest_first(server: LiveServer) -> None:
    client = unique("Cliente")
    orders = [server.create(cliente=client) for _ in range(5)]
    server.change(orders[0]["id"], costura=True)  # a change does not make it newer
    assert ids(server, q=client) == [order["id"] for order in reversed(orders)]
    everything = server.get(ORDERS).json()
    assert [order["id"] for order in everything] == sorted((order["id"] for order in everything), reverse=True)
    listed = next(order for order in everything if order["id"] == orders[0]["id"])
    assert listed == server.get(f"{ORDERS}{orders[0]['id']}").json()


def test_without_a_limit_all_come(start_server: Callable[..., LiveServer]) -> None:
    """More than any page on the way, and so much that it is sent in pieces."""
    server = start_server()
    item = {"descricao": "Faixa", "imagem": "x" * 20_000}
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda _: server.create(items=[item]), range(400)))
    response = server.get(ORDERS)
    assert response.headers["X-Total-Count"] == "400"
    assert sorted(order["id"] for order in response.json()) == sorted(order["id"] for order in created)


# -- filters


def test_filter_by_status_and_priority(server: LiveServer) -> None:
    client = unique("Cliente")
    ready = server.create(cliente=client, status="pronto", prioridade="ALTA")
    calm = server.create(cliente=client, status="pronto")
    pending = server.create(cliente=client, prioridade="ALTA")
    assert ids(server, q=client, status="pronto") == [calm["id"], ready["id"]]
    assert ids(server, q=client, prioridade="ALTA") == [pending["id"], ready["id"]]
    assert ids(server, q=client, prioridade="ALTA", status="pronto") == [ready["id"]]
    assert ids(server, q=client, status="PRONTO", prioridade="alta") == [ready["id"]]


def test_filter_by_the_first_sector_not_ticked(server: LiveServer) -> None:
    client = unique("Cliente")
    ticked = [server.create(cliente=client, **dict.fromkeys(SECTORS[:count], True))["id"] for count in range(6)]
    skipped_one = server.create(cliente=client, conferencia=True, expedicao=True)["id"]
    for sector, order_id in zip((*SECTORS, "pronto"), ticked, strict=True):
        found = ids(server, q=client, setor=sector)
        assert found == ([skipped_one, order_id] if sector == "financeiro" else [order_id]), sector


def test_search_in_number_client_and_city(server: LiveServer) -> None:
    word = unique("Palavra")
    by_client = server.create(cliente=f"Casa {word} Ltda")["id"]
    by_city = server.create(cidade_cliente=f"Porto {word}")["id"]
    by_number = server.create(numero=f"{word}/2026")["id"]
    server.create(observacao=word)
    assert ids(server, q=word) == [by_number, by_city, by_client]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"', "*", "["])
def test_search_takes_signs_literally(server: LiveServer, sign: str) -> None:
    word = unique("w")
    hit = server.create(cliente=f"{word}{sign}z")["id"]
    server.create(cliente=f"{word}az")
    assert ids(server, q=f"{word}{sign}z") == [hit]


def test_filter_by_change_time(server: LiveServer) -> None:
    client = unique("Cliente")
    old = server.create(cliente=client)
    new = server.create(cliente=client)
    changed = server.change(old["id"], costura=True)
    assert ids(server, q=client, atualizado_desde=changed["ultima_atualizacao"]) == [old["id"]]
    assert ids(server, q=client, atualizado_desde="2001-01-01T00:00:00Z") == [new["id"], old["id"]]
    assert ids(server, q=client, atualizado_desde="2999-01-01T00:00:00Z") == []


def test_filter_by_change_time_in_another_zone(server: LiveServer) -> None:
    client = unique("Cliente")
    order = server.create(cliente=client)
    assert ids(server, q=client, atualizado_desde="2999-01-01T00:00:00-03:00") == []
    assert ids(server, q=client, atualizado_desde="2001-01-01T00:00:00-03:00") == [order["id"]]


def test_recent_ones(server: LiveServer) -> None:
    """All open ones, and closed ones that changed lately."""
    client = unique("Cliente")
    orders = [
        server.create(cliente=client, status=status)["id"]
        for status in ("pendente", "em_producao", "pronto", "entregue", "cancelado")
    ]
    assert ids(server, q=client, recentes=7) == orders[::-1]


def test_closed_ones_are_recent_for_so_many_days(start_server: Callable[..., LiveServer]) -> None:
    """Eight days are let go by in the database, while the server is down."""
    server = start_server()
    for status in ("pendente", "em_producao", "pronto", "entregue", "cancelado"):
        server.create(status=status)
    server.create(status="entregue")
    server.stop()
    eight_days_ago = datetime.now(UTC) - timedelta(days=8)
    with closing(sqlite3.connect(server.database_path)) as database, database:
        database.execute(
            "UPDATE pedido SET alterado_em = ? WHERE id < 6", [eight_days_ago.strftime("%Y-%m-%dT%H:%M:%S.000Z")]
        )
    server.restart()
    assert ids(server, recentes=7) == [6, 3, 2, 1]
    assert ids(server, recentes=9) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "perdido"),
        ("setor", "cozinha"),
        ("prioridade", "URGENTE"),
        ("atualizado_desde", "ontem"),
        ("recentes", "sete"),
        ("recentes", "-1"),
        ("recentes", "9" * 30),
        ("limite", "0"),
        ("limite", "-1"),
        ("limite", "dez"),
        ("limite", "9" * 30),
        ("cursor", "lixo"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(server: LiveServer, name: str, value: str) -> None:
    response = server.get(ORDERS, params={name: value})
    assert response.status_code in (400, 422), response.text
    assert_problem(response, response.status_code)


# -- pages


def test_pages_together_are_the_list(server: LiveServer) -> None:
    client = unique("Cliente")
    orders = [server.create(cliente=client)["id"] for _ in range(7)]
    server.create(cliente=client, status="pronto")
    found: list[int] = []
    path: str | None = f"{ORDERS}?q={client}&limite=3&status=pendente"
    pages = 0
    while path:
        page = server.get(path)
        assert page.status_code == 200
        assert page.headers["X-Total-Count"] == "7"
        assert len(page.json()) <= 3
        found += [order["id"] for order in page.json()]
        path = next_page(page)
        pages += 1
    assert found == orders[::-1]
    assert pages == 3


def test_pages_do_not_shift_under_writes(server: LiveServer) -> None:
    client = unique("Cliente")
    orders = [server.create(cliente=client)["id"] for _ in range(6)]
    first = server.get(ORDERS, params={"q": client, "limite": "2"})
    server.create(cliente=client)
    server.delete(f"{ORDERS}{orders[5]}")
    second = server.get(next_page(first) or "")
    third = server.get(next_page(second) or "")
    found = [order["id"] for page in (first, second, third) for order in page.json()]
    assert found == orders[::-1]


def test_the_first_pages_cursor_covers_all_pages(server: LiveServer, connect: Callable[..., Any]) -> None:
    """What is written between two pages comes as an event after the first page's cursor."""
    client = unique("Cliente")
    orders = [server.create(cliente=client)["id"] for _ in range(4)]
    first = server.get(ORDERS, params={"q": client, "limite": "2"})
    server.change(orders[0], costura=True)
    second = server.get(next_page(first) or "")
    assert second.headers["X-Pedidos-Cursor"] == first.headers["X-Pedidos-Cursor"]
    stream = connect(server, cursor=first.headers["X-Pedidos-Cursor"])
    stream.expect("connection")
    assert stream.expect("pedido_update")["pedido_id"] == orders[0]


# -- ETag


def test_not_modified(server: LiveServer) -> None:
    server.create()
    first = server.get(ORDERS)
    tag = first.headers["ETag"]
    for value in (tag, f"W/{tag.removeprefix('W/')}", f'"outra", {tag}'):
        again = server.get(ORDERS, headers={"If-None-Match": value})
        assert again.status_code == 304, value
        assert again.content == b""
        assert again.headers["ETag"].removeprefix("W/") == tag.removeprefix("W/")
        assert again.headers["X-Pedidos-Cursor"] == first.headers["X-Pedidos-Cursor"]
    order = server.create()
    changed = server.get(ORDERS, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()[0] == order
    server.change(order["id"], costura=True)
    assert server.get(ORDERS, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


# -- X-Pedidos-Cursor


def test_the_cursor_counts_the_changes(server: LiveServer) -> None:
    before = server.get(ORDERS).headers["X-Pedidos-Cursor"]
    assert re.fullmatch(r"\d+-\S+", before)
    order = server.create()
    server.change(order["id"], costura=True)
    server.change(order["id"], costura=True)  # changes nothing
    server.delete(f"{ORDERS}{order['id']}")
    assert position(server.get(ORDERS).headers["X-Pedidos-Cursor"]) == position(before) + 3


def test_answers_without_a_body_leave_no_place_taken(server: LiveServer) -> None:
    """More of them than one caller may have under way."""
    order = server.create()
    tag = server.get(ORDERS).headers["ETag"]
    for _ in range(40):
        assert server.request("HEAD", ORDERS).status_code == 200
        assert server.request("HEAD", f"{ORDERS}{order['id']}").status_code == 200
        assert server.get(ORDERS, headers={"If-None-Match": tag}).status_code == 304
        assert server.get(f"{ORDERS}{order['id']}", headers={"If-None-Match": '"1"'}).status_code == 304
        assert server.get(f"{ORDERS}999999999").status_code == 404
        assert server.get(f"{ORDERS}999999999/historico").status_code == 404
        assert server.get(ORDERS, params={"limite": "1", "cursor": "x"}).status_code == 422
    assert server.get(ORDERS).status_code == 200
