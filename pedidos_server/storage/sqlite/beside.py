"""What commands do on the file, beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from ...errors import StartupError
from ..base import Transaction
from .errors import explain
from .file import SqliteFile, path_of
from .migrations import is_current, migrate
from .transaction import SqliteTransaction

T = TypeVar("T")


def need_database(url: str) -> None:
    if not (path := path_of(url)).exists():
        raise StartupError(f"O banco {path} não existe. Diga com --database o do servidor.")


def in_transaction(url: str, work: Callable[[Transaction], T]) -> T:
    file = SqliteFile(url)
    try:
        alone = file.take_if_free()
        current = is_current(file.path)
        if not current and not alone:
            file.take()  # the file is made or brought forward, so it must be nobody else's meanwhile
        peewee = file.open_writer()
        if not current:
            migrate(peewee, file.path)
        with peewee.atomic("IMMEDIATE"):
            return work(SqliteTransaction(peewee.connection()))
    except sqlite3.Error as error:
        raise StartupError(f"{file.path}: {explain(error, file.path)}") from None
    finally:
        file.close()
