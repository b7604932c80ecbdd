"""The commands of a terminal: what they say when they cannot, in Portuguese, and what `watch` lets through."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pedidos_server.cli.watch import as_line, describe
from tests.support.live_server import ORDERS, LiveServer

MODULE = [sys.executable, "-m", "pedidos_server"]


def pedidos(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MODULE, *arguments], capture_output=True, text=True, timeout=60, check=False)


def refusal(*arguments: str) -> str:
    """Why the command would not run."""
    done = pedidos(*arguments)
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr and "error" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "falta COMANDO"),
        (["servir"], "'servir' não serve; use 'serve', 'demo'"),
        (["token", "create", "Ana", "--role", "chefe"], "'chefe' não serve; use 'leitura'"),
        (["token", "create", "Ana"], "falta --role"),
        (["stress", "--clients", "muitos"], "'muitos' não é um número"),
        (["watch", "--cursor"], "--cursor: falta o valor"),
        (["watch", "a", "b"], "não conheço b"),
        (["watch", "http://[::"], "não é o endereço de um servidor"),
        (["watch", "balcao:porta"], "não é o endereço de um servidor"),
        (["serve", "--port", "abc"], "use um número inteiro de 0 a 65535"),
    ],
)
def test_a_wrong_command(arguments: list[str], said: str) -> None:
    assert said in refusal(*arguments)


def test_the_help_is_in_portuguese() -> None:
    shown = pedidos("watch", "--help").stdout
    assert "uso: pedidos watch" in shown and "opções:" in shown and "mostra esta ajuda" in shown


WITH_OLD_SQLITE = """
import sqlite3, sys
sqlite3.sqlite_version_info, sqlite3.sqlite_version = (3, 34, 1), "3.34.1"
from pedidos_server.cli.main import main
main(sys.argv[1:])
"""
WITHOUT_JSON = """
import sqlite3, sys
connect = sqlite3.connect
class Connection(sqlite3.Connection):
    def execute(self, sql, *values):
        return super().execute(sql.replace("json_each", "json_missing"), *values)
sqlite3.connect = lambda *arguments, **options: connect(*arguments, **{"factory": Connection, **options})
from pedidos_server.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("program", "said"), [(WITH_OLD_SQLITE, "é o 3.34.1; o Pedidos precisa do 3.35.0"), (WITHOUT_JSON, "JSON")]
)
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["token", "create", "Ana", "--role", "admin"]])
def test_an_sqlite_that_is_too_old(tmp_path: Path, program: str, said: str, command: list[str]) -> None:
    """Said at the start, where it can be mended; it would answer 503 to every filtered list."""
    path = tmp_path / "pedidos.db"
    done = subprocess.run(
        [sys.executable, "-c", program, *command, "--database", f"sqlite:///{path}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode != 0 and said in done.stderr and "Traceback" not in done.stderr
    assert not path.exists()


def test_a_new_database_is_said_to_be_one(tmp_path: Path) -> None:
    """Whoever starts it in the wrong folder notices."""
    with LiveServer.start(directory=tmp_path) as server:
        assert f"Banco: novo, vazio, criado em {server.database_path}" in server.output()
        server.create()
        since = server.output_size()
        server.restart()
        assert f"Banco: {server.database_path}" in server.output(since)


@pytest.mark.parametrize("action", [["list"], ["revoke", "Ana"]])
def test_only_a_token_that_is_created_makes_a_database(tmp_path: Path, action: list[str]) -> None:
    path = tmp_path / "outro.db"
    assert f"{path} não existe" in refusal("token", *action, "--database", f"sqlite:///{path}")
    assert not list(tmp_path.iterdir())


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal("serve", "--port", port, "--database", f"sqlite:///{tmp_path / 'pedidos.db'}")
    assert "a porta já está em uso" in said and port in said


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    where = ["--host", "192.0.2.1", "--auth", "off", "--database", f"sqlite:///{tmp_path / 'pedidos.db'}"]
    assert "não tem este endereço" in refusal("serve", *where)


def test_a_database_that_is_none() -> None:
    said = refusal("serve", "--database", "pedidos.db")
    assert "'pedidos.db'" in said and "--database" in said and "sqlite:///arquivo.db" in said


def test_a_place_where_no_file_can_be_made() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs Linux: a folder that lets nobody write, root included")
    assert "Não consigo gravar /proc/pedidos.db.lock" in refusal("serve", "--database", "sqlite:////proc/pedidos.db")


# -- watch


@contextmanager
def watching(server: LiveServer, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`pedidos watch`, connected."""
    with subprocess.Popen(
        [*MODULE, "watch", server.url, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert "connection" in (first := process.stdout.readline()) or "conectado" in first
            yield process
        finally:
            process.kill()


HOSTILE = "A\x1b[2J\x07\x9b31m\u202e"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_terminal_codes_of_others(server: LiveServer, options: list[str]) -> None:
    with watching(server, *options) as process:
        server.create(cliente=HOSTILE, numero=f"{HOSTILE}{len(options)}")
        assert process.stdout is not None
        line = process.stdout.readline()
    assert "A" in line and line.rstrip("\n").isprintable()


def test_what_is_shown_is_as_it_was_but_for_these() -> None:
    message = {
        "type": "pedido_update",
        "action": "create",
        "pedido_id": 1,
        "cursor": "12-0a",
        "data": {"numero": "7", "cliente": "Confecções Ação\x1b[31m"},
    }
    assert "pedido 7 criado: Confecções Ação [31m" in describe(message)
    assert '"cliente": "Confecções Ação\\u001b[31m"' in as_line(message)


def test_it_ends_when_nobody_reads_it(server: LiveServer) -> None:
    with watching(server) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        server.create()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


# -- number


def test_the_next_number_beside_a_running_server_and_without_one(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    where = ["--database", server.database]
    server.create(numero="48")
    assert server.create(numero="7891000315507")["numero"] == "7891000315507"
    assert "recebe o 49." in pedidos("number", *where).stdout
    assert "recebe o 48000." in pedidos("number", "--next", "48000", *where).stdout
    assert server.get(f"{ORDERS}proximo-numero").json()["proximo_numero"] == 48_000
    assert server.create()["numero"] == "48000"
    assert "o próximo já é o 48001" in refusal("number", "--next", "48000", *where)
    assert "já foi de um pedido" in refusal("number", "--next", "7891000315507", *where)
    server.stop()
    assert "recebe o 50000." in pedidos("number", "--next", "50000", *where).stdout
    server.restart()
    assert server.create()["numero"] == "50000"


def test_the_number_of_no_database(tmp_path: Path) -> None:
    where = ["--database", f"sqlite:///{tmp_path / 'outro.db'}"]
    assert "não existe" in refusal("number", *where)
    assert "não existe" in refusal("number", "--next", "5", *where)
    assert "não é um número" in refusal("number", "--next", "cinco", *where)
    assert not list(tmp_path.iterdir())
