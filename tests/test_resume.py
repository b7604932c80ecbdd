"""Resuming by a cursor that is in the log: exactly the missed events, then the live stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.checks import event_of, position, unique
from tests.support.live_server import ORDERS, LiveServer
from tests.support.resuming import Connect, assert_resumed, numbers, on_both, write

StartServer = Callable[..., LiveServer]


def other_transport(transport: str) -> str:
    return {"websocket": "sse", "sse": "websocket"}[transport]


@pytest.mark.parametrize("missed", [1, 5, 60])
def test_a_valid_cursor(server: LiveServer, connect: Connect, missed: int) -> None:
    cursor = server.cursor()
    events = write(server, missed)
    assert_resumed(on_both(connect, server, cursor), cursor, events)


def test_the_head(server: LiveServer, connect: Connect) -> None:
    write(server, 2)
    cursor = server.cursor()
    assert_resumed(on_both(connect, server, cursor), cursor, [])


def test_without_a_cursor_the_stream_begins_now(server: LiveServer, connect: Connect) -> None:
    write(server, 2)
    cursor = server.cursor()
    assert_resumed(on_both(connect, server, None), cursor, [])


def test_a_cursor_from_the_stream(server: LiveServer, connect: Connect, transport: str) -> None:
    """Serves both transports."""
    stream = connect(server, transport)
    stream.expect("connection")
    event_of(stream, server.create()["id"])
    stream.close()
    events = write(server, 2)
    assert_resumed(on_both(connect, server, stream.cursor), stream.cursor, events)


def test_the_beginning(start_server: StartServer, connect: Connect) -> None:
    """`0-` and the database's own tag: before the first event."""
    server = start_server()
    cursor = server.cursor()
    assert cursor.startswith("0-") and len(cursor) > 2
    for stream in on_both(connect, server, None):
        assert stream.expect("connection")["cursor"] == cursor
    events = write(server, 3)
    assert_resumed(on_both(connect, server, cursor), cursor, events)
    server.restart()  # the tag is kept in the database
    for stream in on_both(connect, server, cursor):
        assert stream.expect("connection")["cursor"] == cursor
        assert numbers(stream.updates(4)) == [1, 2, 3, 4]


def test_deletes_are_replayed_too(server: LiveServer, connect: Connect) -> None:
    cursor = server.cursor()
    order = server.create()
    server.delete(f"{ORDERS}{order['id']}")
    assert_resumed(on_both(connect, server, cursor), cursor, [order, None])


def test_more_than_the_tail_holds(start_server: StartServer, connect: Connect) -> None:
    """Then the log is read, in pages, up to where the tail begins."""
    server = start_server(PEDIDOS_TAIL_EVENTS=10)
    cursor = server.cursor()
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda _: server.create(), range(600)))
    orders.sort(key=lambda order: int(order["id"]))
    assert_resumed(on_both(connect, server, cursor), cursor, [*orders])


def test_large_events_are_replayed(server: LiveServer, connect: Connect) -> None:
    cursor = server.cursor()
    item = {"descricao": "Faixa", "imagem": "x" * 700_000}
    orders = [server.create(items=[item]) for _ in range(6)]
    assert_resumed(on_both(connect, server, cursor), cursor, [*orders])


def test_after_a_restart(start_server: StartServer, connect: Connect) -> None:
    server = start_server()
    write(server, 4)
    cursor = server.cursor()
    events = write(server, 3)
    server.restart()
    assert_resumed(on_both(connect, server, cursor), cursor, events)


def test_after_a_kill(start_server: StartServer, connect: Connect) -> None:
    server = start_server()
    stream = connect(server)
    stream.expect("connection")
    write(server, 3)
    stream.updates(3)
    events = write(server, 2)
    cursor = stream.cursor
    server.kill()
    stream.end()
    server.restart()
    assert_resumed(on_both(connect, server, cursor), cursor, events)


# -- where an SSE client names it


def test_the_query_of_an_sse_address(server: LiveServer, connect: Connect) -> None:
    cursor = server.cursor()
    events = write(server, 2)
    assert_resumed([connect(server, "sse", query_cursor=cursor)], cursor, events)


def test_last_event_id_wins_over_the_query(server: LiveServer, connect: Connect) -> None:
    """An EventSource repeats its first address for ever; its header tells the truth."""
    old = server.cursor()
    write(server, 2)
    cursor = server.cursor()
    events = write(server, 2)
    assert_resumed([connect(server, "sse", cursor=cursor, query_cursor=old)], cursor, events)


# -- a snapshot and the stream after it


def test_load_then_subscribe(server: LiveServer, connect: Connect) -> None:
    client = unique("Cliente")
    server.create(cliente=client)
    snapshot = server.get(ORDERS, params={"q": client})
    cursor = snapshot.headers["X-Pedidos-Cursor"]
    changed = server.change(snapshot.json()[0]["id"], costura=True)
    assert_resumed(on_both(connect, server, cursor), cursor, [changed])


@pytest.fixture
def busy(server: LiveServer) -> Iterator[LiveServer]:
    """Somebody changes an order all the time."""
    order, stop = server.create(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            server.change(order["id"], observacao=f"nº {number}")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    yield server
    stop.set()
    thread.join()


def test_load_then_subscribe_while_others_write(busy: LiveServer, connect: Connect, transport: str) -> None:
    """The snapshot's cursor may be of a commit that the stream has yet to send: it waits for it."""
    for _ in range(25):
        snapshot = busy.get(ORDERS, params={"limite": "1"})
        cursor = snapshot.headers["X-Pedidos-Cursor"]
        stream = connect(busy, transport, cursor=cursor)
        assert stream.expect("connection")["cursor"] == cursor
        assert position(stream.expect("pedido_update")["cursor"]) == position(cursor) + 1
        stream.close()


def test_reconnecting_under_load_misses_nothing_and_repeats_nothing(busy: LiveServer, connect: Connect) -> None:
    """Each time over the other transport, with the same cursor."""
    stream = connect(busy)
    start = position(stream.expect("connection")["cursor"])
    seen: list[int] = []
    for turn in range(40):
        seen += numbers(stream.updates(turn % 7))
        cursor = stream.cursor
        stream.close()
        stream = connect(busy, other_transport(stream.transport), cursor=cursor)
        assert stream.expect("connection")["cursor"] == cursor
    seen += numbers(stream.updates(5))
    assert seen == list(range(start + 1, start + len(seen) + 1))
