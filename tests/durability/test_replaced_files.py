"""The database's files moved, replaced, overwritten or deleted: under a running server, and after one was killed.

Nothing of two databases is ever mixed, nothing that was restored is undone, and the words say what to do.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.checks import assert_problem
from tests.support.live_server import ORDERS, LiveServer, ServerDied, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody replace a file that is open")

only_embedded = pytest.mark.parametrize("kind", ["embedded"])
"""For what is the same under every WSGI server."""

NOTICED = 3.0
"""Seconds in which it is noticed, three times what is promised."""


def copy_of(path: Path, to: Path) -> Path:
    """As the guide has it: SQLite's backup, which needs no stop."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def customers(path: Path) -> set[str]:
    """Of a copy: whoever opens a file in the server's place would change it."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {row[0] for row in connection.execute("SELECT documento ->> 'cliente' FROM pedido")}


@pytest.fixture
def other_shop(tmp_path: Path) -> Path:
    """Another shop's database, at rest."""
    with LiveServer.start(directory=tmp_path) as server:
        for index in range(40):
            server.create(cliente=f"outra {index}")
        path = server.database_path
    return Path(shutil.move(path, tmp_path / "outra.db"))


def move(source: Path, to: Path) -> None:
    os.replace(source, to)


def overwrite(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)


def delete(_: Path, to: Path) -> None:
    to.unlink()


def empty(_: Path, to: Path) -> None:
    os.truncate(to, 0)


def restore_through_sqlite(source: Path, to: Path) -> None:
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(to)) as target:
        copy.backup(target)


def move_the_wal(source: Path, to: Path) -> None:
    os.replace(source, f"{to}-wal")


def delete_the_wal(_: Path, to: Path) -> None:
    Path(f"{to}-wal").unlink()


def delete_the_shm(_: Path, to: Path) -> None:
    Path(f"{to}-shm").unlink()


@only_embedded
@pytest.mark.parametrize(
    "replace",
    [move, overwrite, delete, empty, restore_through_sqlite, move_the_wal, delete_the_wal, delete_the_shm],
)
def test_replaced_under_a_running_server(
    start_server: Callable[..., LiveServer], other_shop: Path, kind: str, replace: Callable[[Path, Path], None]
) -> None:
    """Within a second nothing is read or written any more, /health and the log say why, and the new file is as it
    was put there."""
    server = start_server()
    mine = {server.create(cliente=f"minha {index}")["cliente"] for index in range(40)}
    lists: list[set[str]] = []
    wrong: list[Any] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            response = server.request("GET", ORDERS)
            if response.status_code == 200:
                lists.append({order["cliente"] for order in response.json()})
            elif response.status_code != 503:
                wrong.append(response.text)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        wait_until(lambda: lists)
        before = len(lists)
        replace(other_shop, server.database_path)
        replaced = time.monotonic()
        answer = server.post(ORDERS, json={"cliente": "depois"})
        problem = assert_problem(answer, 503)
        assert "com o servidor ligado" in problem["detail"] and "Reinicie" in problem["detail"]
        wait_until(lambda: "database replaced" in server.output(), NOTICED, "the log")
        assert time.monotonic() - replaced < NOTICED
    finally:
        stop.set()
        reader.join()
    assert not wrong
    assert all(seen == mine for seen in lists[:before])
    assert all(seen == mine for seen in lists[before:]), "never of both"
    health = server.get("/health")
    assert health.status_code == 503 and "com o servidor ligado" in health.json()["detail"]
    for method, path in (("GET", ORDERS), ("GET", f"{ORDERS}1"), ("PATCH", f"{ORDERS}1"), ("DELETE", f"{ORDERS}1")):
        body = {"json": {"costura": True}} if method == "PATCH" else {}
        assert_problem(server.request(method, path, **body), 503)

    if replace is move:
        assert customers(copy_file(server.database_path)) == {f"outra {index}" for index in range(40)}
    server.stop()
    if replace in (move, overwrite):
        assert customers(copy_file(server.database_path)) == {f"outra {index}" for index in range(40)}
        refused = refusal(server)
        assert "não é de" in refused and "pedidos.db-wal" in refused
        Path(f"{server.database_path}-wal").rename(server.directory / "guardado-wal")
        server.restart()
        assert {order["cliente"] for order in server.get(ORDERS).json()} == {f"outra {i}" for i in range(40)}
        server.create()
        server.stop()
        assert len(customers(server.database_path)) == 41


