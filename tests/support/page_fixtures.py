"""The page in a real Chromium against the real server. A plugin that the page's tests name themselves.

The browser is `chromium`, the same one for all tests: Playwright allows but one at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.live_server import LiveServer
from tests.support.page_helpers import OpenPage, Shop

# What a browser says by itself of a server that is away or refuses, and of a network that answers in its place; the
# page shows it in its own way. And what a test makes the page throw.
EXPECTED_NOISE = re.compile(
    r"Failed to load resource|WebSocket connection to|net::ERR_|MIME type|dynamically imported module|"
    r"thrown on purpose"
)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer.start(directory=tmp_path_factory.mktemp("page")) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiveServer]:
    """For a test that does to the server what others could not bear."""
    with LiveServer.start(directory=tmp_path) as server:
        yield server


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Shop:
    """A shop without orders: on the session's server, unless the test asks for `own_server`, or for `doors`."""
    if "doors" in request.fixturenames:
        shop = Shop(request.getfixturevalue("doors").server)
    else:
        own = "own_server" in request.fixturenames
        shop = Shop(request.getfixturevalue("own_server" if own else "shared_server"))
    for order in shop.all():
        shop.delete(order["id"])
    return shop


@pytest.fixture
def open_page(chromium: Browser, shop: Shop) -> Iterator[OpenPage]:
    """Opens the page as a browser of its own: `open_page("#/quadro", autor="Bia", width=360, …)`.

    When the test ends, nothing may have gone wrong in it unseen: no exception, nothing that the policy blocked.
    """
    trouble: list[str] = []
    with ExitStack() as stack:

        def open_page(
            path: str = "",
            *,
            autor: str = "Bia",
            width: int = 1280,
            height: int = 900,
            context: BrowserContext | None = None,
            before: Callable[[Page], Any] | None = None,
            settings: dict[str, Any] | None = None,
            ready: bool = True,
            warns: str = "",
            **options: Any,
        ) -> Page:
            if context is None:
                context = chromium.new_context(
                    viewport={"width": width, "height": height},
                    locale="pt-BR",
                    reduced_motion=options.pop("reduced_motion", "reduce"),
                    **options,
                )
                stack.callback(context.close)
                choices = json.dumps({"autor": autor, **(settings or {})})
                context.add_init_script(
                    f"if (location.protocol === 'http:' && !localStorage.getItem('pedidos.ajustes'))"
                    f" localStorage.setItem('pedidos.ajustes', {choices!r})"
                )
            page = context.new_page()
            page.on("pageerror", lambda error: _note(trouble, "error", str(error), EXPECTED_NOISE))
            noise = re.compile(f"{EXPECTED_NOISE.pattern}|{warns}") if warns else EXPECTED_NOISE
            page.on("console", lambda message: _note(trouble, message.type, message.text, noise))
            if before:
                before(page)
            page.goto(f"{shop.server.url}/{path}")
            if ready:
                expect(page.locator("#conexao")).to_have_attribute("data-kind", "ok")
                expect(page.locator("main:not([aria-busy])")).to_be_visible()
                expect(page.locator(".bones")).to_have_count(0)  # what was loaded is drawn a moment later
            return page

        yield open_page
    assert trouble == []


def _note(trouble: list[str], kind: str, text: str, noise: re.Pattern[str]) -> None:
    if kind in ("error", "warning") and not noise.search(text):
        trouble.append(f"{kind}: {text}")
