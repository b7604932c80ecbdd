"""Ways to the page in a real browser: through a proxy that changes the Host, by a link on another site, and beside
another server of the same machine."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.security.test_deploy import AROUND
from tests.support.checks import free_port, require
from tests.support.doors import Doors
from tests.support.live_server import wait_until

REWRITES = """
server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Host interno.lan;
    location / {{ proxy_pass http://127.0.0.1:{server_port}; }}
}}
"""


@contextmanager
def rewriting_proxy(directory: Path, port: int, server_port: int) -> Iterator[None]:
    nginx = require("nginx")
    directory.mkdir()
    (directory / "nginx.conf").write_text(AROUND.format(directory=directory))
    (directory / "pedidos.conf").write_text(REWRITES.format(port=port, server_port=server_port))
    log = directory / "error.log"
    command = [nginx, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port), 10, "nginx listens")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def doors_with(tmp_path: Path) -> Iterator[Callable[..., Doors]]:
    made: list[Doors] = []

    def make(name: str, **env: str) -> Doors:
        (tmp_path / name).mkdir()
        made.append(Doors.make("embedded", tmp_path / name, env))
        return made[-1]

    yield make
    for doors in made:
        doors.server.close()


def sign_in(page: Page, token: str) -> None:
    page.locator("#token").fill(token)
    page.get_by_role("button", name="Entrar").click()


def test_a_proxy_that_changes_the_host(page: Page, doors_with: Callable[..., Doors], tmp_path: Path) -> None:
    port = free_port()
    doors = doors_with("without")
    with rewriting_proxy(tmp_path / "one", port, doors.server.port):
        page.goto(f"http://127.0.0.1:{port}/")
        sign_in(page, doors.tokens["escrita"])
        expect(page.locator("#erro")).to_contain_text("PEDIDOS_PUBLIC_URL")
    doors = doors_with("named", PEDIDOS_PUBLIC_URL=f"http://127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port}/" in doors.server.output()
    order = doors.server.create()
    with rewriting_proxy(tmp_path / "two", port, doors.server.port):
        page.goto(f"http://127.0.0.1:{port}/?a=b")
        sign_in(page, doors.tokens["escrita"])
        page.wait_for_url(f"http://127.0.0.1:{port}/?a=b")
        expect(page.locator(".row")).to_have_count(1)
        changed = page.evaluate(
            """id => fetch(`/api/v1/pedidos/${id}`, {method: 'PATCH', body: '{"costura":true}',
            headers: {'Content-Type': 'application/json'}}).then((answer) => answer.status)""",
            order["id"],
        )
        assert changed == 200


class _Mail(http.server.BaseHTTPRequestHandler):
    target = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<!doctype html><title>Correio</title><a href="{self.target}">O pedido</a>'.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def mail() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Mail) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "not signed in"])
def test_a_link_on_another_site_leads_to_its_place(
    page: Page, doors_with: Callable[..., Doors], mail: int, is_signed_in: bool
) -> None:
    """SameSite=Strict: the first request comes without the session. 127.0.0.1 and localhost are two sites."""
    doors = doors_with("shop")
    order = doors.server.create()
    base = f"http://localhost:{doors.server.port}"
    if is_signed_in:
        page.goto(f"{base}/")
        sign_in(page, doors.tokens["leitura"])
        page.wait_for_url(f"{base}/")
    for place in ("/?a=b", "/docs", "/?painel=1", f"/#/pedido/{order['id']}", "/?a=b#/lista?q=x"):
        _Mail.target = base + place
        page.goto(f"http://127.0.0.1:{mail}/")
        page.get_by_role("link").click()
        if not is_signed_in:
            sign_in(page, doors.tokens["leitura"])
        page.wait_for_url(base + place)
        expect(page.locator("#token")).to_have_count(0)
        if "pedido" in place:
            expect(page.locator("h1")).to_contain_text(order["cliente"])
        if not is_signed_in:
            page.context.clear_cookies()


def test_two_servers_of_one_machine(page: Page, doors_with: Callable[..., Doors]) -> None:
    shops = [doors_with("one"), doors_with("other")]
    for _ in range(2):
        for doors in shops:
            page.goto(f"{doors.server.url}/")
            if "/entrar" in page.url:
                sign_in(page, doors.tokens["leitura"])
            page.wait_for_url(f"{doors.server.url}/")
    page.goto(f"{shops[0].server.url}/entrar")  # signed in: led on at once
    page.wait_for_url(f"{shops[0].server.url}/")
