"""The group-commit writer: one thread, one transaction for all the writes that wait.

    submit(job) ──► waiting ──► [ BEGIN · job · job · … · COMMIT ] ──► answers ──► publish

Writes that arrive while a transaction is on its way to disk share the next one: one fsync for all of them.
Commit order is the order of events, because nobody else writes. An answer is given after COMMIT, and never
waits for the fan-out. If the thread or its greenlet ever dies, the process exits: a server that takes writes
and tells no one is worse than none.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import gevent
import pydantic_core
from gevent.event import AsyncResult
from gevent.event import Event as Flag

from . import event_log
from .database import BulkInsert, Connection, Database, database_problem
from .errors import Problem, unavailable
from .protocol import Cursor, Event, timestamp
from .timekeeping import Clock, Jump
from .worker import Worker

log = logging.getLogger("pedidos.writer")

T = TypeVar("T")

MAX_WAITING = 5_000
MAX_BATCH = 500
CHECKPOINT_SECONDS = 5.0
"""After so long without a change the file itself holds everything: a copy of it alone is whole."""
CHECKPOINT_RETRY = 1.0
"""Seconds between two attempts to shorten a long WAL, where a reader or a full disk is in the way."""


class Decoded:
    """JSON documents beside what they say, so that the next change of an order need not parse it.

    It is right whatever was rolled back, or changed by another program: what is asked for is compared with the
    bytes that the database holds. Its values are shared: nobody may change them.
    """

    MAX_DOCUMENTS = 1_000
    MAX_BYTES = 16 * 1024
    """Longer ones, with images, are not kept."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[bytes, Any]] = {}

    def read(self, key: int, document: bytes) -> Any:
        known = self._known.get(key)
        return known[1] if known is not None and known[0] == document else pydantic_core.from_json(document)

    def keep(self, key: int, document: bytes, value: Any) -> None:
        self._known.pop(key, None)
        if len(document) > self.MAX_BYTES:
            return
        if len(self._known) >= self.MAX_DOCUMENTS:
            del self._known[next(iter(self._known))]  # the one kept longest ago
        self._known[key] = document, value


