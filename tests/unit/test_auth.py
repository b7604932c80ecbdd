"""Who may come in, as read from the database: never as it was before what is known already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pedidos_server.domain.roles import Role
from pedidos_server.storage.base import AccessRows
from pedidos_server.storage.sqlite.database import Sqlite
from pedidos_server.web.access import Access


def create(database: Sqlite, name: str, days: float | None = None) -> str:
    return database.transactions.run(lambda transaction: transaction.create_token(name, Role.ESCRITA, days))


def test_an_older_read_does_not_bring_back_who_was_revoked(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two greenlets read at once, and the one that began first comes last."""
    access = Access("ON")
    secret = create(database, "Ana")
    access.refresh(database)
    principal = access.by_token(secret)
    assert principal is not None
    another = create(database, "Bia")
    early = database.access()

    def late(_: int | None = None) -> AccessRows | None:
        """What was read before, answered after another's read."""
        monkeypatch.undo()
        assert access.refresh(database)
        assert access.by_token(secret) is None
        return early

    database.transactions.run(lambda transaction: transaction.revoke_token("Ana"))
    monkeypatch.setattr(database, "access", late)
    assert not access.refresh(database)
    assert access.by_token(secret) is None and not access.is_valid(principal)
    assert access.by_token(another) is not None


def test_a_token_ends_in_its_time_without_a_change(database: Sqlite) -> None:
    now = 2_000_000_000.0
    clock: Callable[[], float] = lambda: now  # noqa: E731
    access = Access("ON", clock)
    secret = create(database, "Ana", 36_000)
    assert access.refresh(database)
    assert access.by_token(secret) is not None
    assert not access.refresh(database)
    now += 40_000 * 86_400
    assert access.refresh(database), "somebody has to go"
    assert access.by_token(secret) is None
    assert not access.refresh(database)
