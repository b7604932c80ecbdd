"""Fixtures of the unit tests: a database made whole, without a server around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from pedidos_server.storage.sqlite.database import Sqlite
from pedidos_server.storage.sqlite.statements import Connection
from tests.support.unit_stage import Stage

# A busy machine is no reason to fail, and what was found is written down as a test, not kept in a folder.
hypothesis.settings.register_profile("pedidos", deadline=None, database=None)
hypothesis.settings.load_profile("pedidos")


def pytest_configure(config: pytest.Config) -> None:
    # Under GEVENT_LOOP=libuv; these tests and the hub share a process, and so its warnings.
    config.addinivalue_line("filterwarnings", "ignore:libuv only supports millisecond:UserWarning")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Sqlite]:
    """A new database."""
    database = Sqlite(f"sqlite:///{tmp_path / 'pedidos.db'}", synchronous="NORMAL", busy_timeout=0.3)
    yield database
    database.close()


@pytest.fixture
def connection(database: Sqlite) -> Connection:
    """The connection that writes."""
    return database.connection


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.clear()
