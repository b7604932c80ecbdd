"""A new database for tests that need many: made once, and copied."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from peewee import SqliteDatabase

from pedidos_server.storage.sqlite.migrations import migrate
from pedidos_server.storage.sqlite.statements import Connection


@functools.cache
def new_database() -> bytes:
    """As SQLite would write it to a file; ``Connection.deserialize`` takes it."""
    peewee = SqliteDatabase(":memory:")
    with closing(peewee):
        migrate(peewee, Path(":memory:"))
        image: bytes = peewee.connection().serialize()
        return image


def steps_of(connection: Connection, work: Callable[[], object]) -> int:
    """How many steps of SQLite's machine ``work`` takes, in tens."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 10)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 10)
    return count
