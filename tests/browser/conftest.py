"""Chromium on a plain page that does nothing but load the sync client, against the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from live_server import LiveServer
from plain_page import Person, require
from playwright.sync_api import Browser, sync_playwright

# A name that resolves to this machine, on plain http: an insecure context, as in a shop's LAN.
LAN_NAME = "oficina.lan"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=["127.0.0.1", LAN_NAME])
def host(request: pytest.FixtureRequest) -> str:
    """Under which name the page is opened: a secure context, and an insecure one."""
    value: str = request.param
    return value


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer.start(directory=tmp_path) as server:
        yield server


@pytest.fixture
def new_person(chromium: Browser) -> Iterator[Callable[[str], Person]]:
    """`new_person(origin)`: a browser of somebody's own."""
    with ExitStack() as stack:

        def new(origin: str) -> Person:
            context = chromium.new_context()
            stack.callback(context.close)
            return Person(context, origin)

        yield new
