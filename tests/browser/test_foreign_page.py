"""A page of somebody else's, open in the browser of a worker who is signed in: it reads, changes and opens nothing.

Foreign is another name, whose cookies the browser keeps apart, and the same name on another port, to which it sends
them along: there the server's own judgement is all there is.
"""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.support.checks import require
from tests.support.doors import Doors
from tests.support.live_server import ORDERS, LiveServer
from tests.support.plain_page import CHROMIUM_ARGUMENTS, LAN_NAME

pytestmark = pytest.mark.slow

FOREIGN_NAME = "mau.example"

# Each way ends in "blocked", or in what came through.
ATTACKS = """async ({base, id, orders}) => {
    const blocked = () => 'blocked';
    const call = (path, options = {}) =>
        fetch(base + path, {credentials: 'include', ...options}).then(async (answer) =>
            `${answer.type} ${answer.status} ${await answer.text()}`, blocked);
    const first = (open) => new Promise((resolve) => {
        open(resolve);
        setTimeout(() => resolve('nothing within 10 s'), 10_000);
    });
    const load = (tag) => first((resolve) => {
        const element = document.createElement(tag);
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve('blocked');
        element.src = base + orders;
        document.body.append(element);
    });
    const json = {'Content-Type': 'application/json'};
    const body = JSON.stringify({cliente: 'Mau'});
    const one = orders + id;
    return {
        'websocket': await first((resolve) => {
            const socket = new WebSocket(base.replace('http', 'ws') + '/ws/pedidos');
            socket.onmessage = (event) => { resolve(event.data); socket.close(); };
            socket.onerror = () => resolve('blocked');
        }),
        'sse': await first((resolve) => {
            const source = new EventSource(base + '/sse/pedidos', {withCredentials: true});
            source.onmessage = (event) => { resolve(event.data); source.close(); };
            source.onerror = () => { resolve('blocked'); source.close(); };
        }),
        'read': await call(orders),
        'who am I': await call('/api/v1/sessao'),
        'change': await call(one, {method: 'PATCH', headers: json, body: '{"costura":true}'}),
        'create': await call(orders, {method: 'POST', headers: json, body}),
        'create, no preflight': await call(orders, {method: 'POST', body}),
        'delete': await call(one, {method: 'DELETE'}),
        'image': await load('img'),
        'script': await load('script'),
    };
}"""
# What a page may send without asking first, and never sees an answer to: only its effect counts.
BLIND = """async ({base, orders}) => {
    const body = '{"cliente":"Mau"}';
    for (const [path, type] of [[orders, 'text/plain'], [orders, 'application/x-www-form-urlencoded'], ['/sair', '']])
        await fetch(base + path, {method: 'POST', mode: 'no-cors', credentials: 'include', body,
            headers: type ? {'Content-Type': type} : {}}).catch(() => null);
    navigator.sendBeacon(base + orders, new Blob([body], {type: 'text/plain'}));
}"""
FORM = """({action}) => {
    const form = document.createElement('form');
    Object.assign(form, {method: 'post', action, enctype: 'text/plain'});
    const field = document.createElement('input');
    Object.assign(field, {name: '{"cliente":"Mau","observacao":"', value: '"}'});
    form.append(field);
    document.body.append(form);
    form.submit();
}"""


@pytest.fixture(scope="module")
def browser(playwright_driver: Playwright) -> Iterator[Browser]:
    rules = f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1, MAP {FOREIGN_NAME} 127.0.0.1"
    arguments = [argument for argument in CHROMIUM_ARGUMENTS if "resolver" not in argument]
    browser = playwright_driver.chromium.launch(executable_path=require("chromium"), args=[*arguments, rules])
    yield browser
    browser.close()


