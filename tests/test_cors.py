"""CORS: the desktop apps' origins, and those of a setting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream

TAURI = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"]
STRANGERS = [
    "https://exemplo.com",
    "null",
    "http://tauri.localhost.exemplo.com",
    "https://tauri.exemplo.com",
]
REQUEST_HEADERS = [
    *["content-type", "if-match", "if-none-match", "idempotency-key"],
    *["x-pedidos-cliente", "x-pedidos-autor", "last-event-id"],
]
EXPOSED = {"etag", "link", "location", "retry-after", "x-total-count", "x-pedidos-cursor"}


def names(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


def preflight(server: LiveServer, origin: str, path: str, method: str) -> requests.Response:
    return server.request(
        "OPTIONS",
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ", ".join(REQUEST_HEADERS),
        },
    )


@pytest.mark.parametrize("origin", TAURI)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ORDERS), ("PATCH", f"{ORDERS}1"), ("DELETE", f"{ORDERS}1"), ("GET", ORDERS.rstrip("/"))],
)
def test_preflight(server: LiveServer, origin: str, method: str, path: str) -> None:
    response = preflight(server, origin, path, method)
    assert response.status_code in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert method.lower() in names(response.headers["Access-Control-Allow-Methods"])
    assert names(response.headers["Access-Control-Allow-Headers"]) >= set(REQUEST_HEADERS)


@pytest.mark.parametrize("origin", TAURI)
def test_answers_and_errors_may_be_read(server: LiveServer, origin: str) -> None:
    def options(**more: Any) -> dict[str, Any]:
        return {"headers": {"Origin": origin}, **more}

    order = server.create()
    for response in (
        server.get(ORDERS, **options()),
        server.get(ORDERS, **options(params={"limite": "1"})),
        server.post(ORDERS, **options(json={"cliente": "Ana"})),
        server.patch(f"{ORDERS}{order['id']}", **options(json={"costura": True})),
        server.get(f"{ORDERS}999999999", **options()),
        server.post(ORDERS, **options(json={})),
        server.post(ORDERS, **options(data=b"x")),
        server.request("PUT", ORDERS, **options()),
        server.get("/nada", **options()),
        server.delete(f"{ORDERS}{order['id']}", **options()),
    ):
        assert response.headers.get("Access-Control-Allow-Origin") == origin, response.status_code
        assert names(response.headers["Access-Control-Expose-Headers"]) >= EXPOSED
        assert "origin" in names(response.headers["Vary"])


def test_not_modified_may_be_read(server: LiveServer) -> None:
    tag = server.get(ORDERS).headers["ETag"]
    response = server.get(ORDERS, headers={"Origin": TAURI[0], "If-None-Match": tag})
    assert response.status_code == 304
    assert response.headers["Access-Control-Allow-Origin"] == TAURI[0]


@pytest.mark.parametrize("origin", STRANGERS)
def test_strangers_are_not_let_in(server: LiveServer, origin: str) -> None:
    """They may read that they are refused, and why: tests/security/test_origins.py."""
    assert "Access-Control-Allow-Origin" not in preflight(server, origin, ORDERS, "POST").headers
    assert server.get(ORDERS, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("origin", TAURI)
def test_streams_are_open_to_the_apps(
    server: LiveServer, connect: Callable[..., Any], transport: str, origin: str
) -> None:
    stream: Stream = connect(server, transport, headers={"Origin": origin})
    stream.expect("connection")
    if transport == "sse":
        assert stream.headers["access-control-allow-origin"] == origin  # type: ignore[attr-defined]


def test_origins_of_the_setting(start_server: Callable[..., LiveServer]) -> None:
    own = ["https://painel.oficina.example", "http://192.168.0.9:3000"]
    server = start_server(PEDIDOS_CORS_ORIGINS=", ".join(own))
    for origin in (*own, *TAURI):
        response = server.get(ORDERS, headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin
    assert server.get(ORDERS, headers={"Origin": STRANGERS[0]}).status_code == 403


def test_a_preflight_that_asks_for_thousands_of_headers(server: LiveServer) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "a," * 30_000}
    started = time.monotonic()
    assert server.request("OPTIONS", ORDERS, headers={"Origin": TAURI[0], **asked}).status_code in (200, 400, 431)
    assert time.monotonic() - started < 0.5
