"""Clients that read slowly or not at all: they are cut in order, and nobody else notices."""

from __future__ import annotations

import selectors
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from tests.support.live_server import LiveServer, wait_until
from tests.support.process import KIB, MIB, resident_bytes
from tests.support.raw_stream import RawStream
from tests.support.stream_clients import TRANSPORTS, Stream

CHANGES = 100
SIZE = 200 * KIB
"""Of each change: 20 MB in all."""
SLOW_CLIENTS = 20
OBSERVERS = 5
STALL, GRACE = 10, 5
TINY = 2048
"""Bytes of a receive buffer; the kernel makes it some more."""

only_embedded = pytest.mark.parametrize("kind", ["embedded"])
"""The stream has left the WSGI server, whichever it was."""

Open = Callable[..., RawStream]


@pytest.fixture
def open_raw() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_raw(server: LiveServer, transport: str, **options: Any) -> RawStream:
            stream = RawStream(server, transport, **options)
            stack.callback(stream.close)
            return stream

        yield open_raw


def image(size: int, what: object) -> list[dict[str, str]]:
    """Items that make an order so large."""
    return [{"descricao": "Faixa", "imagem": f"data:image/png;base64,{what}{'x' * size}"}]


def change_and_time(server: LiveServer, order_id: int, observers: list[RawStream], what: str) -> list[float]:
    """The milliseconds from each of the changes' sending to its coming to each observer."""
    times = []
    with selectors.DefaultSelector() as selector:
        for observer in observers:
            selector.register(observer.socket, selectors.EVENT_READ, observer)
        for index in range(CHANGES):
            known = {id(observer): len(observer.events) for observer in observers}
            started = time.perf_counter()
            server.change(order_id, items=image(SIZE, f"{what} {index}"))
            while known:
                ready = selector.select(10)
                assert ready, "an observer has heard nothing for 10 s"
                for key, _ in ready:
                    key.data.read()
                    if id(key.data) in known and len(key.data.events) > known[id(key.data)]:
                        del known[id(key.data)]
                        times.append((time.perf_counter() - started) * 1000)
    return times


