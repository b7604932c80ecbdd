"""Every command, on a terminal that does not have every character: Windows' cp1252, and a C locale."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.live_server import LiveServer

MODULE = [sys.executable, "-m", "pedidos_server"]
NAME = "Ateliê 🎀"
TERMINALS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
SHOWN = {"cp1252": "Ateliê ?", "C": "Ateli? ?"}


@pytest.fixture(params=TERMINALS)
def terminal(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def environment(terminal: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return {**kept, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **TERMINALS[terminal]}


def run(terminal: str, *arguments: str) -> str:
    """What it writes; it must succeed."""
    done = subprocess.run(
        [*MODULE, *arguments], env=environment(terminal), capture_output=True, timeout=60, check=False
    )
    said = done.stdout.decode("cp1252", "replace")
    assert done.returncode == 0, said + done.stderr.decode("cp1252", "replace")
    return said


@contextmanager
def running(terminal: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*MODULE, *arguments], env=environment(terminal), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_with(process: subprocess.Popen[bytes], words: str) -> str:
    """Reads on to a line with these words."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += (text := line.decode("cp1252", "replace"))
        if words in text:
            return text
    pytest.fail(f"it ended without {words!r}:\n{read}")


def test_a_token_is_made_shown_listed_and_revoked(terminal: str, tmp_path: Path) -> None:
    where = ["--database", f"sqlite:///{tmp_path / 'ação 🎀.db'}"]
    said = run(terminal, "token", "create", NAME, "--role", "admin", *where)
    assert re.search(r"^    ped_[\w-]{40,}$", said, re.MULTILINE), said
    assert f"Token de {SHOWN[terminal]} (admin)" in said
    listed = run(terminal, "token", "list", *where)
    assert f"{SHOWN[terminal]}  admin" in listed
    in_full = environment(terminal) | {"PYTHONIOENCODING": "utf-8"}
    assert NAME in subprocess.check_output([*MODULE, "token", "list", *where], env=in_full).decode(), (
        "as it was typed"
    )
    run(terminal, "token", "revoke", NAME, *where)
    assert "Não há tokens" in run("cp1252", "token", "list", *where)


def test_a_token_that_cannot_be_shown_is_not_made(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    where = ["--database", f"sqlite:///{tmp_path / 'pedidos.db'}"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*MODULE, "token", "create", NAME, "--role", "admin", *where],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode != 0 and "não foi criado" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert "Não há tokens" in run("cp1252", "token", "list", *where)


@pytest.mark.parametrize(
    "command",
    [[], ["serve"], ["demo"], ["watch"], ["stress"], ["number"], ["token"], ["token", "create"], ["token", "list"]],
    ids=" ".join,
)
def test_the_help(command: list[str]) -> None:
    assert "uso: pedidos" in run("C", *command, "--help")


def test_what_a_command_refuses(terminal: str, tmp_path: Path) -> None:
    command = ["number", "--database", f"sqlite:///{tmp_path / 'não há 🎀.db'}"]
    done = subprocess.run(
        [*MODULE, *command], env=environment(terminal), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"pedidos: O banco" in done.stderr and b"Traceback" not in done.stderr


def test_a_server_starts(terminal: str, tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path / 'ação 🎀.db'}"
    with running(terminal, "serve", "--port", "0", "--database", where) as process:
        line_with(process, "Para parar")
    assert "recebe o 1." in run(terminal, "number", "--database", where)


def test_the_demonstration_starts(terminal: str) -> None:
    with running(terminal, "demo", "--port", "0", "--orders", "3") as process:
        line_with(process, "Para parar")
        line_with(process, "POST path=/api/v1/pedidos status=201")


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_changes_are_followed(terminal: str, transport: str, server: LiveServer) -> None:
    with running(terminal, "watch", server.url, "--transport", transport) as process:
        line_with(process, "conectado")
        server.create(cliente=NAME)
        assert SHOWN[terminal] in line_with(process, "criado")


def test_json_stays_json(terminal: str, server: LiveServer) -> None:
    with running(terminal, "watch", server.url, "--json") as process:
        line_with(process, "connection")
        server.create(cliente=NAME)
        assert json.loads(line_with(process, "pedido_update"))["data"]["cliente"] == NAME


def test_a_measurement(terminal: str, server: LiveServer) -> None:
    with running(
        terminal, "stress", server.url, "--clients", "2", "--seconds", "1", "--max-ms", "60000", "--yes"
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read().decode("cp1252", "replace")
        assert process.wait(60) == 0, said
