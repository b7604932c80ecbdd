"""The row about the page: two thousand orders on it, a hundred changes a second coming in."""

from __future__ import annotations

import json
import time
from typing import Any

from .clients import Requests, send
from .figures import Figure
from .processes import ORDER, ORDERS, Server
from .rows import Plan, Row

CHANGES_PER_SECOND = 100
SETTLE_SECONDS = 5.0
LONG_TASK_MS = 50.0
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The Long Tasks API tells of each task of the main thread that lasts 50 ms or more.
_WATCH_LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
}).observe({ type: 'longtask', buffered: true });
"""


def page(plan: Plan) -> list[Figure]:
    from playwright.sync_api import sync_playwright

    orders, seconds = plan.of(2000, 20), max(4.0, plan.page_seconds)
    with Server() as target, sync_playwright() as playwright:
        body = json.dumps({**ORDER, "observacao": "@"})
        send(target.port, "POST", ORDERS, count=orders - 1, body=body, connections=16)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            tab.add_init_script(_WATCH_LONG_TASKS)
            tab.goto(f"http://127.0.0.1:{target.port}/")
            tab.get_by_text(ORDER["cliente"]).first.wait_for(timeout=60_000)
            protocol = tab.context.new_cdp_session(tab)
            protocol.send("Performance.enable")
            writer = Requests(
                target.port,
                "PATCH",
                f"{ORDERS}{{1-{orders}}}",
                count=round((seconds + SETTLE_SECONDS) * CHANGES_PER_SECOND),
                rate=CHANGES_PER_SECOND,
                body='{"observacao":"@"}',
                connections=4,
            )
            time.sleep(SETTLE_SECONDS)
            tab.evaluate("window.longTasks.length = 0")
            heaps = [_heap(protocol)]
            ends = time.monotonic() + seconds
            while (left := ends - time.monotonic()) > 0:
                plan.say(f"{left:.0f} s left, heap {heaps[-1] / 1e6:.1f} MB")
                time.sleep(min(left, seconds / 10))
                heaps.append(_heap(protocol))
            tasks: list[float] = tab.evaluate("window.longTasks")
            answers = writer.result()
        finally:
            browser.close()
    late = [round(ms) for ms in tasks if ms > LONG_TASK_MS]
    what = f"page of {orders:,} orders, {CHANGES_PER_SECOND} changes/s, {seconds:.0f} s"
    memory = [round(size / 1e6, 1) for size in heaps]
    growth = sum(heaps[-3:]) / sum(heaps[1:4]) if len(heaps) > 6 else heaps[-1] / heaps[0]
    return [
        Figure(
            f"{what}: long tasks over {LONG_TASK_MS:.0f} ms",
            len(late),
            "",
            0,
            note=f"{late[:20]}; {answers.per_second:.0f}/s",
        ),
        Figure(f"{what}: JavaScript heap at the end to that at the start", growth, "×", 1.1, note=f"MB: {memory}"),
    ]


def _heap(protocol: Any) -> float:
    """Bytes of JavaScript that are in use after a collection."""
    protocol.send("HeapProfiler.collectGarbage")
    return next(
        metric["value"]
        for metric in protocol.send("Performance.getMetrics")["metrics"]
        if metric["name"] == "JSHeapUsedSize"
    )


ROWS = [Row("page", "the page with 2,000 orders and 100 changes a second", page)]
