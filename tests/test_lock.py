"""One server to a SQLite file: a second one would miss the events of the first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.live_server import KINDS, LiveServer, ServerDied
from tests.support.stream_clients import Stream


@pytest.mark.slow
def test_a_second_server_is_refused(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], tmp_path: Path
) -> None:
    """Of either kind; both try at the same time here."""
    first = start_server()
    stream = connect(first)
    stream.expect("connection")
    order = first.create()

    def start_second(kind: str) -> None:
        started = time.monotonic()
        with pytest.raises(ServerDied) as refused:
            LiveServer.start(kind, database=first.database, directory=tmp_path)
        assert 5 < time.monotonic() - started < 25  # it waits 10 s for the lock
        assert refused.value.code not in (0, None)
        assert str(first.database_path) in refused.value.output, "the message names the file"
        assert "Traceback" not in refused.value.output

    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(start_second, KINDS))

    # the first one is undisturbed
    first.change(order["id"], costura=True)
    assert [event["versao"] for event in stream.updates(2)] == [1, 2]


def test_the_lock_of_a_killed_server_is_free(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    order = server.create()
    server.kill()
    server.restart()
    assert server.get(f"/api/v1/pedidos/{order['id']}").json() == order


def test_other_files_have_other_locks(server: LiveServer, start_server: Callable[..., LiveServer]) -> None:
    server.create(cliente="da primeira")
    second = start_server()
    assert second.get("/api/v1/pedidos/").json() == []


def test_other_programs_may_read_the_file(server: LiveServer) -> None:
    server.create()
    with closing(sqlite3.connect(server.database_path)) as other_program:
        assert other_program.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    server.create()
