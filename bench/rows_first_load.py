"""The row about what is sent: the page's first load, with an empty cache, and the list."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from datetime import date
from typing import Any

from pedidos_server.cli.demo import believable_order

from .figures import Figure
from .processes import ORDERS, Server
from .rows import Plan, Row
from .rows_page import ARGUMENTS, CHROMIUM

FEW, MANY = 300, 3_000
"""Orders of a shop's board, and of one that never closes any."""
PHONE: dict[str, int] = {"latency": 100, "downloadThroughput": 10_000_000 // 8, "uploadThroughput": 5_000_000 // 8}
"""A phone's network, in ms and bytes a second."""
PROBE_SECONDS = 0.001


def first_load(plan: Plan) -> list[Figure]:
    with Server() as target:
        dice = random.Random(FEW)
        _create(target.port, dice, FEW)
        figures = _page(target.port)
        _create(target.port, dice, MANY - FEW)
        return [*figures, *_list(target.port)]


def _create(port: int, dice: random.Random, count: int) -> None:
    """Orders that differ as a shop's do."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(count):
        body = json.dumps(believable_order(dice, date.today()))
        connection.request("POST", ORDERS, body, {"Content-Type": "application/json"})
        connection.getresponse().read()
    connection.close()


def _page(port: int) -> list[Figure]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            sizes, _ = _load(browser, port, None)
            throttled, seconds = _load(browser, port, PHONE)
        finally:
            browser.close()
    what = f"first load of {FEW} orders"
    return [
        Figure(f"{what}: on the wire", sum(sizes) / 1000, "KB", 150),
        Figure(f"{what}: requests", len(sizes), ""),
        Figure(f"{what}: first row at 10 Mbit/s and 100 ms", seconds, "s", 1, note=f"{len(throttled)} requests"),
    ]


def _load(browser: Any, port: int, network: dict[str, int] | None) -> tuple[list[float], float]:
    """Bytes of each answer, and the seconds until the first row can be seen."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    protocol = context.new_cdp_session(tab)
    protocol.send("Network.enable")
    sizes: list[float] = []
    protocol.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    if network is not None:
        protocol.send("Network.emulateNetworkConditions", {"offline": False, **network})
    started = time.perf_counter()
    tab.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    tab.locator(".row").first.wait_for(timeout=60_000)
    seconds = time.perf_counter() - started
    tab.wait_for_load_state("load")
    tab.wait_for_timeout(500)
    context.close()
    return sizes, seconds


def _list(port: int) -> list[Figure]:
    plain, before = _fetch(port, "identity")
    compressed, waited = _fetch(port, "gzip")
    what = f"list of {MANY:,} orders"
    return [
        Figure(f"{what}: compressed", compressed / 1000, "KB", 400, note=f"{plain / 1000:.0f} KB as it is"),
        Figure(
            f"{what}: longest wait of another request",
            waited * 1000,
            "ms",
            10,
            note=f"{before * 1000:.1f} ms beside one that is not compressed",
        ),
    ]


def _fetch(port: int, encoding: str) -> tuple[int, float]:
    """Bytes of the list, and the longest answer to ``/health`` beside it, in seconds beyond the shortest."""
    over = threading.Event()
    waits: list[float] = []

    def probe() -> None:
        beside = http.client.HTTPConnection("127.0.0.1", port)
        while not over.is_set():
            started = time.perf_counter()
            beside.request("GET", "/health")
            beside.getresponse().read()
            waits.append(time.perf_counter() - started)
            time.sleep(PROBE_SECONDS)
        beside.close()

    thread = threading.Thread(target=probe)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    time.sleep(0.2)
    waits.clear()
    connection.request("GET", ORDERS, headers={"Accept-Encoding": encoding})
    size = len(connection.getresponse().read())
    over.set()
    thread.join()
    connection.close()
    return size, max(waits) - min(waits)


ROWS = [Row("first-load", "what is sent for the page's first load, and for a long list", first_load)]
