"""Fixtures of the contract tests: one suite, run against both servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.live_server import KINDS, LiveServer
from tests.support.stream_clients import TRANSPORTS, Stream, open_stream
from tests.support.turns import turn

# The servers a test has used, each with the size of its output before: a failure shows what came after.
_used_servers = pytest.StashKey[list[tuple[LiveServer, int]]]()


def pytest_xdist_auto_num_workers() -> int:
    """Most tests wait for a server or a browser: three at a time fill two cores."""
    return max(3, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 3)


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of `timing` come first, of all files and in each: nothing long is under way then that they wait for.

    What starts a server of its own does so with the embedded one; with gunicorn, which takes twice as long to start
    and runs the same code, it is `slow`.
    """
    for item in items:
        callspec = getattr(item, "callspec", None)
        under_gunicorn = callspec is not None and callspec.params.get("kind") == "gunicorn"
        if under_gunicorn and {"start_server", "new_doors"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("timing") is None)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside of pytest-timeout's: the wait is not the test's time
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    with turn(alone=item.get_closest_marker("timing") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for server, since in item.stash.get(_used_servers, []):
            title = f"output of the {server.kind} server on port {server.port}"
            report.sections.append((title, server.output(since)[-20_000:]))
    return report


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which server: the embedded one or gunicorn."""
    value: str = request.param
    return value


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(scope="session")
def _shared_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], LiveServer]]:
    running: dict[str, LiveServer] = {}
    with ExitStack() as stack:

        def shared_server(kind: str) -> LiveServer:
            if kind not in running or not running[kind].is_running():
                running[kind] = LiveServer.start(kind, directory=tmp_path_factory.mktemp(kind))
                stack.callback(running[kind].close)
            return running[kind]

        yield shared_server


@pytest.fixture
def server(
    kind: str, _shared_servers: Callable[[str], LiveServer], request: pytest.FixtureRequest
) -> Iterator[LiveServer]:
    """A server with the default settings, shared by the session's tests, so with others' orders on it.

    A test that kills it fails itself, and not its successors, which get a new one.
    """
    server = _shared_servers(kind)
    _note(request, server)
    pid = server.pid
    yield server
    assert server.is_running() and server.pid == pid, "the test has ended the server"


@pytest.fixture
def start_server(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., LiveServer]]:
    """Starts servers of the test's own, with settings of its own; the database is empty unless given.

    `start_server(PEDIDOS_HEARTBEAT=1, args=[…], database=…)`: names in capitals are the environment.
    """
    numbers = count()
    with ExitStack() as stack:

        def start(**options: Any) -> LiveServer:
            env = {name: str(options.pop(name)) for name in list(options) if name.isupper()}
            directory = tmp_path / f"server-{next(numbers)}"
            directory.mkdir()
            options.setdefault("kind", kind)
            server = LiveServer.start(env=env, directory=directory, **options)
            stack.callback(server.close)
            _note(request, server)
            return server

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., Stream]]:
    """Opens streams, `connect(server, "sse", cursor=…)`, and closes them when the test ends."""
    with ExitStack() as stack:

        def connect(server: LiveServer, transport: str = "websocket", **options: Any) -> Stream:
            stream = open_stream(server, transport, **options)
            stack.callback(stream.close)
            return stream

        yield connect


def _note(request: pytest.FixtureRequest, server: LiveServer) -> None:
    request.node.stash.setdefault(_used_servers, []).append((server, server.output_size()))
