"""What keyed changes of an order with a picture leave on the disk: the order once each, and in the end no more."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.patched_server import PatchedServer

PICTURE = 200_000
"""Bytes."""
RETENTION = 4_000_000
"""Bytes of events that are kept."""
ROUND = 40
"""Changes: twice as many bytes as are kept."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    env = {"PEDIDOS_RETENTION_BYTES": str(RETENTION)}
    with PatchedServer.begin("import pedidos_server.app as app; app.CLEANING_SECONDS = 0.2", tmp_path, env=env) as it:
        yield it


@pytest.fixture
def unbounded(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer.start(directory=tmp_path) as server:
        yield server


def tick(server: LiveServer, order_id: int, times: int) -> None:
    for ticked in itertools.islice(itertools.cycle((True, False)), times):
        answer = server.patch(
            f"{ORDERS}{order_id}", json={"financeiro": ticked}, headers={"Idempotency-Key": str(uuid4())}
        )
        assert answer.status_code == 200, answer.text


def picture_order(server: LiveServer) -> int:
    number: int = server.create(items=[{"descricao": "Faixa", "imagem": "x" * PICTURE}])["id"]
    return number


def bytes_of_rows(server: LiveServer) -> int:
    """What the database holds, its free pages left out."""
    with closing(sqlite3.connect(server.database_path, timeout=10)) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def bytes_on_disk(server: LiveServer) -> int:
    return sum(path.stat().st_size for path in server.database_path.parent.glob(f"{server.database_path.name}*"))


def test_a_change_costs_the_order_once(unbounded: LiveServer) -> None:
    """In the log. The answer is a reference to it, and the order itself stands where it stood."""
    order = picture_order(unbounded)
    tick(unbounded, order, 2)
    before = bytes_of_rows(unbounded)
    tick(unbounded, order, 20)
    assert 0.9 * PICTURE < (bytes_of_rows(unbounded) - before) / 20 < 1.2 * PICTURE


def test_the_disk_levels_off(server: LiveServer) -> None:
    order = picture_order(server)
    sizes = []
    for _ in range(4):
        tick(server, order, ROUND)
        wait_until(lambda: bytes_of_rows(server) < 1.5 * RETENTION, 20, "the oldest events are pruned")
        sizes.append(bytes_on_disk(server))
    assert sizes[-1] <= 1.2 * sizes[1], sizes
