"""The schema: made whole for a new file, brought forward step by step for an older one."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from peewee import PeeweeException, SqliteDatabase

from ...errors import StartupError
from .errors import explain
from .meta import find_meta, get_meta, set_meta
from .models import TABLES
from .search_mask import LETTERS
from .statements import Connection

SCHEMA_VERSION = 1


def _count_from_now_on(connection: Connection) -> None:
    more = (
        "INSERT INTO contagem (status, setor, prioridade, total) VALUES (NEW.status, NEW.setor, NEW.prioridade, 1) "
        "ON CONFLICT (status, setor, prioridade) DO UPDATE SET total = total + 1"
    )
    fewer = (
        "UPDATE contagem SET total = total - 1 "
        "WHERE status = OLD.status AND setor = OLD.setor AND prioridade = OLD.prioridade"
    )
    connection.execute(f"CREATE TRIGGER pedido_criado AFTER INSERT ON pedido BEGIN {more}; END")
    connection.execute(f"CREATE TRIGGER pedido_excluido AFTER DELETE ON pedido BEGIN {fewer}; END")
    connection.execute(
        "CREATE TRIGGER pedido_mudado AFTER UPDATE OF status, setor, prioridade ON pedido "
        "WHEN (OLD.status, OLD.setor, OLD.prioridade) IS NOT (NEW.status, NEW.setor, NEW.prioridade) "
        f"BEGIN {fewer}; {more}; END"
    )


def _watch_for_gaps(connection: Connection) -> None:
    """``meta.lacuna`` is the number of the newest event that was deleted although an older one was kept."""
    connection.execute(
        "CREATE TRIGGER evento_lacuna AFTER DELETE ON evento "
        "WHEN EXISTS (SELECT 1 FROM evento WHERE numero < OLD.numero) BEGIN "
        "UPDATE meta SET valor = MAX(CAST(valor AS INTEGER), OLD.numero) WHERE chave = 'lacuna'; END"
    )


def _index_by_letters(connection: Connection) -> None:
    """Of an expression, not of a column: a change of anything else does not compute it."""
    connection.execute(f'CREATE INDEX "pedido_letras_busca" ON "pedido" ({LETTERS}, "busca")')


def _index_deletions(connection: Connection) -> None:
    """Where the chain of an order begins that is no more."""
    connection.execute('CREATE INDEX "historico_exclusao" ON "historico" ("pedido_id") WHERE "acao" = \'delete\'')


def _index_answers(connection: Connection) -> None:
    """The answers that refer to an event, by its number, and those that were moved here from theirs, by age."""
    connection.execute('CREATE INDEX "resposta_evento" ON "resposta" ("evento") WHERE "evento" > 0')
    connection.execute(
        'CREATE INDEX "resposta_guardada" ON "resposta" ("criado_em") WHERE "evento" IS NULL AND "tamanho" > 0'
    )


STEPS: Mapping[int, Callable[[Connection], None]] = {}
"""``STEPS[n]`` takes a database from version n - 1 to n."""


def migrate(
    database: SqliteDatabase,
    path: Path,
    *,
    version: int = SCHEMA_VERSION,
    steps: Mapping[int, Callable[[Connection], None]] = STEPS,
) -> None:
    """Brings the file to ``version`` in one transaction: all of it happens, or nothing. Readers never wait: WAL mode.

    Raises StartupError for a newer schema, a foreign database, or a file that cannot be read.
    """
    connection: Connection = database.connection()
    try:
        found = _version(connection, path)
        if found > version:
            raise StartupError(
                f"{path} foi gravado por uma versão mais nova do Pedidos (esquema {found}; esta entende "
                f"até {version}). Atualize o Pedidos ou restaure uma cópia de segurança."
            )
        # Only now is the file known to be ours: this changes it, and cannot be done inside a transaction.
        connection.execute("PRAGMA journal_mode = wal")
        with database.atomic("IMMEDIATE"):
            if found == 0:
                with database.bind_ctx(TABLES):
                    database.create_tables(TABLES)
                _count_from_now_on(connection)
                _watch_for_gaps(connection)
                _index_by_letters(connection)
                _index_deletions(connection)
                _index_answers(connection)
                set_meta(connection, "tag", secrets.token_hex(4))
                set_meta(connection, "ultimo_numero", "0")
                set_meta(connection, "ultimo_pedido", "0")
                set_meta(connection, "acessos", "0")
                set_meta(connection, "lacuna", "0")
            else:
                for step in range(found + 1, version + 1):
                    steps[step](connection)
            set_meta(connection, "esquema", str(version))
    except (sqlite3.Error, PeeweeException) as error:
        raise StartupError(f"{path}: {explain(error, path)}") from None


def is_current(path: Path) -> bool:
    """True for a file of this version's schema. Raises StartupError for a foreign database."""
    return schema_version(path) == SCHEMA_VERSION


def schema_version(path: Path) -> int:
    """That of the file; 0 where it is empty or none. Raises StartupError for a foreign database."""
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=30)) as connection:
            return _version(connection, path)
    except sqlite3.Error as error:
        raise StartupError(f"{path}: {explain(error, path)}") from None


def _version(connection: Connection, path: Path) -> int:
    """The schema's version; 0 for an empty file."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    if "meta" not in tables or "evento" not in tables:
        raise StartupError(
            f"{path} não é um banco do Pedidos: tem outras tabelas. Escolha outro arquivo com --database."
        )
    if find_meta(connection, "versao_do_esquema") is not None:
        raise StartupError(
            f"{path} é de uma versão de testes do Pedidos, anterior à 0.1.0, que esta não abre. Guarde o arquivo, e "
            "comece outro com --database."
        )
    return int(get_meta(connection, "esquema"))
