"""Two thousand orders and a hundred changes a second: the page stays smooth."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.support.live_server import ORDERS, LiveServer
from tests.support.page_helpers import OpenPage, Shop, day

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.support.page_fixtures"]

ORDERS_ON_BOARD = 2_000
PARTS = 8
"""They are created by so many at once."""
CHANGES = 100
"""A second."""
WINDOW = 4.0
"""Seconds that are watched."""
TRIES = 3
"""A busy machine makes any task long; one quiet window shows what the page itself needs."""
SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")

LONG = 50.0
"""ms of processor time. By the wall clock, a task also waits for whatever else the machine is doing."""
TASK = "ThreadControllerImpl::RunTask"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A full one, for all tests here."""

    def create(part: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for index in range(part, ORDERS_ON_BOARD, PARTS):
                fields: dict[str, Any] = {setor: True for setor in SECTORS[: index % 6]}
                fields |= {"data_entrega": day(index % 30 - 3), "prioridade": "ALTA" if index % 9 == 0 else "NORMAL"}
                body = {"cliente": f"Cliente {index:04}", "cidade_cliente": "Itu", **fields}
                session.post(server.url + ORDERS, json=body, timeout=60).raise_for_status()

    with LiveServer.start(directory=tmp_path_factory.mktemp("full")) as server:
        with ThreadPoolExecutor(PARTS) as pool:
            list(pool.map(create, range(PARTS)))
        yield Shop(server)


class Colleagues:
    """Change orders at a steady pace until they are told to stop."""

    def __init__(self, url: str, ids: list[int]) -> None:
        self._url = url
        self._ids = ids
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(part,)) for part in range(4)]
        self.changes = 0

    def __enter__(self) -> Colleagues:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, part: int) -> None:
        pace = len(self._threads) / CHANGES
        due = time.monotonic()
        with requests.Session() as session:
            session.trust_env = False
            dice = random.Random(part)
            while True:
                due += pace
                if self._stop.wait(max(0.0, due - time.monotonic())):
                    return
                order = dice.choice(self._ids)
                sector = {dice.choice(SECTORS): dice.random() < 0.5}
                body = sector if dice.random() < 0.7 else {"data_entrega": day(dice.randrange(25))}
                session.patch(f"{self._url}{ORDERS}{order}", json=body, timeout=30)
                self.changes += 1


@pytest.mark.parametrize("view", ["lista", "quadro"])
def test_no_long_task_under_a_hundred_changes_a_second(
    chromium: Browser, open_page: OpenPage, shop: Shop, view: str
) -> None:
    ids = [order["id"] for order in shop.all()]
    page = open_page(f"#/{view}")
    expect(page.locator(".row, .card").first).to_be_visible()
    assert page.locator("main *").count() < 12_000, "only what can be seen is drawn"
    settled(page)
    session = page.context.new_cdp_session(page)
    before_all = _memory(session)
    windows: list[list[float]] = []
    with Colleagues(shop.server.url, ids) as colleagues:
        for _ in range(TRIES):
            before = colleagues.changes
            windows.append(_long_tasks(chromium, page, view))
            assert colleagues.changes > before
            if windows[-1] == []:
                break
    assert [] in windows, f"long tasks (ms) in each window: {windows}"
    after_all = _memory(session)
    assert after_all["heap"] - before_all["heap"] < 4, "MB: who changed what last, of 500 orders"
    assert after_all["nodes"] < before_all["nodes"] * 1.5 + 1_000, "what is scrolled past is let go"


def test_an_order_that_changed_is_kept_once(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/lista")
    expect(page.locator(".row").first).to_be_visible()
    settled(page)
    orders = shop.all()

    def change(part: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for order in orders[part::PARTS]:
                url = f"{shop.server.url}{ORDERS}{order['id']}"
                session.patch(url, json={"observacao": "mudou"}, timeout=60).raise_for_status()

    with ThreadPoolExecutor(PARTS) as pool:
        list(pool.map(change, range(PARTS)))
    shop.change(orders[0]["id"], cliente="O último de todos")
    page.locator("#busca").fill("O último de todos")
    expect(page.locator(".row")).to_have_count(1)
    assert _orders_alive(page.context.new_cdp_session(page)) < len(orders) * 1.2, "older versions are let go"


def _orders_alive(session: CDPSession) -> int:
    """How many objects there are in the page that are an order, after a collection."""
    prototype = session.send("Runtime.evaluate", {"expression": "Object.prototype"})["result"]["objectId"]
    found = session.send("Runtime.queryObjects", {"prototypeObjectId": prototype})["objects"]["objectId"]
    count = """function () {
        return this.filter((one) => Object.hasOwn(one, 'versao') && Object.hasOwn(one, 'items')).length;
    }"""
    call = {"functionDeclaration": count, "objectId": found, "returnByValue": True}
    return int(session.send("Runtime.callFunctionOn", call)["result"]["value"])


def _memory(session: CDPSession) -> dict[str, float]:
    """MB in use, and how many nodes there are, after a collection."""
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    return {"heap": heap, "nodes": session.send("Memory.getDOMCounters")["nodes"]}


def _long_tasks(chromium: Browser, page: Page, view: str) -> list[float]:
    """Those of the page's main thread in one window, in which somebody scrolls as well; ms."""
    chromium.start_tracing(page=page, categories=["toplevel"])
    end = time.monotonic() + WINDOW
    while time.monotonic() < end:
        page.mouse.move(640, 500)
        page.mouse.wheel(0, 300 if view == "lista" else 60)
        page.wait_for_timeout(100)
    events = json.loads(chromium.stop_tracing())["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [event for event in events if event["name"] == TASK and (event["pid"], event["tid"]) in main]
    assert len(tasks) > 100, "the trace holds the page's tasks"
    return [round(task["tdur"] / 1000, 1) for task in tasks if task.get("tdur", 0) / 1000 > LONG]


@pytest.mark.parametrize("view, item", [("lista", ".row"), ("quadro", ".card")])
def test_one_change_draws_one_of_them(open_page: OpenPage, shop: Shop, view: str, item: str) -> None:
    page = open_page(f"#/{view}")
    first = page.locator(item).first
    expect(first).to_be_visible()
    order_id = first.get_attribute("data-id") or ""
    settled(page)
    page.evaluate(
        """item => {
            window.touched = new Set();
            new MutationObserver(list => {
                for (const { target } of list) {
                    const shown = (target.nodeType === 1 ? target : target.parentElement).closest(item);
                    if (shown) window.touched.add(shown.dataset.id);
                }
            }).observe(document.querySelector('.rows, .board'), {
                subtree: true, childList: true, characterData: true, attributes: true,
            });
        }""",
        item,
    )
    shop.change(int(order_id), observacao=f"visto em {view}")
    expect(first.locator(".tag--changed")).to_be_visible()
    assert page.evaluate("Array.from(window.touched)") == [order_id]


def settled(page: Page) -> None:
    """Until all that is to be seen is built: it comes in several frames."""
    page.evaluate(
        """async () => {
            const count = () => document.querySelectorAll('main *').length;
            for (let before = -1; before !== count(); ) {
                before = count();
                await new Promise(resolve => setTimeout(resolve, 300));
            }
        }"""
    )
