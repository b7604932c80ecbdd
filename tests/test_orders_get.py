"""GET of one order, the next number, and the list by status."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from tests.support.checks import assert_problem, media_type, unique
from tests.support.live_server import ORDERS, LiveServer


def test_an_order_with_its_etag(server: LiveServer) -> None:
    order = server.create()
    response = server.get(f"{ORDERS}{order['id']}")
    assert response.status_code == 200
    assert media_type(response) == "application/json"
    assert response.json() == order
    assert response.headers["ETag"] == '"1"'
    server.change(order["id"], costura=True)
    assert server.get(f"{ORDERS}{order['id']}").headers["ETag"] == '"2"'


def test_if_none_match(server: LiveServer) -> None:
    order = server.create()
    url = f"{ORDERS}{order['id']}"
    for tag in ('"1"', 'W/"1"', '"0", "1"', "*"):
        response = server.get(url, headers={"If-None-Match": tag})
        assert response.status_code == 304, tag
        assert response.content == b""
        assert response.headers["ETag"] == '"1"'
    assert server.get(url, headers={"If-None-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize("order_id", ["999999999", "0", "-1", "abc", "1.5", "9" * 30, "1%00", "%F0%9F", "٣"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_no_order_answers_404(server: LiveServer, method: str, order_id: str) -> None:
    options = {"json": {"costura": True}} if method == "PATCH" else {}
    assert_problem(server.request(method, f"{ORDERS}{order_id}", **options), 404)


def test_next_number(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    url = f"{ORDERS}proximo-numero"
    assert server.get(url).json() == {"proximo_numero": 1, "total_pedidos": 0}
    server.create(numero="41")
    order = server.create()
    assert server.get(url).json() == {"proximo_numero": 43, "total_pedidos": 2}
    server.delete(f"{ORDERS}{order['id']}")
    assert server.get(url).json() == {"proximo_numero": 43, "total_pedidos": 1}
    assert server.create()["numero"] == "43"


@pytest.mark.parametrize("status", ["pendente", "em_producao", "pronto", "entregue", "cancelado"])
def test_list_by_status_is_the_status_filter(server: LiveServer, status: str) -> None:
    client = unique("Cliente")
    order = server.create(cliente=client, status=status)
    server.create(cliente=client, status="pronto" if status == "pendente" else "pendente")
    by_path = server.get(f"{ORDERS}status/{status}", params={"q": client})
    assert by_path.json() == [order]
    by_filter = server.get(ORDERS, params={"status": status})
    assert server.get(f"{ORDERS}status/{status}").json() == by_filter.json()
    assert all(order["status"] == status for order in by_filter.json())


def test_list_by_an_unknown_status(server: LiveServer) -> None:
    response = server.get(f"{ORDERS}status/perdido")
    assert response.status_code in (404, 422)
    assert_problem(response, response.status_code)


@pytest.mark.parametrize("kind", ["embedded"])
def test_a_small_answer_is_one_packet(server: LiveServer) -> None:
    """Of a head that comes alone a client can do nothing, but wakes for it."""
    order = server.create()
    request = f"GET {ORDERS}{order['id']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        for _ in range(50):
            client.sendall(request)
            head, _, body = client.recv(1 << 16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert len(body) == int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
