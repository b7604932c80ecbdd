"""gunicorn's HUP: a new worker takes over; no acknowledged write is lost, streams resume."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest
import requests

from tests.support.checks import position
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import Stream, StreamRefused, open_stream

WRITERS = 4


@pytest.fixture
def kind() -> str:
    """The embedded server has no reload."""
    return "gunicorn"


@pytest.mark.slow
def test_reload_under_load(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], transport: str
) -> None:
    server = start_server()
    old_worker = server.pid
    stream = connect(server, transport)
    stream.expect("connection")
    acknowledged: list[int] = []
    stop = threading.Event()

    def write(author: int) -> None:
        with requests.Session() as session:
            number = 0
            while not stop.is_set():
                body = {"cliente": f"{author}", "numero": f"{author}-{number}"}
                try:
                    answer = session.post(server.url + ORDERS, json=body, timeout=40)
                except requests.RequestException:
                    number += 1  # not acknowledged: it may have been done or not
                    continue
                number += 1
                if answer.status_code == 201:
                    acknowledged.append(answer.json()["id"])
                else:
                    assert answer.status_code == 503, answer.text

    writers = [threading.Thread(target=write, args=(author,)) for author in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        wait_until(lambda: len(acknowledged) > 50)
        server.send_signal(signal.SIGHUP)
        closed = stream.end(40)
        assert closed.code == (1012 if transport == "websocket" else None)

        resumed = reopened(stream)
        assert resumed.expect("connection")["cursor"] == stream.cursor
        wait_until(lambda: server.pid != old_worker, 30, "a new worker")
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 50, 30, "writing goes on")
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    head = position(server.cursor())
    while position(resumed.cursor or "") < head:
        resumed.expect("pedido_update")
    events = [m for s in (stream, resumed) for m in s.messages if m["type"] == "pedido_update"]
    assert [position(event["cursor"]) for event in events] == list(range(1, head + 1))
    assert {event["pedido_id"] for event in events} >= set(acknowledged)
    assert {order["id"] for order in server.get(ORDERS).json()} >= set(acknowledged)
    resumed.close()


def reopened(stream: Stream) -> Stream:
    """Resumes as a client would: again and again while the workers change."""

    def attempt() -> Stream | None:
        try:
            return open_stream(stream.server, stream.transport, cursor=stream.cursor)
        except (StreamRefused, OSError):
            return None

    opened = wait_until(attempt, 40, "resumed")
    assert isinstance(opened, Stream)
    return opened


def test_reload_when_idle(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    order, version = server.create(), 1
    for _ in range(2):
        worker = server.pid
        server.send_signal(signal.SIGHUP)
        wait_until(lambda worker=worker: server.pid != worker, 30, "a new worker")
        assert server.get(f"{ORDERS}{order['id']}").json()["versao"] == version
        version = server.change(order["id"], observacao=str(version))["versao"]
