"""A new database for tests that need many: made once, and copied."""

from __future__ import annotations

import functools
from contextlib import closing
from pathlib import Path

from peewee import SqliteDatabase

from pedidos_server.migrations import migrate


@functools.cache
def new_database() -> bytes:
    """As SQLite would write it to a file; ``Connection.deserialize`` takes it."""
    peewee = SqliteDatabase(":memory:")
    with closing(peewee):
        migrate(peewee, Path(":memory:"))
        image: bytes = peewee.connection().serialize()
        return image
