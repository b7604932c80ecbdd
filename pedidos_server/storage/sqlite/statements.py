"""SQL as text: rendered once by Peewee, and executed on connections that are passed around."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

from peewee import Field, Model, Query, SqliteDatabase, Value

Connection = sqlite3.Connection

_DIALECT = SqliteDatabase(None)
"""Tells Peewee whose SQL to render; it never connects."""


class _Slot(str):
    """A parameter that is the name of one."""


def slot(name: str) -> Value:
    """The place of a value that is given at each execution."""
    return Value(_Slot(name), converter=False)


class Statement:
    """SQL that Peewee rendered once, executed as text: rendering costs more than SQLite does.

    The query is written with ``slot("name")`` where a value goes.
    """

    def __init__(self, query: Query) -> None:
        self._sql, self._parameters = query.bind(_DIALECT).sql()
        self._all_slots = all(type(entry) is _Slot for entry in self._parameters)

    def __call__(self, connection: Connection, **values: Any) -> sqlite3.Cursor:
        if self._all_slots:
            return connection.execute(self._sql, [values[name] for name in self._parameters])
        filled = [values[entry] if type(entry) is _Slot else entry for entry in self._parameters]
        return connection.execute(self._sql, filled)


class BulkInsert:
    """INSERTs of rows, many in one statement: each statement gives up the interpreter's lock three times and
    waits for it again, which costs more than the row."""

    SIZES = (16, 4, 1)
    """Rows of one statement. Not more: an order with images is megabytes, and SQLite copies what it is given."""

    def __init__(self, model: type[Model], *fields: Field) -> None:
        values = [slot(field.name) for field in fields]
        self._sql = {size: model.insert_many([values] * size, fields).bind(_DIALECT).sql()[0] for size in self.SIZES}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Each row holds the values in the order of the fields."""
        done = 0
        for size, sql in self._sql.items():
            while len(rows) - done >= size:
                connection.execute(sql, list(chain.from_iterable(rows[done : done + size])))
                done += size
