"""What the commands share that work on the database file, beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from ..errors import StartupError
from ..storage.sqlite.database import Database, explain, path_of
from ..storage.sqlite.migrations import is_current, migrate
from ..storage.sqlite.statements import Connection

T = TypeVar("T")


def need_file(url: str) -> None:
    """Raises StartupError where there is no database: only a token that is created makes one."""
    if not (path := path_of(url)).exists():
        raise StartupError(f"O banco {path} não existe. Diga com --database o do servidor.")


def in_transaction(url: str, work: Callable[[Connection], T]) -> T:
    """Runs ``work`` in one transaction. Raises StartupError that says what is wrong, or what ``work`` raises."""
    database = Database(url)
    try:
        alone = database.take_if_free()
        current = is_current(database.path)
        if not current and not alone:
            database.take()  # the file is made or brought forward, so it must be nobody else's meanwhile
        peewee = database.open_writer()
        if not current:
            migrate(peewee, database.path)
        with peewee.atomic("IMMEDIATE"):
            return work(peewee.connection())
    except sqlite3.Error as error:
        raise StartupError(f"{database.path}: {explain(error, database.path)}") from None
    finally:
        database.close()
