"""Resuming by a cursor that is not in the log: `refresh_required`, and never a part of another history."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.support.checks import position
from tests.support.live_server import LiveServer, wait_until
from tests.support.resuming import Connect, assert_refused, assert_resumed, on_both, write

StartServer = Callable[..., LiveServer]


def forged(cursor: str, number: int | None = None, tag: str | None = None) -> str:
    own_number, _, own_tag = cursor.partition("-")
    return f"{own_number if number is None else number}-{own_tag if tag is None else tag}"


def is_refused(connect: Connect, server: LiveServer, cursor: str) -> bool:
    """Of a cursor that is not the head: then the next message is an event."""
    stream = connect(server, cursor=cursor)
    stream.expect("connection")
    refused = stream.next()["type"] == "refresh_required"
    stream.close()
    return refused


def test_another_tag(server: LiveServer, connect: Connect) -> None:
    write(server, 3)
    assert_refused(on_both(connect, server, forged(server.cursor(), tag="00000000")))


def test_the_beginning_of_another_database(server: LiveServer, connect: Connect) -> None:
    assert_refused(on_both(connect, server, "0-00000000"))


def test_a_true_tag_under_another_number(server: LiveServer, connect: Connect) -> None:
    write(server, 3)
    head = server.cursor()
    assert_refused(on_both(connect, server, forged(head, number=position(head) - 1)))


@pytest.mark.parametrize("ahead", [1, 1000, 1 << 70])
def test_ahead_of_the_head(server: LiveServer, connect: Connect, ahead: int) -> None:
    write(server, 1)
    head = server.cursor()
    assert_refused(on_both(connect, server, forged(head, number=position(head) + ahead)))


MALFORMED = [
    *["abc", "-", "12", "12-", "-12-aa", "1-2-3", "0x1-aa", "1.0-aa", "٣-aa", "1-\x00"],
    "9" * 4000 + "-aa",
]


@pytest.mark.parametrize("cursor", MALFORMED, ids=lambda value: ascii(value)[1:12])
def test_a_malformed_one(server: LiveServer, connect: Connect, cursor: str) -> None:
    write(server, 1)
    streams = [connect(server, "websocket", cursor=cursor), connect(server, "sse", query_cursor=cursor)]
    if cursor.isascii() and cursor.isprintable():  # as a header's value must be
        streams.append(connect(server, "sse", cursor=cursor))
    assert_refused(streams)


@pytest.mark.parametrize("spelling", [" {}", "{} ", "0{}", "+{}", "{}\u00a0"])
def test_a_nearly_right_one(server: LiveServer, connect: Connect, spelling: str) -> None:
    """Spaces may be forgiven; whatever is answered, no event is missed or comes twice."""
    before = server.cursor()
    event = server.create()
    stream = connect(server, cursor=spelling.format(before))
    stream.expect("connection")
    message = stream.next()
    assert message["type"] == "refresh_required" or message["data"] == event


def test_an_empty_one_is_none_or_malformed(server: LiveServer, connect: Connect) -> None:
    streams = [connect(server, cursor=""), connect(server, "sse", query_cursor="")]
    for stream in streams:
        stream.expect("connection")
    live = server.create()
    for stream in streams:
        message = stream.next()
        if message["type"] == "refresh_required":
            message = stream.next()
        assert message["data"] == live


def test_a_pruned_one(start_server: StartServer, connect: Connect) -> None:
    server = start_server(PEDIDOS_RETENTION_EVENTS=1, PEDIDOS_RETENTION_BYTES=1)
    beginning = server.cursor()
    write(server, 1)
    first = server.cursor()
    write(server, 29)
    wait_until(lambda: is_refused(connect, server, first), 30, "the first event pruned")
    assert_refused(on_both(connect, server, first))
    assert_refused(on_both(connect, server, beginning))
    # the newest event is never pruned
    head = server.cursor()
    server.restart()
    assert server.cursor() == head
    assert_resumed(on_both(connect, server, head), head, [])


def test_a_gap_behind_it(start_server: StartServer, connect: Connect) -> None:
    """The named event is there, a later one is not: a part of what was missed is worse than a refresh."""
    server = start_server()
    write(server, 2)
    before = server.cursor()
    events = write(server, 6)
    server.stop()
    with closing(sqlite3.connect(server.database_path)) as database, database:
        assert database.execute("DELETE FROM evento WHERE numero = 5").rowcount == 1
    server.restart()
    assert_refused(on_both(connect, server, before))
    after = server.get(f"/api/v1/pedidos/{(events[0] or {})['id']}/historico").json()[3]["cursor"]
    assert position(after) == 6
    for stream in on_both(connect, server, after):
        stream.expect("connection")
        assert [position(event["cursor"]) for event in stream.updates(3)] == [7, 8, 9]


def test_an_older_copy_of_the_database(start_server: StartServer, connect: Connect) -> None:
    """The same numbers, another history: nobody resumes into it."""
    server = start_server()
    write(server, 5)
    server.stop()
    shutil.copy(server.database_path, server.directory / "copy.db")
    server.restart()
    write(server, 3)
    of_the_lost_tail = server.cursor()
    server.stop()
    for path in server.directory.glob("pedidos.db-*"):
        path.unlink()
    shutil.copy(server.directory / "copy.db", server.database_path)
    server.restart()
    assert_refused(on_both(connect, server, of_the_lost_tail))
    write(server, 9)
    assert position(server.cursor()) > position(of_the_lost_tail)
    assert_refused(on_both(connect, server, of_the_lost_tail))


def test_a_cut_between_connection_and_refresh_loses_nothing(server: LiveServer, connect: Connect) -> None:
    """An EventSource that saw the `connection` only comes again with the id it had before."""
    stream = connect(server, "sse", cursor="1-00000000")
    stream.expect("connection")
    assert stream.cursor == "1-00000000"
    assert_refused([connect(server, "sse", cursor=stream.cursor)])


def test_after_a_refresh_the_stream_is_resumed_from_there(server: LiveServer, connect: Connect) -> None:
    streams = on_both(connect, server, "1-00000000")
    for stream in streams:
        stream.expect("connection")
        stream.expect("refresh_required")
    assert streams[0].cursor == streams[1].cursor
    cursor = streams[0].cursor
    events = write(server, 2)
    assert_resumed(on_both(connect, server, cursor), cursor, events)


def test_last_event_id_wins_even_when_it_is_refused(server: LiveServer, connect: Connect) -> None:
    assert_refused([connect(server, "sse", cursor="1-00000000", query_cursor=server.cursor())])
