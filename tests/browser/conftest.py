"""Chromium on a plain page that does nothing but load the sync client, against the real server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from live_server import LiveServer
from plain_page import CHROMIUM_ARGUMENTS, LAN_NAME, Person, require
from playwright.sync_api import Browser, Playwright, sync_playwright

# npm's packages, for the tests of the built example.
sys.path.append(str(Path(__file__).parent.parent / "js"))


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright_driver: Playwright) -> Iterator[Browser]:
    browser = playwright_driver.chromium.launch(executable_path=require("chromium"), args=CHROMIUM_ARGUMENTS)
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
