"""What every database must do (pedidos_server/storage/base.py), once for each there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import hypothesis
import pytest

from pedidos_server.storage.base import Database
from tests.support.databases import DATABASES
from tests.support.shop import Shop

hypothesis.settings.register_profile("pedidos", deadline=None, database=None)
hypothesis.settings.load_profile("pedidos")

NewShop = Callable[[], AbstractContextManager[Shop]]


@pytest.fixture(params=DATABASES)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractContextManager[Database]]:
    """Opens a new, empty database."""
    return partial(DATABASES[request.param], tmp_path)


@pytest.fixture
def new_shop(new_database: Callable[[], AbstractContextManager[Database]]) -> NewShop:
    """A shop on a database of its own, for tests that need many."""

    @contextmanager
    def new() -> Iterator[Shop]:
        with new_database() as database:
            yield Shop(database)

    return new


@pytest.fixture
def shop(new_shop: NewShop) -> Iterator[Shop]:
    with new_shop() as shop:
        yield shop


@pytest.fixture
def database(shop: Shop) -> Database:
    return shop.database
