"""The SQLite file as a server or a command has it: claimed, opened, and the connection that writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import filelock
from peewee import PeeweeException, SqliteDatabase

from ...errors import StartupError, unavailable
from .errors import explain
from .files import WAL_PAGES, WATCHES, DatabaseFiles
from .migrations import migrate
from .statements import Connection

LOCK_WAIT = 10.0
"""Seconds that a server waits for the file: a reload starts the new process before the old one is gone."""
OLDEST_SQLITE = (3, 35, 0)
"""The first with MATERIALIZED, which the lists need."""


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


def path_of(url: str) -> Path:
    """The file that a ``sqlite:///`` URL names. Raises StartupError for any other URL."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or not url[len(prefix) :] or url[len(prefix) :].startswith(":memory:"):
        raise StartupError(
            f"O banco {url!r} (--database, PEDIDOS_DATABASE_URL) não serve: use sqlite:///arquivo.db (relativo) "
            "ou sqlite:////caminho/arquivo.db (absoluto)."
        )
    return Path(url[len(prefix) :]).expanduser().resolve()


class SqliteFile:
    """One file. ``close()`` gives it back.

    ``synchronous`` is SQLite's; ``busy_timeout`` in seconds; ``cache_mb`` is shared by all connections.
    """

    def __init__(
        self, url: str, *, synchronous: str = "FULL", busy_timeout: float = 30.0, cache_mb: int = 64
    ) -> None:
        self.path = path_of(url)
        self._synchronous = synchronous
        self.busy_timeout = busy_timeout
        self._cache_kib = cache_mb * 1024 // 2
        self.reader_cache_kib = cache_mb * 1024 * 3 // 32
        """Of each of the four readers. An eighth is left for the orders (see database.py)."""
        self.files = DatabaseFiles(self.path)
        self._writer: SqliteDatabase | None = None

    def open(self) -> Connection:
        """All that a server needs: claims the file, brings its schema up to date, and watches it from then on.

        Returns the connection that writes. Raises StartupError; then nothing is held.
        """
        try:
            self.take()
            peewee = self.open_writer()
            migrate(peewee, self.path)
            connection: Connection = peewee.connection()
            self.hold(connection)
        except StartupError:
            self.close()
            raise
        except sqlite3.Error as error:
            self.close()
            raise StartupError(f"{self.path}: {explain(error, self.path)}") from None
        return connection

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
            timeout=self.busy_timeout,
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

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.files.release()

    def check(self, connection: Connection | None = None) -> None:
        """Raises Problem (503) where the file is no longer the one that was opened; see DatabaseFiles.trouble."""
        if (trouble := self.files.trouble(connection)) is not None:
            raise unavailable(trouble, 60)

    def check_known(self) -> None:
        """The same, without a look at the files: as of the last ``check``, which is no more than a second old."""
        if (trouble := self.files.known_trouble) is not None:
            raise unavailable(trouble, 60)
