"""Many at once: every race has one outcome that all see."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.checks import SECTORS, position, unique
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream

THREADS = 8


def test_numbers_are_assigned_without_a_race(server: LiveServer) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        orders = list(pool.map(lambda _: server.create(), range(THREADS * 12)))
    numbers = sorted(int(order["numero"]) for order in orders)
    assert numbers == list(range(numbers[0], numbers[0] + len(orders)))
    by_id = sorted(orders, key=lambda order: int(order["id"]))
    assert [int(order["numero"]) for order in by_id] == numbers


def test_one_number_goes_to_one_of_many(server: LiveServer) -> None:
    number = unique("N")

    def create(_: int) -> int:
        return server.post(ORDERS, json={"cliente": "Ana", "numero": number}).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(create, range(THREADS)))
    assert sorted(statuses) == [201] + [409] * (THREADS - 1)


def test_a_failed_neighbour_takes_nobody_with_it(server: LiveServer) -> None:
    """Writes of one moment share a transaction; the fault of one is its own."""
    taken = server.create()["numero"]

    def write(number: int) -> int:
        body: dict[str, Any] = {"cliente": "Ana"} if number % 2 else {"cliente": "Ana", "numero": taken}
        return server.post(ORDERS, json=body).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(write, range(80)))
    assert statuses == [409, 201] * 40


def test_everyone_ticks_another_box(server: LiveServer, connect: Callable[..., Stream]) -> None:
    stream = connect(server)
    start = position(stream.expect("connection")["cursor"])
    order = server.create()
    with ThreadPoolExecutor(len(SECTORS)) as pool:
        answers = list(pool.map(lambda sector: server.change(order["id"], **{sector: True}), SECTORS))
    after = server.get(f"{ORDERS}{order['id']}").json()
    assert [after[sector] for sector in SECTORS] == [True] * 5
    assert sorted(answer["versao"] for answer in answers) == [2, 3, 4, 5, 6]
    events = stream.updates(6)
    assert [position(event["cursor"]) for event in events] == list(range(start + 1, start + 7))
    assert [event["versao"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[-1]["data"] == after
    by_version = {answer["versao"]: answer for answer in answers}
    assert all(event["data"] == by_version[event["versao"]] for event in events[1:])


def test_of_many_deletes_one_succeeds(server: LiveServer) -> None:
    order = server.create()
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(lambda _: server.delete(f"{ORDERS}{order['id']}").status_code, range(THREADS)))
    assert sorted(statuses) == [200] + [404] * (THREADS - 1)


def test_reading_while_others_write(server: LiveServer) -> None:
    """A list and its cursor are of one moment: no order in it is newer than the cursor says."""
    client = unique("Cliente")
    order = server.create(cliente=client)
    offset = position(server.cursor()) - order["versao"]

    def read(_: int) -> tuple[int, int]:
        response = server.get(ORDERS, params={"q": client})
        return position(response.headers["X-Pedidos-Cursor"]), response.json()[0]["versao"]

    with ThreadPoolExecutor(THREADS) as pool:
        writes = pool.submit(lambda: [server.change(order["id"], observacao=str(n)) for n in range(60)])
        while not writes.done():
            for cursor, version in pool.map(read, range(4)):
                assert cursor - offset == version
        writes.result()