class Transaction:
    """What a job may use: the connection, the time by both clocks, and the log's end, which grows as jobs append.

    Events, and rows that no other job of the transaction reads, are inserted together before the COMMIT.
    """

    def __init__(self, connection: Connection, decoded: Decoded | None = None, clock: Clock | None = None) -> None:
        self.connection = connection
        self.decoded = Decoded() if decoded is None else decoded
        self.events: list[Event] = []
        self._later: list[tuple[BulkInsert, tuple[Any, ...]]] = []
        self._head = event_log.head(connection)
        self._last_line = event_log.last_line(connection)
        clock = clock or Clock(self._head.when)
        self.now = clock.now()
        """One moment for all that is written here, as the wall clock tells it: it may be before an earlier one."""
        self.own_time = clock.own()
        """The same moment by the clock that measures how old things are."""

    def next_cursor(self) -> Cursor:
        return event_log.next_cursor(self.events[-1].cursor if self.events else self._head.cursor)

    def next_line(self) -> int:
        """The id of the history's row that goes with the next event: each event has one."""
        return self._last_line + len(self.events) + 1

    def append(self, event: Event) -> None:
        self.events.append(event)

    def message(self, cursor: Cursor) -> bytes | None:
        """The message of an event, of this transaction too; None where the log no longer has it."""
        own = cursor.number - self._head.cursor.number - 1
        if 0 <= own < len(self.events) and self.events[own].cursor == cursor:
            return self.events[own].payload
        return event_log.message(self.connection, cursor)

    def cursor_of(self, line: int) -> Cursor | None:
        """The event that a row of the history goes with; None where the row is missing."""
        own = line - self._last_line - 1
        if own >= 0:
            return self.events[own].cursor if own < len(self.events) else None
        return event_log.cursor_of(self.connection, line)

    def insert_later(self, insert: BulkInsert, row: tuple[Any, ...]) -> None:
        self._later.append((insert, row))

    def mark(self) -> tuple[int, int]:
        return len(self.events), len(self._later)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forgets what a job appended that has failed since."""
        del self.events[mark[0] :]
        del self._later[mark[1] :]

    def flush(self) -> None:
        """Writes what was appended."""
        event_log.append(self.connection, self._head, self.events, timestamp(self.own_time))
        rows: dict[BulkInsert, list[tuple[Any, ...]]] = {}
        for insert, row in self._later:
            rows.setdefault(insert, []).append(row)
        for insert, its_rows in rows.items():
            insert(self.connection, its_rows)


Job = Callable[[Transaction], T]
"""Runs inside the transaction, in the writer's thread; may run again after a COMMIT or another job that failed, so it
changes nothing but the database. Raises Problem to be rolled back and told to the client: best before it writes."""


class Writer:
    """Owns the connection that writes. ``publish`` is given each transaction's events, in commit order."""

    def __init__(
        self,
        connection: Connection,
        publish: Callable[[list[Event]], None],
        clock: Clock | None = None,
        database: Database | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock or Clock(event_log.head(connection).when)
        self._database = database
        self._checkpoint_at: float | None = None
        """When the WAL is to be moved to the file, if nobody writes before; None where it holds nothing new."""
        self._checkpoint_again = 0.0
        self._checkpoint_error = ""
        self._publish = publish
        self._thread = Worker()
        self._waiting: deque[tuple[Job[Any], AsyncResult]] = deque()
        self._background: deque[tuple[Job[Any], AsyncResult]] = deque()
        self._wake = Flag()
        self._closing = False
        self._last_failure: str | None = None
        self._decoded = Decoded()
        self.transactions = 0
        self.jobs = 0
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.link_exception(_die)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def clock_jump(self) -> Jump | None:
        """The last time that the wall clock was set; None where it has only gone on."""
        return self._clock.jump

    @property
    def last_failure(self) -> str | None:
        """Why the last transaction failed; None once one has succeeded again."""
        return self._last_failure

    def submit(self, job: Job[T], *, background: bool = False) -> T:
        """Runs ``job`` in a transaction and returns its result after the COMMIT.

        A ``background`` job runs when no other waits. Raises what the job raised, or Problem (503) when the
        queue is full, the server is shutting down, or the database cannot be written.
        """
        if self._closing:
            raise unavailable("O servidor está reiniciando. Tente de novo em instantes.", 2)
        if len(self._waiting) >= MAX_WAITING:
            raise unavailable("Há gravações demais na fila. Tente de novo em instantes.", 2)
        done = AsyncResult()
        (self._background if background else self._waiting).append((job, done))
        self._wake.set()
        result: T = done.get()
        return result

    def close(self, seconds: float = 1.0) -> bool:
        """Takes no more jobs, and returns when those that wait are committed and answered.

        False where that takes longer than ``seconds``, because another program keeps the database locked: those that
        wait get 503, those in the transaction no answer, as nobody knows yet what it will be.
        """
        self._closing = True
        self._wake.set()
        self._greenlet.join(seconds)
        if not self._greenlet.dead:
            for _, done in (*self._waiting, *self._background):
                done.set_exception(unavailable("O servidor está reiniciando. Tente de novo em instantes.", 2))
            log.error("closing while the database takes no writes", extra={"waiting": len(self._waiting)})
            self._waiting.clear()
            self._background.clear()
            return False
        self._thread.stop()
        return True

    # ---- the greenlet: takes what waits, hands it to the thread, answers, publishes

    def _run(self) -> None:
        while not (self._closing and not self._waiting and not self._background):
            if not self._waiting and not self._background:
                left = None if self._checkpoint_at is None else self._checkpoint_at - time.monotonic()
                if self._database is not None and left is not None and left <= 0:
                    self._thread.call(self._checkpoint, self._database)
                    continue
                self._wake.wait(left)
                self._wake.clear()
                continue
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            if not batch:
                batch = [self._background.popleft()]
            results, events = self._thread.call(self._commit, [job for job, _ in batch])
            # The answers are on their way first: a fan-out takes as long as the loop allows it.
            for (_, done), (value, error) in zip(batch, results, strict=True):
                if error is None:
                    done.set(value)
                else:
                    done.set_exception(error)
            if events:
                self._publish(events)
            if self._database is not None:
                if events or self._checkpoint_at is None:
                    self._checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS
                if self._database.files.wal_is_long() and time.monotonic() > self._checkpoint_again:
                    self._thread.call(self._checkpoint, self._database)

    # ---- the thread

    def _checkpoint(self, database: Database) -> None:
        try:
            finished, error = database.files.checkpoint(self._connection), ""
        except (sqlite3.Error, OSError) as failure:
            finished, error = False, str(failure)
        if error and error != self._checkpoint_error:
            log.warning("checkpoint failed", extra={"error": error})
        self._checkpoint_error = error
        now = time.monotonic()
        self._checkpoint_at = None if finished else now + CHECKPOINT_SECONDS
        self._checkpoint_again = now if finished else now + CHECKPOINT_RETRY

    def _check(self, connection: Connection | None = None) -> None:
        if self._database is not None:
            self._database.check(connection)

    def _commit(self, jobs: list[Job[Any]]) -> tuple[list[tuple[Any, BaseException | None]], list[Event]]:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        try:
            return self._transaction(jobs)
        except Problem as replaced:  # the file is no longer the one that was opened
            self._last_failure = replaced.detail
            return [(None, replaced)] * len(jobs), []
        except sqlite3.Error as error:
            if self._last_failure != str(error):  # a full disk would fail thousands of times a minute
                log.error("transaction failed", extra={"jobs": len(jobs), "error": error})
            self._last_failure = str(error)
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA shrink_memory")  # a bad page that was read would stay in the cache
            problem = database_problem(error, None if self._database is None else self._database.path)
            # Whoever holds the lock has had the whole busy timeout; waiting as long again for each job would
            # only keep the clients from their answer.
            locked = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if len(jobs) == 1 or locked:
                return [(None, problem)] * len(jobs), []
        results: list[tuple[Any, BaseException | None]] = []
        events: list[Event] = []
        for job in jobs:
            one, its_events = self._commit([job])
            results += one
            events += its_events
        return results, events

    def _transaction(
        self, jobs: list[Job[Any]], *, savepoints: bool = False
    ) -> tuple[list[tuple[Any, BaseException | None]], list[Event]]:
        """Runs the jobs, at first without a savepoint each, which costs as much as an INSERT. Nearly all that are
        refused have written nothing; for the rare one that has, all are rolled back and run again with savepoints."""
        connection = self._connection
        if connection.in_transaction:  # a ROLLBACK that failed, on a disk that has recovered since
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(connection, self._decoded, self._clock)
            attempt = self._attempt_apart if savepoints else self._attempt
            results = [attempt(transaction, job) for job in jobs]
            transaction.flush()
            self._check(connection)
            connection.execute("COMMIT")
            self._check()  # what went into a file that was replaced meanwhile is not done
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if not isinstance(error, _HalfDone):
                raise
            return self._transaction(jobs, savepoints=True)
        self._last_failure = None
        self.transactions += 1
        self.jobs += len(jobs)
        return results, transaction.events

    @staticmethod
    def _attempt(transaction: Transaction, job: Job[Any]) -> tuple[Any, BaseException | None]:
        changes, mark = transaction.connection.total_changes, transaction.mark()
        try:
            return job(transaction), None
        except Exception as error:
            if _is_the_databases(transaction.connection, error):
                raise
            if transaction.connection.total_changes != changes:
                raise _HalfDone from error
            transaction.back_to(mark)
            _note(error)
            return None, error

    @staticmethod
    def _attempt_apart(transaction: Transaction, job: Job[Any]) -> tuple[Any, BaseException | None]:
        connection = transaction.connection
        mark = transaction.mark()
        connection.execute("SAVEPOINT job")
        try:
            value = job(transaction)
        except Exception as error:
            if _is_the_databases(connection, error):
                raise
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            transaction.back_to(mark)
            _note(error)
            return None, error
        connection.execute("RELEASE job")
        return value, None


class _HalfDone(Exception):
    """A job failed after it had written: its part of the transaction has to be taken back."""


def _is_the_databases(connection: Connection, error: Exception) -> bool:
    """True where not the job failed but what it stands on: the whole batch is lost then."""
    if not connection.in_transaction:
        return True  # SQLite rolled everything back: a full disk, say
    return isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError)


def _note(error: Exception) -> None:
    if not isinstance(error, Problem):
        log.exception("write failed", exc_info=error)


def _die(greenlet: gevent.Greenlet) -> None:
    log.critical("the writer died; exiting", exc_info=greenlet.exception)
    logging.shutdown()
    os._exit(70)
