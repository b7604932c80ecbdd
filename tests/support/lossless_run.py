"""Nothing lost, nothing twice: writers and followers at work while the server is killed, and the proof.

    writers ──HTTP──► server ──► SQLite: orders, event log          (killed and restarted again and again)
                        └─────stream─────► followers, each with what it saw and a replica of the orders

At the end the log is the measure: every acknowledged write is in it once, every refused one is not, every
follower has seen exactly it from its first cursor on, and what each has built from it is what GET answers.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.support.followers import Crowd, crowd, digest, number
from tests.support.live_server import ORDERS, LiveServer
from tests.support.writers import Operation, Shop, Writer


@dataclass(frozen=True)
class Logged:
    """One row of the event log, with the message as it was stored."""

    cursor: str
    message: bytes

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.message)
        return content


def event_log(server: LiveServer) -> list[Logged]:
    """The whole log as another program reads it, in order."""
    with closing(sqlite3.connect(f"{server.database_path.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT numero, tag, mensagem FROM evento ORDER BY numero")
        return [Logged(f"{numero}-{tag}", bytes(message)) for numero, tag, message in rows]


def run(
    server: LiveServer,
    *,
    go_on: Callable[[int], bool],
    writes_between: tuple[int, int] = (100, 400),
    writers: int = 8,
    followers: int = 40,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Works, kills and restarts for as long as ``go_on(kills so far)``, then checks; the figures in a line.

    Between two kills the writers get so many answers, by chance within ``writes_between``. Raises AssertionError
    with what was lost, came twice, or was never committed.
    """
    dice = random.Random(seed)
    shop = Shop(server.port)
    colleagues = [Writer(shop, seed * 1000 + index) for index in range(writers)]
    clients = crowd(server.port, followers, seed, restless=1.0)
    started = time.monotonic()
    kills = 0
    try:
        clients.start()
        for colleague in colleagues:
            colleague.thread.start()
        while go_on(kills):
            _work(shop, clients, dice.randint(*writes_between))
            server.kill()
            kills += 1
            say(f"kill {kills}: {shop.acknowledged()} writes acknowledged")
            server.restart()
        _work(shop, clients, writes_between[0])
        shop.closed = True
        for colleague in colleagues:
            colleague.thread.join(60)
        assert not shop.faults, shop.faults
        log = event_log(server)
        clients.settle(log[-1].cursor, 60)
    finally:
        shop.closed = True
        clients.stop()
    assert not clients.faults, clients.faults
    say("checking")
    _check_log(log)
    _check_writes(shop.done, log)
    _check_orders(server, log)
    _check_followers(server, clients, log)
    repeated = sum(operation.attempts > 1 for operation in shop.done)
    return (
        f"{kills} kills in {time.monotonic() - started:.0f} s; {shop.acknowledged()} writes acknowledged "
        f"({repeated} of them repeated), {len(shop.done) - shop.acknowledged()} refused; {len(log)} events to "
        f"{len(clients.followers)} clients over {sum(f.connections for f in clients.followers)} connections, "
        f"{sum(f.switches for f in clients.followers)} with the transport changed"
    )


def _work(shop: Shop, clients: Crowd, writes: int) -> None:
    """Waits until the writers have got so many more answers."""
    enough = shop.acknowledged() + writes
    deadline = time.monotonic() + 60
    while shop.acknowledged() < enough:
        assert not shop.faults, shop.faults
        assert not clients.faults, clients.faults
        assert time.monotonic() < deadline, f"{enough - shop.acknowledged()} answers are missing after 60 s"
        time.sleep(0.005)


def _check_log(log: list[Logged]) -> None:
    """Numbers without a gap, tags by chance, each message under its own name, each order's versions in order."""
    assert [number(event.cursor) for event in log] == list(range(1, len(log) + 1))
    tags = Counter(event.cursor.partition("-")[2] for event in log)
    assert tags.most_common(1)[0][1] <= 2
    versions: Counter[int] = Counter()
    for event in log:
        content = event.content
        assert content["cursor"] == event.cursor
        versions[content["pedido_id"]] += 1
        assert content["versao"] == versions[content["pedido_id"]], event
        assert (content["action"] == "create") == (content["versao"] == 1)


def _check_writes(done: list[Operation], log: list[Logged]) -> None:
    """Each acknowledged write has one event, with the very bytes that it was answered; each refused one none."""
    by_origin: dict[str, list[Logged]] = {}
    for event in log:
        by_origin.setdefault(event.content["origem"], []).append(event)
    actions = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
    for operation in done:
        events = by_origin.pop(operation.name, [])
        if not operation.acknowledged:
            assert not events, f"refused, and yet committed: {operation}"
            continue
        assert len(events) == 1, f"{len(events)} events of {operation}"
        assert events[0].content["action"] == actions[operation.method]
        document = b"null" if operation.method == "DELETE" else operation.answer
        assert b'"data":' + document + b',"timestamp"' in events[0].message, operation
    assert not by_origin, f"events of nobody: {list(by_origin.values())[:3]}"


def _check_orders(server: LiveServer, log: list[Logged]) -> None:
    """The rows are what the log makes of them."""
    expected: dict[int, Any] = {}
    for event in log:
        content = event.content
        expected[content["pedido_id"]] = content["data"]
        if content["action"] == "delete":
            del expected[content["pedido_id"]]
    assert {order["id"]: order for order in _get(server)} == expected
    with closing(sqlite3.connect(server.database_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        histories = connection.execute("SELECT cursor FROM historico ORDER BY id").fetchall()
    assert [cursor for (cursor,) in histories] == [event.cursor for event in log]


def _check_followers(server: LiveServer, clients: Crowd, log: list[Logged]) -> None:
    """Each has seen the log from its first cursor on, byte by byte, and its replica is what GET answers."""
    known = [(event.cursor, digest(event.message)) for event in log]
    orders = _get(server)
    for follower in clients.followers:
        assert follower.first, f"{follower.name} never came"
        assert follower.seen == known[number(follower.first) :], f"{follower.name} from {follower.first}"
        assert sorted(follower.replica.values(), key=lambda order: -order["id"]) == orders, follower.name


def _get(server: LiveServer) -> list[dict[str, Any]]:
    response = server.get(ORDERS)
    assert response.status_code == 200
    orders: list[dict[str, Any]] = response.json()
    return orders
