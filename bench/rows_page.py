"""The row about the page: two thousand orders on it, a hundred changes a second coming in."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from statistics import fmean, linear_regression
from typing import Any

from .clients import Requests, send
from .figures import Figure
from .processes import ORDER, ORDERS, Server
from .rows import Plan, Row

CHANGES_PER_SECOND = 100
WARM_UP_SECONDS = 30.0
"""Under the same load. By then each order has changed once, what the page keeps of others' changes is at its bound
(500 orders), and the code that runs is compiled."""
SAMPLE_SECONDS = 5.0
COLLECTIONS = 3
"""For one sample, of which the least counts: the page goes on between a collection and the reading."""
WINDOW_SECONDS = 60.0
"""The mean of so long at the end is held against that of so long at the start; of a third where there is less."""
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
  for (const entry of list.getEntries()) window.longTasks.push([entry.startTime, entry.duration]);
}).observe({ type: 'longtask', buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the page keeps, after a collection."""

    at: float
    """Seconds since the end of the warm-up."""
    heap: float
    """MB of JavaScript."""
    nodes: int
    listeners: int


def page(plan: Plan) -> list[Figure]:
    from playwright.sync_api import sync_playwright

    orders, seconds = plan.of(2000, 20), max(4.0, plan.page_seconds)
    warm_up = min(WARM_UP_SECONDS, seconds)
    with Server() as target, sync_playwright() as playwright:
        body = json.dumps({**ORDER, "observacao": "@"})
        send(target.port, "POST", ORDERS, count=orders - 1, body=body, connections=16)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            tab.add_init_script(_WATCH_LONG_TASKS)
            tab.goto(f"http://127.0.0.1:{target.port}/")
            tab.get_by_text(str(ORDER["cliente"])).first.wait_for(timeout=60_000)
            protocol = tab.context.new_cdp_session(tab)
            protocol.send("Performance.enable")
            loaded = _sample(protocol, -warm_up)
            writer = Requests(
                target.port,
                "PATCH",
                f"{ORDERS}{{1-{orders}}}",
                count=round((warm_up + seconds) * 2 * CHANGES_PER_SECOND),  # stopped before it is through
                rate=CHANGES_PER_SECOND,
                body='{"observacao":"@"}',
                connections=4,
            )
            time.sleep(warm_up)
            since: float = tab.evaluate("window.longTasks.length = 0, performance.now()")
            load = os.getloadavg()[0]
            began = time.monotonic()
            samples = [_sample(protocol, 0.0)]
            step = min(SAMPLE_SECONDS, seconds / 12)
            while (next_at := samples[-1].at + step) <= seconds:
                plan.say(f"{seconds - samples[-1].at:.0f} s left, heap {samples[-1].heap:.2f} MB")
                time.sleep(max(0.0, began + next_at - time.monotonic()))
                samples.append(_sample(protocol, time.monotonic() - began))
            tasks: list[list[float]] = tab.evaluate("window.longTasks")
            answers = writer.stop()
        finally:
            browser.close()
    return _figures(
        f"page of {orders:,} orders, {CHANGES_PER_SECOND} changes/s, {seconds:.0f} s",
        [f"{ms:.0f} ms at {(at - since) / 1000:.0f} s" for at, ms in tasks if ms > LONG_TASK_MS],
        f"{answers.per_second:.0f} changes/s; load average {load:.1f} to {os.getloadavg()[0]:.1f}",
        loaded,
        samples,
        min(WINDOW_SECONDS, seconds / 3),
    )


def _figures(
    what: str, late: list[str], circumstances: str, loaded: Sample, samples: list[Sample], window: float
) -> list[Figure]:
    end = samples[-1].at
    first = fmean(sample.heap for sample in samples if sample.at <= window)
    last = fmean(sample.heap for sample in samples if sample.at >= end - window)
    slope = linear_regression([sample.at for sample in samples], [sample.heap for sample in samples]).slope
    curve = [round(sample.heap, 2) for sample in samples]
    a, b = samples[0], samples[-1]
    kept = f"nodes {a.nodes} to {b.nodes}, listeners {a.listeners} to {b.listeners}"
    return [
        Figure(
            f"{what}: long tasks over {LONG_TASK_MS:.0f} ms",
            len(late),
            "",
            0,
            note=f"{', '.join(late[:20])}; {circumstances}".removeprefix("; "),
        ),
        Figure(
            f"{what}: heap, last {window:.0f} s to first {window:.0f} s after {-loaded.at:.0f} s of warm-up",
            last / first,
            "×",
            1.1,
            note=f"MB: {loaded.heap:.2f} before the load, then {curve}; {kept}",
        ),
        Figure(f"{what}: heap, first {window:.0f} s after the warm-up", first, "MB"),
        Figure(f"{what}: heap, growth by the line through all samples", slope * 60e3, "KB/min"),
    ]


def _sample(protocol: Any, at: float) -> Sample:
    readings: list[dict[str, float]] = []
    for _ in range(COLLECTIONS):
        protocol.send("HeapProfiler.collectGarbage")
        metrics = protocol.send("Performance.getMetrics")["metrics"]
        readings.append({metric["name"]: metric["value"] for metric in metrics})
    heap = min(reading["JSHeapUsedSize"] for reading in readings)
    return Sample(at, heap / 1e6, int(readings[-1]["Nodes"]), int(readings[-1]["JSEventListeners"]))


ROWS = [Row("page", "the page with 2,000 orders and 100 changes a second", page)]
