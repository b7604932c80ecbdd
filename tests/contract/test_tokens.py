"""Tokens and sessions: what stands, what has ended, and how a server hears of a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pedidos_server.domain.events import timestamp
from pedidos_server.domain.roles import Role
from pedidos_server.storage import tokens as rules
from pedidos_server.storage.base import AccessRows, Database
from pedidos_server.storage.tokens import MAX_NAME, MAX_SESSIONS, SESSION_DAYS, TokenError, digest
from tests.support.shop import Shop


def make(shop: Shop, name: str, days: float | None = None) -> str:
    return shop.run(lambda transaction: transaction.create_token(name, Role.ESCRITA, days))


def revoke(shop: Shop, name: str) -> None:
    shop.run(lambda transaction: transaction.revoke_token(name))


def open_session(shop: Shop, token_id: int = 1) -> bytes:
    return digest(shop.run(lambda transaction: transaction.open_session(token_id)))


def rows(database: Database) -> AccessRows:
    found = database.access()
    assert found is not None
    return found


def sessions(database: Database) -> set[bytes]:
    return {row.digest for row in rows(database).sessions}


def test_a_token_is_found_by_its_hash_alone(shop: Shop, database: Database) -> None:
    secret = make(shop, "  Ana ", 3)
    make(shop, "aurora")
    ana, aurora = rows(database).tokens
    assert (ana.name, ana.role, ana.digest) == ("Ana", Role.ESCRITA, digest(secret))
    assert aurora.ends is None and ana.ends is not None
    assert timedelta(days=2.99) < datetime.fromisoformat(ana.ends) - datetime.now(UTC) < timedelta(days=3)
    assert shop.run(lambda transaction: transaction.list_tokens()) == [ana, aurora]


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "a\nb"])
def test_an_unfit_name_makes_no_token(shop: Shop, database: Database, name: str) -> None:
    with pytest.raises(TokenError, match="caracteres"):
        make(shop, name)
    assert rows(database).tokens == []


def test_a_name_is_had_once(shop: Shop, database: Database) -> None:
    make(shop, "Ana")
    with pytest.raises(TokenError, match="Já há um token"):
        make(shop, "Ana")
    with pytest.raises(TokenError, match="Não há token"):
        revoke(shop, "Bia")
    assert [row.name for row in rows(database).tokens] == ["Ana"]
    revoke(shop, "Ana")
    make(shop, "Ana")
    assert len(rows(database).tokens) == 1


def test_an_id_never_comes_back(shop: Shop, database: Database) -> None:
    """A session's row names its token by it."""
    make(shop, "Ana")
    revoke(shop, "Ana")
    make(shop, "Bia")
    assert [row.id for row in rows(database).tokens] == [2]


def test_a_change_is_heard_of_once(shop: Shop, database: Database) -> None:
    before = rows(database).generation
    assert database.access(before) is None
    make(shop, "Ana")
    for step in (
        lambda: open_session(shop),
        lambda: revoke(shop, "Ana"),
    ):
        changed = database.access(before)
        assert changed is not None and changed.generation > before
        before = changed.generation
        assert database.access(before) is None
        step()
    assert database.access(before) is not None
    shop.create()
    known = rows(database).generation
    shop.create()
    assert database.access(known) is None, "an order is nothing that lets anybody in"


def test_sessions_go_with_their_token_or_by_themselves(shop: Shop, database: Database) -> None:
    make(shop, "Ana")
    make(shop, "Bia")
    first, second, other = open_session(shop), open_session(shop), open_session(shop, 2)
    assert sessions(database) == {first, second, other}
    shop.run(lambda transaction: transaction.close_sessions([first, b"of nobody"]))
    assert sessions(database) == {second, other}
    revoke(shop, "Ana")
    assert sessions(database) == {other}


def test_a_token_has_so_many_sessions(shop: Shop, database: Database) -> None:
    make(shop, "Ana")
    made = {open_session(shop) for _ in range(MAX_SESSIONS + 3)}
    assert len(sessions(database)) == MAX_SESSIONS and sessions(database) < made


class Later(datetime):
    """A wall clock that goes ahead by ``days``."""

    days = 0.0

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + timedelta(days=cls.days)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> type[Later]:
    monkeypatch.setattr(Later, "days", 0.0)
    monkeypatch.setattr(rules, "datetime", Later)
    return Later


def test_a_session_in_use_lasts_and_an_ended_one_does_not_come_back(
    shop: Shop, database: Database, later: type[Later]
) -> None:
    make(shop, "Ana")
    used, idle = open_session(shop), open_session(shop)

    def extend(*which: bytes) -> None:
        shop.run(lambda transaction: transaction.extend_sessions(which))

    def ends() -> dict[bytes, str]:
        return {row.digest: row.ends for row in rows(database).sessions}

    first = ends()
    generation = rows(database).generation
    later.days = 0.5
    extend(used)
    assert ends() == first and database.access(generation) is None, "within a day it is not written anew"
    later.days = SESSION_DAYS - 1
    extend(used)
    assert ends()[used] == timestamp(Later.now() + timedelta(days=SESSION_DAYS))[:10] + ends()[used][10:]
    later.days = SESSION_DAYS + 1
    extend(used, idle)
    assert ends()[idle] == first[idle], "it has ended"
    open_session(shop)
    assert idle not in sessions(database) and used in sessions(database)
