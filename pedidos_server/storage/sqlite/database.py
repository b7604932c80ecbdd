"""The SQLite file: one connection that writes, a few read-only ones, and the lock that says whose file it is.

SQLite calls block, so none runs on the gevent loop: reads run in a pool of native threads, writes in the
writer's own thread. Peewee renders the SQL; it is executed on connections that are passed around, because
Peewee's own connection state is kept per greenlet once gevent has patched the standard library.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import filelock
from gevent.threadpool import ThreadPool
from peewee import PeeweeException, SqliteDatabase

from ...errors import Problem, StartupError, unavailable
from ..fair_queue import FairQueue
from .files import WAL_PAGES, WATCHES, DatabaseFiles
from .statements import Connection

log = logging.getLogger("pedidos.database")

T = TypeVar("T")

READERS = 4
READERS_FOR_ONE = READERS - 1
"""Reader threads that one caller may keep busy at once."""
PIECE = 256 * 1024
"""Bytes of a long answer that one turn reads."""
ROWS = 500
"""Rows that one statement of it asks for."""
WAL_BYTES = (WAL_PAGES + 100) * (4096 + 24)  # a page and its frame's head
LOCK_WAIT = 10.0
"""Seconds that a server waits for the file: a reload starts the new process before the old one is gone."""
FULL_BYTES = 256 * 1024
"""A disk with less room than this is called full: SQLite calls some of what then fails an error of the disk."""
OLDEST_SQLITE = (3, 35, 0)
"""The first with MATERIALIZED, which the lists need."""

FULL = "O disco do servidor está cheio. Libere espaço; o servidor volta sozinho."
_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: "O banco de dados está travado por outro programa. Feche-o e tente de novo.",
    sqlite3.SQLITE_LOCKED: "O banco de dados está travado por outro programa. Feche-o e tente de novo.",
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: "O banco de dados não pode ser gravado: verifique as permissões do arquivo.",
    sqlite3.SQLITE_CORRUPT: "O arquivo do banco de dados está corrompido: restaure uma cópia de segurança.",
    sqlite3.SQLITE_NOTADB: "O arquivo não é um banco de dados SQLite: restaure uma cópia de segurança.",
    sqlite3.SQLITE_CANTOPEN: "O arquivo do banco de dados não pode ser aberto: verifique o caminho e as permissões.",
    sqlite3.SQLITE_IOERR: "O disco do servidor falhou ao ler ou gravar o banco de dados.",
}


def explain(error: Exception, path: Path | None = None) -> str:
    """What went wrong and what to do, in the users' words. Peewee's errors wrap SQLite's.

    With the file's path, also whether a full disk is behind it.
    """
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the primary code
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and path is not None and disk_is_full(path):
        code = sqlite3.SQLITE_FULL
    return _EXPLANATIONS.get(code, "O banco de dados não respondeu como devia.")


def disk_is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < FULL_BYTES
    except OSError:
        return False


def check_sqlite() -> None:
    """Raises StartupError where this Python's SQLite lacks what the queries need."""
    remedy = "Instale um Python mais novo (no Windows e no macOS, o de python.org)."
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StartupError(
            f"O SQLite deste Python é o {sqlite3.sqlite_version}; o Pedidos precisa do {needed} ou mais novo. "
            f"{remedy}"
        )
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("SELECT json_group_array(value) FROM json_each('[1]')")
    except sqlite3.OperationalError:
        raise StartupError(f"O SQLite deste Python não tem as funções de JSON. {remedy}") from None


def database_problem(error: sqlite3.Error, path: Path | None = None) -> Problem:
    """The 503 for an error of SQLite's."""
    return unavailable(explain(error, path))