@only_embedded
def test_an_order_kept_in_memory_is_not_given_either(
    start_server: Callable[..., LiveServer], other_shop: Path, kind: str
) -> None:
    """A GET of one may read no file; it hears of it from the look that the server takes each second."""
    server = start_server()
    server.create()
    replace = time.monotonic()
    os.replace(other_shop, server.database_path)
    wait_until(lambda: server.get(f"{ORDERS}1").status_code == 503, NOTICED)
    assert time.monotonic() - replace < NOTICED
    assert_problem(server.get(f"{ORDERS}1"), 503)


def copy_file(path: Path) -> Path:
    """The file alone, without its -wal."""
    return Path(shutil.copyfile(path, path.with_name("alone.db")))


def refusal(server: LiveServer) -> str:
    with pytest.raises(ServerDied) as died:
        server.restart()
    assert died.value.code not in (0, None)
    assert "Traceback" not in died.value.output, died.value.output
    return died.value.output


def test_noticed_while_nobody_asks(start_server: Callable[..., LiveServer], other_shop: Path, kind: str) -> None:
    server = start_server()
    server.create()
    os.replace(other_shop, server.database_path)
    wait_until(lambda: "database replaced" in server.output(), NOTICED, "the log")


@only_embedded
@pytest.mark.parametrize("place", [move, overwrite])
@pytest.mark.parametrize("whose", ["older", "other"])
def test_placed_beside_the_wal_of_a_killed_server(
    start_server: Callable[..., LiveServer],
    other_shop: Path,
    tmp_path: Path,
    place: Callable[[Path, Path], None],
    whose: str,
) -> None:
    """Refused in words, nothing is changed; with the -wal out of the way, what was restored is served."""
    server = start_server()
    for index in range(10):
        server.create(cliente=f"antes {index}")
    copy = copy_of(server.database_path, tmp_path / "older.db")
    for index in range(10):
        server.create(cliente=f"depois {index}")
    server.kill()
    source = copy if whose == "older" else other_shop
    expected = customers(source)
    place(source, server.database_path)
    wal = Path(f"{server.database_path}-wal")
    files = [path.read_bytes() for path in (server.database_path, wal)]
    refused = refusal(server)
    assert str(server.database_path) in refused and wal.name in refused
    assert "mude o nome" in refused
    made = pedidos("token", "create", "Ana", "--role", "leitura", "--database", server.database)
    assert made.returncode != 0 and wal.name in made.stderr and "Traceback" not in made.stderr
    assert [path.read_bytes() for path in (server.database_path, wal)] == files, "left for whoever can save it"

    wal.rename(tmp_path / "kept-wal")
    server.restart()
    assert {order["cliente"] for order in server.get(ORDERS).json()} == expected
    server.create()
    server.stop()
    customers(server.database_path)


