"""The schema: made whole, brought forward in one transaction, or left exactly as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from pedidos_server.errors import StartupError
from pedidos_server.storage.sqlite.file import SqliteFile
from pedidos_server.storage.sqlite.meta import get_meta, set_meta
from pedidos_server.storage.sqlite.migrations import SCHEMA_VERSION, STEPS, migrate
from pedidos_server.storage.sqlite.statements import Connection

TABLES = {"meta", "pedido", "contagem", "evento", "historico", "resposta"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pedidos.db"


@contextmanager
def opened(path: Path) -> Iterator[SqliteDatabase]:
    """The file as the server opens it to write."""
    database = SqliteFile(f"sqlite:///{path}")
    database.take()
    try:
        yield database.open_writer()
    finally:
        database.close()


Steps = Mapping[int, Callable[[Connection], None]]


def bring(path: Path, version: int = SCHEMA_VERSION, steps: Steps = STEPS) -> None:
    with opened(path) as writer:
        migrate(writer, path, version=version, steps=steps)


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def whole(path: Path) -> list[str]:
    """All that is in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def version_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return get_meta(connection, "esquema")


def table(name: str) -> Callable[[Connection], None]:
    def step(connection: Connection) -> None:
        connection.execute(f"CREATE TABLE {name} (x)")
        connection.execute("UPDATE pedido SET versao = versao + 1")

    return step


def failing(connection: Connection) -> None:
    connection.execute("CREATE TABLE halfway (x)")
    connection.execute("DELETE FROM pedido")
    connection.execute("INSERT INTO no_such_table VALUES (1)")


def add_order(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO pedido (id, numero, versao, status, setor, prioridade, busca, alterado_em, documento, "
            "forma, ultima_mudanca) VALUES (1, '1', 1, 'pendente', 'financeiro', 'NORMAL', '', '', x'7b7d', 0, 1)"
        )


def test_there_is_a_step_to_each_version() -> None:
    assert set(STEPS) == set(range(2, SCHEMA_VERSION + 1))


def test_a_new_file_is_made_whole(path: Path) -> None:
    bring(path)
    assert {name for (name,) in ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")} >= TABLES
    assert version_of(path) == str(SCHEMA_VERSION)
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]


def test_each_new_database_has_a_tag_of_its_own(tmp_path: Path) -> None:
    tags = set()
    for name in ("a.db", "b.db", "c.db"):
        bring(tmp_path / name)
        tags |= set(ask(tmp_path / name, "SELECT valor FROM meta WHERE chave = 'tag'"))
    assert len(tags) == 3


def test_the_same_version_is_left_as_it_is(path: Path) -> None:
    bring(path)
    add_order(path)
    before = whole(path)
    bring(path)
    assert whole(path) == before


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    bring(path)
    assert version_of(path) == str(SCHEMA_VERSION)


def test_an_older_database_goes_forward_step_by_step(path: Path) -> None:
    bring(path)
    add_order(path)
    first, second, third = SCHEMA_VERSION + 1, SCHEMA_VERSION + 2, SCHEMA_VERSION + 3
    steps = {first: table("first"), second: table("second"), third: table("third")}
    bring(path, first, steps)
    assert version_of(path) == str(first)
    assert ask(path, "SELECT versao FROM pedido") == [(2,)]
    bring(path, third, steps)
    assert version_of(path) == str(third)
    assert ask(path, "SELECT versao FROM pedido") == [(4,)]


def test_a_step_that_fails_leaves_everything_as_it_was(path: Path) -> None:
    """Also what the steps before it did."""
    bring(path)
    add_order(path)
    before = whole(path)
    steps = {SCHEMA_VERSION + 1: table("first"), SCHEMA_VERSION + 2: failing, SCHEMA_VERSION + 3: table("third")}
    with pytest.raises(StartupError, match=path.name):
        bring(path, SCHEMA_VERSION + 3, steps)
    assert whole(path) == before
    # and a mended step succeeds
    bring(path, SCHEMA_VERSION + 2, {**steps, SCHEMA_VERSION + 2: table("second")})
    assert ask(path, "SELECT versao FROM pedido") == [(3,)]


def test_an_error_of_a_steps_own_leaves_everything_as_it_was(path: Path) -> None:
    def broken(connection: Connection) -> None:
        connection.execute("DELETE FROM meta")
        raise ZeroDivisionError

    bring(path)
    before = whole(path)
    with pytest.raises(ZeroDivisionError):
        bring(path, SCHEMA_VERSION + 1, {SCHEMA_VERSION + 1: broken})
    assert whole(path) == before


def test_a_new_file_whose_making_fails_stays_empty(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_tag(_: int) -> str:
        raise OSError("no randomness")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no randomness"):
        patch.setattr("pedidos_server.storage.sqlite.migrations.secrets.token_hex", no_tag)
        bring(path)
    assert ask(path, "SELECT name FROM sqlite_master") == []
    bring(path)
    assert version_of(path) == str(SCHEMA_VERSION)


def test_a_newer_database_is_refused(path: Path) -> None:
    bring(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        set_meta(connection, "esquema", str(SCHEMA_VERSION + 1))
    before = whole(path)
    with pytest.raises(StartupError, match="versão mais nova") as refused:
        bring(path)
    assert str(path) in str(refused.value)
    assert whole(path) == before


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE cliente (nome TEXT)",
        "CREATE TABLE pedido (id INTEGER PRIMARY KEY)",
        "CREATE TABLE meta (chave TEXT, valor TEXT)",
        "CREATE TABLE meta (x); CREATE TABLE evento (y)",
        "CREATE TABLE meta (chave TEXT, valor TEXT); CREATE TABLE evento (y)",
    ],
)
def test_a_foreign_database_is_refused_and_left_alone(path: Path, schema: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema)
    before = path.read_bytes()
    with pytest.raises(StartupError, match=path.name):
        bring(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"Nota fiscal\n" * 100, b"SQLite format 3\x00" + b"\xff" * 4096, bytes(8192)])
def test_what_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StartupError, match=path.name):
        bring(path)
    assert path.read_bytes() == content


def test_a_file_of_an_unreleased_version_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE meta (chave TEXT PRIMARY KEY, valor TEXT); CREATE TABLE evento (numero INTEGER);"
            "INSERT INTO meta VALUES ('versao_do_esquema', '6');"
        )
    before = path.read_bytes()
    with pytest.raises(StartupError, match="versão de testes") as refused:
        bring(path)
    assert "--database" in str(refused.value), "it says what to do"
    assert path.read_bytes() == before
