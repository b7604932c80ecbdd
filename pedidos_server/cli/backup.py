"""``pedidos backup``: a copy of the database, made while the server works, and checked before it gets its name."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from ..errors import StartupError
from ..storage import open as storage


def backup(database: str, target: str) -> None:
    """Writes the copy to ``target``; into a folder under a name with the day and the hour.

    Raises StartupError where there is no database of ours, where the name is taken, and where the copy is not sound;
    then nothing is left of it.
    """
    storage.need_database(database)
    copy = _name(Path(target).expanduser().resolve())
    if not copy.parent.is_dir():
        raise StartupError(f"A pasta {copy.parent} não existe: crie-a, ou escolha outra.")
    if copy.exists():
        raise StartupError(f"{copy} já existe: escolha outro nome.")
    copied = storage.backup(database, copy, _show if sys.stderr.isatty() else lambda _: None)
    print(f"Cópia pronta e conferida: {copy} ({copied.orders} pedidos, {copied.bytes / 1e6:.1f} MB).")


def _name(target: Path) -> Path:
    return target / f"pedidos-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}.db" if target.is_dir() else target


def _show(done: float) -> None:
    """On a terminal, how much is done."""
    print(f"\r{100 * done:.0f} %", end="" if done < 1 else "\n", file=sys.stderr, flush=True)
