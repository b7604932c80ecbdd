"""Role by call by way in: every cell, allowed and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.checks import assert_problem
from tests.support.doors import Doors, subprotocol, without_token
from tests.support.live_server import ORDERS
from tests.support.stream_clients import RawWebSocket, StreamRefused

ROLES = ("", "leitura", "producao", "escrita", "admin")
"""Each may all that those before it may; "" is a stranger."""


@dataclass(frozen=True)
class Call:
    name: str
    method: str
    path: str
    least: str
    """The first role that may; "" for everybody."""
    body: Any = None
    success: int = 200


ONE = f"{ORDERS}{{id}}"
SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
FIELDS = {"cliente": "Bia", "valor_total": "1.00", "items": [], "prioridade": "ALTA", "observacao": "x"}
CALLS = [
    Call("list", "GET", ORDERS, "leitura"),
    Call("list, HEAD", "HEAD", ORDERS, "leitura"),
    Call("one", "GET", ONE, "leitura"),
    Call("history", "GET", f"{ONE}/historico", "leitura"),
    Call("by status", "GET", f"{ORDERS}status/pendente", "leitura"),
    Call("next number", "GET", f"{ORDERS}proximo-numero", "leitura"),
    Call("the page", "GET", "/", "leitura"),
    Call("the API's page", "GET", "/docs", "leitura"),
    Call("the API's description", "GET", "/openapi/openapi.json", "leitura"),
    Call("nothing there", "GET", "/nada", "leitura", success=404),
    Call("no such method", "PUT", ORDERS, "leitura", body={}, success=405),
    Call("websocket without upgrade", "GET", "/ws/pedidos", "leitura", success=426),
    *[Call(f"tick {name}", "PATCH", ONE, "producao", {name: True}) for name in SECTORS],
    Call("status", "PATCH", ONE, "producao", {"status": "em_producao"}),
    Call("tick and status", "PATCH", ONE, "producao", {"costura": False, "status": "pronto"}),
    *[Call(f"change {name}", "PATCH", ONE, "escrita", {name: value}) for name, value in FIELDS.items()],
    Call("tick and change", "PATCH", ONE, "escrita", {"costura": True, "cliente": "Bia"}),
    Call("create", "POST", ORDERS, "escrita", {"cliente": "Ana"}, 201),
    Call("delete", "DELETE", f"{ORDERS}{{new}}", "escrita"),
    Call("figures", "GET", "/ws/stats", "admin"),
    Call("health", "GET", "/health", ""),
    Call("who am I", "GET", "/api/v1/sessao", ""),
    Call("a module", "GET", "/static/client/index.js", ""),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_calls(doors: Doors, call: Call) -> None:
    order_id = doors.server.create()["id"]
    cells = [(role, way) for role in ROLES for way in ("header", "cookie") if role or way == "header"]
    faults = {cell: fault(doors, call, order_id, *cell) for cell in cells}
    assert not any(faults.values()), faults


def fault(doors: Doors, call: Call, order_id: int, role: str, way: str) -> str | None:
    """What is wrong with the answer that a role gets by this way."""
    new_id = doors.server.create()["id"] if "{new}" in call.path else 0
    headers = doors.header(role) if way == "header" else without_token(session(doors, role))
    path = call.path.format(id=order_id, new=new_id)
    response = doors.server.request(call.method, path, json=call.body, headers=headers)
    allowed = ROLES.index(role) >= ROLES.index(call.least)
    expected = call.success if allowed else 403 if role else 401
    if response.status_code != expected:
        return f"{response.status_code}, not {expected}: {response.text[:300]}"
    if expected == 401 and not response.headers["WWW-Authenticate"].startswith("Bearer"):
        return "401 without WWW-Authenticate"
    if not allowed and call.method != "HEAD":
        assert_problem(response, expected)
    return None


def test_the_table_leaves_out_no_call(doors: Doors) -> None:
    def written(path: str) -> str:
        for value, name in (("{id}", "{pedido_id}"), ("{new}", "{pedido_id}"), ("/pendente", "/{status}")):
            path = path.replace(value, name)
        return path.rstrip("/")

    tried = {(call.method, written(call.path)) for call in CALLS}
    elsewhere = {("GET", "/entrar"), ("POST", "/entrar"), ("POST", "/sair")}  # in test_session.py
    paths = doors.server.get("/openapi/openapi.json").json()["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert described - tried == elsewhere


_sessions: dict[tuple[int, str], dict[str, str]] = {}


def session(doors: Doors, role: str) -> dict[str, str]:
    """One session for all calls of a role: sign-ins are limited."""
    key = doors.server.port, role
    if key not in _sessions:
        _sessions[key] = doors.cookie(role)
    return _sessions[key]


WAYS: dict[str, tuple[str, Callable[[Doors, str], dict[str, str]]]] = {
    "websocket, header": ("websocket", lambda doors, role: doors.header(role)),
    "websocket, subprotocol": ("websocket", lambda doors, role: subprotocol(doors.tokens[role])),
    "websocket, cookie": ("websocket", session),
    "sse, header": ("sse", lambda doors, role: doors.header(role)),
    "sse, cookie": ("sse", session),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", ROLES[1:])
def test_streams(doors: Doors, way: str, role: str) -> None:
    transport, show = WAYS[way]
    stream = doors.stream(transport, show(doors, role))
    try:
        stream.expect("connection")
        order = doors.server.create()
        assert stream.until(lambda m: m.get("pedido_id") == order["id"])["autor"] == "admin"
    finally:
        stream.close()


STRANGERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "no such token": {"Authorization": "Bearer ped_" + "A" * 43},
    "no scheme": {"Authorization": "ped_" + "A" * 43},
    "basic": {"Authorization": "Basic cGVkOnBlZA=="},
    "empty": {"Authorization": "Bearer "},
    "no such session": {"Cookie": "pedidos_sessao=" + "A" * 43},
    "no such token as subprotocol": subprotocol("ped_" + "A" * 43),
    "not base64": {"Sec-WebSocket-Protocol": "pedidos.v1, bearer.!!!"},
    "not UTF-8": {"Sec-WebSocket-Protocol": "pedidos.v1, bearer._w"},
    "no token": {"Sec-WebSocket-Protocol": "pedidos.v1"},
}


@pytest.mark.parametrize("transport", ["websocket", "sse", "http"])
@pytest.mark.parametrize("shown", STRANGERS)
def test_strangers(doors: Doors, transport: str, shown: str) -> None:
    headers = STRANGERS[shown]
    if transport == "http":
        assert_problem(doors.server.get(ORDERS, headers=without_token(headers)), 401)
        return
    with pytest.raises(StreamRefused) as refused:
        doors.stream(transport, headers)
    assert refused.value.status == 401
    assert refused.value.headers["content-type"].startswith("application/problem+json")


def test_a_token_in_the_address_opens_nothing(doors: Doors) -> None:
    for name in ("token", "access_token", "bearer", "authorization"):
        response = doors.server.get(f"/sse/pedidos?{name}={doors.tokens['admin']}", headers=without_token({}))
        assert_problem(response, 401)
    assert doors.tokens["admin"] not in doors.server.output()


def test_the_answered_subprotocol_names_no_token(doors: Doors) -> None:
    offered = subprotocol(doors.tokens["leitura"])["Sec-WebSocket-Protocol"]
    with RawWebSocket(doors.server) as client:
        head = client.handshake(more=f"Sec-WebSocket-Protocol: {offered}\r\n").decode().lower()
    assert "sec-websocket-protocol: pedidos.v1" in head and "bearer" not in head


def test_the_first_thing_shown_counts(doors: Doors) -> None:
    """A bad token is not made good by a cookie."""
    headers = {**session(doors, "admin"), "Authorization": "Bearer ped_no"}
    assert_problem(doors.server.get(ORDERS, headers=headers), 401)


def test_strangers_learn_from_health_only_whether_all_is_well(doors: Doors) -> None:
    assert doors.server.get("/health", headers=without_token({})).json() == {"status": "healthy"}
    assert {"version", "cursor"} <= doors.server.get("/health").json().keys()