def path_of(url: str) -> Path:
    """The file that a ``sqlite:///`` URL names. Raises StartupError for any other URL."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or not url[len(prefix) :] or url[len(prefix) :].startswith(":memory:"):
        raise StartupError(
            f"O banco {url!r} (--database, PEDIDOS_DATABASE_URL) não serve: use sqlite:///arquivo.db (relativo) "
            "ou sqlite:////caminho/arquivo.db (absoluto)."
        )
    return Path(url[len(prefix) :]).expanduser().resolve()


class JsonArray:
    """Rows as a JSON array, named by their ids and read a part at a time. A row that is gone by then is left out.

    ``select`` finds the rows of some ids, in the ids' order, each with its id first; ``encode`` makes a row's JSON.
    """

    def __init__(
        self,
        ids: Sequence[int],
        select: Callable[[Connection, Sequence[int]], sqlite3.Cursor],
        encode: Callable[[tuple[Any, ...]], bytes],
    ) -> None:
        self._ids, self._select, self._encode = ids, select, encode
        self._next = 0
        self._separator = b"["
        self.done = False

    def read(self, connection: Connection, size: int) -> bytes:
        """The next part, of about ``size`` bytes and one row at least."""
        parts: list[bytes] = []
        while size > 0 and not self.done:
            ids = self._ids[self._next : self._next + ROWS]
            read = len(ids)
            with closing(self._select(connection, ids)) as found:
                for row in found:
                    entry = self._encode(row)
                    parts += (self._separator, entry)
                    self._separator = b","
                    size -= len(entry)
                    if size <= 0:
                        read = ids.index(row[0]) + 1
                        break
            self._next += read
            self.done = self._next >= len(self._ids)
        if self.done:
            parts.append(b"[]" if self._separator == b"[" else b"]")
        return b"".join(parts)


class Database:
    """One SQLite file. ``open()`` before use; ``close()`` gives the file back."""

    def __init__(
        self, url: str, *, synchronous: str = "FULL", busy_timeout: float = 30.0, cache_mb: int = 64
    ) -> None:
        self.path = path_of(url)
        self._synchronous = synchronous
        self._busy_timeout = busy_timeout
        self._cache_kib = cache_mb * 1024 // 2
        """For the writer, and as much for the readers together."""
        self.files = DatabaseFiles(self.path)
        self._threads = ThreadPool(READERS)
        self._idle: deque[Connection] = deque()
        self._turns = FairQueue(READERS, READERS_FOR_ONE)
        self._writer: SqliteDatabase | None = None

    # ---- the file

    def take(self) -> None:
        """Claims the file for this server. Raises StartupError where another server keeps it, or it is not to be
        opened."""
        if not self.take_if_free(LOCK_WAIT):
            raise StartupError(
                f"Outro servidor já usa {self.path}. Um arquivo SQLite aceita um só servidor: "
                "pare o outro, ou escolha outro arquivo com --database."
            )

    def take_if_free(self, wait: float = 0.0) -> bool:
        """The same; False where another server still keeps the file after ``wait`` seconds."""
        check_sqlite()
        if not self.path.parent.is_dir():
            raise StartupError(f"A pasta {self.path.parent} não existe: crie-a ou mude --database.")
        try:
            taken = self.files.take(wait)
        except (filelock.Timeout, OSError):
            raise StartupError(
                f"Não consigo gravar {self.path}.lock. Quem inicia o servidor precisa poder gravar na pasta e nos "
                "arquivos do banco: mude o dono deles, ou escolha outro lugar com --database."
            ) from None
        try:
            self.files.check_pair()
        except StartupError:
            self.files.release()
            raise
        return taken

    def open_writer(self) -> SqliteDatabase:
        """The database and the connection that writes. Raises StartupError if it cannot serve."""
        self._writer = writer = SqliteDatabase(
            str(self.path),
            pragmas={
                "synchronous": self._synchronous,
                "cache_size": -self._cache_kib,
                "wal_autocheckpoint": 0 if WATCHES else WAL_PAGES,  # see DatabaseFiles.checkpoint
                "journal_size_limit": 64 * 1024 * 1024,
            },
            timeout=self._busy_timeout,
            thread_safe=False,
            check_same_thread=False,
        )
        try:
            writer.connect()
            with writer.atomic("IMMEDIATE"):  # a file that cannot be written is noticed here
                pass
        except (sqlite3.Error, PeeweeException) as error:
            raise StartupError(f"{self.path}: {explain(error, self.path)}") from None
        return writer

    def hold(self, writer: Connection) -> None:
        """From now on the files are looked at before each read and around each COMMIT. Call it once the schema is
        there: then all three files are."""
        try:
            self.files.opened(writer)
        except OSError as error:
            raise StartupError(f"{self.path}: o arquivo não pode ser aberto: {error.strerror}.") from None
        with suppress(sqlite3.Error):  # a full disk, say; the next one may do
            self.files.checkpoint(writer)

    def stretch_wal(self, writer: Connection) -> None:
        """Writes zeros behind the WAL's end, as far as it grows before it begins anew.

        A COMMIT that makes a file longer waits for the file system's journal besides its own bytes, for longer than
        for these. To SQLite there is nothing behind the last frame: one counts only with the salt of the WAL's header
        and its checksum (https://sqlite.org/fileformat.html#walformat). Does nothing where the disk is nearly full.
        """
        writer.execute("BEGIN IMMEDIATE")  # nobody else writes behind the end
        try:
            with suppress(OSError), Path(f"{self.path}-wal").open("r+b") as wal:
                missing = WAL_BYTES - wal.seek(0, os.SEEK_END)
                if missing > 0 and shutil.disk_usage(self.path.parent).free > 10 * WAL_BYTES:
                    wal.write(bytes(missing))
                    wal.flush()
                    os.fsync(wal.fileno())
        finally:
            writer.execute("ROLLBACK")

    def close(self) -> None:
        self._threads.kill()
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()
        self.files.release()

    def check(self, connection: Connection | None = None) -> None:
        """Raises Problem (503) where the file is no longer the one that was opened; see DatabaseFiles.trouble."""
        if (trouble := self.files.trouble(connection)) is not None:
            raise unavailable(trouble, 60)

    # ---- reading

    def read(self, work: Callable[[Connection], T], caller: Hashable = None) -> T:
        """Runs ``work`` in a reader thread, in one read transaction: all it sees is of one moment.

        Each ``caller`` has the threads in turn, and never all of them; None is this server itself.
        Raises Problem (503) when the database cannot be read.
        """
        with self._turns.place(caller):
            # gevent prints the traceback of what is raised in its threads: an error comes out as a value.
            value, error = self._threads.apply(_outcome, (self._read, work))
        if error is not None:
            raise error
        return cast("T", value)

    def stream(
        self, start: Callable[[Connection], tuple[T, JsonArray]], at_once: int, caller: Hashable = None
    ) -> tuple[T, bytes, Iterator[bytes] | None]:
        """Runs ``start`` as ``read`` does, and reads ``at_once`` bytes of the array that it returns.

        Gives (value, these bytes, the rest), where the rest is None if that was all. Each piece of the rest is read
        when it is asked for, in a transaction of its own: a client that is slow to take it holds up no checkpoint.
        Raises Problem (503), also while the rest is read, when the database cannot be read.
        """

        def begin(connection: Connection) -> tuple[T, JsonArray, bytes]:
            value, array = start(connection)
            return value, array, array.read(connection, at_once)

        value, array, first = self.read(begin, caller)
        return value, first, None if array.done else self._rest(array, caller)

    def _rest(self, array: JsonArray, caller: Hashable) -> Iterator[bytes]:
        while not array.done:
            yield self.read(lambda connection: array.read(connection, PIECE), caller)

    def _read(self, work: Callable[[Connection], T]) -> T:
        """In a reader thread."""
        connection = None
        try:
            connection = self._idle.pop() if self._idle else self._open_reader()
            connection.execute("BEGIN")
            self.check(connection)
            value = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            # Not given back: after a corrupted page or a replaced file a new connection may work again.
            if connection is not None and not isinstance(error, Problem):
                connection.close()
            elif connection is not None:
                connection.execute("ROLLBACK")
                self._idle.append(connection)
            if isinstance(error, sqlite3.Error):
                log.error("read failed", extra={"error": error})
                raise database_problem(error, self.path) from error
            raise
        self._idle.append(connection)
        return value

    def _open_reader(self) -> Connection:
        self.check()
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=ro",
            uri=True,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA cache_size = -{self._cache_kib // READERS}")
        return connection


def _outcome(function: Callable[..., T], *arguments: Any) -> tuple[T | None, BaseException | None]:
    try:
        return function(*arguments), None
    except BaseException as error:  # noqa: BLE001 (raised again outside the thread)
        return None, error
