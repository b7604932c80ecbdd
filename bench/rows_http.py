"""Rows about HTTP: acknowledged writes, on a quick disk and on a slow one, and the list."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from .clients import Answers, Subscribers, send, slow_disk
from .figures import Figure
from .measures import CHANGED, flood, median
from .processes import ORDER, ORDERS, BareFlask, Server
from .rows import Plan, Row

SLOW_MS = 10
BODY = '{"observacao":"@"}'
EMPTY = "/ws/stats"
"""The empty request: what HTTP, routing and a small answer cost, without the database."""


def writes(plan: Plan) -> list[Figure]:
    subscribers, count = 20, plan.of(6000, 64)
    rates, bare, faults = [], [], 0
    for round_ in range(plan.rounds):
        plan.say(f"round {round_ + 1} of {plan.rounds}")
        with BareFlask() as nothing:
            bare.append(send(nothing.port, "PATCH", CHANGED, count=count, body=BODY, connections=32).per_second)
        with Server() as target:
            run = flood(target, subscribers, 32, count)
            rates.append(run.writes_per_second)
            faults += run.tally.faults
    what = f"acknowledged changes, {subscribers} subscribers, 32 writers, FULL"
    return [
        Figure(what, median(rates), "/s", 1500, True, note=str([round(rate) for rate in rates])),
        Figure(
            "the same load on a Flask route that stores nothing",
            median(bare),
            "/s",
            note=str([round(rate) for rate in bare]),
        ),
        Figure("lost, repeated or cut, same runs", faults, "deliveries", 0),
    ]


def slow_writes(plan: Plan) -> list[Figure]:
    """How many writes share one fsync when an fsync takes 10 ms."""
    figures = []
    for writers, goal in ((32, 14.0), (64, 28.0)):
        plan.say(f"{writers} writers")
        with tempfile.NamedTemporaryFile(prefix="pedidos-bench-") as counter:
            counter.write(bytes(8))
            counter.flush()
            settings = {
                "LD_PRELOAD": str(slow_disk()),
                "PEDIDOS_BENCH_FSYNC_MS": str(SLOW_MS),
                "PEDIDOS_BENCH_FSYNC_COUNT": counter.name,
            }
            with Server(**settings) as target, Subscribers(target.port, 20):
                before = _count(counter.name)
                answers = send(
                    target.port,
                    "PATCH",
                    CHANGED,
                    count=plan.of(6000, 320),
                    body=BODY,
                    connections=writers,
                )
                fsyncs = _count(counter.name) - before
        per_fsync = len(answers.latencies) / max(1, fsyncs)
        what = f"writes per fsync, fsync slowed to {SLOW_MS} ms, {writers} writers"
        figures.append(Figure(what, per_fsync, "", goal, True, note=f"{answers.per_second:.0f} writes/s"))
    return figures


def _count(path: str) -> int:
    return int.from_bytes(Path(path).read_bytes(), "little")


def whole_list(plan: Plan) -> list[Figure]:
    """The whole list, and the 304 of who has it already, in milliseconds beyond an empty request."""
    orders, calls = plan.of(2000, 10), plan.of(200, 20)
    with Server() as target:
        plan.say(f"{orders} orders")
        _fill(target, orders - 1)
        time.sleep(plan.seconds(1))
        _, headers = target.call("GET", ORDERS)
        size = int(headers["Content-Length"])
        times: dict[str, list[float]] = {"empty": [], "whole": [], "not modified": []}
        for round_ in range(plan.rounds):
            plan.say(f"round {round_ + 1} of {plan.rounds}")
            times["empty"] += _latencies(target, EMPTY, calls)
            times["whole"] += _latencies(target, ORDERS, calls)
            times["not modified"] += _latencies(target, ORDERS, calls, f"If-None-Match: {headers['ETag']}")
    p50 = {name: median(found) for name, found in times.items()}
    note = f"an empty request takes {p50['empty']:.2f} ms; {size / 1e6:.2f} MB"
    return [
        Figure(
            f"list of {orders:,} orders, beyond an empty request", p50["whole"] - p50["empty"], "ms", 10, note=note
        ),
        Figure("the same, not modified (304)", p50["not modified"] - p50["empty"], "ms", 1, note=note),
    ]


def _fill(target: Server, orders: int) -> None:
    import json

    if orders:
        send(target.port, "POST", ORDERS, count=orders, body=json.dumps({**ORDER, "observacao": "@"}), connections=16)


def _latencies(target: Server, path: str, count: int, *headers: str) -> list[float]:
    answers: Answers = send(target.port, "GET", path, count=count, headers=headers)
    return answers.latencies


ROWS = [
    Row("writes", "acknowledged changes a second, 20 subscribers, 32 writers, FULL", writes),
    Row("slow-disk", "writes per fsync where an fsync takes 10 ms", slow_writes),
    Row("list", "the list of 2,000 orders: whole, and 304", whole_list),
]
