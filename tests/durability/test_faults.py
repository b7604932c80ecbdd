"""What the machine does to the server: locks, full and failing disks, damaged files.

Whatever happens, an answer is right or it is an error that says what to do; and where the cause can go away
by itself, so does the error, without a restart.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.checks import assert_problem
from tests.support.damage import Pages, failing_disk, fill, locked, mount, small_disk
from tests.support.live_server import ORDERS, LiveServer, ServerDied, wait_until
from tests.support.process import KIB
from tests.support.stream_clients import Stream

BUSY_TIMEOUT = 30.0
"""Seconds that a write waits for another program by default."""
SOON = 3.0
"""Seconds in which /health answers, three times what is promised: machines that test are busy."""

only_embedded = pytest.mark.parametrize("kind", ["embedded"])
"""For what is the same under every WSGI server, and takes long."""


def assert_unavailable(response: requests.Response, *words: str) -> None:
    problem = assert_problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0
    assert any(word in problem["detail"] for word in words), problem


def assert_health(server: LiveServer, status: int, *words: str) -> None:
    started = time.monotonic()
    response = server.get("/health")
    assert response.status_code == status, response.text
    assert time.monotonic() - started < SOON
    assert response.json()["status"] == ("healthy" if status == 200 else "unhealthy")
    assert not words or any(word in response.json()["detail"] for word in words), response.text


def assert_sound(server: LiveServer) -> None:
    """Rows, log and history tell one story, and SQLite finds no fault with the file."""
    with closing(sqlite3.connect(server.database_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        numbers = [number for (number,) in connection.execute("SELECT numero FROM evento ORDER BY numero")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert connection.execute("SELECT count(*) FROM historico").fetchone() == (len(numbers),)


class Write:
    """A change of one order under a key of its own, that may be repeated."""

    def __init__(self, server: LiveServer, order: dict[str, Any], size: int = 0) -> None:
        self._server = server
        self.order_id: int = order["id"]
        self.text = uuid.uuid4().hex
        self._body = {"observacao": self.text, "items": [{"descricao": "Faixa", "imagem": "x" * size}]}
        self._headers = {"Idempotency-Key": self.text}

    def send(self) -> requests.Response:
        path = f"{self._server.url}{ORDERS}{self.order_id}"
        return requests.patch(path, json=self._body, headers=self._headers, timeout=90)

    def is_done(self) -> bool:
        return self.text in self._server.get(f"{ORDERS}{self.order_id}").text


# ------------------------------------------------------------------------------------------- locks


def reads_go_on(server: LiveServer, orders: list[dict[str, Any]], until: Callable[[], bool]) -> int:
    """Lists and single orders, all the time; and /health says what is wrong. How many were read."""
    count = 0
    while not until():
        started = time.monotonic()
        assert server.get(ORDERS).json() == orders
        assert server.get(f"{ORDERS}{orders[0]['id']}").json() == orders[0]
        assert time.monotonic() - started < SOON
        assert_health(server, 503, "travado")
        count += 1
        time.sleep(0.1)
    return count


def lock_for_10_seconds(server: LiveServer) -> None:
    """Every write succeeds, only later."""
    orders = [server.create() for _ in range(3)][::-1]
    writes = [Write(server, order) for order in orders]
    with ThreadPoolExecutor(len(writes)) as pool:
        with locked(server.database_path):
            started = time.monotonic()
            answers = [pool.submit(write.send) for write in writes]
            assert reads_go_on(server, orders, lambda: time.monotonic() - started > 10) > 3
            assert not any(answer.done() for answer in answers)
        assert [answer.result().status_code for answer in answers] == [200] * 3
    assert all(write.is_done() for write in writes)
    assert_health(server, 200)
    assert_sound(server)


def lock_for_longer_than_a_write_waits(server: LiveServer) -> None:
    """Every write is refused when it has waited long enough, nothing of it is done, and it may be repeated."""
    orders = [server.create() for _ in range(3)][::-1]
    writes = [Write(server, order) for order in orders]
    with ThreadPoolExecutor(len(writes)) as pool:
        with locked(server.database_path, "EXCLUSIVE"):
            started = time.monotonic()
            answers: list[Future[requests.Response]] = [pool.submit(write.send) for write in writes]
            reads_go_on(server, orders, lambda: all(answer.done() for answer in answers))
            waited = time.monotonic() - started
            assert BUSY_TIMEOUT - 5 < waited < 2 * BUSY_TIMEOUT + 15
            for answer in answers:
                assert_unavailable(answer.result(), "travado")
            assert not any(write.is_done() for write in writes)
        wait_until(lambda: server.get("/health").status_code == 200, 10, "health")
    assert server.get(ORDERS).json() == orders, "nothing was done behind the client's back"
    assert [write.send().status_code for write in writes] == [200] * 3
    assert_health(server, 200)
    assert_sound(server)


@pytest.mark.slow
@only_embedded
def test_another_program_locks_the_database(start_server: Callable[..., LiveServer]) -> None:
    """For ten seconds, and for longer than a write waits; side by side, because both take so long."""
    with ThreadPoolExecutor(2) as pool:
        tests = [
            pool.submit(test, start_server()) for test in (lock_for_10_seconds, lock_for_longer_than_a_write_waits)
        ]
        for test in tests:
            test.result()


@only_embedded
def test_a_lock_with_a_short_patience(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], transport: str
) -> None:
    """The setting is how long a write waits; streams stay, and go on where they were."""
    server = start_server(PEDIDOS_BUSY_TIMEOUT="0.5", PEDIDOS_HEARTBEAT=1)
    order = server.create()
    stream = connect(server, transport)
    stream.expect("connection")
    with locked(server.database_path):
        started = time.monotonic()
        assert_unavailable(server.patch(f"{ORDERS}{order['id']}", json={"costura": True}), "travado")
        assert time.monotonic() - started < SOON
        stream.heartbeat(10)
        late = connect(server, transport, cursor=server.cursor())
        late.expect("connection")
    server.change(order["id"], costura=True)
    for each in (stream, late):
        assert [event["versao"] for event in each.updates(1)] == [2]


def test_a_server_ends_while_another_program_locks_its_database(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], kind: str
) -> None:
    server = start_server()
    order = server.create()
    stream = connect(server)
    stream.expect("connection")
    with locked(server.database_path), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(Write(server, order).send)
        wait_until(lambda: server.stats()["waiting_writes"] or server.get("/health").status_code == 503, 10)
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert stream.end().code == 1012
        server.wait(15)
        assert time.monotonic() - started < 3 * (5 if kind == "gunicorn" else 3)
        assert answer.exception() is not None or answer.result().status_code == 503
    server.restart()
    assert server.get(f"{ORDERS}{order['id']}").json() == order
    assert_sound(server)


# ------------------------------------------------------------------------------------------- disks


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    with small_disk(tmp_path / "disk", "8m") as path:
        yield path


def test_a_full_disk(disk: Path, start_server: Callable[..., LiveServer], connect: Callable[..., Stream]) -> None:
    server = start_server(database=disk / "pedidos.db")
    pid = server.pid
    orders = [server.create(cliente=f"Cliente {index}") for index in range(5)][::-1]
    streams = [connect(server, transport) for transport in ("websocket", "sse")]
    ballast = fill(disk)
    writes = [Write(server, order, size) for order, size in zip(orders, (0, 0, 9_000, 100_000, 0), strict=True)]
    for _ in range(2):
        for write in writes:
            assert_unavailable(write.send(), "disco")
        assert_unavailable(server.post(ORDERS, json={"cliente": "Ana"}), "disco")
        assert_unavailable(server.delete(f"{ORDERS}{orders[0]['id']}"), "disco")
        assert_health(server, 503, "disco")
        assert server.get(ORDERS).json() == orders, "reads go on, and nothing was done by half"

    ballast.unlink()
    answers = [write.send() for write in writes]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert_health(server, 200)
    assert server.pid == pid, "without a restart"
    for stream in streams:
        stream.expect("connection")
        assert [event["data"] for event in stream.updates(5)] == [answer.json() for answer in answers]
    assert_sound(server)


@only_embedded
def test_a_disk_that_fills_up_under_load(disk: Path, start_server: Callable[..., LiveServer]) -> None:
    """What was acknowledged while it filled up is there, and nothing else is."""
    server = start_server(database=disk / "pedidos.db")
    orders = [server.create() for _ in range(8)]
    ballast = fill(disk, leave=1000 * KIB)
    writes = [Write(server, order, 60_000) for order in orders for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(Write.send, writes))
    assert {answer.status_code for answer in answers} == {200, 503}
    ballast.unlink()
    histories = {order["id"]: server.get(f"{ORDERS}{order['id']}/historico").text for order in orders}
    for write, answer in zip(writes, answers, strict=True):
        assert (write.text in histories[write.order_id]) == (answer.status_code == 200)
    again = [write.send() for write in writes]
    assert {answer.status_code for answer in again} == {200}
    assert_sound(server)


@only_embedded
def test_a_disk_that_fails_to_write(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    orders = [server.create() for _ in range(3)][::-1]
    writes = [Write(server, order, 50_000) for order in orders]
    # The WAL is as long as it will be; the schema alone took more of it than this.
    with failing_disk(server.pid, 64 * 1024):
        for write in writes:
            assert_unavailable(write.send(), "disco")
        assert_health(server, 503, "disco")
        assert server.get(ORDERS).json() == orders
    assert [write.send().status_code for write in writes] == [200] * 3
    assert_health(server, 200)
    assert_sound(server)


# ----------------------------------------------------------------------------------- refused at start


def refused(**options: Any) -> str:
    """Starts a server that must not start; what it said."""
    with pytest.raises(ServerDied) as died:
        LiveServer.start(**options)
    assert died.value.code not in (0, None)
    assert "Traceback" not in died.value.output, died.value.output
    return died.value.output


@pytest.fixture(scope="session")
def _original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with LiveServer.start(directory=tmp_path_factory.mktemp("shop")) as server:
        for index in range(30):
            server.create(observacao=f"{index} " * 1000)
        path = server.database_path
    return path


@pytest.fixture
def shop(_original: Path, tmp_path: Path) -> Path:
    """A database with some orders, at rest; a copy of the test's own."""
    return Path(shutil.copy(_original, tmp_path / "pedidos.db"))


