"""Tokens beside a running server: made, seen, revoked, expired; never stored or logged."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from pedidos_server.storage.sqlite import tokens
from pedidos_server.web.access import Access
from pedidos_server.web.guard import _token_in_subprotocols
from tests.support.checks import assert_problem
from tests.support.doors import Doors, new_token, pedidos, printed_token, revoke, sign_in, subprotocol, without_token
from tests.support.live_server import ORDERS, wait_until
from tests.support.stream_clients import StreamRefused

NOTICED = 2.5
"""Seconds: two, and a little for a busy machine."""


def status(doors: Doors, token: str) -> int:
    return doors.server.get(ORDERS, headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_command_works_beside_the_server(doors: Doors) -> None:
    database = ("--database", doors.server.database)
    made = pedidos("token", "create", "Marta da costura", "--role", "producao", *database)
    assert made.returncode == 0, made.stderr
    token = printed_token(made.stdout)
    wait_until(lambda: status(doors, token) == 200, NOTICED, "the new token lets in")
    listed = pedidos("token", "list", *database)
    assert "Marta da costura" in listed.stdout and "producao" in listed.stdout and token not in listed.stdout
    again = pedidos("token", "create", "Marta da costura", "--role", "admin", *database)
    assert again.returncode != 0 and "Marta da costura" in again.stderr
    assert pedidos("token", "revoke", "Marta da costura", *database).returncode == 0
    wait_until(lambda: status(doors, token) == 401, NOTICED, "the revoked token is refused")
    gone = pedidos("token", "revoke", "Marta da costura", *database)
    assert gone.returncode != 0 and "Traceback" not in gone.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["X", "--role", "chefe"],
        ["X"],
        [" ", "--role", "admin"],
        ["X" * 81, "--role", "admin"],
        ["a\x1bb", "--role", "admin"],
        ["X", "--role", "admin", "--expires", "0"],
        ["X", "--role", "admin", "--expires", "nan"],
    ],
)
def test_a_bad_command_says_what_is_wrong(tmp_path: Path, arguments: list[str]) -> None:
    done = pedidos("token", "create", *arguments, "--database", f"sqlite:///{tmp_path}/a.db")
    assert done.returncode != 0 and done.stderr and "Traceback" not in done.stderr
    assert "ped_" not in done.stdout


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_revoked_token_ends_its_streams_and_no_others(doors: Doors, transport: str) -> None:
    name = f"demitido {transport}"
    token = new_token(doors.server.database_path, name, "leitura")
    wait_until(lambda: status(doors, token) == 200, NOTICED)
    headers = {"Authorization": f"Bearer {token}"}
    leaving, staying = doors.stream(transport, headers), doors.stream(transport, doors.header("leitura"))
    try:
        leaving.expect("connection")
        staying.expect("connection")
        revoke(doors.server.database_path, name)
        assert leaving.end(NOTICED + 2).code == (4401 if transport == "websocket" else None)
        with pytest.raises(StreamRefused) as refused:
            doors.stream(transport, headers)
        assert refused.value.status == 401
        order = doors.server.create()
        assert staying.until(lambda m: m.get("pedido_id") == order["id"])
    finally:
        leaving.close()
        staying.close()


def test_an_expired_token_ends_its_streams_and_sessions(doors: Doors) -> None:
    token = new_token(doors.server.database_path, "temporário", "leitura", days=8 / 86_400)
    wait_until(lambda: status(doors, token) == 200, NOTICED)
    cookie = {"Cookie": sign_in(doors.server, token)}
    by_token, by_cookie = doors.stream("websocket", subprotocol(token)), doors.stream("websocket", cookie)
    try:
        assert [stream.end(15).code for stream in (by_token, by_cookie)] == [4401, 4401]
        assert status(doors, token) == 401
        assert_problem(doors.server.get(ORDERS, headers=without_token(cookie)), 401)
    finally:
        by_token.close()
        by_cookie.close()


def test_no_secret_is_stored_or_logged(doors: Doors) -> None:
    cookie = sign_in(doors.server, doors.tokens["escrita"])
    doors.server.post(ORDERS, json={"cliente": "Ana"}, headers=doors.header("escrita"))
    doors.stream("websocket", subprotocol(doors.tokens["escrita"])).close()
    stored = b"".join(path.read_bytes() for path in doors.server.directory.glob("pedidos.db*"))
    logged = doors.server.output()
    for secret in (*doors.tokens.values(), cookie.partition("=")[2]):
        bare = secret.removeprefix("ped_")
        assert bare.encode() not in stored and bare not in logged


def test_the_author_is_the_tokens_name(doors: Doors) -> None:
    headers = {**doors.header("escrita"), "X-Pedidos-Autor": "Outra%20Pessoa"}
    order = doors.server.post(ORDERS, json={"cliente": "Ana"}, headers=headers).json()
    history = doors.server.get(f"{ORDERS}{order['id']}/historico").json()
    assert [entry["autor"] for entry in history] == ["escrita"]


def test_an_idempotency_key_is_each_tokens_own(doors: Doors) -> None:
    body, key = {"cliente": "Ana"}, {"Idempotency-Key": "a-mesma"}
    answers = [
        doors.server.post(ORDERS, json=body, headers={**doors.header(role), **key})
        for role in ("escrita", "admin", "escrita")
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    ids = [answer.json()["id"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize("verdict", [True, False])
def test_the_whole_hash_is_compared_in_constant_time(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, verdict: bool
) -> None:
    """Nothing else decides: the look-up goes by a part of the hash, and `==` is not asked."""
    access = Access("ON")
    with closing(sqlite3.connect(doors.server.database_path)) as connection:
        rows = tokens.access(connection, None)
    access.refresh(SimpleNamespace(access=lambda _: rows))  # type: ignore[arg-type]
    compared: list[tuple[bytes, bytes]] = []

    def compare_digest(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return verdict

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    token = doors.tokens["escrita"]
    found = access.by_token(token)
    assert (found is not None) is verdict
    assert compared == [(hashlib.sha256(token.encode()).digest(),) * 2]


OFFERED: dict[str, Callable[[int], str]] = {
    "commas": lambda size: "," * size,
    "blanks": lambda size: " " * size,
    "commas and blanks": lambda size: ", " * (size // 2),
    "no token": lambda size: ",bearer." * (size // 8),
    "one long token": lambda size: "bearer." + "x" * size + "!",
    "tokens that are none": lambda size: ",bearer.x!" * (size // 10),
}


@pytest.mark.parametrize("kind_of_header", OFFERED)
def test_subprotocols_are_looked_through_once(kind_of_header: str) -> None:
    """In time that grows as the header does."""

    def seconds(size: int) -> float:
        header = OFFERED[kind_of_header](size)
        started = time.process_time()  # what others do on this machine is none of it
        assert _token_in_subprotocols(header) == ""
        return time.process_time() - started

    short, long = min(seconds(65_536) for _ in range(3)), seconds(6_553_600)
    assert short < 0.15 and long < max(short * 1_000, 0.15), "a hundred times the size, ten thousand if quadratic"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_files_are_their_owners_alone(doors: Doors) -> None:
    doors.server.create()
    found = sorted(doors.server.directory.glob("pedidos.db*"))
    assert {path.name for path in found} >= {"pedidos.db", "pedidos.db-wal", "pedidos.db-shm", "pedidos.db.lock"}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in found} == {path.name: 0o600 for path in found}