@pytest.mark.slow
@pytest.mark.timing
@pytest.mark.timeout(180)
def test_those_that_stop_reading_slow_nobody_down_and_are_cut(
    start_server: Callable[..., LiveServer], open_raw: Open
) -> None:
    server = start_server()
    order_id = server.create()["id"]
    observers = [open_raw(server, TRANSPORTS[index % 2]) for index in range(OBSERVERS)]
    for observer in observers:
        observer.read_until(lambda observer=observer: observer.messages)

    before = resident_bytes(server.pid)
    alone = change_and_time(server, order_id, observers, "sem lentos")
    between = resident_bytes(server.pid)
    # Half of them read again once they have been cut, half never do.
    slow = [open_raw(server, TRANSPORTS[index % 2], receive_buffer=TINY) for index in range(SLOW_CLIENTS)]
    for client in slow:
        client.read_until(lambda client=client: client.messages)
    beside_slow = change_and_time(server, order_id, observers, "com lentos")
    after = resident_bytes(server.pid)
    print(
        f"20 MB to {OBSERVERS}: median {statistics.median(alone):.1f} ms alone, "
        f"{statistics.median(beside_slow):.1f} ms beside {SLOW_CLIENTS} that do not read; "
        f"memory grew by {(between - before) / MIB:.1f} MiB and by {(after - between) / MIB:.1f} MiB"
    )
    assert statistics.median(beside_slow) < 2 * statistics.median(alone) + 10
    # What each has yet to get would be 400 MB; and the tail is bounded by 32 MiB, SQLite's cache by 200.
    assert after - between < (between - before) + 40 * MIB

    def cut() -> int:
        count: int = server.stats()["slow_clients_cut"]
        return count

    wait_until(lambda: cut() == SLOW_CLIENTS, STALL + 15, "all slow clients cut")
    for client in slow[: SLOW_CLIENTS // 2]:
        assert client.read_to_end() == "end", "the frame under way and the goodbye come within the grace"
        assert client.close_code == (1013 if client.transport == "websocket" else None)
        assert not client.incoming.rest, "no half of a frame"
    wait_until(lambda: server.stats()["total_connections"] == OBSERVERS, GRACE + 10, "those that stay")
    for client in slow[SLOW_CLIENTS // 2 :]:
        assert client.read_to_end() == "reset"
    assert server.stats()["closing"] == server.stats()["blocked"] == 0

    log = [event["cursor"] for event in observers[0].events]
    for client in slow:
        assert len(client.events) < CHANGES
        resumed = open_raw(server, client.transport, cursor=client.cursor)
        resumed.read_until(lambda resumed=resumed: resumed.cursor == log[-1])
        seen = [event["cursor"] for event in (*client.events, *resumed.events)]
        assert seen == log[-CHANGES:], "nothing missing and nothing twice"
        resumed.close()


@only_embedded
def test_one_that_falls_off_the_tail_is_cut_and_catches_up(
    start_server: Callable[..., LiveServer], open_raw: Open, transport: str
) -> None:
    """It reads all the time, only slower than things happen; while it replays it is left in peace."""
    server = start_server(PEDIDOS_TAIL_BYTES=1 * MIB)
    order_id = server.create()["id"]
    slow = open_raw(server, transport, receive_buffer=64 * KIB)
    slow.read_until(lambda: slow.messages)
    written = 0
    while server.stats()["slow_clients_cut"] == 0:
        assert written < 100, "20 MB went by, and nobody was cut"
        server.change(order_id, items=image(SIZE, written))
        written += 1
        slow.read(16 * KIB)
    slow.read_to_end()
    assert slow.close_code == (1013 if transport == "websocket" else None)
    first = [event["versao"] for event in slow.events]

    replaying = open_raw(server, transport, cursor=slow.cursor, receive_buffer=64 * KIB)
    while replaying.events == [] or replaying.events[-1]["versao"] < written + 1:
        replaying.read(64 * KIB)
        if written < 60:
            server.change(order_id, items=image(SIZE, written))
            written += 1
    assert first + [event["versao"] for event in replaying.events] == list(range(2, written + 2))
    assert server.stats()["slow_clients_cut"] == 1


@only_embedded
def test_a_large_event_through_a_tiny_buffer_with_pings_between(
    start_server: Callable[..., LiveServer], open_raw: Open, connect: Callable[..., Stream], transport: str
) -> None:
    """2 MiB through some kilobytes: the server's heartbeats and its pongs wait for the end of the frame."""
    server = start_server(PEDIDOS_HEARTBEAT=1)
    order_id = server.create()["id"]
    stream = open_raw(server, transport, receive_buffer=TINY)
    stream.read_until(lambda: stream.messages)
    clock = connect(server, "websocket")
    clock.expect("connection")
    orders = []
    for index in range(2):
        orders.append(server.change(order_id, items=image(2 * MIB, index)))
        # In the middle of the frame: pings of ours, and heartbeats of the server's that are due.
        stream.read_until(lambda: len(stream.incoming.rest) > 100 * KIB, size=16 * KIB)
        for turn in range(2):
            if transport == "websocket":
                stream.ping(b"%d.%d" % (index, turn))
            clock.heartbeat(10)
        assert len(stream.events) == index
        stream.read_until(lambda index=index: len(stream.events) == index + 1)
        clock.updates(1)
    stream.read_until(lambda: [heard.kind for heard in stream.heard][-1] in ("heartbeat", "pong"))

    assert [event["data"] for event in stream.events] == orders
    assert sum(heard.kind == "heartbeat" for heard in stream.heard) >= 1
    if transport == "websocket":
        stream.ping(b"last")
        stream.read_until(lambda: stream.heard[-1].payload == b"last")
        pongs = [heard.payload for heard in stream.heard if heard.kind == "pong"]
        assert pongs == [b"0.0", b"0.1", b"1.0", b"1.1", b"last"]


@only_embedded
def test_pings_without_end_from_one_that_does_not_read(
    start_server: Callable[..., LiveServer], open_raw: Open
) -> None:
    """Their answers are not piled up: the stream is closed."""
    server = start_server()
    stream = open_raw(server, "websocket", receive_buffer=TINY)
    stream.read_until(lambda: stream.messages)
    before = resident_bytes(server.pid)
    ping = b"\x89\xfd" + bytes(4) + b"x" * 125
    sent, started = 0, time.monotonic()
    stream.socket.settimeout(20)
    with suppress(ConnectionError):
        while time.monotonic() - started < 20:
            sent += stream.socket.send(ping * 1000)
    assert time.monotonic() - started < 20, "it may go on without end"
    assert resident_bytes(server.pid) - before < 10 * MIB
    assert server.create()["id"], "and others are served"


@only_embedded
def test_pings_in_measure_from_one_that_does_not_read(
    start_server: Callable[..., LiveServer], open_raw: Open
) -> None:
    """Each is answered once it reads."""
    stream = open_raw(start_server(), "websocket", receive_buffer=TINY)
    stream.read_until(lambda: stream.messages)
    ping = b"\x89\xfd" + bytes(4) + b"x" * 125
    stream.socket.settimeout(20)
    stream.socket.sendall(ping * 150)
    stream.read_until(lambda: sum(heard.kind == "pong" for heard in stream.heard) >= 150)
