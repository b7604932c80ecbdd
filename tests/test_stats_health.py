"""GET /ws/stats and GET /health."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from tests.support.checks import assert_problem, media_type
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import Stream


def test_connections_are_counted_by_type(server: LiveServer, connect: Callable[..., Stream]) -> None:
    wait_until(lambda: server.stats()["total_connections"] == 0, 5, "those of other tests gone")
    assert server.stats()["connections_by_type"] == {"websocket": 0, "sse": 0}
    streams = [connect(server, transport) for transport in ("websocket", "websocket", "sse")]
    for stream in streams:
        stream.expect("connection")
    assert server.stats()["total_connections"] == 3
    assert server.stats()["connections_by_type"] == {"websocket": 2, "sse": 1}
    for stream, left in zip(streams, (2, 1, 0), strict=True):
        stream.close()
        wait_until(lambda left=left: server.stats()["total_connections"] == left, 5)


def test_what_an_operator_wants(server: LiveServer) -> None:
    server.create()
    response = server.get("/ws/stats")
    assert media_type(response) == "application/json"
    wait_until(lambda: server.cursor() in server.stats().values(), 5, "the cursor")
    assert "no-store" in response.headers.get("Cache-Control", "no-store")


def test_the_uptime_grows(server: LiveServer) -> None:
    def uptimes() -> list[float]:
        return [value for name, value in server.stats().items() if "uptime" in name]

    first = uptimes()
    assert first, "no uptime"
    wait_until(lambda: uptimes() > first, 5)


def test_healthy(server: LiveServer) -> None:
    response = server.get("/health")
    assert response.status_code == 200
    assert media_type(response) == "application/json"
    assert response.json()["status"] == "healthy"


def test_who_asks_at_once_shares_one_probe(start_server: Callable[..., LiveServer]) -> None:
    """Each is a transaction: a monitor, or a crowd that reconnects, would else queue for the disk."""
    server = start_server()
    before = server.stats()["transactions"]
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: requests.get(f"{server.url}/health", timeout=30), range(200)))
    assert {answer.json()["status"] for answer in answers} == {"healthy"}
    assert server.stats()["transactions"] - before < len(answers) / 2


def test_health_writes_no_event(server: LiveServer) -> None:
    cursor = server.cursor()
    server.get("/health")
    assert server.cursor() == cursor


@pytest.mark.slow
def test_not_healthy_while_the_database_cannot_be_written(start_server: Callable[..., LiveServer]) -> None:
    """Another program holds the file; when it lets go, all is well without a restart."""
    server = start_server(PEDIDOS_BUSY_TIMEOUT=1)
    order = server.create()
    with closing(sqlite3.connect(server.database_path, isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        refused = server.patch(f"{ORDERS}{order['id']}", json={"costura": True})
        assert_problem(refused, 503)
        assert int(refused.headers["Retry-After"]) > 0
        wait_until(lambda: server.get("/health", timeout=3).status_code == 503, 15)
        response = server.get("/health", timeout=3)
        assert media_type(response) in ("application/json", "application/problem+json")
        assert response.json()["status"] != "healthy"
        # reading goes on
        assert server.get(f"{ORDERS}{order['id']}").json() == order
        other_program.execute("ROLLBACK")
    wait_until(lambda: server.get("/health").status_code == 200, 15)
    assert server.change(order["id"], costura=True)["versao"] == 2
