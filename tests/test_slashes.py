"""Every path answers with and without its trailing slash, never with a redirect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from checks import assert_problem
from live_server import ORDERS, LiveServer
from stream_clients import Stream

API = ORDERS.rstrip("/")


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "path",
    [
        API,
        f"{API}/{{id}}",
        f"{API}/{{id}}/historico",
        f"{API}/proximo-numero",
        f"{API}/status/pronto",
        "/ws/stats",
        "/health",
        "/docs",
    ],
)
def test_reading(server: LiveServer, path: str, slash: str) -> None:
    path = path.format(id=server.create()["id"]) + slash
    assert server.get(path).status_code == 200
    assert server.get(path, params={"q": "x"} if path.rstrip("/") == API else {}).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_writing(server: LiveServer, slash: str) -> None:
    created = server.post(API + slash, json={"cliente": "Ana"})
    assert created.status_code == 201
    url = f"{API}/{created.json()['id']}{slash}"
    assert server.patch(url, json={"costura": True}).json()["costura"] is True
    assert server.delete(url).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_streams(server: LiveServer, connect: Callable[..., Stream], transport: str, slash: str) -> None:
    path = ("/ws/pedidos" if transport == "websocket" else "/sse/pedidos") + slash
    connect(server, transport, path=path).expect("connection")


@pytest.mark.parametrize("slash", ["", "/"])
def test_errors(server: LiveServer, slash: str) -> None:
    assert_problem(server.get(f"/nada{slash}"), 404)
    assert_problem(server.get(f"/ws/pedidos{slash}"), 426)
    assert_problem(server.request("PUT", API + slash), 405)


@pytest.mark.parametrize("path", ["/api//v1/pedidos", f"{API}//1", f"{API}//", "/ws//stats", "//health"])
def test_two_slashes_are_no_redirect_either(server: LiveServer, path: str) -> None:
    assert not server.get(path).is_redirect
    assert not server.patch(path, json={}).is_redirect
