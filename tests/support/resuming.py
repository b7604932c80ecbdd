"""What the tests of resuming share: streams over both transports from one cursor, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.checks import position
from tests.support.live_server import LiveServer
from tests.support.stream_clients import Message, Stream

Connect = Callable[..., Stream]


def on_both(connect: Connect, server: LiveServer, cursor: str | None) -> list[Stream]:
    """A WebSocket and an SSE stream, each naming this cursor."""
    return [connect(server, "websocket", cursor=cursor), connect(server, "sse", cursor=cursor)]


def write(server: LiveServer, count: int) -> list[dict[str, Any] | None]:
    """`count` changes; the order after each."""
    order = server.create()
    return [order, *(server.change(order["id"], observacao=f"nº {n}") for n in range(count - 1))]


def numbers(events: list[Message]) -> list[int]:
    return [position(event["cursor"]) for event in events]


def assert_resumed(streams: list[Stream], cursor: str | None, missed: list[dict[str, Any] | None]) -> None:
    """`connection` with the cursor they named, exactly the missed events, then the live stream."""
    assert cursor is not None
    for stream in streams:
        connection = stream.expect("connection")
        assert connection["cursor"] == cursor
        if stream.transport == "sse":
            assert connection.id == cursor
    live = streams[0].server.create()
    for stream in streams:
        events = stream.updates(len(missed) + 1)
        assert [event["data"] for event in events] == [*missed, live]
        start = position(cursor)
        assert numbers(events) == list(range(start + 1, start + len(events) + 1))


def assert_refused(streams: list[Stream]) -> None:
    """`connection`, `refresh_required`, then the live stream."""
    head = streams[0].server.cursor()
    for stream in streams:
        connection = stream.expect("connection")
        refresh = stream.expect("refresh_required")
        assert isinstance(refresh["message"], str) and refresh["message"]
        assert connection["cursor"] == refresh["cursor"] == head
        if stream.transport == "sse":
            assert connection.id is None, "a cut between the two would lose the refresh"
            assert refresh.id == refresh["cursor"]
    live = streams[0].server.create()
    for stream in streams:
        event = stream.expect("pedido_update")
        assert event["data"] == live
        assert position(event["cursor"]) == position(head) + 1
