"""SIGTERM: WebSockets get 1012, SSE streams end, both after the last committed event; the process is gone."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
import requests

from tests.support.crowd import Crowd
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import TRANSPORTS, RawWebSocket, Stream, StreamClosed

PROMISED = {"embedded": 3.0, "gunicorn": 5.0}
PATIENCE = 3.0
"""What a shared machine may take, as a multiple of what is promised for a quiet one."""


@pytest.fixture(params=[200, pytest.param(5000, marks=pytest.mark.slow)])
def streams(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


def test_streams_end_after_the_last_event(start_server: Callable[..., LiveServer], kind: str, streams: int) -> None:
    server = start_server()
    crowd = Crowd(server, streams)
    try:
        order = server.create()
        for number in range(5):
            server.change(order["id"], observacao=f"fim {number}")
        started = time.monotonic()
        assert server.stop(timeout=60) == 0
        took = time.monotonic() - started
        endings = crowd.endings(30, last=b"fim 4")
    finally:
        crowd.close()
    assert endings == {"WebSocket 1012": streams // 2, "end of SSE": streams // 2}
    assert took < PROMISED[kind] * PATIENCE


def test_every_acknowledged_write_is_sent_before_the_end(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream]
) -> None:
    """Written at full speed while the signal comes."""
    server = start_server()
    streams = [connect(server, transport) for transport in TRANSPORTS]
    for stream in streams:
        stream.expect("connection")
    order = server.create()
    acknowledged = 1

    def write() -> None:
        nonlocal acknowledged
        with contextlib.suppress(requests.RequestException):
            while server.patch(f"{ORDERS}{order['id']}", json={"observacao": f"{acknowledged}"}).ok:
                acknowledged += 1

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: acknowledged > 20)
    server.stop()
    writer.join()
    server.restart()
    version = server.get(f"{ORDERS}{order['id']}").json()["versao"]
    assert version >= acknowledged
    for stream in streams:
        assert stream.end().code == (1012 if stream.transport == "websocket" else None)
        sent = [message["versao"] for message in stream.messages if message["type"] == "pedido_update"]
        assert sent == list(range(1, version + 1))


def test_streams_end_in_order_when_nobody_else_is_connected(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream]
) -> None:
    """No HTTP connection is open, not even an idle one: the server has nothing else to wait for."""
    server = start_server()
    streams = [connect(server, transport) for transport in TRANSPORTS]
    order = server.create()
    server.http.close()
    server.stop()
    for stream in streams:
        assert stream.end().code == (1012 if stream.transport == "websocket" else None)
        assert stream.messages[-1]["pedido_id"] == order["id"]


def test_a_request_under_way_is_answered(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    answers: list[int] = []

    def send(number: int) -> None:
        with contextlib.suppress(requests.ConnectionError):  # it came too late to be accepted
            body = {"cliente": str(number)}
            answers.append(requests.post(server.url + ORDERS, json=body, timeout=20).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: answers)
    server.stop()
    for thread in threads:
        thread.join()
    server.restart()
    assert answers.count(201) <= len(server.get(ORDERS).json())
    assert set(answers) <= {201, 503}


def test_a_client_that_does_not_read_does_not_hold_it_up(start_server: Callable[..., LiveServer], kind: str) -> None:
    server = start_server()
    stalled = RawWebSocket(server, receive_buffer=4096)
    stalled.handshake()
    for _ in range(4):
        server.create(items=[{"descricao": "Faixa", "imagem": "x" * 2_000_000}])
    started = time.monotonic()
    assert server.stop(timeout=60) == 0
    assert time.monotonic() - started < (PROMISED[kind] + 5) * PATIENCE  # its last frame gets 5 s
    stalled.close()


def test_an_idle_keep_alive_connection_does_not_hold_it_up(
    start_server: Callable[..., LiveServer], kind: str
) -> None:
    server = start_server()
    with RawWebSocket(server) as client:
        client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.response_head()
        started = time.monotonic()
        assert server.stop(timeout=60) == 0
        assert time.monotonic() - started < PROMISED[kind] * PATIENCE


def test_nothing_of_it_is_left(start_server: Callable[..., LiveServer], connect: Callable[..., Stream]) -> None:
    """The port is free, the file is unlocked and whole: the next server starts at once, on both."""
    server = start_server()
    order = server.create()
    stream = connect(server)
    stream.expect("connection")
    server.stop()
    assert isinstance(stream.end(), StreamClosed)
    server.restart()
    assert server.get(f"{ORDERS}{order['id']}").json() == order
