"""Which database a URL names: the one place that knows all there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .base import Copied, Database, Transaction
from .sqlite import backup as sqlite_backup
from .sqlite import beside
from .sqlite.database import Sqlite

T = TypeVar("T")


def open_database(url: str, *, synchronous: str = "FULL", busy_timeout: float = 30.0, cache_mb: int = 64) -> Database:
    """The database for one server, brought up to date. ``busy_timeout`` is in seconds.

    Raises StartupError that says what to do; then nothing is held.
    """
    return Sqlite(url, synchronous=synchronous, busy_timeout=busy_timeout, cache_mb=cache_mb)


def need_database(url: str) -> None:
    """Raises StartupError where there is none: only a token that is created makes one."""
    beside.need_database(url)


def in_transaction(url: str, work: Callable[[Transaction], T]) -> T:
    """Runs ``work`` in one transaction, beside a running server or without one.

    Raises StartupError that says what is wrong, or what ``work`` raises.
    """
    return beside.in_transaction(url, work)


def backup(url: str, copy: Path, progress: Callable[[float], None]) -> Copied:
    """Copies the database as it is at one moment to the new file ``copy``, beside a running server or without one.
    ``progress`` is given what part is done, up to 1.

    Raises StartupError where there is no database of ours, or the copy is not sound; then nothing is left of it.
    """
    return sqlite_backup.backup(url, copy, progress)
