"""Who may come in, as read from the database: never as it was before what is known already."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from pedidos_server.domain.roles import Role
from pedidos_server.storage.sqlite.database import Database
from pedidos_server.storage.sqlite.statements import Connection
from pedidos_server.storage.tokens import create_token, revoke_token
from pedidos_server.web.access import Access


def test_an_older_snapshot_does_not_bring_back_who_was_revoked(database: Database, connection: Connection) -> None:
    """Two threads read at once, and the one that began first comes last."""
    access = Access("ON")
    secret = create_token(connection, "Ana", Role.ESCRITA)
    database.read(access.refresh)
    principal = access.by_token(secret)
    assert principal is not None

    with closing(sqlite3.connect(database.path, isolation_level=None)) as early:
        another = create_token(connection, "Bia", Role.LEITURA)
        early.execute("BEGIN")
        early.execute("SELECT * FROM meta").fetchall()  # its snapshot is of now
        revoke_token(connection, "Ana")
        assert database.read(access.refresh)
        assert access.by_token(secret) is None and not access.stands(principal)
        assert not access.refresh(early)
    assert access.by_token(secret) is None and not access.stands(principal)
    assert access.by_token(another) is not None


def test_a_token_ends_in_its_time_without_a_change(database: Database, connection: Connection) -> None:
    now = 2_000_000_000.0
    clock: Callable[[], float] = lambda: now  # noqa: E731
    access = Access("ON", clock)
    secret = create_token(connection, "Ana", Role.ESCRITA, days=36_000)
    assert database.read(access.refresh)
    assert access.by_token(secret) is not None
    assert not database.read(access.refresh)
    now += 40_000 * 86_400
    assert database.read(access.refresh), "somebody has to go"
    assert access.by_token(secret) is None
    assert not database.read(access.refresh)
