"""Hubs and streams on sockets of their own, without a server around them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import gevent

from pedidos_server.config import Settings
from pedidos_server.domain.events import Cursor, Event, encode
from pedidos_server.stream.connection import BLOCKED, Subscription
from pedidos_server.stream.encoders import Transport
from pedidos_server.stream.hub import Hub, Start
from pedidos_server.stream.io_uring import open_ring
from pedidos_server.stream.sse import SseTransport
from pedidos_server.stream.websocket import WebSocketTransport
from tests.support.unit_streams import Reader, tcp_pair

TRANSPORTS: dict[str, Transport] = {"websocket": WebSocketTransport(64 * 1024), "sse": SseTransport()}
SETTINGS = Settings()
WAIT = 30.0


class Log:
    """The event log in memory: what the writer and the database are to the hub."""

    def __init__(self, events: int = 0, size: int = 0) -> None:
        self.events: list[Event] = []
        self._lock = threading.Lock()
        self.pages = 0
        for _ in range(events):
            self.append(size)

    def append(self, size: int = 0) -> Event:
        number = len(self.events) + 1
        cursor = Cursor(number, f"{number:08x}")
        event = Event(cursor, encode({"cursor": str(cursor), "fill": "x" * size}))
        self.events.append(event)
        return event

    def publish_to(self, hub: Hub, count: int, size: int = 0) -> None:
        """Commits and publishes in one order, as the one writer does; from any thread."""
        with self._lock:
            hub.publish([self.append(size) for _ in range(count)])

    def page(self, after: int, max_bytes: int) -> list[Event]:
        gevent.sleep(0.001)  # a reader thread's time
        self.pages += 1
        found: list[Event] = []
        for event in self.events[after:]:
            max_bytes -= len(event.payload)
            if found and max_bytes < 0:
                break
            found.append(event)
        return found

    def cursor(self, number: int) -> Cursor:
        return self.events[number - 1].cursor if number else Cursor(0, "00000000")


class Clock:
    """Time that passes as it is told to."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.offset


class Stage:
    """Makes hubs and streams, and clears them away."""

    def __init__(self) -> None:
        self._hubs: list[Hub] = []
        self._readers: list[Reader] = []

    def hub(
        self,
        log: Log,
        *,
        newest: int = 1000,
        now: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> Hub:
        tail = log.events[-newest:]
        hub = Hub(
            head=log.cursor(len(log.events)),
            newest=tail,
            read_page=log.page,
            server_version="0.0.0",
            now=now,
            **{
                "tail_events": SETTINGS.tail_events,
                "tail_bytes": SETTINGS.tail_bytes,
                "heartbeat": SETTINGS.heartbeat,
                "ring": open_ring(),
                **options,
            },
        )
        self._hubs.append(hub)
        return hub

    def subscribe(
        self,
        hub: Hub,
        transport: str = "websocket",
        start: Start | None = None,
        *,
        receive_buffer: int | None = None,
    ) -> tuple[Subscription, Reader]:
        """The server's end and the client's; from any thread."""
        ours, theirs = tcp_pair(receive_buffer)
        reader = Reader(theirs, transport)
        self._readers.append(reader)
        subscription = Subscription(TRANSPORTS[transport], ours, "127.0.0.1")
        hub.subscribe(subscription, start or Start(), b"", b"")
        return subscription, reader

    def clear(self) -> None:
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        for hub in self._hubs:
            hub.close(0.1)


def wait_for(condition: Callable[[], Any], what: str = "the condition") -> None:
    with gevent.Timeout(WAIT, AssertionError(f"{what}: not within {WAIT} s")):
        while not condition():
            gevent.sleep(0.002)


def read_until(reader: Reader, condition: Callable[[Reader], Any], what: str = "the condition") -> None:
    def read_and_ask() -> Any:
        reader.read()
        return condition(reader)

    wait_for(read_and_ask, what)


def read_to(reader: Reader, number: int) -> list[int]:
    """The numbers of all events up to this one."""
    read_until(reader, lambda it: it.numbers[-1:] == [number] or it.ended, f"event {number}")
    assert not reader.ended, reader.closed_with
    return reader.numbers


def stalled(stage: Stage, hub: Hub, log: Log, transport: str = "websocket") -> tuple[Subscription, Reader]:
    """A stream whose socket takes no more."""
    stream, reader = stage.subscribe(hub, transport, receive_buffer=4096)
    wait_for(lambda: len(hub) == 1)
    while stream.state not in BLOCKED:
        log.publish_to(hub, 5, 50_000)
        gevent.sleep(0.01)
    gevent.sleep(0.3)  # until the kernel has moved all that it will move by itself
    assert stream.state in BLOCKED
    return stream, reader
