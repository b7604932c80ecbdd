"""Heartbeats, and peers that have gone without a word."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.support.checks import assert_faults
from tests.support.live_server import KINDS, LiveServer, wait_until
from tests.support.stream_clients import PING, TEXT, TRANSPORTS, RawWebSocket, Stream, frame, open_stream, text_frame

SILENCE = 60.0
"""Seconds after which a WebSocket peer that says nothing, not even pong, is dropped."""


def test_heartbeats_come_by_the_setting(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream]
) -> None:
    server = start_server(PEDIDOS_HEARTBEAT=1)
    streams = [connect(server, transport) for transport in TRANSPORTS]
    with RawWebSocket.connected(server) as client:
        opcode, payload = client.read_frame(pings=True)
        assert opcode == PING
        assert len(payload) <= 125
    for stream in streams:
        beats = [stream.heartbeat(10) for _ in range(3)]
        assert all(later - earlier < 5 for earlier, later in itertools.pairwise(beats))
    # a heartbeat is no message
    server.create()
    for stream in streams:
        stream.expect("connection")
        stream.expect("pedido_update")


def test_an_sse_client_may_ask_for_closer_heartbeats(server: LiveServer, connect: Callable[..., Stream]) -> None:
    """Where a proxy holds each piece back until the next: each heartbeat releases the event before it."""
    cursor = server.cursor()
    close = connect(server, "sse", path=f"/sse/pedidos?batimento=1&cursor={cursor}")
    bounded = connect(server, "sse", path="/sse/pedidos?batimento=0")
    for stream in (close, bounded):
        beats = [stream.heartbeat(10) for _ in range(3)]
        assert all(later - earlier < 3 for earlier, later in itertools.pairwise(beats))
    server.create()
    for stream in (close, bounded):
        stream.expect("connection")
        stream.expect("pedido_update")


def test_the_first_of_them_leaves_time_to_see_whether_the_stream_began_at_once(
    server: LiveServer, connect: Callable[..., Stream]
) -> None:
    """A first message that waits for a heartbeat is known by its delay, whenever in the server's second it began."""
    for _ in range(3):
        began = time.monotonic()
        stream = connect(server, "sse", path="/sse/pedidos?batimento=1")
        assert stream.heartbeat(10) - began >= 1
        time.sleep(0.25)  # another part of the second


@pytest.mark.parametrize("seconds", ["", "x", "-1", "1.5", "²"])
def test_a_heartbeat_that_is_no_number_is_refused(server: LiveServer, seconds: str) -> None:
    answer = server.get("/sse/pedidos", params={"batimento": seconds})
    assert_faults(answer, "batimento")


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["both"])
def test_the_default_times(start_server: Callable[..., LiveServer], kind: str) -> None:
    """Heartbeats within 25 s, the silent peer dropped after 60: one long minute for all of it, on both servers."""
    servers = [start_server(kind=kind) for kind in KINDS]
    checks = [silent_is_dropped, *HEARTBEATS, *TALKERS]
    with ThreadPoolExecutor(len(servers) * len(checks)) as pool:
        for result in [pool.submit(check, server) for server in servers for check in checks]:
            result.result()
    for server in servers:
        wait_until(lambda server=server: server.stats()["total_connections"] == 0)


def silent_is_dropped(server: LiveServer) -> None:
    with RawWebSocket.connected(server) as client:
        client.socket.settimeout(SILENCE + 40)
        started = time.monotonic()
        client.read_to_end()
        assert SILENCE - 1 < time.monotonic() - started < SILENCE + 30


def heartbeats(transport: str) -> Callable[[LiveServer], None]:
    def check(server: LiveServer) -> None:
        stream = open_stream(server, transport)
        stream.expect("connection")
        last = time.monotonic()
        for _ in range(3):
            beat = stream.heartbeat(30)
            assert beat - last < 25.5
            last = beat
        stream.close()

    return check


def talker(says: bytes) -> Callable[[LiveServer], None]:
    """One that answers no ping, but says something now and then, is not silent."""

    def check(server: LiveServer) -> None:
        with RawWebSocket.connected(server) as client:
            end = time.monotonic() + SILENCE + 15
            while time.monotonic() < end:
                client.send(says)
                client.socket.settimeout(10)
                with suppress(TimeoutError):
                    while True:
                        client.read_frame()
            client.send(text_frame({"type": "ping"}))
            while client.read_frame()[0] != TEXT:
                pass

    return check


HEARTBEATS: list[Any] = [heartbeats("websocket"), heartbeats("sse")]
TALKERS: list[Any] = [talker(frame(PING, b"oi")), talker(text_frame({"type": "outra coisa"}))]
