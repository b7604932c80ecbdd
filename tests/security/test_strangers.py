"""Each attack of ``bench/strangers.py`` for some seconds beside clients at work: they notice nothing, memory stays.

`PEDIDOS_STRANGER_SECONDS=10 pytest -n 0 tests/security/test_strangers.py` for as long as the bench row takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from bench.others import Others, percentile
from bench.strangers import ATTACKS, Door, Running, fill
from tests.support.doors import Doors
from tests.support.live_server import KINDS

SECONDS = float(os.environ.get("PEDIDOS_STRANGER_SECONDS", "2"))
SCALE = 1.0 if SECONDS >= 10 else 0.2
"""How many of the orders that an attack needs there are."""
PATIENCE = 3.0
"""What a shared machine may take, as a multiple of what is promised for a quiet one."""
ROUNDS = 3
"""The best counts: an attack that works does so in each, a busy neighbour of the machine does not."""
MEMORY = 128 * 1024 * 1024
"""Bytes by which the server may grow."""


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def doors(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors.make(kind, tmp_path_factory.mktemp(kind), {"PEDIDOS_MAX_WRITES": "0"})
    yield doors
    doors.server.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_others_notice_nothing(doors: Doors, name: str) -> None:
    attack = ATTACKS[name]
    port = doors.server.port
    fill(Door(port, token=doors.tokens["escrita"]), ceil(attack.orders * SCALE), attack.order_bytes)
    before = resident(doors.server.pid)
    found: list[Any] = []
    with Others(Door(port, token=doors.tokens["escrita"]), followers=3) as others:
        time.sleep(1)
        quiet = percentile(others.since(0), 0.99)  # on a machine that does something else as well
        most = PATIENCE * max(attack.p99_ms, quiet)
        with Running(name, port, token=doors.tokens.get(attack.role, "")):
            while len(found) < ROUNDS and (not found or min(found) >= most):
                ends = time.monotonic() + SECONDS
                count = len(others.waits)
                while time.monotonic() < ends:
                    time.sleep(0.05)
                found.append(percentile(others.since(count), 0.99))
        assert others.failure is None
    grown = resident(doors.server.pid) - before
    assert min(found) < most, f"p99 of the others: {found} ms, when quiet {quiet} ms"
    assert grown < MEMORY, f"{grown >> 20} MB"
    assert "Traceback" not in doors.server.output()
