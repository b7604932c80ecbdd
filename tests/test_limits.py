"""The limits: each refuses clearly, and leaves room for everything else."""

from __future__ import annotations

import http.client
import json
import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.checks import assert_faults, assert_problem
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import HANDSHAKE, TRANSPORTS, RawWebSocket, StreamRefused, text_frame

JSON = {"Content-Type": "application/json"}
POST = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_the_body_limit_is_exact(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(PEDIDOS_MAX_BODY=2000)

    def body(size: int) -> bytes:
        empty = len(json.dumps({"cliente": "Ana", "observacao": ""}))
        return json.dumps({"cliente": "Ana", "observacao": "x" * (size - empty)}).encode()

    assert server.post(ORDERS, data=body(2000), headers=JSON).status_code == 201
    assert_problem(server.post(ORDERS, data=body(2001), headers=JSON), 413)


def test_the_default_body_limit_leaves_room_for_images(server: LiveServer) -> None:
    image = "data:image/png;base64," + "A" * (7 << 20)
    order = server.create(items=[{"descricao": "Faixa", "imagem": image}])
    assert order["items"][0]["imagem"] == image


def test_a_413_is_answered_before_the_body_is_sent(server: LiveServer) -> None:
    with RawWebSocket(server) as client:
        client.send(
            f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {1 << 40}\r\n\r\n{{".encode()
        )
        assert client.response_head().startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", [ORDERS, "/entrar"])
def test_the_413_reaches_a_client_that_sends_all_of_its_body_first(server: LiveServer, path: str) -> None:
    """As `http.client` does: a connection that is closed with something unread is reset, and the answer lost."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(connection):
        connection.request("POST", path, b" " * (12 << 20), JSON)
        answer = connection.getresponse()
        assert answer.status == 413 and answer.headers["Connection"] == "close"
        assert json.loads(answer.read())["status"] == 413


def test_a_body_is_read_as_soon_as_somebody_is_known_and_no_sooner(
    start_server: Callable[..., LiveServer], kind: str
) -> None:
    """A stranger's is not even asked for."""
    server = start_server(PEDIDOS_AUTH="off")
    with RawWebSocket(server) as client:
        client.send(
            b"POST /entrar HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1025\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.response_head().startswith(b"HTTP/1.1 413 ")


def test_bodies_are_bounded_in_sum(start_server: Callable[..., LiveServer]) -> None:
    """Who withholds the end of the most gives way to who sends; small ones are always taken."""
    server = start_server()
    head = POST + "Content-Length: 8000000\r\n\r\n"
    with ExitStack() as stack:
        clients = [stack.enter_context(RawWebSocket(server)) for _ in range(20)]
        for client in clients:
            client.send(head.encode())
            with suppress(OSError):
                client.send(b" " * 7_900_000)
        image = "data:image/png;base64," + "A" * (7 << 20)
        server.create(items=[{"descricao": "Faixa", "imagem": image}])
        refused = 0
        for client in clients:
            client.socket.settimeout(0.2)
            with suppress(TimeoutError, EOFError, ConnectionResetError):
                answer = client.response_head()
                assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in answer, answer + client.buffer
                refused += 1
        assert 20 - 64 // 8 <= refused < 20


def test_chunks_may_be_small_but_not_next_to_nothing(server: LiveServer) -> None:
    """As ``json.JSONEncoder().iterencode`` sends them; not two million of a byte each, nor endless extensions."""
    order = {"cliente": "Ana", "items": [{"descricao": f"Faixa {number}"} for number in range(400)]}
    pieces = (piece.encode() for piece in json.JSONEncoder().iterencode(order))
    assert server.post(ORDERS, data=pieces, headers=JSON).status_code == 201
    head = POST + "Transfer-Encoding: chunked\r\n\r\n"
    for many in (b"1\r\n \r\n" * 200_000, b"1;a=" + b"b" * 3_000 + b"\r\n \r\n", b"0\r\n" + b"A: b\r\n" * 10_000):
        with RawWebSocket(server) as client:
            client.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
            with suppress(ConnectionError):
                for _ in range(20):
                    client.send(many)
            assert client.response_head().startswith(b"HTTP/1.1 400 ")


def test_a_slow_reader_gives_way_to_others(start_server: Callable[..., LiveServer]) -> None:
    """More of them than the server has places, and it has room for all the same."""
    server = start_server()
    request = b"GET /static/view/pedido/pedido.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300
    with ExitStack() as stack:
        for number in range(2_100):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(30)
            client.connect(("127.0.0.1", server.port))
            if number < 2_050:
                client.setblocking(False)
                with suppress(BlockingIOError):
                    client.send(request[: 50 * 3])
        assert server.get("/health", timeout=20).status_code == 200


def test_without_a_descriptor_left_it_says_so_and_goes_on(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    used = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
        server.http.close()
        assert server.get("/health", timeout=20).status_code == 200
    wait_until(lambda: "no connection accepted" in server.output())
    assert server.output().count("no connection accepted") <= 2
    assert "Traceback" not in server.output()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("X: " + "y" * 9_000, 431),
        ("\r\n".join(f"X{number}: y" for number in range(101)), 431),
        ("\r\n".join(f"X{number}: {'y' * 8_000}" for number in range(9)), 431),
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Content-Length: 1\r\nContent-Length: 1", 400),
    ],
    ids=lambda value: str(value)[:30],
)
def test_heads_that_are_refused(server: LiveServer, head: str, status: int) -> None:
    with RawWebSocket(server) as client:
        client.send(f"GET /health HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
        answer = client.response_head()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"application/problem+json" in answer
        assert json.loads(client.read_to_end())["status"] == status


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_stream_request_with_chunks_is_no_error_of_ours(server: LiveServer, transport: str) -> None:
    with RawWebSocket(server) as client:
        upgrade = HANDSHAKE.format(path="/ws/pedidos", more="Transfer-Encoding: chunked\r\n")
        plain = "GET /sse/pedidos HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send((upgrade if transport == "websocket" else plain).encode() + b"0\r\n\r\n")
        assert not client.response_head().startswith(b"HTTP/1.1 5")


def test_nobody_is_asked_for_a_body_that_was_refused(server: LiveServer) -> None:
    """The answer that comes behind it on the same connection is that of the next request."""
    order = server.create()
    with RawWebSocket(server) as client:
        client.send(
            f"PATCH {ORDERS}{order['id']} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
            "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}"
            "GET /entrar HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )
        answers = b""
        while b"HTTP/1.1 3" not in answers:  # to the page, as this server is open
            answers += client.response_head()
    assert b"100 Continue" not in answers.partition(b"HTTP/1.1 415 ")[2]


def test_the_limit_of_a_text_is_told_in_characters(server: LiveServer) -> None:
    problem = assert_problem(server.post(ORDERS, json={"cliente": "Ana", "numero": "x" * 41}), 422)
    assert problem["errors"] == [{"campo": "numero", "mensagem": "no máximo 40 caracteres"}]


def test_items_of_an_order(server: LiveServer) -> None:
    order = server.create(items=[{"descricao": "Faixa"}] * 500)
    assert len(order["items"]) == 500
    too_many = [{"descricao": "Faixa"}] * 501
    assert_faults(server.post(ORDERS, json={"cliente": "Ana", "items": too_many}), "items")
    assert_faults(server.patch(f"{ORDERS}{order['id']}", json={"items": too_many}), "items")


@pytest.mark.parametrize(
    "field",
    [
        "numero",
        "cliente",
        "telefone_cliente",
        "cidade_cliente",
        "observacao",
        "tipo_pagamento",
        "obs_pagamento",
        "forma_envio",
        "valor_total",
    ],
)
def test_texts_of_an_order(server: LiveServer, field: str) -> None:
    assert_faults(server.post(ORDERS, json={"cliente": "Ana", field: "9" * 1_000_000}), field)


@pytest.mark.parametrize("field", ["descricao", "largura", "vendedor", "tecido", "observacao", "valor_unitario"])
def test_texts_of_an_item(server: LiveServer, field: str) -> None:
    item = {"descricao": "Faixa", field: "9" * 1_000_000}
    assert_faults(server.post(ORDERS, json={"cliente": "Ana", "items": [item]}), f"items.0.{field}")


def test_the_message_limit_is_the_settings(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(PEDIDOS_MAX_MESSAGE=1000)
    with RawWebSocket.connected(server) as client:
        client.send(text_frame('{"type":"x"}' + " " * 988) + text_frame({"type": "ping"}))
        assert client.message()["type"] == "pong"
        client.send(text_frame('{"type":"x"}' + " " * 989))
        assert client.close_code()[0] == 1009


def test_subscribers(start_server: Callable[..., LiveServer], connect: Callable[..., Any]) -> None:
    server = start_server(PEDIDOS_MAX_SUBSCRIBERS=3)
    streams = [connect(server, transport) for transport in ("websocket", "sse", "websocket")]
    for stream in streams:
        stream.expect("connection")

    def assert_full() -> None:
        for transport in TRANSPORTS:
            with pytest.raises(StreamRefused) as refused:
                connect(server, transport)
            assert refused.value.status == 503
            assert int(refused.value.headers["retry-after"]) > 0
            assert refused.value.headers["content-type"].startswith("application/problem+json")

    for _ in range(3):
        assert_full()
    # there is room left for HTTP, and those inside notice nothing
    order = server.create()
    assert server.get("/health").status_code == 200
    for stream in streams:
        assert stream.expect("pedido_update")["pedido_id"] == order["id"]

    for transport in TRANSPORTS:  # one leaves, another comes
        streams.pop(0).close()
        wait_until(lambda: server.stats()["total_connections"] == 2, 5)
        streams.append(connect(server, transport))
        streams[-1].expect("connection")
        assert_full()


def test_long_addresses_and_headers_are_refused(server: LiveServer) -> None:
    for path, headers in ((f"{ORDERS}?q={'x' * 100_000}", {}), (ORDERS, {"X-Pedidos-Autor": "x" * 100_000})):
        assert 400 <= server.get(path, headers=headers).status_code < 500
    assert server.get("/health").status_code == 200
