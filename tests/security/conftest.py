"""Servers with doors: a token for each role, a session for each token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.doors import Doors
from tests.support.live_server import LiveServer


@pytest.fixture(scope="session")
def _closed_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Doors]]:
    running: dict[str, Doors] = {}
    with ExitStack() as stack:

        def closed(kind: str) -> Doors:
            if kind not in running:
                doors = Doors.make(kind, tmp_path_factory.mktemp(f"doors-{kind}"))
                stack.callback(doors.server.close)
                running[kind] = doors
            return running[kind]

        yield closed


@pytest.fixture
def doors(kind: str, _closed_servers: Callable[[str], Doors]) -> Doors:
    """A server that lets in only who holds a token; shared by the session's tests."""
    return _closed_servers(kind)


@pytest.fixture
def new_doors(kind: str, tmp_path: Path) -> Iterator[Callable[..., Doors]]:
    """`new_doors(PEDIDOS_MAX_WRITES=5)`: a closed server of the test's own."""
    with ExitStack() as stack:

        def new(**env: Any) -> Doors:
            doors = Doors.make(kind, tmp_path, {name: str(value) for name, value in env.items()})
            stack.callback(doors.server.close)
            return doors

        yield new


@pytest.fixture
def open_server(tmp_path: Path) -> Iterator[LiveServer]:
    """`pedidos serve` as somebody tries it: on loopback, without a token."""
    with LiveServer.start(directory=tmp_path) as server:
        yield server