def test_a_full_disk_at_start(disk: Path, kind: str, tmp_path: Path) -> None:
    fill(disk)
    said = refused(kind=kind, database=disk / "pedidos.db", directory=tmp_path)
    assert "disco do servidor está cheio" in said and str(disk / "pedidos.db") in said


@only_embedded
def test_the_disk_is_full_when_a_shop_starts(disk: Path, shop: Path, kind: str, tmp_path: Path) -> None:
    """With orders in it, at rest: whatever SQLite says of it, it is not the disk that fails."""
    path = disk / "pedidos.db"
    shutil.copy(shop, path)
    (disk / "pedidos.db.lock").touch()
    fill(disk)
    said = refused(kind=kind, database=path, directory=tmp_path)
    assert "disco do servidor está cheio" in said, said


@only_embedded
def test_the_first_health_of_a_full_disk(disk: Path, kind: str, tmp_path: Path) -> None:
    """For strangers too, who are told nothing else; right after one that was healthy."""
    database = disk / "pedidos.db"
    with LiveServer.start(kind, database, {"PEDIDOS_AUTH": "off"}, directory=tmp_path) as server:
        server.create()
    command = [sys.executable, "-m", "pedidos_server", "token", "create", "Ana", "--role", "admin"]
    subprocess.run([*command, "--database", f"sqlite:///{database}"], check=True, capture_output=True)
    with LiveServer.start(kind, database, {"PEDIDOS_AUTH": "on"}, directory=tmp_path) as server:
        wait_until(lambda: server.get("/health").status_code == 200)
        fill(disk)
        time.sleep(0.2)
        answers = {}
        for _ in range(5):
            response = server.get("/health")
            answers[response.status_code] = response.json()
        assert list(answers) == [503], answers
        assert answers[503]["status"] == "unhealthy" and "disco" not in response.text
        (disk / "ballast").unlink()
        wait_until(lambda: server.get("/health").status_code == 200, 10)


