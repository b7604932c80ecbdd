"""A copy of the file, made while a server works on it, and checked before it gets its name."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from ...errors import StartupError
from ..base import Copied
from .beside import need_database
from .errors import explain
from .file import SqliteFile
from .files import OWNER_ONLY
from .migrations import schema_version

STEP_PAGES = 1_000
"""Pages between two reports of how far it is."""
WAIT_SECONDS = 30


def backup(url: str, copy: Path, progress: Callable[[float], None]) -> Copied:
    need_database(url)
    source = SqliteFile(url)
    partial = copy.with_name(f"{copy.name}.parcial")
    try:
        source.take_if_free()  # no server: none may start meanwhile; and no -wal of another file is copied with it
        if schema_version(source.path) == 0:
            raise StartupError(
                f"{source.path} está vazio: não há o que copiar. Diga com --database o banco do servidor."
            )
        try:
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY))
            orders = _copy(source.path, partial, progress)
            os.replace(partial, copy)
        except OSError as error:
            raise StartupError(f"Não consigo gravar {copy}: {error.strerror}.") from None
        except sqlite3.Error as error:
            raise StartupError(f"A cópia para {copy} falhou: {explain(error, copy)}") from None
        finally:
            for left in (partial, *(Path(f"{partial}{end}") for end in ("-wal", "-shm", "-journal"))):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
    finally:
        source.close()
    return Copied(orders, copy.stat().st_size)


def _copy(path: Path, copy: Path, progress: Callable[[float], None]) -> int:
    """The number of orders in it. Raises sqlite3.Error."""
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        source.execute("PRAGMA wal_autocheckpoint = 0")
        source.execute("BEGIN")  # one moment: without it each write of the server's would begin the copy anew
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        source.backup(target, pages=STEP_PAGES, progress=lambda _, left, pages: progress(1 - left / max(1, pages)))
        target.execute(f"PRAGMA user_version = {secrets.randbelow(2**31 - 1) + 1}")  # its own stamp; see files.py
        if target.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StartupError(f"{path} está corrompido: a cópia não serviria. Guarde as cópias anteriores.")
        return int(target.execute("SELECT COUNT(*) FROM pedido").fetchone()[0])
