"""Resumo, Painel and Ficha in a real Chromium on a real server. A plugin that their tests name themselves.

The browser is `chromium`, the same one for all tests: Playwright allows but one at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.live_server import LiveServer
from tests.support.view_support import ZONE, OpenView, StartServer

_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
"""


@pytest.fixture
def open_view(chromium: Browser) -> Iterator[OpenView]:
    """`open_view(server, "/#/resumo", width=…, dark=True, at=…)`; `at` is when the page's clock starts.

    Whatever a page throws, or its policy forbids, fails the test.
    """
    faults: list[str] = []
    pages: list[Page] = []
    with ExitStack() as stack:

        def open_view(
            server: LiveServer,
            path: str,
            width: int = 1280,
            height: int = 900,
            dark: bool = False,
            at: datetime | None = None,
            prepare: Callable[[Page], Any] | None = None,
            storage: Any = None,
        ) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": height},
                timezone_id=str(ZONE),
                locale="pt-BR",
                color_scheme="dark" if dark else "light",
                storage_state=storage,
            )
            stack.callback(context.close)
            context.add_init_script(_VIOLATIONS)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            if at:
                page.clock.install(time=at)
            if prepare:
                prepare(page)
            page.goto(server.url + path)
            pages.append(page)
            return page

        yield open_view
        for page in pages:
            if not page.is_closed():
                faults.extend(page.evaluate("window.violations || []"))
    assert faults == []


@pytest.fixture(scope="module")
def view_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the tests of a file, with others' orders on it."""
    with LiveServer.start("embedded", directory=tmp_path_factory.mktemp("views")) as server:
        yield server


@pytest.fixture
def start_server_for_view(tmp_path: Path) -> Iterator[StartServer]:
    """Servers of a test's own, empty: to be stopped and started again."""
    with ExitStack() as stack:

        def start(**options: Any) -> LiveServer:
            directory = Path(tempfile.mkdtemp(dir=tmp_path))
            return stack.enter_context(LiveServer.start("embedded", directory=directory, **options))

        yield start
