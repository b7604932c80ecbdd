"""The group-commit writer: one thread, one transaction for all the writes that wait.

    submit(job) ──► waiting ──► [ BEGIN · savepoint job · savepoint job · … · COMMIT ] ──► publish ──► answers

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
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.threadpool import ThreadPool

from . import event_log
from .database import Connection, database_problem
from .errors import Problem, unavailable
from .event_log import Head
from .protocol import Cursor, Event, timestamp

log = logging.getLogger("pedidos.writer")

T = TypeVar("T")

MAX_WAITING = 5_000
MAX_BATCH = 500


class Transaction:
    """What a job may use: the connection, the time, and the log's end, which grows as jobs append to it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self._head = event_log.head(connection)
        self.now = max(timestamp(), self._head.when)
        """One moment for all that is written here, never before an earlier event's, whatever the clock does."""

    def next_cursor(self) -> Cursor:
        return event_log.next_cursor(self._head)

    def append(self, event: Event) -> None:
        self._head = event_log.append(self.connection, self._head, event, self.now)
        self.events.append(event)

    def mark(self) -> tuple[Head, int]:
        return self._head, len(self.events)

    def back_to(self, mark: tuple[Head, int]) -> None:
        """Forgets what a rolled-back savepoint appended."""
        self._head = mark[0]
        del self.events[mark[1] :]


Job = Callable[[Transaction], T]
"""Runs inside the transaction, in the writer's thread; may run again after a COMMIT that failed, so it changes
nothing but the database. Raises Problem to be rolled back and told to the client."""


class Writer:
    """Owns the connection that writes. ``publish`` is given each transaction's events, in commit order."""

    def __init__(self, connection: Connection, publish: Callable[[list[Event]], None]) -> None:
        self._connection = connection
        self._publish = publish
        self._thread = ThreadPool(1)
        self._waiting: deque[tuple[Job[Any], AsyncResult]] = deque()
        self._background: deque[tuple[Job[Any], AsyncResult]] = deque()
        self._wake = Flag()
        self._closing = False
        self._last_failure: str | None = None
        self.transactions = 0
        self.jobs = 0
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.link_exception(_die)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

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
            self._waiting.clear()
            self._background.clear()
            log.error("closing while the database takes no writes", extra={"waiting": len(self._waiting)})
            return False
        self._thread.kill()
        return True

    # ---- the greenlet: takes what waits, hands it to the thread, publishes, answers

    def _run(self) -> None:
        while not (self._closing and not self._waiting and not self._background):
            if not self._waiting and not self._background:
                self._wake.wait()
                self._wake.clear()
                continue
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            if not batch:
                batch = [self._background.popleft()]
            results, events = self._thread.apply(self._commit, ([job for job, _ in batch],))
            if events:
                self._publish(events)
            for (_, done), (value, error) in zip(batch, results, strict=True):
                if error is None:
                    done.set(value)
                else:
                    done.set_exception(error)

    # ---- the thread

    def _commit(self, jobs: list[Job[Any]]) -> tuple[list[tuple[Any, BaseException | None]], list[Event]]:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        try:
            return self._transaction(jobs)
        except sqlite3.Error as error:
            self._last_failure = str(error)
            log.error("transaction failed", extra={"jobs": len(jobs), "error": error})
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA shrink_memory")  # a bad page that was read would stay in the cache
            problem = database_problem(error)
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

    def _transaction(self, jobs: list[Job[Any]]) -> tuple[list[tuple[Any, BaseException | None]], list[Event]]:
        connection = self._connection
        if connection.in_transaction:  # a ROLLBACK that failed, on a disk that has recovered since
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(connection)
            results = [self._attempt(transaction, job) for job in jobs]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._last_failure = None
        self.transactions += 1
        self.jobs += len(jobs)
        return results, transaction.events

    @staticmethod
    def _attempt(transaction: Transaction, job: Job[Any]) -> tuple[Any, BaseException | None]:
        connection = transaction.connection
        mark = transaction.mark()
        connection.execute("SAVEPOINT job")
        try:
            value = job(transaction)
        except Exception as error:
            if not connection.in_transaction:
                raise  # SQLite rolled everything back (a full disk, say): the batch is lost, not just this job
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise  # the database's trouble, not this job's
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            transaction.back_to(mark)
            if not isinstance(error, Problem):
                log.exception("write failed", exc_info=error)
            return None, error
        connection.execute("RELEASE job")
        return value, None


def _die(greenlet: gevent.Greenlet) -> None:
    log.critical("the writer died; exiting", exc_info=greenlet.exception)
    logging.shutdown()
    os._exit(70)
