"""A long answer, read a part at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from .statements import Connection

ROWS = 500
"""Rows that one statement asks for."""


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