def pedidos(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pedidos_server", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def killed(server: LiveServer) -> None:
    server.kill()


def chmod(server: LiveServer) -> None:
    server.kill()
    server.database_path.chmod(0o640)


def moved_folder(server: LiveServer) -> None:
    """All files, as a copy of the whole folder has them."""
    server.kill()
    folder = server.directory / "copy"
    folder.mkdir()
    for path in server.directory.glob("pedidos.db*"):
        shutil.copy(path, folder)
    server.database = f"sqlite:///{folder / 'pedidos.db'}"


def another_program_checkpoints(server: LiveServer) -> None:
    with closing(sqlite3.connect(server.database_path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        server.create()
        wait_until(lambda: server.stats()["transactions"] > 1)
        server.kill()


def without_the_record(server: LiveServer) -> None:
    """As an earlier version leaves it, or a power cut."""
    server.kill()
    for path in server.directory.glob("pedidos.db.pair"):
        path.write_bytes(b"")


@only_embedded
@pytest.mark.parametrize("happen", [killed, chmod, moved_folder, another_program_checkpoints, without_the_record])
def test_what_is_no_replacement_starts(
    start_server: Callable[..., LiveServer], happen: Callable[[LiveServer], None]
) -> None:
    server = start_server()
    for _ in range(30):
        server.create()
    count = len(server.get(ORDERS).json())
    happen(server)
    server.restart()
    assert len(server.get(ORDERS).json()) >= count


@only_embedded
@pytest.mark.slow
def test_killed_at_any_moment_of_a_checkpoint(start_server: Callable[..., LiveServer]) -> None:
    """Large orders, so that the WAL is moved all the time: the pair is known again each time."""
    server = start_server()
    large = {"descricao": "Faixa", "imagem": "x" * 400_000}
    kept = 0
    for round_ in range(6):
        stop = threading.Event()

        def write(stop: threading.Event = stop) -> None:
            while not stop.is_set():
                try:
                    server.request("POST", ORDERS, json={"cliente": "Ana", "items": [large]})
                except requests.RequestException:  # killed
                    return

        writer = threading.Thread(target=write)
        writer.start()
        size = server.database_path.stat().st_size
        wait_until(lambda size=size: server.database_path.stat().st_size != size, 30, "a checkpoint")
        time.sleep(0.01 * round_)
        server.kill()
        stop.set()
        writer.join()
        server.restart()
        count = int(server.get(ORDERS, params={"limite": "1"}).headers["X-Total-Count"])
        assert count >= kept
        kept = count


def test_the_file_alone_is_whole_when_nobody_writes(start_server: Callable[..., LiveServer], kind: str) -> None:
    server = start_server()
    mine = {server.create(cliente=f"minha {index}")["cliente"] for index in range(50)}

    def a_copy_is_whole() -> bool:
        try:
            return customers(copy_file(server.database_path)) == mine
        except sqlite3.DatabaseError:  # copied in the middle of the checkpoint
            return False

    wait_until(a_copy_is_whole, 3 * 5, "a copy of the file alone")
    assert server.get("/health").status_code == 200
    server.create(cliente="mais uma")
    server.stop()
    assert {path.name for path in server.directory.glob("pedidos.db*")} == {"pedidos.db", "pedidos.db.lock"}
    assert customers(server.database_path) == {*mine, "mais uma"}


# ---------------------------------------------------------------------------------- a second server


def second(server: LiveServer, path: Path, tmp_path: Path) -> str:
    with pytest.raises(ServerDied) as refused:
        LiveServer.start(database=path, directory=tmp_path)
    assert "Traceback" not in refused.value.output
    return refused.value.output


@only_embedded
@pytest.mark.slow
def test_no_second_server_by_a_way_round_the_lock(start_server: Callable[..., LiveServer], tmp_path: Path) -> None:
    """The lock file deleted, and another name of the same file."""
    server = start_server()
    order = server.create()
    Path(f"{server.database_path}.lock").unlink()
    assert "Outro servidor já usa" in second(server, server.database_path, tmp_path)
    link = tmp_path / "link.db"
    os.link(server.database_path, link)
    assert "Outro servidor já usa" in second(server, link, tmp_path)
    other = tmp_path / "symlink.db"
    other.symlink_to(server.database_path)
    assert "Outro servidor já usa" in second(server, other, tmp_path)
    assert server.change(order["id"], costura=True)["versao"] == 2
    assert server.get("/health").status_code == 200


@only_embedded
def test_a_token_is_made_beside_a_running_server(start_server: Callable[..., LiveServer], other_shop: Path) -> None:
    """In its file, never in one that was put in its place."""
    server = start_server()
    server.create()
    made = pedidos("token", "create", "Ana", "--role", "admin", "--database", server.database)
    assert made.returncode == 0, made.stderr
    os.replace(other_shop, server.database_path)
    files = [path.read_bytes() for path in (server.database_path, Path(f"{server.database_path}-wal"))]
    made = pedidos("token", "create", "Bia", "--role", "admin", "--database", server.database)
    assert made.returncode != 0 and "Traceback" not in made.stderr
    assert [path.read_bytes() for path in (server.database_path, Path(f"{server.database_path}-wal"))] == files
