"""SIGTERM: WebSockets get 1012, SSE streams end, both after the last committed event; the process is gone."""

from __future__ import annotations

import contextlib
import signal
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
    """Each of those whose head the server has taken, though the body comes only after the signal."""
    server = start_server()
    body = b'{"cliente": "Ana"}'
    head = (
        f"POST {ORDERS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawWebSocket(server)) for _ in range(8)]
        for client in clients:
            client.send(head.encode())
        for client in clients:
            assert client.response_head().startswith(b"HTTP/1.1 100 "), "it is under way"
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts(server), what="the end has begun")
        for client in clients:
            client.send(body)
        answers = [client.response_head() for client in clients]
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 201 CREATED"] * 8
    assert all(b"\r\nConnection: close" in answer for answer in answers)
    assert server.wait(30) == 0
    server.restart()
    assert len(server.get(ORDERS).json()) == 8


def accepts(server: LiveServer) -> bool:
    """Whether a new connection is taken, and its request answered."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{server.url}/health", timeout=2).ok
    return False


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
