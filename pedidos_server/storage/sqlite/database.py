"""SQLite behind the seam (storage/base.py)."""

from __future__ import annotations

from collections.abc import Hashable

from ...domain.events import Cursor, Event
from ..base import AccessRows, Database, Document, Head, NextNumber, OrderList, Pieces
from ..lists import Filters, Page
from . import event_log, numbers, orders, tokens
from .batch import SqliteTransactions
from .dedicated_thread import InThread
from .errors import FULL, disk_is_full
from .file import SqliteFile
from .order_cache import OrderCache
from .readers import Readers
from .statements import Connection

MIB = 1024 * 1024
ORDERS_SHARE = 8
"""One part in so many of ``cache_mb`` is for orders as they are answered; SQLite has the rest (see file.py)."""


class Sqlite(Database):
    """``url`` is ``sqlite:///file.db``; ``busy_timeout`` is in seconds. Raises StartupError.

    Any number of readers, and the one connection of ``transactions``.
    """

    def __init__(
        self, url: str, *, synchronous: str = "FULL", busy_timeout: float = 30.0, cache_mb: int = 64
    ) -> None:
        self.file = SqliteFile(url, synchronous=synchronous, busy_timeout=busy_timeout, cache_mb=cache_mb)
        self.connection = self.file.open()
        self._cache = OrderCache(cache_mb * MIB // ORDERS_SHARE)
        self.transactions = InThread(SqliteTransactions(self.connection, self._cache, self.file))
        self._readers = Readers(self.file)

    @property
    def name(self) -> str:
        return str(self.file.path)

    @property
    def is_new(self) -> bool:
        return self.file.files.is_new

    def close(self) -> None:
        self.transactions.stop()
        self._readers.close()
        self.file.close()

    def trouble(self) -> str | None:
        return self.file.files.trouble() or (FULL if disk_is_full(self.file.path) else None)

    def head(self, caller: Hashable = None) -> Head:
        return self._readers.read(event_log.head, caller)

    def events_after(self, number: int, max_bytes: int) -> list[Event]:
        return self._readers.read(lambda connection: event_log.page(connection, number, max_bytes))

    def newest_events(self, max_events: int, max_bytes: int) -> list[Event]:
        return self._readers.read(lambda connection: event_log.newest(connection, max_events, max_bytes))

    def can_resume(self, cursor: Cursor) -> bool:
        return self._readers.read(lambda connection: event_log.can_resume(connection, cursor))

    def order(self, order_id: int, caller: Hashable = None) -> Document:
        self.file.check_known()
        cached = self._cache.get(order_id)
        if cached is not None:
            return cached
        read, found = self._cache.reading(order_id), None
        try:
            found = self._readers.read(lambda connection: orders.one(connection, order_id), caller)
        finally:
            self._cache.fill(order_id, read, found)
        return found

    def orders(self, filters: Filters, page: Page, at_once: int, caller: Hashable = None) -> OrderList:
        found, pieces = self._readers.pieces(
            lambda connection: orders.find(connection, filters, page), at_once, caller
        )
        return OrderList(found.current, found.snapshot, found.total, pieces, found.next_cursor)

    def history(self, order_id: int, at_once: int, caller: Hashable = None) -> Pieces:
        return self._readers.pieces(lambda connection: (None, orders.history(connection, order_id)), at_once, caller)[
            1
        ]

    def next_number(self, caller: Hashable = None) -> NextNumber:
        return self._readers.read(
            lambda connection: NextNumber(numbers.next_number(connection), orders.count(connection)), caller
        )

    def access(self, known: int | None = None) -> AccessRows | None:
        return self._readers.read(lambda connection: tokens.access(connection, known))

    def probe(self) -> None:
        self._readers.read(_probe)


def _probe(connection: Connection) -> None:
    """Touches the log and the orders: what is damaged there, a write to ``meta`` does not meet."""
    event_log.head(connection)
    orders.newest(connection)
