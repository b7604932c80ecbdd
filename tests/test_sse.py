"""Server-sent events: the response, its fields, and its end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.checks import assert_problem, event_of
from tests.support.live_server import LiveServer, wait_until
from tests.support.stream_clients import SSEStream, Stream

REQUEST = b"GET /sse/pedidos HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


@pytest.fixture
def sse(server: LiveServer, connect: Callable[..., Any]) -> SSEStream:
    stream: SSEStream = connect(server, "sse")
    return stream


def read_until(client: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        received = client.recv(65536)
        assert received, f"closed after {data!r}"
        data += received
    return data


def test_the_response(sse: SSEStream) -> None:
    assert sse.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert "no-cache" in sse.headers["cache-control"] or "no-store" in sse.headers["cache-control"]
    assert "content-length" not in sse.headers
    assert "content-encoding" not in sse.headers


def test_proxies_are_told_not_to_hold_it_back(sse: SSEStream) -> None:
    assert sse.headers.get("x-accel-buffering") == "no"


def test_the_first_message(server: LiveServer, connect: Callable[..., Any]) -> None:
    cursor = server.cursor()
    stream = connect(server, "sse")
    message = stream.expect("connection")
    assert message["status"] == "connected"
    assert isinstance(message["message"], str) and message["message"]
    assert message["timestamp"].endswith(("Z", "+00:00"))
    assert message["cursor"] == message.id == cursor
    assert isinstance(message["versao_servidor"], str) and message["versao_servidor"]


def test_retry_is_three_seconds(sse: SSEStream) -> None:
    sse.expect("connection")
    assert sse.retry == 3000


def test_events_carry_their_cursor_as_id_and_no_event_name(server: LiveServer, sse: SSEStream) -> None:
    sse.expect("connection")
    order = server.create()
    server.change(order["id"], costura=True)
    for _ in range(2):
        message = event_of(sse, order["id"])
        assert message.id == message["cursor"]
    assert sse.fields <= {"data", "id", "retry"}


@pytest.mark.parametrize("text", ["linha\nlinha", "a\r\nb", "a\rb", "\n\ndata: {}\n\n", "\u2028", ": x", "\x85"])
def test_line_ends_in_a_text_do_not_break_a_message(server: LiveServer, sse: SSEStream, text: str) -> None:
    sse.expect("connection")
    order = server.create(observacao=text)
    assert sse.expect("pedido_update")["data"] == order
    assert order["observacao"] == text


def test_both_transports_say_the_same(server: LiveServer, connect: Callable[..., Stream], sse: SSEStream) -> None:
    websocket = connect(server)
    for stream in (websocket, sse):
        stream.expect("connection")
    order = server.create(observacao="ação 🧵", items=[{"descricao": "Faixa"}])
    server.change(order["id"], valor_total="1,5")
    server.delete(f"/api/v1/pedidos/{order['id']}")
    for _ in range(3):
        over_websocket, over_sse = event_of(websocket, order["id"]), event_of(sse, order["id"])
        assert over_websocket == over_sse
        assert over_websocket.raw == over_sse.raw


def test_a_large_event_is_whole(server: LiveServer, sse: SSEStream) -> None:
    sse.expect("connection")
    order = server.create(items=[{"descricao": "Faixa", "imagem": "x" * (3 << 20)}])
    assert event_of(sse, order["id"])["data"] == order


def test_any_accept_will_do(server: LiveServer, connect: Callable[..., Stream]) -> None:
    for accept in ("*/*", "text/html", ""):
        connect(server, "sse", headers={"Accept": accept}).expect("connection")


def test_http_1_0(server: LiveServer) -> None:
    """Its response must not be chunked."""
    with socket.create_connection(("127.0.0.1", server.port), 15) as client:
        client.sendall(b"GET /sse/pedidos HTTP/1.0\r\n\r\n")
        data = read_until(client, b'"connection"')
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.split()[1] == b"200"
    assert b"chunked" not in head.lower()
    assert body.lstrip().split(b":")[0] in (b"retry", b"id", b"data", b"")


def test_head_does_not_hang(server: LiveServer) -> None:
    response = server.request("HEAD", "/sse/pedidos", timeout=10)
    assert response.status_code in (200, 405)
    assert server.get("/health").status_code == 200


def test_it_takes_get_only(server: LiveServer) -> None:
    assert_problem(server.post("/sse/pedidos"), 405)


def test_what_a_client_sends_on_is_ignored(server: LiveServer) -> None:
    """A browser never does; whoever does must harm nobody, and gets no second response in the stream."""
    with socket.create_connection(("127.0.0.1", server.port), 15) as client:
        client.sendall(REQUEST + REQUEST)
        data = read_until(client, b'"connection"')
        try:
            client.sendall(b"x" * 100_000 + REQUEST)
            order = server.create(observacao="depois do lixo")
            data += read_until(client, b"depois do lixo")
            assert f'"pedido_id":{order["id"]}' in data.decode().replace(": ", ":")
        except (ConnectionError, AssertionError):
            pass  # or it is cut
    assert data.count(b"HTTP/1.1 ") == 1
    assert server.get("/health").status_code == 200


def test_a_vanished_client_is_forgotten_at_once(server: LiveServer, connect: Callable[..., Stream]) -> None:
    wait_until(lambda: server.stats()["total_connections"] == 0, 5, "those of other tests gone")
    streams = [connect(server, "sse") for _ in range(10)]
    for stream in streams:
        stream.expect("connection")
    assert server.stats()["connections_by_type"]["sse"] == 10
    for stream in streams:
        stream.close()
    wait_until(lambda: server.stats()["total_connections"] == 0, 5)
