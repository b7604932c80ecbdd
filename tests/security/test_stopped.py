"""A server that was stopped for a while (SIGSTOP, a machine that slept) holds that time against nobody."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.security.test_slow_reads import SlowReader
from tests.support.live_server import ORDERS, LiveServer
from tests.support.patched_server import PatchedServer
from tests.support.stream_clients import PONG, RawWebSocket, Stream, frame

DEADLINE = 4
"""Seconds of every deadline, in the place of 10 to 75: longer than the shortest absence that counts."""
STOPPED = DEADLINE + 2.0
AFTER = 1.6
"""Seconds until the clients go on: what looks for the overdue, once a second, has looked."""
_SHORT = f"""
from pedidos_server.server import handler
from pedidos_server.stream import connection, liveness
from pedidos_server.web import requests
liveness.SILENCE_SECONDS = connection.STALL_SECONDS = requests.BODY_SECONDS = {DEADLINE}
handler.IDLE_SECONDS = handler.HEAD_SECONDS = handler.SEND_SECONDS = {DEADLINE}
"""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP on this system")


@pytest.fixture
def short_server(tmp_path: Path) -> Iterator[LiveServer]:
    with PatchedServer.begin(_SHORT, tmp_path) as server:
        yield server


def test_who_had_something_to_say_may_say_it_afterwards(
    short_server: LiveServer, connect: Callable[..., Stream]
) -> None:
    server = short_server
    for _ in range(40):
        server.create(items=[{"descricao": "Faixa", "imagem": "x" * 200_000}])
    patch = f"PATCH {ORDERS}1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 22\r\n"
    whole = f'{patch}\r\n{{"observacao":"tarde"}}'.encode()
    health = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:

        def opened(said: bytes) -> socket.socket:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=15))
            client.sendall(said)
            return client

        kept_alive = opened(health)
        assert _status(kept_alive) == 200
        half_a_head, half_a_body = opened(whole[:20]), opened(whole[:-5])
        reader = stack.enter_context(closing(SlowReader(server)))
        follower = stack.enter_context(RawWebSocket.connected(server))
        sse = connect(server, "sse")
        sse.expect("connection")
        stop_for_a_while(server)
        time.sleep(AFTER)
        follower.send(frame(PONG, b""))
        half_a_head.sendall(whole[20:])
        half_a_body.sendall(whole[-5:])
        kept_alive.sendall(health)
        assert [_status(client) for client in (half_a_head, half_a_body, kept_alive)] == [200] * 3
        assert reader.answer.read().endswith(b"}]")
        assert sse.expect("pedido_update")["data"]["observacao"] == "tarde"
        assert b"tarde" in follower.read_frame()[1]


def test_who_is_late_all_the_same_is_cut(short_server: LiveServer) -> None:
    """The stop is forgiven, and no more than that."""
    head = f"PATCH {ORDERS}1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
    with socket.create_connection(("127.0.0.1", short_server.port), timeout=STOPPED + 10) as client:
        client.sendall(f"{head}\r\n{{".encode())
        stop_for_a_while(short_server)
        began = time.monotonic()
        assert _status(client) == 408
        assert DEADLINE - 1.5 < time.monotonic() - began < 3 * DEADLINE


def stop_for_a_while(server: LiveServer) -> None:
    assert server.get("/health").status_code == 200  # what was sent before is in by now
    server.send_signal(signal.SIGSTOP)
    try:
        time.sleep(STOPPED)
    finally:
        server.send_signal(signal.SIGCONT)


def _status(client: socket.socket) -> int:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer.status
