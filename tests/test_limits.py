"""The limits: each refuses clearly, and leaves room for everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from checks import assert_faults, assert_problem
from live_server import ORDERS, LiveServer, wait_until
from stream_clients import TRANSPORTS, RawWebSocket, StreamRefused, text_frame

JSON = {"Content-Type": "application/json"}


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
