"""SQL as text: rendered once by Peewee, and executed on connections that are passed around."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from peewee import Field, Model, Query, SqliteDatabase, Value

Connection = sqlite3.Connection

_DIALECT = SqliteDatabase(None)
"""Tells Peewee whose SQL to render; it never connects."""


class _Param(str):
    """Stands among a rendered query's parameters for the value of this name."""


def param(name: str) -> Value:
    """The place of a value that is given with each execution."""
    return Value(_Param(name), converter=False)


class Statement:
    """SQL that Peewee rendered once, executed as text: rendering costs more than SQLite does.

    The query is written with ``param("name")`` where a value goes.
    """

    def __init__(self, query: Query) -> None:
        self._sql, self._parameters = query.bind(_DIALECT).sql()
        self._all_params = all(type(entry) is _Param for entry in self._parameters)

    def __call__(self, connection: Connection, **values: Any) -> sqlite3.Cursor:
        if self._all_params:
            return connection.execute(self._sql, [values[name] for name in self._parameters])
        filled = [values[entry] if type(entry) is _Param else entry for entry in self._parameters]
        return connection.execute(self._sql, filled)


class Insert:
    """INSERTs of rows; each row holds the values in the order of the fields."""

    def __init__(self, model: type[Model], *fields: Field) -> None:
        values = [param(field.name) for field in fields]
        self._sql = model.insert_many([values], fields).bind(_DIALECT).sql()[0]

    def __call__(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        connection.executemany(self._sql, rows)
