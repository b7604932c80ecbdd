"""Reader threads: SQLite calls block, so none runs on the gevent loop."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar, cast

from gevent.threadpool import ThreadPool

from ...domain.refusals import Refusal
from ...errors import Problem
from ..base import PIECE, Pieces
from ..fair_queue import FairQueue
from .errors import database_problem
from .file import SqliteFile
from .json_array import JsonArray
from .statements import Connection

log = logging.getLogger("pedidos.database")

T = TypeVar("T")

READERS = 4
READERS_FOR_ONE = READERS - 1
"""Reader threads that one caller may keep busy at once."""


class Readers:
    """Some threads, each with a read-only connection of the file.

    Callers take turns at them, each caller's requests in the order in which they came; None is this server itself.
    """

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._threads = ThreadPool(READERS)
        self._idle: deque[Connection] = deque()
        self._turns = FairQueue(READERS, READERS_FOR_ONE)

    def close(self) -> None:
        self._threads.kill()
        while self._idle:
            self._idle.pop().close()

    def read(self, work: Callable[[Connection], T], caller: Hashable = None) -> T:
        """Runs ``work`` in a thread, in one read transaction: all it sees is of one moment.

        Raises what it raises, and Problem (503) when the database cannot be read.
        """
        with self._turns.place(caller):
            # gevent prints the traceback of what is raised in its threads: an error comes out as a value.
            value, error = self._threads.apply(_outcome, (self._read, work))
        if error is not None:
            raise error
        return cast("T", value)

    def pieces(
        self, start: Callable[[Connection], tuple[T, JsonArray]], at_once: int, caller: Hashable
    ) -> tuple[T, Pieces]:
        """Runs ``start`` as ``read`` does, and reads ``at_once`` bytes of the array that it returns."""

        def begin(connection: Connection) -> tuple[T, JsonArray, bytes]:
            value, array = start(connection)
            return value, array, array.read(connection, at_once)

        value, array, first = self.read(begin, caller)
        return value, Pieces(first, None if array.done else self._rest(array, caller))

    def _rest(self, array: JsonArray, caller: Hashable) -> Iterator[bytes]:
        while not array.done:
            yield self.read(lambda connection: array.read(connection, PIECE), caller)

    def _read(self, work: Callable[[Connection], T]) -> T:
        """In a reader thread."""
        connection = None
        try:
            connection = self._idle.pop() if self._idle else self._open_reader()
            connection.execute("BEGIN")
            self._file.check(connection)
            value = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            # Not given back: after a corrupted page or a replaced file a new connection may work again.
            if connection is not None and not isinstance(error, Problem | Refusal):
                connection.close()
            elif connection is not None:
                connection.execute("ROLLBACK")
                self._idle.append(connection)
            if isinstance(error, sqlite3.Error):
                log.error("read failed", extra={"error": error})
                raise database_problem(error, self._file.path) from error
            raise
        self._idle.append(connection)
        return value

    def _open_reader(self) -> Connection:
        self._file.check()
        connection = sqlite3.connect(
            f"{self._file.path.as_uri()}?mode=ro",
            uri=True,
            timeout=self._file.busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA cache_size = -{self._file.reader_cache_kib}")
        return connection


def _outcome(function: Callable[..., T], *arguments: Any) -> tuple[T | None, BaseException | None]:
    try:
        return function(*arguments), None
    except BaseException as error:  # noqa: BLE001 (raised again outside the thread)
        return None, error
