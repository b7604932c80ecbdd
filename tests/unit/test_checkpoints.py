"""The WAL is moved to the file when it has grown long, and then begins anew."""

from __future__ import annotations

from pathlib import Path

from pedidos_server.storage.sqlite.database import Sqlite
from pedidos_server.storage.sqlite.files import WAL_PAGES
from pedidos_server.storage.sqlite.meta import set_meta
from pedidos_server.storage.sqlite.statements import Connection


def test_the_wal_stops_growing(database: Sqlite, connection: Connection) -> None:
    rounds, sizes = 0, set[int]()
    wal = Path(f"{database.name}-wal")
    for number in range(2 * WAL_PAGES):
        set_meta(connection, "nota", str(number))
        if database.transactions.due(idle=False) == 0:
            database.transactions.tidy()
            rounds += 1
            sizes.add(wal.stat().st_size // (1 << 20))
    assert rounds >= 1 and len(sizes) == 1
