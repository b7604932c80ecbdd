"""GET /api/v1/pedidos/{id}/historico: who changed what and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.support.checks import assert_problem, event_of, position
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import Stream


def history(server: LiveServer, order_id: int) -> list[dict[str, Any]]:
    response = server.get(f"{ORDERS}{order_id}/historico")
    assert response.status_code == 200, response.text
    lines: list[dict[str, Any]] = response.json()
    return lines


def test_a_long_one_is_sent_piece_by_piece(server: LiveServer) -> None:
    """Not put together first: that took gigabytes, and stalled all others meanwhile."""
    order = server.create()
    texts = [f"{number} {'x' * 9_000}" for number in range(60)]
    for text in texts:
        server.change(order["id"], items=[{"descricao": "Faixa", "nota": text}] * 6)
    response = server.get(f"{ORDERS}{order['id']}/historico")
    assert response.headers["Content-Type"] == "application/json"
    assert "Content-Length" not in response.headers and response.headers["Cache-Control"] == "no-cache"
    changes = [line["mudancas"]["items"] for line in response.json()[1:]]
    assert [[side and side[5]["nota"] for side in change] for change in changes] == [
        [before, after] for before, after in zip([[], *texts], texts, strict=False)
    ]
    head = server.request("HEAD", f"{ORDERS}{order['id']}/historico")
    assert head.status_code == 200 and "Content-Length" not in head.headers
    assert server.get("/health").status_code == 200, "nothing of a body came before it on the same connection"


def test_the_life_of_an_order(server: LiveServer) -> None:
    def headers(author: str) -> dict[str, str]:
        return {"X-Pedidos-Autor": author}

    order = server.post(ORDERS, json={"cliente": "Ana"}, headers=headers("Rita")).json()
    url = f"{ORDERS}{order['id']}"
    server.patch(url, json={"costura": True, "observacao": "urgente"}, headers=headers("Jo%C3%A3o%20%C3%81vila"))
    server.patch(url, json={"observacao": None}, headers=headers("Caio"))
    server.delete(url, headers=headers("Rita"))

    created, ticked, cleared, deleted = lines = history(server, order["id"])
    for line in lines:
        assert set(line) >= {"cursor", "acao", "autor", "timestamp", "mudancas"}
        assert re.fullmatch(r"\d+-\S+", line["cursor"])
    assert [line["acao"] for line in lines] == ["create", "update", "update", "delete"]
    assert [line["autor"] for line in lines] == ["Rita", "João Ávila", "Caio", "Rita"]
    assert [position(line["cursor"]) for line in lines] == sorted(position(line["cursor"]) for line in lines)
    times = [datetime.fromisoformat(line["timestamp"]) for line in lines]
    assert times == sorted(times)

    assert created["mudancas"]["cliente"] == [None, "Ana"]
    assert ticked["mudancas"] == {"costura": [False, True], "observacao": [None, "urgente"]}
    assert cleared["mudancas"] == {"observacao": ["urgente", None]}
    assert isinstance(deleted["mudancas"], dict)


def test_its_lines_are_the_events(server: LiveServer, connect: Callable[..., Stream]) -> None:
    stream = connect(server)
    stream.expect("connection")
    order = server.create()
    server.change(order["id"], costura=True)
    server.change(order["id"], costura=True)  # no change, no line
    server.delete(f"{ORDERS}{order['id']}")
    events = [event_of(stream, order["id"]) for _ in range(3)]
    lines = history(server, order["id"])
    for name, of_event in (("cursor", "cursor"), ("acao", "action"), ("autor", "autor")):
        assert [line[name] for line in lines] == [event[of_event] for event in events], name
    assert set(lines[1]["mudancas"]) == set(events[1]["changed"]) == {"costura"}


def test_changes_of_one_moment_stay_with_their_orders(server: LiveServer, connect: Callable[..., Stream]) -> None:
    """Of several orders, with some between them that are refused."""
    stream = connect(server)
    stream.expect("connection")
    orders = [server.create() for _ in range(3)]
    stream.updates(3)

    def change(number: int) -> int:
        url = f"{ORDERS}{orders[number % 3]['id']}"
        body: dict[str, Any] = (
            {"numero": orders[(number + 1) % 3]["numero"]} if number % 4 == 2 else {"observacao": str(number)}
        )
        return server.patch(url, json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(change, range(120)))
    assert {200, 409} == set(statuses)
    events = stream.updates(
        sum(line["acao"] == "update" for order in orders for line in history(server, order["id"]))
    )
    for order in orders:
        lines = history(server, order["id"])[1:]
        assert [line["cursor"] for line in lines] == [e["cursor"] for e in events if e["pedido_id"] == order["id"]]


def test_what_failed_leaves_no_line(server: LiveServer) -> None:
    order = server.create()
    url = f"{ORDERS}{order['id']}"
    server.patch(url, json={"status": "perdido"})
    server.patch(url, json={"costura": True}, headers={"If-Match": '"7"'})
    server.patch(url, json={"numero": server.create()["numero"]})
    assert [line["acao"] for line in history(server, order["id"])] == ["create"]


def test_an_order_that_never_was(server: LiveServer) -> None:
    assert_problem(server.get(f"{ORDERS}999999999/historico"), 404)
    assert_problem(server.get(f"{ORDERS}abc/historico"), 404)


def test_an_image_stands_in_it_as_size_and_hash(server: LiveServer) -> None:
    image = "data:image/png;base64," + "iVBORw0KGgo" * 20_000
    order = server.create(items=[{"descricao": "Faixa", "imagem": image}])
    server.change(order["id"], items=[{"descricao": "Faixa", "imagem": image[:-8]}])
    response = server.get(f"{ORDERS}{order['id']}/historico")
    assert len(response.content) < 10_000
    before, after = response.json()[1]["mudancas"]["items"]
    assert before[0]["descricao"] == after[0]["descricao"] == "Faixa"
    assert before[0]["imagem"] != after[0]["imagem"]


def test_it_outlives_the_events(start_server: Callable[..., LiveServer], connect: Callable[..., Stream]) -> None:
    server = start_server(PEDIDOS_RETENTION_EVENTS=5)
    order = server.create()
    first = server.cursor()
    for number in range(30):
        server.change(order["id"], observacao=str(number))
    server.delete(f"{ORDERS}{order['id']}")

    def first_is_pruned() -> bool:
        stream = connect(server, cursor=first)
        stream.expect("connection")
        pruned = stream.next()["type"] == "refresh_required"
        stream.close()
        return pruned

    wait_until(first_is_pruned, 30, "the first events pruned")
    lines = history(server, order["id"])
    assert len(lines) == 32
    assert lines[0]["mudancas"]["cliente"] == [None, "Ana Lima"]


@pytest.mark.parametrize("author", ["Ana", "Z%C3%A9%20da%20Silva", "%F0%9F%A7%B5", "50%25"])
def test_authors_are_percent_encoded(server: LiveServer, author: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana"}, headers={"X-Pedidos-Autor": author})
    from_history = history(server, response.json()["id"])[0]["autor"]
    assert (
        from_history
        == {
            "Ana": "Ana",
            "Z%C3%A9%20da%20Silva": "Zé da Silva",
            "%F0%9F%A7%B5": "🧵",
            "50%25": "50%",
        }[author]
    )


@pytest.mark.parametrize("author", ["%", "%FF%FE", "%00", "a" * 5000, "Jo\u00e3o"])
def test_an_odd_author_does_no_harm(server: LiveServer, author: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana"}, headers={"X-Pedidos-Autor": author})
    assert response.status_code in (201, 400, 422, 431), response.text
    if response.status_code == 201:
        assert len(history(server, response.json()["id"])) == 1
