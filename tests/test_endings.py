"""TERM and HUP with everything open that can be: streams, idle connections, half a head, half a body.

Over TCP and over a Unix socket; gunicorn's HUP starts a new worker, which goes on.
"""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.crowd import Crowd
from tests.support.live_server import ORDERS, LiveServer, wait_until

STREAMS = 500
IDLE = 100
HALF = 50
SECONDS = 3.0
PATIENCE = 3.0
"""What a shared machine may take, as a multiple of what is promised for a quiet one."""
BODY = json.dumps({"cliente": "Ana", "observacao": "sob sinal"}).encode()
HEAD = (
    f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
)


@pytest.fixture(params=["embedded TERM tcp", "gunicorn TERM tcp", "gunicorn TERM unix", "gunicorn HUP tcp"])
def case(request: pytest.FixtureRequest) -> list[str]:
    return str(request.param).split()


@pytest.fixture
def kind(case: list[str]) -> str:
    return case[0]


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read_to_end(client: socket.socket) -> bytes:
    """Raises TimeoutError where the server leaves it open."""
    received = b""
    try:
        while data := client.recv(65536):
            received += data
    except ConnectionResetError:
        received += b"(reset)"
    return received


def end_with_all_open(server: LiveServer, number: int, unix: Path | None, sockets: ExitStack) -> float:
    """Opens everything, sends the signal, and checks how each ended; the seconds until the last had."""

    def connect() -> socket.socket:
        if unix is None:
            return socket.create_connection(("127.0.0.1", server.port), 30)
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(30)
        client.connect(str(unix))
        return client

    def opened(count: int, sent: bytes) -> list[socket.socket]:
        clients = [sockets.enter_context(connect()) for _ in range(count)]
        for client in clients:
            client.sendall(sent)
        return clients

    crowd = Crowd(server, STREAMS, connect=connect)
    sockets.callback(crowd.close)
    kept = opened(IDLE, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for client in kept:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    silent = opened(IDLE, b"")
    half_heads = opened(HALF, b"GET /health HTTP/1.1\r\nHos")
    half_bodies = opened(HALF, HEAD.encode() + BODY[:10])
    under_way = opened(HALF, HEAD.encode() + BODY[:10])
    started = time.monotonic()
    server.send_signal(number)
    time.sleep(0.3)  # they are under way while the server ends
    for client in under_way:
        client.sendall(BODY[10:])
    for client in under_way:
        answer = read_to_end(client)
        assert answer.startswith(b"HTTP/1.1 201 ") and b"Connection: close" in answer, answer[:200]
    for client in kept + silent:
        assert read_to_end(client) == b""
    for client in half_heads + half_bodies:
        assert not read_to_end(client).startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
    endings = crowd.endings(30, last=b"sob sinal")
    assert endings == {"WebSocket 1012": STREAMS // 2, "end of SSE": STREAMS // 2}
    return time.monotonic() - started


def test_everything_ends_in_order(
    case: list[str], start_server: Callable[..., LiveServer], sockets: ExitStack, tmp_path: Path
) -> None:
    _, name, way = case
    unix = tmp_path / "s" if way == "unix" else None
    server = start_server(args=["-b", f"unix:{unix}"] if unix else [])
    worker = server.pid
    took = end_with_all_open(server, getattr(signal, f"SIG{name}"), unix, sockets)
    assert took < SECONDS * PATIENCE
    if name == "TERM":
        assert server.wait(20) == 0
        server.restart()
    else:
        wait_until(lambda: server.pid != worker, 30, "a new worker")
    assert len(server.get(ORDERS).json()) == HALF
    assert "Traceback" not in server.output()


@pytest.mark.parametrize("case", ["gunicorn HUP unix"], indirect=True)
def test_reloads_one_after_the_other_end_no_server(
    start_server: Callable[..., LiveServer], sockets: ExitStack, tmp_path: Path
) -> None:
    unix = tmp_path / "s"
    server = start_server(args=["-b", f"unix:{unix}"])
    for number in range(2):
        worker = server.pid
        end_with_all_open(server, signal.SIGHUP, unix, sockets)
        wait_until(lambda worker=worker: server.pid != worker, 30, "a new worker")
        assert len(server.get(ORDERS).json()) == HALF * (number + 1)
    assert server.is_running() and "Traceback" not in server.output()
