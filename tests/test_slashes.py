"""Every path answers with and without its trailing slash, and without /api/v1; never with a redirect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.checks import assert_problem
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream

API = ORDERS.rstrip("/")
SHORT = "/pedidos"
"""As earlier desktops call them."""


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "path",
    [
        API,
        f"{API}/{{id}}",
        f"{API}/{{id}}/historico",
        f"{API}/proximo-numero",
        f"{API}/status/pronto",
        SHORT,
        f"{SHORT}/{{id}}",
        f"{SHORT}/{{id}}/historico",
        f"{SHORT}/proximo-numero",
        f"{SHORT}/status/pronto",
        "/sessao",
        "/ws/stats",
        "/health",
        "/docs",
    ],
)
def test_reading(server: LiveServer, path: str, slash: str) -> None:
    path = path.format(id=server.create()["id"]) + slash
    assert server.get(path).status_code == 200
    assert server.get(path, params={"q": "x"} if path.rstrip("/") in (API, SHORT) else {}).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", [API, SHORT])
def test_writing(server: LiveServer, path: str, slash: str) -> None:
    created = server.post(path + slash, json={"cliente": "Ana"})
    assert created.status_code == 201
    url = f"{path}/{created.json()['id']}{slash}"
    assert server.patch(url, json={"costura": True}).json()["costura"] is True  # without Flask
    assert server.patch(url, json={"costura": False}, params={"x": ""}).json()["costura"] is False  # Flask's route
    assert server.delete(url).status_code == 200


def test_both_paths_are_one_to_an_idempotency_key(server: LiveServer) -> None:
    order, key = server.create(), {"Idempotency-Key": "um-caminho-ou-o-outro"}
    answers = [
        server.patch(f"{path}/{order['id']}", json={"costura": True}, headers=key).json() for path in (API, SHORT)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "path", ["/pedidosx", "/api/pedidos", "/v1/pedidos", "/api/v1/api/v1/pedidos", "/status/pronto"]
)
def test_nothing_else_is_shortened(server: LiveServer, path: str) -> None:
    assert_problem(server.get(path), 404)


@pytest.mark.parametrize("slash", ["", "/"])
def test_streams(server: LiveServer, connect: Callable[..., Stream], transport: str, slash: str) -> None:
    path = ("/ws/pedidos" if transport == "websocket" else "/sse/pedidos") + slash
    connect(server, transport, path=path).expect("connection")


@pytest.mark.parametrize("slash", ["", "/"])
def test_errors(server: LiveServer, slash: str) -> None:
    assert_problem(server.get(f"/nada{slash}"), 404)
    assert_problem(server.get(f"/ws/pedidos{slash}"), 426)
    assert_problem(server.request("PUT", API + slash), 405)
    assert_problem(server.request("PUT", SHORT + slash), 405)
    assert_problem(server.get(f"{SHORT}/999999999{slash}"), 404)


@pytest.mark.parametrize("path", ["/api//v1/pedidos", f"{API}//1", f"{API}//", "/ws//stats", "//health"])
def test_two_slashes_are_no_redirect_either(server: LiveServer, path: str) -> None:
    assert not server.get(path).is_redirect
    assert not server.patch(path, json={}).is_redirect
