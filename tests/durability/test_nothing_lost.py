"""What was acknowledged survives kills and reaches every client once; what a restore took away is admitted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.live_server import ORDERS, LiveServer
from tests.support.lossless_run import event_log, run
from tests.support.stream_clients import TRANSPORTS, Stream

KILLS = 5


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_kills_lose_nothing(start_server: Callable[..., LiveServer]) -> None:
    """The long form of this is ``python -m bench.lossless``."""
    server = start_server()
    print(run(server, go_on=lambda kills: kills < KILLS, writes_between=(60, 250)))


@pytest.mark.parametrize("written_since", [0, 2, 20], ids=lambda count: f"{count}-since")
def test_an_older_copy_of_the_file_is_another_history(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], tmp_path: Path, written_since: int
) -> None:
    """Put in its place while clients are away, whether or not its numbers have caught up with theirs."""
    server = start_server()
    orders = [server.create(cliente=f"antes {index}")["id"] for index in range(5)]
    copy = tmp_path / "copy.db"
    _back_up(server.database_path, copy)
    common = [event.cursor for event in event_log(server)]
    for index in range(10):
        server.change(orders[index % 5], observacao=f"depois da cópia {index}")
    lost = [event.cursor for event in event_log(server)][len(common) :]
    assert (len(common), len(lost)) == (5, 10)

    server.stop()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{server.database_path}{suffix}").unlink(missing_ok=True)
    copy.replace(server.database_path)
    server.restart()
    for index in range(written_since):
        server.change(orders[index % 5], observacao=f"depois da volta {index}")
    log = [event.cursor for event in event_log(server)]
    assert log[:5] == common and not set(log) & set(lost)

    streams = []
    for transport in TRANSPORTS:
        for cursor in lost:  # each is told to refresh, and where the stream goes on
            stream = connect(server, transport, cursor=cursor)
            assert stream.expect("connection")["cursor"] == log[-1]
            assert stream.messages[0].id is None, "a client cut here must ask again"
            refresh = stream.expect("refresh_required")
            assert refresh["cursor"] == log[-1] == stream.cursor
            streams.append(stream)
        for index, cursor in enumerate(common):  # what both histories share is a place to go on from
            stream = connect(server, transport, cursor=cursor)
            assert stream.expect("connection")["cursor"] == cursor
            assert [event["cursor"] for event in stream.updates(len(log) - index - 1)] == log[index + 1 :]
            streams.append(stream)

    changed = server.change(orders[0], observacao="agora")
    snapshot = server.get(ORDERS).json()
    for stream in streams:
        (event,) = stream.updates(1)
        assert event["data"] == changed and event["data"] in snapshot
    assert {stream.cursor for stream in streams} == {server.cursor()}


def test_a_cursor_of_another_database_is_none_of_this_one(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream]
) -> None:
    """Two shops' servers, the same numbers: nobody who comes to the wrong one resumes there."""
    one, other = start_server(), start_server()
    empty = {server.url: server.cursor() for server in (one, other)}
    for server in (one, other):
        for index in range(3):
            server.create(cliente=f"pedido {index}")
    for transport in TRANSPORTS:
        for cursor in (empty[one.url], *(event.cursor for event in event_log(one))):
            stream = connect(other, transport, cursor=cursor)
            stream.expect("connection")
            stream.expect("refresh_required")
            assert connect(one, transport, cursor=cursor).expect("connection")["cursor"] == cursor


def _back_up(source: Path, target: Path) -> None:
    """A consistent copy of a database in use."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
