"""Browsers on a plain page that does nothing but load the sync client, against the real server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support.checks import require
from tests.support.live_server import LiveServer
from tests.support.plain_page import CHROMIUM_ARGUMENTS, LAN_NAME, PLACES, ChromiumPerson, Person, Place


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright_driver: Playwright) -> Iterator[Browser]:
    browser = playwright_driver.chromium.launch(executable_path=require("chromium"), args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(params=PLACES, ids=lambda place: f"{place.engine}-{place.host}")
def place(request: pytest.FixtureRequest) -> Place:
    value: Place = request.param
    return value


@pytest.fixture(params=["127.0.0.1", LAN_NAME])
def host(request: pytest.FixtureRequest) -> str:
    """For Chromium alone: under which name."""
    value: str = request.param
    return value


def require_selenium() -> None:
    """Only WebKitGTK is driven by it, so without it only those tests are skipped; in CI they fail."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("selenium")


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    from tests.support.webkit import Display

    with Display() as name:
        yield name


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer.start(directory=tmp_path, env={"PEDIDOS_AUTH": "off", "PEDIDOS_HOSTS": LAN_NAME}) as server:
        yield server


@pytest.fixture
def new_chromium(chromium: Browser) -> Iterator[Callable[[str], ChromiumPerson]]:
    """`new_chromium(origin)`: somebody's browser."""
    with ExitStack() as stack:

        def new(origin: str) -> ChromiumPerson:
            context = chromium.new_context()
            stack.callback(context.close)
            return ChromiumPerson(context, origin)

        yield new


@pytest.fixture
def new_person(place: Place, request: pytest.FixtureRequest) -> Iterator[Callable[[int], Person]]:
    """`new_person(port)`: somebody's browser in `place`."""
    with ExitStack() as stack:

        def new(port: int) -> Person:
            origin = f"http://{place.host}:{port}"
            if place.engine == "chromium":
                new_chromium: Callable[[str], Person] = request.getfixturevalue("new_chromium")
                return new_chromium(origin)
            require_selenium()
            from tests.support.webkit import WebKitPerson

            person = WebKitPerson(origin, request.getfixturevalue("display"))
            stack.callback(person.quit)
            return person

        yield new
