"""Lists that are read slowly, or many at once, hold neither the WAL, nor memory, nor the threads of others."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.doors import Doors, revoke
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream

KIB = 1024
MIB = 1024 * KIB
WAL = 17 * MIB
"""As long as the server lets it grow before it begins anew."""


def fill(server: LiveServer, orders: int, size: int) -> list[int]:
    items = [{"descricao": "Faixa", "imagem": "x" * size}]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: server.create(items=items)["id"], range(orders)))


class SlowReader:
    """One who asks for a list over a connection with a small buffer, and reads when told to."""

    def __init__(self, server: LiveServer, path: str = ORDERS, token: str | None = None) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", server.port))
        shown = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{shown}Connection: close\r\n\r\n".encode())
        self.answer = http.client.HTTPResponse(self.socket)
        self.answer.begin()

    def close(self) -> None:
        self.answer.close()
        self.socket.close()


@contextmanager
def slow_readers(server: LiveServer, count: int, **options: Any) -> Iterator[list[SlowReader]]:
    with ExitStack() as stack:
        readers = []
        for _ in range(count):
            readers.append(SlowReader(server, **options))
            stack.callback(readers[-1].close)
        yield readers


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def wal_bytes(server: LiveServer) -> int:
    return Path(f"{server.database_path}-wal").stat().st_size


def test_slow_readers_hold_neither_the_wal_nor_anybody_up(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    ids = fill(server, 400, 100_000)
    with slow_readers(server, 9) as readers:
        for number in range(250):
            server.change(ids[number % 400], observacao=str(number))
            assert wal_bytes(server) < 2 * WAL
        assert [reader.answer.status for reader in readers] == [200] * 9
        assert server.get(f"{ORDERS}?limite=50").status_code == 200, "and others read"


def test_eighty_long_lists_take_little_memory(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    fill(server, 300, 24_000)
    server.get(ORDERS)
    before = resident_bytes(server.pid)
    with slow_readers(server, 60) as readers:
        time.sleep(1)  # they have read what they will read before it is taken
        assert {reader.answer.status for reader in readers} == {200}
        assert resident_bytes(server.pid) - before < 100 * MIB
        with slow_readers(server, 20) as more:
            assert {reader.answer.status for reader in more} <= {200, 429}
            assert resident_bytes(server.pid) - before < 100 * MIB


def test_a_list_that_is_read_while_orders_change_lacks_nothing(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream]
) -> None:
    """With the events behind its cursor it is what the orders are in the end."""
    server = start_server()
    ids = fill(server, 100, 100_000)
    with slow_readers(server, 1) as (reader,):
        first = reader.answer.read(20_000)
        for order_id in ids[::3]:
            server.change(order_id, observacao="mudado")
        for order_id in ids[1::10]:
            server.delete(f"{ORDERS}{order_id}")
        created = server.create(cliente="Nova")["id"]
        orders = {order["id"]: order for order in json.loads(first + reader.answer.read())}
        stream = connect(server, cursor=reader.answer.headers["X-Pedidos-Cursor"])
    assert "mudado" in [order["observacao"] for order in orders.values()], "some were read after they had changed"
    stream.expect("connection")
    while created not in orders:
        event = stream.expect("pedido_update", 30)
        if event["action"] == "delete":
            orders.pop(event["pedido_id"], None)
        elif event["pedido_id"] not in orders or event["versao"] >= orders[event["pedido_id"]]["versao"]:
            orders[event["pedido_id"]] = event["data"]
    assert sorted(orders.values(), key=itemgetter("id"), reverse=True) == server.get(ORDERS).json()


@pytest.mark.timing
@pytest.mark.parametrize("kind", ["embedded"])
def test_a_caller_who_searches_without_end_leaves_others_their_turn(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors()
    fill(doors.server, 100, 100_000)
    took = []
    with ThreadPoolExecutor(20) as pool:
        ends = time.monotonic() + 3

        def read() -> None:
            while time.monotonic() < ends:
                requests.get(doors.server.url + ORDERS, headers=doors.header("leitura"), timeout=60)

        readers = [pool.submit(read) for _ in range(20)]
        while time.monotonic() < ends:
            began = time.monotonic()
            assert doors.server.get(f"{ORDERS}?limite=1").status_code == 200
            took.append(time.monotonic() - began)
            time.sleep(0.02)
        for reader in readers:
            reader.result()
    took.sort()
    assert took[len(took) // 2] < 3 * 0.05


def test_the_downloads_of_a_revoked_token_end(new_doors: Callable[..., Doors]) -> None:
    """Also those whose reader has taken nothing for a while."""
    doors = new_doors()
    fill(doors.server, 200, 100_000)
    path = f"{ORDERS}?limite=10000"
    with (
        slow_readers(doors.server, 3, path=path, token=doors.tokens["leitura"]) as cut,
        slow_readers(doors.server, 1, path=path, token=doors.tokens["escrita"]) as kept,
    ):
        revoke(doors.server.database_path, "leitura")
        time.sleep(3)  # two, promises SECURITY.md
        for reader in cut:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                reader.answer.read()
        assert len(json.loads(kept[0].answer.read())) == 200