class _Blank(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Ganhe um brinde</title><body>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of a server that is not ours."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["closed", "open"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, str]]:
    """A server that asks for a token, and the token with which somebody signs in; then an open one."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "open":
        by_name = {"PEDIDOS_AUTH": "off", "PEDIDOS_HOSTS": LAN_NAME}
        with LiveServer.start(directory=directory, env=by_name) as open_server:
            yield open_server, ""
        return
    doors = Doors.make("embedded", directory)
    yield doors.server, doors.tokens["admin"]
    doors.server.close()


@pytest.fixture
def server(shop: tuple[LiveServer, str]) -> LiveServer:
    return shop[0]


@pytest.fixture
def page(browser: Browser, shop: tuple[LiveServer, str]) -> Iterator[Page]:
    """Of a browser that is signed in where that is needed."""
    server, token = shop
    context = browser.new_context()
    page = context.new_page()
    if token:
        page.goto(f"http://{LAN_NAME}:{server.port}/entrar")
        page.locator("#token").fill(token)
        page.get_by_role("button").click()
        page.wait_for_url(f"http://{LAN_NAME}:{server.port}/")
    yield page
    context.close()


def target(server: LiveServer) -> dict[str, Any]:
    order = server.create()
    return {"base": f"http://{LAN_NAME}:{server.port}", "id": order["id"], "orders": ORDERS}


@pytest.mark.parametrize("name", [FOREIGN_NAME, LAN_NAME])
def test_nothing_comes_through(server: LiveServer, page: Page, elsewhere: int, name: str) -> None:
    aim = target(server)
    before = server.get(ORDERS).json()
    page.goto(f"http://{name}:{elsewhere}/")
    assert set(page.evaluate(ATTACKS, aim).values()) == {"blocked"}
    page.evaluate(BLIND, aim)
    for action in (ORDERS, "/entrar", "/sair"):
        page.goto(f"http://{name}:{elsewhere}/")
        with page.expect_navigation() as answer:
            page.evaluate(FORM, {"action": aim["base"] + action})
        assert page.url == aim["base"] + action and answer.value.status == 403
    frames = page.goto(f"http://{name}:{elsewhere}/") and page.evaluate(
        """({base}) => new Promise((resolve) => {
            const frame = document.createElement('iframe');
            frame.onload = () => resolve(frame.contentWindow.length);
            frame.src = base + '/';
            document.body.append(frame);
        })""",
        aim,
    )
    assert frames == 0, "our page in a frame of theirs"
    page.frames[1].wait_for_url(re.compile("chrome-error:"), wait_until="commit")
    assert server.get(ORDERS).json() == before
    page.goto(aim["base"] + "/")  # still signed in: nobody was signed out from outside
    assert page.url == aim["base"] + "/"


def test_our_own_page_may(server: LiveServer, page: Page) -> None:
    """What shows that the attacks would come through, were they not stopped."""
    aim = target(server)
    page.goto(f"{aim['base']}/health")
    results = page.evaluate(ATTACKS, aim)
    refused = {"create, no preflight", "image", "script"}  # no JSON by its type; no image; no script
    assert {name for name, result in results.items() if result == "blocked"} <= refused, results
    assert '"connected"' in results["websocket"] and '"connected"' in results["sse"]
    assert " 201 " in results["create"] and " 200 " in results["change"] and " 200 " in results["delete"]


ELSEWHERE = ("http://{0}/", "//{0}/", "/.//{0}/", "\\\\{0}/", "/\\{0}/", "javascript:location='//{0}/'", "/\t/{0}/")


@pytest.mark.parametrize("shop", ["closed"], indirect=True)
def test_after_signing_in_one_stays_here(server: LiveServer, shop: tuple[LiveServer, str], browser: Browser) -> None:
    """Whatever address the link to the sign-in page names."""
    base = f"http://{LAN_NAME}:{server.port}"
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/entrar")
    page.locator("#token").fill(shop[1])
    page.get_by_role("button").click()
    page.wait_for_url(f"{base}/")
    for place in ELSEWHERE:  # who has a session is sent on at once
        with page.expect_navigation(url=lambda url: "/entrar" not in url):
            page.goto(f"{base}/entrar?voltar={quote(place.format(FOREIGN_NAME), safe='')}", wait_until="commit")
        assert page.url.startswith(f"{base}/"), place
    context.close()


def test_a_name_of_theirs_for_our_address(server: LiveServer, page: Page) -> None:
    """DNS rebinding: to the browser, the foreign page and this server are one."""
    answer = page.goto(f"http://{FOREIGN_NAME}:{server.port}/")
    assert answer and answer.status == 421
    aim = {**target(server), "base": f"http://{FOREIGN_NAME}:{server.port}"}
    results = page.evaluate(ATTACKS, aim)
    assert all("blocked" in result or "421" in result for result in results.values()), results
