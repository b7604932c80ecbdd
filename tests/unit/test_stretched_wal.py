"""The WAL is as long from the start as it will be: no COMMIT waits for the file to grow."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from pedidos_server.storage.sqlite.file import WAL_BYTES, SqliteFile
from pedidos_server.storage.sqlite.migrations import migrate
from pedidos_server.storage.sqlite.statements import Connection


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteFile]:
    database = SqliteFile(f"sqlite:///{tmp_path / 'pedidos.db'}")
    database.take()
    writer = database.open_writer()
    migrate(writer, database.path)
    database.hold(writer.connection())
    yield database
    database.close()


def writer(database: SqliteFile) -> Connection:
    assert database._writer is not None
    connection: Connection = database._writer.connection()
    return connection


def note(connection: Connection, key: str) -> None:
    connection.execute("INSERT INTO meta (chave, valor) VALUES (?, ?)", (key, "x" * 1000))


def keys(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return {row[0] for row in connection.execute("SELECT chave FROM meta WHERE chave LIKE 'nota%'")}


def wal_of(database: SqliteFile) -> Path:
    return Path(f"{database.path}-wal")


def test_commits_leave_its_size_alone(database: SqliteFile) -> None:
    connection = writer(database)
    note(connection, "nota antes")
    database.stretch_wal(connection)
    size = wal_of(database).stat().st_size
    assert size == WAL_BYTES
    rounds = 0
    for number in range(5_000):  # more than a whole round
        connection.execute("UPDATE meta SET valor = ? WHERE chave = 'nota antes'", (str(number),))
        if database.files.wal_is_long():
            assert database.files.checkpoint(connection)
            rounds += 1
    assert rounds == 1
    assert wal_of(database).stat().st_size == size
    database.stretch_wal(connection)
    assert wal_of(database).stat().st_size == size


def test_what_was_committed_survives_a_crash(database: SqliteFile, tmp_path: Path) -> None:
    """A copy of both files, taken while the server runs, is what a power cut leaves."""
    connection = writer(database)
    note(connection, "nota antes")
    database.stretch_wal(connection)
    note(connection, "nota depois")
    left = tmp_path / "left.db"
    shutil.copy(database.path, left)
    shutil.copy(wal_of(database), f"{left}-wal")
    assert keys(left) == {"nota antes", "nota depois"}


def test_a_nearly_full_disk_is_left_alone(database: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = writer(database)
    note(connection, "nota")
    size = wal_of(database).stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=WAL_BYTES))
    database.stretch_wal(connection)
    assert wal_of(database).stat().st_size == size
    assert keys(database.path) == {"nota"}
