"""The databases that the contract is for: each makes new, empty ones. Another database is one more entry."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pedidos_server.storage.base import Database
from pedidos_server.storage.open import open_database


@functools.cache
def _empty_sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pedidos.db")
        open_database(f"sqlite:///{path}").close()
        return path.read_bytes()


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    """One file, in memory where the system has such a folder: many of these tests open a hundred."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else folder) as own:
        path = Path(own, "pedidos.db")
        path.write_bytes(_empty_sqlite())
        database = open_database(f"sqlite:///{path}", synchronous="NORMAL", cache_mb=4)
        try:
            yield database
        finally:
            database.close()


NewDatabase = Callable[[Path], AbstractContextManager[Database]]
DATABASES: dict[str, NewDatabase] = {"sqlite": sqlite}

SMALL_BOUNDS = {"pedidos_server.storage.sqlite.orders.NEWEST": 4}
"""Bounds of one database's own, made so small that a few orders take it all its ways."""
