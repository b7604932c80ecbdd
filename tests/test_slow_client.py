"""A client that does not read is cut, and nobody else notices."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.checks import position
from tests.support.live_server import LiveServer, wait_until
from tests.support.stream_clients import CLOSE, TEXT, RawWebSocket, Stream, parse_close

PATIENCE = 10.0
"""Seconds without taking a byte, after which a client for whom events wait is cut."""
LAST_WORDS = 5.0
"""Seconds that the frame under way and the close frame get, before the connection is reset."""


@pytest.fixture
def stalled() -> Iterator[Callable[[LiveServer], RawWebSocket]]:
    """Opens WebSockets that read their `connection` and then nothing, with little room in their sockets."""
    clients: list[RawWebSocket] = []

    def open_one(server: LiveServer, path: str = "/ws/pedidos") -> RawWebSocket:
        clients.append(client := RawWebSocket(server, receive_buffer=4096))
        client.handshake(path)
        assert client.message()["type"] == "connection"
        return client

    yield open_one
    for client in clients:
        client.close()


def create_large(server: LiveServer, count: int, size: int) -> list[dict[str, Any]]:
    return [server.create(items=[{"descricao": "Faixa", "imagem": "x" * size}]) for _ in range(count)]


def cut_clients(server: LiveServer) -> int:
    cut: int = server.stats()["slow_clients_cut"]
    return cut


def read_to_close(client: RawWebSocket) -> tuple[list[dict[str, Any]], int | None]:
    """The events that still came, whole, and the code of the close frame behind them."""
    events: list[dict[str, Any]] = []
    while True:
        opcode, payload = client.read_frame()
        if opcode == CLOSE:
            return events, parse_close(payload)[0]
        if opcode == TEXT:
            events.append(json.loads(payload))


@pytest.mark.slow
def test_one_that_takes_no_byte_is_cut_and_resumes(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], stalled: Any
) -> None:
    server = start_server()
    start = server.cursor()
    slow, silent = stalled(server), stalled(server)
    others = [connect(server, transport) for transport in ("websocket", "sse")]
    for stream in others:
        stream.expect("connection")

    began = time.monotonic()
    for _ in range(4):
        order = create_large(server, 1, 300_000)[0]
        for stream in others:
            assert stream.expect("pedido_update", 5)["data"] == order
    wait_until(lambda: cut_clients(server) == 2, PATIENCE * 3, "both cut")
    assert time.monotonic() - began > PATIENCE - 1

    # the one that reads now gets whole frames and the reason
    events, code = read_to_close(slow)
    assert code == 1013
    cursor = events[-1]["cursor"] if events else start
    resumed = connect(server, cursor=cursor)
    resumed.expect("connection")
    missed = 4 - len(events)
    assert missed > 0
    events += resumed.updates(missed)
    assert [position(event["cursor"]) for event in events] == [1, 2, 3, 4]

    # the one that never does is reset
    wait_until(lambda: server.stats()["total_connections"] == 3, LAST_WORDS * 3, "the silent one gone")
    silent.close()
    assert {stream.transport for stream in others if stream.server.create()} == {"websocket", "sse"}
    for stream in others:
        stream.updates(2, 5)


def test_one_that_falls_off_the_tail_is_cut_at_once(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], stalled: Any
) -> None:
    server = start_server(PEDIDOS_TAIL_EVENTS=5)
    slow = stalled(server)
    other = connect(server)
    other.expect("connection")
    began = time.monotonic()
    orders = create_large(server, 20, 100_000)
    assert [event["data"] for event in other.updates(20)] == orders
    events, code = read_to_close(slow)
    assert code == 1013
    assert time.monotonic() - began < PATIENCE, "cut for another reason"
    assert cut_clients(server) == 1
    resumed = connect(server, cursor=events[-1]["cursor"])
    resumed.expect("connection")
    events += resumed.updates(20 - len(events))
    assert [event["data"] for event in events] == orders


def test_one_that_replays_slowly_is_not_cut(start_server: Callable[..., LiveServer], stalled: Any) -> None:
    """It is behind the tail all the time, and others go on writing."""
    server = start_server(PEDIDOS_TAIL_EVENTS=5)
    start = server.cursor()
    create_large(server, 40, 30_000)
    client = stalled(server, f"/ws/pedidos?cursor={start}")
    seen = []
    for number in range(60):
        if number < 20:
            create_large(server, 1, 30_000)
        seen.append(position(client.message()["cursor"]))
    assert seen == list(range(1, 61))
    assert cut_clients(server) == 0


def test_the_kernel_holds_little_for_one_that_reads_nothing(
    start_server: Callable[..., LiveServer], stalled: Any
) -> None:
    """What it holds for a thousand of them must not be all that it has for TCP: others would get nothing then."""
    server = start_server()
    stalled(server)
    order_id = server.create()["id"]
    written = 0
    while not server.stats()["blocked"]:
        text = f"{written} {'x' * 2000}"
        server.change(order_id, observacao=text)
        written += len(text)
    assert written < 2 * 64 * 1024
