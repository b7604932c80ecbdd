"""The schema: made whole, brought forward in one transaction, or left exactly as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from older_schemas import take_back
from peewee import SqliteDatabase

from pedidos_server.database import Connection, Database
from pedidos_server.errors import StartupError
from pedidos_server.migrations import SCHEMA_VERSION, STEPS, get_meta, migrate, set_meta
from pedidos_server.pedidos import telephone

TABLES = {"meta", "pedido", "contagem", "evento", "historico", "resposta"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pedidos.db"


@contextmanager
def opened(path: Path) -> Iterator[SqliteDatabase]:
    """The file as the server opens it to write."""
    database = Database(f"sqlite:///{path}")
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
        return get_meta(connection, "versao_do_esquema")


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
            "INSERT INTO pedido (numero, versao, status, setor, prioridade, busca, alterado_em, documento) "
            "VALUES ('1', 1, 'pendente', 'financeiro', 'NORMAL', '', '', x'7b7d')"
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


def test_ids_are_never_given_out_again(path: Path) -> None:
    bring(path)
    for _ in range(2):
        add_order(path)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM pedido")
    add_order(path)
    assert ask(path, "SELECT id FROM pedido") == [(3,)]


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


def schema(path: Path) -> set[tuple[object, ...]]:
    rows = ask(path, "SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {tuple(str(column).replace('"', "") for column in row) for row in rows}


def test_a_database_brought_forward_is_like_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    for path in (old, new):
        bring(path)
    take_back(old, 2)
    add_order(old)  # no trigger counts it
    assert schema(old) != schema(new)
    bring(old)
    assert schema(old) == schema(new)
    assert ask(old, "SELECT * FROM contagem") == [("pendente", "financeiro", "NORMAL", 1)]
    assert ask(old, "SELECT valor FROM meta WHERE chave = 'lacuna'") == [("0",)]


def test_what_a_shop_has_added_to_its_file_still_works(path: Path) -> None:
    bring(path)
    take_back(path, 5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIEW changes AS SELECT pedido_id, acao FROM historico")
        connection.execute(
            "CREATE TRIGGER forget AFTER DELETE ON pedido BEGIN DELETE FROM historico WHERE pedido_id = OLD.id; END"
        )
        connection.execute(
            "INSERT INTO historico (pedido_id, cursor, acao, timestamp, mudancas) VALUES (1, '', 'create', '', x'')"
        )
    bring(path)
    assert ask(path, "SELECT * FROM changes") == [(1, "create")]
    add_order(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM pedido")
    assert ask(path, "SELECT * FROM changes") == []


@pytest.mark.parametrize(
    ("kept", "gap"), [((), 0), ((1, 2, 3), 0), ((7,), 0), ((7, 8, 9), 0), ((1, 3), 2), ((2, 3, 6, 9, 10), 8)]
)
def test_a_gap_in_an_older_log_is_found(path: Path, kept: tuple[int, ...], gap: int) -> None:
    bring(path)
    take_back(path, 2)
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in kept:
            connection.execute("INSERT INTO evento VALUES (?, 'aaaaaaaa', '', 0, x'')", [number])
    bring(path)
    assert ask(path, "SELECT valor FROM meta WHERE chave = 'lacuna'") == [(str(gap),)]


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
        patch.setattr("pedidos_server.migrations.secrets.token_hex", no_tag)
        bring(path)
    assert ask(path, "SELECT name FROM sqlite_master") == []
    bring(path)
    assert version_of(path) == str(SCHEMA_VERSION)


def test_a_newer_database_is_refused(path: Path) -> None:
    bring(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        set_meta(connection, "versao_do_esquema", str(SCHEMA_VERSION + 1))
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


def test_an_older_file_is_searched_by_telephone_too(path: Path) -> None:
    def order(number: int, document: bytes) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "INSERT INTO pedido (numero, versao, status, setor, prioridade, busca, alterado_em, documento) "
                "VALUES (?, 1, 'pendente', 'financeiro', 'NORMAL', 'ana', '', ?)",
                [str(number), document],
            )

    bring(path)
    take_back(path, 6)
    documents = [b'{"telefone_cliente":"(11) 98765-4321"}', b'{"telefone_cliente":null}', b"{}", b"no JSON"]
    for number, document in enumerate(documents):
        order(number, document)
    bring(path)
    texts = [text for (text,) in ask(path, "SELECT busca FROM pedido ORDER BY id")]
    assert texts == [f"ana\n{telephone('11987654321')}", "ana\n", "ana\n", "ana\n"]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
