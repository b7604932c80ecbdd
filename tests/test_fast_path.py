"""A plain request passes Flask by; with ``?x`` behind its path it does not. Both ways must answer the same."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from live_server import ORDERS, LiveServer
from stream_clients import RawWebSocket

from pedidos_server.errors import Problem
from pedidos_server.web.fast_path import FastPath

DIFFERENT_EACH_TIME = {"date", "etag", "content-length"}

TAURI = "tauri://localhost"
JSON = {"Content-Type": "application/json"}
CHANGES: dict[str, tuple[dict[str, str], bytes]] = {
    "change": ({}, b'{"observacao":"@"}'),
    "no change": ({}, b"{}"),
    "app": ({"Origin": TAURI, "X-Pedidos-Autor": "Jo%C3%A3o", "X-Pedidos-Cliente": "aba"}, b'{"financeiro":true}'),
    "charset": ({"Content-Type": "application/json; charset=UTF-8"}, b'{"observacao":"@"}'),
    "any version": ({"If-Match": "*"}, b'{"observacao":"@"}'),
    "stale": ({"If-Match": '"999"'}, b'{"observacao":"@"}'),
    "bad version": ({"If-Match": "1"}, b'{"observacao":"@"}'),
    "bad key": ({"Idempotency-Key": "com espaco"}, b'{"observacao":"@"}'),
    "stranger": ({"Origin": "https://exemplo.com"}, b'{"observacao":"@"}'),
    "host": ({"Host": "exemplo.com"}, b'{"observacao":"@"}'),
    "no JSON": ({}, b"{"),
    "empty": ({}, b""),
    "no object": ({}, b"[]"),
    "unknown field": ({}, b'{"nada":1}'),
    "wrong values": ({"Origin": TAURI}, b'{"status":"perdido","prioridade":7}'),
    "no text": ({"Content-Type": "text/plain"}, b"{}"),
    "compressed": ({"Content-Encoding": "gzip"}, b"{}"),
}
COUNT = itertools.count()


def told(response: requests.Response) -> tuple[int, dict[str, str], set[str]]:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return (
        response.status_code,
        {name: value for name, value in headers.items() if name not in DIFFERENT_EACH_TIME},
        set(headers),
    )


@pytest.mark.parametrize("case", CHANGES)
def test_a_change(server: LiveServer, case: str) -> None:
    headers, body = CHANGES[case]
    answers = []
    for query in ("", "?x"):
        order = server.create()
        answers.append(
            server.request(
                "PATCH",
                f"{ORDERS}{order['id']}{query}",
                headers=JSON | headers,
                data=body.replace(b"@", b"%d" % next(COUNT)),
            )
        )
    plain, other = answers
    assert told(plain) == told(other)
    assert plain.json().keys() == other.json().keys()
    if plain.status_code >= 400 and "pedido" not in plain.json():
        assert plain.json() == other.json()
    if case in ("change", "app"):
        history = [server.get(f"{ORDERS}{answer.json()['id']}/historico").json()[-1] for answer in answers]
        assert history[0]["autor"] == history[1]["autor"]


def test_a_change_of_no_order(server: LiveServer) -> None:
    plain, other = (server.patch(f"{ORDERS}999999999{query}", json={"observacao": "x"}) for query in ("", "?x"))
    assert plain.status_code == 404
    assert told(plain) == told(other)
    assert plain.json() == other.json()


def test_one_key_for_both_ways(server: LiveServer) -> None:
    """What one has done, the other does not do again."""
    order = server.create()
    headers = {"Idempotency-Key": f"chave-{order['id']}"}
    first, second = (
        server.patch(f"{ORDERS}{order['id']}{query}", json={"observacao": "uma vez"}, headers=headers)
        for query in ("", "?x")
    )
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert server.get(f"{ORDERS}{order['id']}").json()["versao"] == 2


HANDSHAKES = {"plain": "", "app": f"Origin: {TAURI}\r\nSec-WebSocket-Protocol: pedidos.v1\r\n"}


@pytest.mark.parametrize("case", HANDSHAKES)
@pytest.mark.parametrize("cursor", ["", "known", "0-00000000", "nada"])
def test_a_websocket(server: LiveServer, case: str, cursor: str) -> None:
    cursor = server.cursor() if cursor == "known" else cursor
    server.create()
    heard = []
    for more in ("", "x"):
        query = "&".join(filter(None, (f"cursor={cursor}" if cursor else "", more)))
        with RawWebSocket(server) as socket:
            head = socket.handshake(f"/ws/pedidos?{query}", more=HANDSHAKES[case])
            messages = [socket.message() for _ in range(2 if cursor else 1)]
        heard.append((head, [(message["type"], message.get("cursor")) for message in messages]))
    assert heard[0] == heard[1]


@pytest.mark.parametrize("more", ["Origin: https://exemplo.com\r\n", "Sec-WebSocket-Key: x\r\n"])
def test_a_refused_websocket(server: LiveServer, more: str) -> None:
    answers = []
    for query in ("", "?x"):
        with RawWebSocket(server) as socket:
            request = (
                f"GET /ws/pedidos{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade"
            )
            socket.send(f"{request}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n".encode())
            head = socket.response_head()
        answers.append([line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")])
    assert answers[0] == answers[1]
    assert answers[0][0].split()[1] in (b"400", b"403")


@pytest.mark.parametrize("origin", [None, TAURI, "https://exemplo.com"])
def test_an_event_stream(server: LiveServer, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    answers = []
    for query in ("", "?x"):
        with server.request("GET", f"/sse/pedidos{query}", headers=headers, stream=True) as response:
            answers.append(told(response))
    assert answers[0] == answers[1]
    assert answers[0][0] == (403 if origin == "https://exemplo.com" else 200)


def test_a_resumed_event_stream(server: LiveServer) -> None:
    cursor = server.cursor()
    server.create()
    heard = []
    for query in (f"?cursor={cursor}", f"?cursor={cursor}&x"):
        with server.request("GET", f"/sse/pedidos{query}", stream=True) as response:
            lines = (line for line in response.iter_lines(chunk_size=1) if line.startswith((b"id:", b"data:")))
            heard.append([next(lines) for _ in range(4)])
    assert [first[0] for first in heard] == [f"id: {cursor}".encode()] * 2
    assert heard[0][2:] == heard[1][2:]


# ---- which requests are plain


class Refuses:
    """In the guard's place: whatever comes to it has passed Flask by."""

    def admit(self, environ: Mapping[str, Any], endpoint: str) -> None:
        raise Problem(418, endpoint, "")


