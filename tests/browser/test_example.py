"""The example app, built by Vite, in Chromium, from the origin that a Tauri shell gives it on Windows."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from live_server import LiveServer
from npm_workspace import run, workspace_with
from plain_page import CHROMIUM_ARGUMENTS, eventually, require, server_orders, server_streams
from playwright.sync_api import Browser, Page, Playwright, expect
from playwright.sync_api import TimeoutError as NotInTime

ORIGIN = "http://tauri.localhost"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def built_example() -> Iterator[int]:
    """The port that serves `dist/`."""
    node = require("node")
    with workspace_with("19") as workspace:
        vite = workspace.parent / "node_modules" / "vite" / "bin" / "vite.js"
        run([node, str(vite), "build"], workspace / "examples" / "react", timeout=200)
        handler = functools.partial(QuietHandler, directory=str(workspace / "examples" / "react" / "dist"))
        files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=files.serve_forever, daemon=True).start()
        yield files.server_port
        files.shutdown()
        files.server_close()


@pytest.fixture
def app(built_example: int, playwright_driver: Playwright, server: LiveServer) -> Iterator[Page]:
    """The app in a window of its own, told where the server is."""
    mapping = f"--host-resolver-rules=MAP tauri.localhost 127.0.0.1:{built_example}"
    arguments = [argument for argument in CHROMIUM_ARGUMENTS if "host-resolver" not in argument]
    browser: Browser = playwright_driver.chromium.launch(
        executable_path=require("chromium"), args=[*arguments, mapping]
    )
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(ORIGIN)
    page.get_by_label("Servidor").fill(server.url)
    page.get_by_role("button", name="Usar").click()
    expect(page.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
    yield page
    browser.close()
    assert complaints == []


def test_list_and_board_on_one_connection(app: Page, server: LiveServer) -> None:
    app.get_by_label("Cliente").fill("Padaria Sol")
    app.get_by_role("button", name="Criar pedido").click()
    box = app.get_by_role("checkbox", name="financeiro do pedido 1")
    expect(box).not_to_be_checked()
    box.click()
    expect(box).to_be_checked()
    assert server_orders(server)[0]["financeiro"] is True
    assert server_streams(server) == 1

    server.http.patch(f"{server.url}/api/v1/pedidos/1", json={"cliente": "Padaria Lua"}, timeout=10)
    expect(app.get_by_role("cell", name="Padaria Lua")).to_be_visible(timeout=2_000)

    app.get_by_role("button", name="Quadro").click()
    card = app.get_by_label("conferencia", exact=True).get_by_role("article")
    expect(card).to_contain_text("Padaria Lua")
    card.get_by_role("button", name="Concluir conferencia").click()
    expect(app.get_by_label("sublimacao", exact=True).get_by_role("article")).to_have_count(1)
    assert server_streams(server) == 1


def test_it_shows_that_the_server_is_gone_and_comes_back(app: Page, server: LiveServer) -> None:
    button = app.get_by_role("button", name="Reconectar")
    for _ in range(5):
        server.kill()
        expect(app.get_by_role("status")).to_contain_text("Reconectando, tentativa", timeout=10_000)
        expect(button).to_be_visible()
        server.restart()
        try:
            button.click(timeout=1_000)
            break
        except NotInTime:  # back by itself before the click: once more
            expect(app.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
    else:
        pytest.fail("never clicked before it was back by itself")
    expect(app.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
    eventually(lambda: server_streams(server) == 1)


def test_a_reload_remembers_the_server(app: Page) -> None:
    app.reload()
    expect(app.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
