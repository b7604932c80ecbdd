"""The page's main flows in the other engine, WebKit, and where the network lets no WebSocket through."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import require_selenium
from tests.support.checks import require
from tests.support.live_server import LiveServer
from tests.support.nginx import REFUSES_UPGRADE, Nginx
from tests.support.page_helpers import Shop

TIMEOUT = 20.0

WAYS = {"webkit": "WebSocket", "nginx": "SSE"}
"""Each way to the page, and the transport that is to be found there."""


class Screen(ABC):
    """One page, in whichever browser, under a person's hand."""

    def __init__(self, shop: Shop, origin: str) -> None:
        self.shop = shop
        self.origin = origin

    def open(self, path: str) -> None:
        self._goto(f"{self.origin}/health")
        self.get(f"localStorage.setItem('pedidos.ajustes', {json.dumps(json.dumps({'autor': 'Bia'}))})")
        self._goto(f"{self.origin}/{path}")
        self.until("document.querySelector('#conexao')?.dataset.kind === 'ok'")
        self.until("document.querySelector('main:not([aria-busy])')")

    @abstractmethod
    def _goto(self, url: str) -> None: ...

    @abstractmethod
    def get(self, expression: str) -> Any:
        """The value of a JavaScript expression."""

    @abstractmethod
    def click(self, selector: str) -> None: ...

    @abstractmethod
    def type(self, selector: str, text: str) -> None:
        """By the keyboard, in the place of what stands there."""

    def until(self, condition: str) -> None:
        """Waits for a JavaScript expression to become true."""
        deadline = time.monotonic() + TIMEOUT
        while not self.get(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"still not {condition}: {self.get('document.body.innerText')}"
            time.sleep(0.05)

    def until_shown(self, selector: str, text: str = "") -> None:
        element = f"document.querySelector({json.dumps(selector)})"
        self.until(f"{element}?.checkVisibility() && {element}.innerText.includes({json.dumps(text)})")


class ChromiumScreen(Screen):
    def __init__(self, shop: Shop, origin: str, page: Page) -> None:
        super().__init__(shop, origin)
        self._page = page

    def _goto(self, url: str) -> None:
        self._page.goto(url)

    def get(self, expression: str) -> Any:
        return self._page.evaluate(f"() => ({expression})")

    def click(self, selector: str) -> None:
        self._page.click(selector)

    def type(self, selector: str, text: str) -> None:
        self._page.press(selector, "Control+a")
        self._page.keyboard.type(text)


class WebKitScreen(Screen):
    def __init__(self, shop: Shop, origin: str, driver: Any) -> None:
        super().__init__(shop, origin)
        self._driver = driver

    def _goto(self, url: str) -> None:
        self._driver.get(url)

    def get(self, expression: str) -> Any:
        return self._driver.execute_script(f"return ({expression});")

    def click(self, selector: str) -> None:
        self.until_shown(selector)
        self._driver.find_element("css selector", selector).click()

    def type(self, selector: str, text: str) -> None:
        self.until_shown(selector)
        self.get(f"document.querySelector({json.dumps(selector)}).select()")
        self._driver.find_element("css selector", selector).send_keys(text)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with LiveServer.start(directory=tmp_path_factory.mktemp("ways")) as server:
        yield Shop(server)


@pytest.fixture(scope="module", params=[pytest.param("webkit", marks=pytest.mark.slow), "nginx"])
def way(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(scope="module")
def screen(
    way: str, shop: Shop, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screen]:
    with ExitStack() as stack:
        if way == "webkit":
            require_selenium()
            from tests.support.webkit import start_driver

            driver = start_driver(request.getfixturevalue("display"))
            stack.callback(driver.quit)
            yield WebKitScreen(shop, shop.server.url, driver)
        else:
            directory = tmp_path_factory.mktemp("nginx")
            nginx = stack.enter_context(Nginx(require("nginx"), directory, shop.server.port, REFUSES_UPGRADE))
            chromium: Browser = request.getfixturevalue("chromium")
            page = chromium.new_page(locale="pt-BR")
            stack.callback(page.close)
            yield ChromiumScreen(shop, nginx.url, page)


def box(order: dict[str, Any], setor: str) -> str:
    return f'.row[data-id="{order["id"]}"] .box[data-setor="{setor}"]'


def ticked(order: dict[str, Any], setor: str) -> str:
    return f"{box(order, setor)}[aria-pressed=true]"


def test_a_tick_of_one_s_own_and_one_of_another_s(screen: Screen, way: str) -> None:
    order = screen.shop.order("Malharia São Jorge")
    screen.open("")
    screen.until_shown("#conexao", WAYS[way])
    screen.until_shown(f'.row[data-id="{order["id"]}"]', "Malharia São Jorge")
    screen.click(box(order, "financeiro"))
    screen.until_shown(ticked(order, "financeiro"))
    assert screen.shop.get(order["id"])["financeiro"] is True
    screen.shop.change(order["id"], by="Caio", costura=True)
    screen.until_shown(ticked(order, "costura"))
    screen.until_shown(f'.row[data-id="{order["id"]}"] .row__chip', "Costura · Caio")


def test_a_new_order(screen: Screen) -> None:
    screen.open("#/novo")
    screen.type('[name="cliente"]', "Ateliê da Cida")
    screen.type('[name="valor_frete"]', "12,50")
    screen.click("#salvar")
    screen.until_shown("h1", "· Ateliê da Cida")
    newest = screen.shop.all()[0]
    assert (newest["cliente"], newest["valor_total"]) == ("Ateliê da Cida", "12.50")


# Another's change is committed while the save is on its way.
RACE = """(() => {
    const send = window.fetch;
    window.answers = [];
    window.fetch = async (url, options) => {
        const isSave = options && options.method === 'PATCH';
        if (isSave && window.answers.length === 0) {
            const who = {'X-Pedidos-Autor': 'Caio', 'X-Pedidos-Cliente': 'colega'};
            const headers = {'Content-Type': 'application/json', ...who};
            await send(url, {method: 'PATCH', headers, body: JSON.stringify({observacao: 'o que Caio quis'})});
        }
        const answer = await send(url, options);
        if (isSave) window.answers.push(answer.status);
        return answer;
    };
})()"""


def test_an_edit_that_meets_another_s(screen: Screen) -> None:
    order = screen.shop.order(observacao="original")
    screen.open(f"#/pedido/{order['id']}")
    screen.type('[name="observacao"]', "original e mais")
    screen.get(RACE)
    screen.click("#salvar")
    dialog = '#conflito [data-campo="observacao"]'
    screen.until_shown(dialog, "o que Caio quis")
    screen.until_shown(dialog, "original e mais")
    assert screen.get("window.answers") == [412]
    screen.click(f'{dialog} input[value="meu"]')
    screen.click("#conflito button[type=submit]")
    screen.until_shown("#estado", "Salvo às")
    assert screen.get("window.answers") == [412, 200]
    assert screen.shop.get(order["id"])["observacao"] == "original e mais"


def test_the_server_goes_and_comes_back(screen: Screen, way: str) -> None:
    order = screen.shop.order()
    screen.open("")
    screen.until_shown(box(order, "financeiro"))
    screen.shop.server.kill()
    screen.until_shown("#conexao[data-kind=reconnecting]", "Reconectando, Tentativa")
    screen.shop.server.restart()
    screen.shop.change(order["id"], by="Caio", costura=True)
    screen.until_shown("#conexao[data-kind=ok]", WAYS[way])
    screen.until_shown(ticked(order, "costura"))
    screen.click(box(order, "financeiro"))
    screen.until_shown(ticked(order, "financeiro"))
    assert screen.shop.get(order["id"])["versao"] == 3