def test_a_read_only_file_system(disk: Path, shop: Path, kind: str, tmp_path: Path) -> None:
    path = disk / "pedidos.db"
    shutil.copy(shop, path)
    mount(disk, "-o", "remount,ro")
    said = refused(kind=kind, database=path, directory=tmp_path)
    assert str(path) in said and ("gravar" in said or "gravado" in said)


def test_a_read_only_file(disk: Path, shop: Path, kind: str, tmp_path: Path) -> None:
    """Also for root, whom permissions do not stop: the file is on a read-only mount of its own."""
    path = disk / "pedidos.db"
    shutil.copy(shop, path)
    mount(path, "--bind", str(path))
    try:
        mount(path, "-o", "remount,bind,ro")
        said = refused(kind=kind, database=path, directory=tmp_path)
        assert str(path) in said and "gravado" in said
    finally:
        os.system(f"umount {path}")


def garbage(path: Path) -> None:
    path.write_bytes(b"Nota fiscal, nada de banco de dados\n" * 500)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def damaged(table: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        pages = Pages(path)
        with path.open("r+b") as file:
            file.seek((pages.root(table) - 1) * 4096)
            file.write(b"\xff" * 4096)

    damage.__name__ = f"damaged {table}"
    return damage


@pytest.mark.parametrize(
    "damage", [garbage, damaged("sqlite_autoindex_meta_1"), damaged("evento")], ids=lambda damage: damage.__name__
)
def test_a_damaged_file_at_start(shop: Path, kind: str, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(shop)
    size = shop.stat().st_size
    said = refused(kind=kind, database=shop, directory=tmp_path)
    assert str(shop) in said and ("corrompido" in said or "não é um banco" in said)
    assert shop.stat().st_size == size, "left for whoever can save it"


def test_half_a_file_at_start(shop: Path, tmp_path: Path) -> None:
    """Refused, or served as far as it goes: what is answered is right, and the rest is an error."""
    with LiveServer.start(database=shop, directory=tmp_path) as server:
        right = {order["id"]: order for order in server.get(ORDERS).json()}
    cut_in_half(shop)
    try:
        server = LiveServer.start(database=shop, directory=tmp_path)
    except ServerDied as died:
        assert "corrompido" in died.output and "Traceback" not in died.output
        return
    with server:
        for order_id, order in right.items():
            response = server.get(f"{ORDERS}{order_id}")
            if response.status_code == 200:
                assert response.json() == order
            else:
                assert_unavailable(response, "corrompido")
        assert_unavailable(server.get(ORDERS), "corrompido")
        assert_health(server, 503, "corrompido")


def test_where_no_file_can_be(kind: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "sem pasta" / "pedidos.db"
    assert str(nowhere.parent) in refused(kind=kind, database=nowhere, directory=tmp_path)
    folder = tmp_path / "pasta.db"
    folder.mkdir()
    assert str(folder) in refused(kind=kind, database=folder, directory=tmp_path)


# -------------------------------------------------------------------------- damage while it runs


@only_embedded
@pytest.mark.parametrize("table", ["pedido", "evento"])
def test_damage_while_it_runs(
    start_server: Callable[..., LiveServer], connect: Callable[..., Stream], table: str
) -> None:
    """Errors that say so, no wrong answer; and when the file is mended, all is well without a restart."""
    server = start_server()
    orders = [server.create(observacao=f"{index} " * 2000) for index in range(60)][::-1]
    stream = connect(server)
    stream.expect("connection")
    cursor = server.cursor()
    pages = Pages(server.database_path)
    writes = [Write(server, order) for order in orders[:5]]
    with pages.damaged(pages.root(table)):
        assert_unavailable(server.get(ORDERS), "corrompido")
        for order in orders[:5]:
            response = server.get(f"{ORDERS}{order['id']}")
            if response.status_code == 200:
                assert response.json() == order
            else:
                assert_unavailable(response, "corrompido")
        done = [write.send() for write in writes]
        for answer in done:
            if answer.status_code != 200:  # what the writer has in memory is still good
                assert_unavailable(answer, "corrompido")
        assert_health(server, 503, "corrompido")
    wait_until(lambda: server.get("/health").status_code == 200, 10, "health")
    answers = [write.send() for write in writes]
    assert [answer.status_code for answer in answers] == [200] * 5
    listed = {order["id"]: order for order in server.get(ORDERS).json()}
    assert listed == {order["id"]: order for order in orders} | {a.json()["id"]: a.json() for a in answers}
    assert [event["data"] for event in stream.updates(5)] == [answer.json() for answer in answers]
    late = connect(server, "sse", cursor=cursor)
    late.expect("connection")
    assert [event["data"] for event in late.updates(5)] == [answer.json() for answer in answers]
    assert_sound(server)


def test_damage_in_the_middle_of_a_long_list(start_server: Callable[..., LiveServer]) -> None:
    """It is sent as it is read, so its beginning is out: then it must not look complete."""
    server = start_server()
    for index in range(120):
        server.create(items=[{"descricao": "Faixa", "imagem": f"{index}" + "x" * 100_000}])
    whole = server.get(ORDERS).content
    assert len(json.loads(whole)) == 120
    server.restart()  # nothing of the file is in memory
    pages = Pages(server.database_path)
    with (
        pages.damaged(pages.first_leaf("pedido")),
        closing(http.client.HTTPConnection("127.0.0.1", server.port)) as c,
    ):
        c.request("GET", ORDERS)
        response = c.getresponse()
        if response.status == 200:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                response.read()
        else:
            assert response.status == 503
    assert server.get(ORDERS).content == whole


# ---------------------------------------------------------------------------------------- the log


def test_a_refusal_leaves_no_traceback(server: LiveServer) -> None:
    """What a client did wrong is one line for whoever reads the log, no alarm."""
    since = server.output_size()
    for path in (f"{ORDERS}987654", f"{ORDERS}987654/historico", "/nada"):
        assert_problem(server.get(path), 404)
    assert_problem(server.patch(f"{ORDERS}987654", json={"costura": True}), 404)
    assert_problem(server.patch(f"{ORDERS}987654", json={"costura": 1}), 422)
    said = server.output(since)
    assert "Traceback" not in said and "failed" not in said, said
