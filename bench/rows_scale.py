"""Rows about size: a million orders and five million events beside a thousand orders."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from peewee import SqliteDatabase

from pedidos_server.storage.sqlite.migrations import migrate

from .clients import Subscribers, send
from .figures import Figure
from .fill import fill
from .measures import median
from .processes import ORDERS, Server
from .rows import Plan, Row

KEEP_ALL = {
    "PEDIDOS_RETENTION_EVENTS": "100000000",
    "PEDIDOS_RETENTION_DAYS": "36500",
    "PEDIDOS_RETENTION_BYTES": str(2**39),
}
MISSED = (200, 5_000)
"""Events that the resuming client has missed; the second is more than the server keeps in memory, so they are read
from the log."""
SAME = 1.5

SEARCHES = {"q with many hits": "q=uberlandia&limite=50", "q with none": "q=nenhum-assim&limite=50"}
PAGES = {
    "page of 50 by status": "status=em_producao&limite=50",
    "page of 50 by setor": "setor=costura&limite=50",
    "page of 50 by setor and status": "setor=costura&status=em_producao&limite=50",
}
EVERYTHING = "page of 50 of everything, with X-Total-Count"


def scale(plan: Plan) -> list[Figure]:
    orders, events = plan.of(1_000_000, 2_000), plan.of(5_000_000, 12_000)
    with tempfile.TemporaryDirectory(prefix="pedidos-bench-") as folder:
        small, large = Path(folder, "small.db"), Path(plan.keep or folder, f"{orders}-{events}.db")
        fill(small, 1_000, 10_000, plan.say)
        if not large.exists():
            fill(large, orders, events, plan.say)
        _bring_forward(large)
        plan.say("1,000 orders")
        few = _measure(small, plan, 1_000)
        plan.say(f"{orders:,} orders")
        many = _measure(large, plan, orders)
    figures = [
        Figure(f"{name}, {orders:,} orders", many[name], "ms", SAME, beside=few[name], beside_what="1,000 orders")
        for name in ("start-up", "PATCH", *(f"resume after {missed:,} events" for missed in MISSED), *PAGES)
    ]
    figures.append(Figure(f"start-up, {orders:,} orders, by itself", many["start-up"], "ms", 2_000))
    figures += [
        Figure(f"{name}, {orders:,} orders", many[name], "ms", 200, note=f"1,000 orders: {few[name]:.2f} ms")
        for name in (*SEARCHES, EVERYTHING)
    ]
    return figures


def _measure(database: Path, plan: Plan, orders: int) -> dict[str, float]:
    """The median of each, in milliseconds."""
    calls = plan.of(200, 10)
    found: dict[str, float] = {}
    starts = []
    for _ in range(plan.of(5)):
        with Server(database, **KEEP_ALL) as target:
            starts.append(target.start_seconds * 1e3)
    found["start-up"] = median(starts)
    with Server(database, **KEEP_ALL) as target:
        path = f"{ORDERS}{{1-{orders}}}"
        found["PATCH"] = median(send(target.port, "PATCH", path, count=calls, body='{"observacao":"@"}').latencies)
        for name, query in {**PAGES, EVERYTHING: "limite=50", **SEARCHES}.items():
            found[name] = median(send(target.port, "GET", f"{ORDERS}?{query}", count=calls).latencies)
        for missed in MISSED:
            resumes = []
            for _ in range(plan.of(10)):
                with Subscribers(target.port, 1, cursor=quote(_cursor_before(database, missed))) as subscriber:
                    arrival = subscriber.wait_for(subscriber.head + missed)
                    resumes.append((arrival.last - subscriber.first_begun) / 1e6)
                time.sleep(0.1)
            found[f"resume after {missed:,} events"] = median(resumes)
    return found


def _bring_forward(database: Path) -> None:
    """A file that was kept may be of an older schema; to migrate it takes longer than a server waits."""
    writer = SqliteDatabase(str(database))
    writer.connect()
    migrate(writer, database)
    writer.close()


def _cursor_before(database: Path, missed: int) -> str:
    """The cursor of who has missed the newest ``missed`` events."""
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    row = connection.execute(
        "SELECT numero, tag FROM evento WHERE numero = (SELECT MAX(numero) FROM evento) - ?", (missed,)
    ).fetchone()
    connection.close()
    return f"{row[0]}-{row[1]}"


ROWS = [Row("scale", "1 million orders and 5 million events beside 1,000 orders", scale)]