def way(method: str, path: str, **environ: str) -> str:
    """The endpoint of which the fast path asked the guard, or ``flask``."""
    said: list[str] = []

    def flask(*_: Any) -> list[bytes]:
        said.append("flask")
        return []

    fast: Any = FastPath(flask, Refuses(), None, None, 1000)  # type: ignore[arg-type]
    path, _, query = path.partition("?")
    whole = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **environ}
    answer = b"".join(fast(whole, lambda *_: None))
    return said[0] if said else next(name for name in ENDPOINTS if name.encode() in answer)


ENDPOINTS = ("orders.update_order", "websocket.stream_websocket", "streams.stream_sse")
BODY = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "20"}
UPGRADE = {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "keep-alive, Upgrade"}


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "environ"),
    [
        ("orders.update_order", "PATCH", "/api/v1/pedidos/7", BODY),
        ("websocket.stream_websocket", "GET", "/ws/pedidos", UPGRADE),
        ("websocket.stream_websocket", "GET", "/ws/pedidos?cursor=7-0a1b2c3d", UPGRADE),
        ("streams.stream_sse", "GET", "/sse/pedidos", {}),
        ("streams.stream_sse", "GET", "/sse/pedidos?cursor=7-0a1b2c3d", {"HTTP_LAST_EVENT_ID": "8-0a1b2c3d"}),
        ("flask", "PATCH", "/api/v1/pedidos/7?x", BODY),
        ("flask", "PATCH", "/api/v1/pedidos/sete", BODY),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | {"CONTENT_LENGTH": "1001"}),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | {"CONTENT_LENGTH": ""}),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | {"CONTENT_TYPE": "text/plain"}),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | {"HTTP_CONTENT_ENCODING": "gzip"}),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | {"HTTP_TRANSFER_ENCODING": "chunked"}),
        ("flask", "PATCH", "/api/v1/pedidos/7", BODY | UPGRADE),
        ("flask", "DELETE", "/api/v1/pedidos/7", BODY),
        ("flask", "HEAD", "/sse/pedidos", {}),
        ("flask", "GET", "/sse/pedidos", UPGRADE),
        ("flask", "GET", "/sse/pedidos?cursor=%37-0a1b2c3d", {}),
        ("flask", "GET", "/ws/pedidos", {}),
        ("flask", "POST", "/ws/pedidos", UPGRADE),
    ],
)
def test_only_the_plain_form(endpoint: str, method: str, path: str, environ: dict[str, str]) -> None:
    assert way(method, path, **environ) == endpoint
