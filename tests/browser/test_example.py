"""The example app, built by Vite, in Chromium, from the origin that a Tauri shell gives it on Windows."""

from __future__ import annotations

import functools
import http.server
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from playwright.sync_api import TimeoutError as NotInTime

from tests.support.checks import require
from tests.support.live_server import LiveServer
from tests.support.npm_workspace import REPOSITORY, packages, run, workspace_with
from tests.support.plain_page import CHROMIUM_ARGUMENTS, eventually, server_orders, server_streams

pytestmark = pytest.mark.slow

ORIGIN = "http://tauri.localhost"


def vite_of(folder: Path) -> Path:
    """Of the packages above a test's folder."""
    return folder.parent / "node_modules" / "vite" / "bin" / "vite.js"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def built(app: Path, vite: Path) -> Iterator[int]:
    """The port that serves what Vite builds of an app."""
    run([require("node"), str(vite), "build"], app, timeout=200)
    handler = functools.partial(QuietHandler, directory=str(app / "dist"))
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    yield files.server_port
    files.shutdown()
    files.server_close()


@pytest.fixture(scope="module")
def built_example() -> Iterator[int]:
    with workspace_with("19") as workspace, built(workspace / "examples" / "react", vite_of(workspace)) as port:
        yield port


@contextmanager
def opened(port: int, playwright_driver: Playwright) -> Iterator[Page]:
    """What this port serves, in a window of its own, as ``ORIGIN``. Fails for an error in its console."""
    mapping = f"--host-resolver-rules=MAP tauri.localhost 127.0.0.1:{port}"
    arguments = [argument for argument in CHROMIUM_ARGUMENTS if "host-resolver" not in argument]
    browser: Browser = playwright_driver.chromium.launch(
        executable_path=require("chromium"), args=[*arguments, mapping]
    )
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(ORIGIN)
    yield page
    browser.close()
    assert complaints == []


@pytest.fixture
def app(built_example: int, playwright_driver: Playwright, server: LiveServer) -> Iterator[Page]:
    """The app, told where the server is."""
    with opened(built_example, playwright_driver) as page:
        page.get_by_label("Servidor").fill(server.url)
        page.get_by_role("button", name="Usar").click()
        expect(page.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
        yield page


# What `npm create vite` gives, but for its looks.
FRESH_APP = {
    "package.json": '{"name": "loja", "private": true, "type": "module"}',
    "index.html": '<div id="root"></div><script type="module" src="/src/main.jsx"></script>',
    # Without a plugin: that of React looks for React in the app by itself, in some of its versions.
    "vite.config.js": "export default { esbuild: { jsx: 'automatic' } };",
    "src/main.jsx": """
        import { StrictMode } from 'react';
        import { createRoot } from 'react-dom/client';
        import App from './App.jsx';
        createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>);
    """,
}


def test_what_the_readme_says_in_a_fresh_app(playwright_driver: Playwright, server: LiveServer) -> None:
    """Its command and its component, as they stand there, in a Vite app outside of the repository."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    command = re.search(r"`npm install ([^`]*?)[\w./]*/static`", readme)
    component = re.search(r"```jsx\n(.+?)```", readme, re.DOTALL)
    assert command and component
    server.http.post(f"{server.url}/api/v1/pedidos/", json={"cliente": "Padaria Sol"}, timeout=10)
    # React and Vite stand above it, so that npm has nothing to download.
    with tempfile.TemporaryDirectory(prefix="app-", dir=packages("19")) as folder:
        app = Path(folder)
        (app / "src").mkdir()
        for name, content in FRESH_APP.items():
            (app / name).write_text(content, encoding="utf-8")
        (app / "src" / "App.jsx").write_text(component[1].replace("http://SERVER:8000", server.url), encoding="utf-8")
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        run([require("npm"), "install", *command[1].split(), str(REPOSITORY / "static"), *quiet], app, timeout=100)
        with built(app, vite_of(app)) as port, opened(port, playwright_driver) as page:
            expect(page.get_by_role("status")).to_have_text("✅ Sincronizado", timeout=10_000)
            expect(page.get_by_role("listitem")).to_contain_text("Padaria Sol")
            page.get_by_role("checkbox").click()
            expect(page.get_by_role("checkbox")).to_be_checked()
            assert server_orders(server)[0]["financeiro"] is True


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
