"""DELETE /api/v1/pedidos/{id}."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.checks import assert_problem, event_of
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream


def test_delete(server: LiveServer) -> None:
    order = server.create()
    url = f"{ORDERS}{order['id']}"
    response = server.delete(url)
    assert response.status_code == 200
    assert isinstance(response.json()["message"], str) and response.json()["message"]
    assert_problem(server.delete(url), 404)
    assert_problem(server.get(url), 404)
    assert_problem(server.patch(url, json={"costura": True}), 404)
    assert order["id"] not in [other["id"] for other in server.get(ORDERS).json()]


def test_the_number_of_a_deleted_order_may_be_given_again_by_hand(server: LiveServer) -> None:
    """The server never assigns it again; a person may."""
    order = server.create()
    server.delete(f"{ORDERS}{order['id']}")
    response = server.post(ORDERS, json={"cliente": "Bia", "numero": order["numero"]})
    assert response.status_code in (201, 409), response.text


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', "*"])
def test_if_match_with_the_current_version(server: LiveServer, tag: str) -> None:
    order = server.create()
    server.change(order["id"], costura=True)
    assert server.delete(f"{ORDERS}{order['id']}", headers={"If-Match": tag}).status_code == 200


def test_if_match_with_another_version(server: LiveServer) -> None:
    order = server.create()
    current = server.change(order["id"], costura=True)
    url = f"{ORDERS}{order['id']}"
    problem = assert_problem(server.delete(url, headers={"If-Match": '"1"'}), 412)
    assert problem["pedido"] == current
    assert server.get(url).json() == current


def test_the_event_of_a_delete(server: LiveServer, connect: Callable[..., Stream]) -> None:
    order = server.create()
    server.change(order["id"], costura=True)
    stream = connect(server)
    stream.expect("connection")
    server.delete(f"{ORDERS}{order['id']}")
    event = event_of(stream, order["id"])
    assert event["action"] == "delete"
    assert event["data"] is None
    assert event["versao"] == 3
