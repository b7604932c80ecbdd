"""The orders that were changed or asked for last, as they are committed: a GET of one needs no thread and no SQLite.

The rule: for each order it holds what the database holds, or nothing. So what a COMMIT changes is taken out before
it, and put in again after it, before any answer is given; and what a reader has read is put in only where its order
was not taken out meanwhile. (What another program changes in the file is not seen here, and no screen is told of it.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gevent.monkey import get_original

from ...domain.refusals import NotFound
from ..base import Document

MAX_ENTRY = 64 * 1024
"""Bytes of an order that is kept. Those with pictures are longer, and would take the place of hundreds."""
OVERHEAD = 250
"""Bytes of memory of an entry, besides its JSON."""
_MISSING = object()


class OrderCache:
    """Holds ``max_bytes``; the entries that came first go first. What a COMMIT does may be called in the writer's
    thread, the rest on the loop."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = get_original("threading", "Lock")()  # gevent's is for greenlets
        self._entries: dict[int, Document | None] = {}
        """None for an order that was deleted."""
        self._bytes = 0
        self._reading: dict[int, object] = {}
        """The latest read of each order that may be put in; a COMMIT that changes the order takes it out."""
        self._committing: frozenset[int] = frozenset()

    def get(self, order_id: int) -> Document | None:
        """None where it is not known. Raises NotFound where it was deleted."""
        found = self._entries.get(order_id, _MISSING)
        if found is None:
            raise NotFound(order_id)
        return found if isinstance(found, Document) else None

    def reading(self, order_id: int) -> object:
        """Before an order is read: the name of this read, for ``fill``."""
        read = object()
        with self._lock:
            if order_id not in self._committing:
                self._reading[order_id] = read
        return read

    def fill(self, order_id: int, read: object, found: Document | None) -> None:
        """After a read, which has ``found`` the order or not."""
        with self._lock:
            if self._reading.get(order_id) is read:
                del self._reading[order_id]
                if found is not None:  # ids that never were are without end
                    self._put(order_id, found)

    def begin_commit(self, changed: Iterable[int]) -> None:
        with self._lock:
            self._committing = frozenset(changed)
            for order_id in self._committing:
                self._remove(order_id)
                self._reading.pop(order_id, None)

    def end_commit(self, committed: Mapping[int, Document | None]) -> None:
        """What has been committed; nothing where that failed."""
        with self._lock:
            self._committing = frozenset()
            for order_id, document in committed.items():
                self._put(order_id, document)

    def _put(self, order_id: int, document: Document | None) -> None:
        self._remove(order_id)
        if _size(document) > MAX_ENTRY:
            return
        self._entries[order_id] = document
        self._bytes += _size(document)
        while self._bytes > self._max_bytes:
            self._remove(next(iter(self._entries)))

    def _remove(self, order_id: int) -> None:
        gone = self._entries.pop(order_id, _MISSING)
        if gone is not _MISSING:
            self._bytes -= _size(gone)  # type: ignore[arg-type]


def _size(document: Document | None) -> int:
    return OVERHEAD if document is None else OVERHEAD + len(document.body)
