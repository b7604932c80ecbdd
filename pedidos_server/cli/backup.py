"""``pedidos backup``: a copy of the database, made while the server works, and checked before it gets its name."""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from ..errors import StartupError
from ..storage.sqlite.database import Database, explain, path_of
from ..storage.sqlite.files import OWNER_ONLY
from ..storage.sqlite.migrations import schema_version
from .database_file import need_file

STEP_PAGES = 1_000
"""Pages between two reports of how far it is."""
WAIT_SECONDS = 30


def backup(database: str, target: str) -> None:
    """Writes the copy to ``target``; into a folder under a name with the day and the hour.

    Raises StartupError where there is no database of ours, where the name is taken, and where the copy is not sound;
    then nothing is left of it.
    """
    need_file(database)
    path = path_of(database)
    copy = _name(Path(target).expanduser().resolve())
    if not copy.parent.is_dir():
        raise StartupError(f"A pasta {copy.parent} não existe: crie-a, ou escolha outra.")
    if copy.exists():
        raise StartupError(f"{copy} já existe: escolha outro nome.")
    partial = copy.with_name(f"{copy.name}.parcial")
    source = Database(database)
    try:
        source.take_if_free()  # no server: none may start meanwhile; and no -wal of another file is copied with it
        if schema_version(path) == 0:
            raise StartupError(f"{path} está vazio: não há o que copiar. Diga com --database o banco do servidor.")
        try:
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY))
            orders = _copy(path, partial)
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
    print(f"Cópia pronta e conferida: {copy} ({orders} pedidos, {copy.stat().st_size / 1e6:.1f} MB).")


def _name(target: Path) -> Path:
    return target / f"pedidos-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}.db" if target.is_dir() else target


def _copy(path: Path, copy: Path) -> int:
    """The number of orders in it. Raises sqlite3.Error."""
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        source.execute("PRAGMA wal_autocheckpoint = 0")
        source.execute("BEGIN")  # one moment: without it each write of the server's would begin the copy anew
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        source.backup(target, pages=STEP_PAGES, progress=_progress())
        target.execute(f"PRAGMA user_version = {secrets.randbelow(2**31 - 1) + 1}")  # see database_files: the stamp
        if target.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StartupError(f"{path} está corrompido: a cópia não serviria. Guarde as cópias anteriores.")
        return int(target.execute("SELECT COUNT(*) FROM pedido").fetchone()[0])


def _progress() -> Callable[[int, int, int], None] | None:
    """On a terminal, how much is done."""
    if not sys.stderr.isatty():
        return None

    def show(_: int, left: int, pages: int) -> None:
        print(f"\r{100 * (pages - left) // max(1, pages)} %", end="" if left else "\n", file=sys.stderr, flush=True)

    return show
