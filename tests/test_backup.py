"""``pedidos backup``: whole, of one moment, beside a server at work; or nothing, and words."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.live_server import ORDERS, LiveServer


def backup(target: Path, database: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pedidos_server", "backup", str(target), "--database", f"sqlite:///{database}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def refusal(target: Path, database: Path) -> str:
    done = backup(target, database)
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def numbers(copy: Path) -> list[int]:
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT COUNT(*) FROM pedido UNION ALL SELECT MAX(numero) FROM evento").fetchall()
        return [row[0] for row in rows]


@pytest.mark.parametrize("kind", ["embedded"])
def test_a_copy_beside_a_server_at_work(start_server: Callable[..., LiveServer], tmp_path: Path) -> None:
    server = start_server()
    for _ in range(20):
        server.create()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            server.create()

    writer = threading.Thread(target=write)
    writer.start()
    copies = tmp_path / "copies"
    copies.mkdir()
    try:
        done = backup(copies, server.database_path)
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    (copy,) = copies.iterdir()
    assert str(copy) in done.stdout and "conferida" in done.stdout
    if os.name != "nt":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    orders, events = numbers(copy)
    assert orders == events >= 20
    assert server.get("/health").status_code == 200
    server.stop()
    with LiveServer.start(database=copy, directory=copies) as restored:
        assert len(restored.get(ORDERS).json()) == orders


def test_what_is_refused(tmp_path: Path) -> None:
    """And nothing is made or changed."""
    database = tmp_path / "pedidos.db"
    assert f"{database} não existe" in refusal(tmp_path / "copia.db", database)
    assert not list(tmp_path.iterdir())
    with LiveServer.start(directory=tmp_path) as server:
        server.create()
    assert "não existe" in refusal(tmp_path / "nada" / "copia.db", database)
    taken = tmp_path / "tomada.db"
    taken.write_text("outra coisa")
    assert "já existe" in refusal(taken, database)
    assert taken.read_text() == "outra coisa"
    assert "já existe" in refusal(database, database)
    assert "não é um banco" in refusal(tmp_path / "copia.db", taken)
    left = {path.name for path in tmp_path.iterdir()}
    assert not {name for name in left if "copia" in name or "parcial" in name}
    assert backup(tmp_path / "copia.db", database).returncode == 0
    assert numbers(tmp_path / "copia.db") == [1, 1]


def test_a_damaged_database_gives_no_copy(tmp_path: Path) -> None:
    with LiveServer.start(directory=tmp_path) as server:
        for index in range(30):
            server.create(observacao=f"{index} " * 1000)
        path = server.database_path
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pedido'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert "corrompido" in refusal(tmp_path / "copia.db", path)
    assert not list(tmp_path.glob("copia*"))
