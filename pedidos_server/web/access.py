"""Who is calling: the tokens and sessions of the database, kept in memory and read anew when they have changed.

A request costs one hash and one look-up here, and no read of the database. An open server (see ``Access``)
knows nobody, and lets everybody do everything.
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ..domain.roles import NOBODY, Principal
from ..errors import Problem, StartupError
from ..storage.base import AccessRows, Database
from ..storage.tokens import RENEWAL_DAYS, SESSION_DAYS, digest
from .cookies import SessionCookie

RENEWAL_SECONDS = RENEWAL_DAYS * 86_400.0


class _Table(dict[bytes, Principal]):
    """Principals by the hash of their secret. The key only narrows the search down; what decides is compared in
    constant time."""

    def put(self, principal: Principal) -> None:
        self[principal.digest[:8]] = principal

    def find(self, whole: bytes) -> Principal | None:
        found = self.get(whole[:8])
        return found if found is not None and hmac.compare_digest(found.digest, whole) else None


class _Tables(NamedTuple):
    """All valid tokens and sessions, as of one generation of the tables in the database."""

    generation: int
    tokens: _Table
    sessions: _Table


class Access:
    """Who may use this server.

    ``mode`` is ON (tokens only), OFF (open), or AUTO: open until the first token is seen, then closed for good, as
    whoever makes one means it. ``now`` is Unix time, ``monotonic`` is in seconds.
    """

    cookie: SessionCookie
    """Known once ``refresh`` has been called."""

    def __init__(
        self, mode: str, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.open = mode != "ON"
        """True where nobody needs to say who they are."""
        self._locks_itself = mode == "AUTO"
        self._now, self._monotonic = now, monotonic
        self._tables = _Tables(-1, _Table(), _Table())
        self._next_end = math.inf
        self._cookies_set: dict[bytes, float] = {}
        """Session -> when, by the monotonic clock, its cookie was last set."""

    @property
    def by_default(self) -> bool:
        """Open because nothing was said, not because somebody asked for it."""
        return self.open and self._locks_itself

    @property
    def has_tokens(self) -> bool:
        return bool(self._tables.tokens)

    def refresh(self, database: Database) -> bool:
        """Reads the tables where they changed. True where somebody who was let in may have to go."""
        over = self._now() >= self._next_end
        rows = database.access(None if over else self._tables.generation)
        if rows is None or rows.generation < self._tables.generation:  # of two reads at once, the newer stays
            return False
        tables = _tables_of(rows)
        now = self._now()
        ends = [principal.ends for table in (tables.tokens, tables.sessions) for principal in table.values()]
        self._tables, self.cookie = tables, SessionCookie(rows.tag)
        self._next_end = min((end for end in ends if end > now), default=math.inf)
        if tables.tokens and self._locks_itself:
            self.open = False
        return True

    def by_token(self, token: str) -> Principal | None:
        return self._valid(self._tables.tokens.find(digest(token)))

    def by_cookies(self, header: str, *, secure: bool) -> Principal | None:
        """Whose the first session in a Cookie header is; bad cookies before it do no harm."""
        return next(iter(self.sessions_in(header, secure=secure)), None)

    def sessions_in(self, header: str, *, secure: bool) -> Iterable[Principal]:
        found = (self._tables.sessions.find(digest(secret)) for secret in self.cookie.secrets(header, secure=secure))
        return (principal for principal in map(self._valid, found) if principal is not None)

    def secret_of(self, session: Principal, header: str, *, secure: bool) -> str | None:
        """The secret of a session, where a Cookie header has it."""
        found = self.cookie.secrets(header, secure=secure)
        return next((secret for secret in found if digest(secret) == session.digest), None)

    def is_cookie_due(self, principal: Principal) -> bool:
        """True where the cookie of a session in use was not set for a day, so that its browser must be given it anew.
        Whoever hears yes sets it."""
        if not principal.by_session:
            return False
        now = self._monotonic()
        if now - self._cookies_set.get(principal.digest, -math.inf) < RENEWAL_SECONDS:
            return False
        self._cookies_set = {of: when for of, when in self._cookies_set.items() if now - when < RENEWAL_SECONDS}
        self._cookies_set[principal.digest] = now
        return True

    def cookie_was_set(self, session: bytes) -> None:
        """``session`` is the digest of its secret."""
        self._cookies_set[session] = self._monotonic()

    def is_extendable(self, principal: Principal) -> bool:
        """True for a valid session that has used up a day of its time or more."""
        current = self._valid(self._tables.sessions.find(principal.digest))
        return current is not None and current.ends < self._now() + SESSION_DAYS * 86_400 - RENEWAL_SECONDS

    def is_valid(self, principal: Principal) -> bool:
        """False once the token or the session of somebody who was let in is gone."""
        if principal is NOBODY:
            return self.open
        tables = self._tables
        table = tables.sessions if principal.by_session else tables.tokens
        return self._valid(table.find(principal.digest)) is not None

    def _valid(self, principal: Principal | None) -> Principal | None:
        return principal if principal is not None and principal.ends > self._now() else None


def _tables_of(rows: AccessRows) -> _Tables:
    tokens, sessions = _Table(), _Table()
    by_id: dict[int, Principal] = {}
    for row in rows.tokens:
        by_id[row.id] = token = Principal(row.id, row.name, row.role, _unix(row.ends), row.digest)
        tokens.put(token)
    for session in rows.sessions:
        of = by_id.get(session.token_id)
        if of is not None:
            ends = min(of.ends, _unix(session.ends))
            sessions.put(replace(of, ends=ends, digest=session.digest, by_session=True))
    return _Tables(rows.generation, tokens, sessions)


def _unix(when: str | None) -> float:
    return math.inf if when is None else datetime.fromisoformat(when).timestamp()


def unauthorized(detail: str) -> Problem:
    return Problem(401, "É preciso entrar", detail, headers={"WWW-Authenticate": 'Bearer realm="Pedidos"'})


def forbidden(detail: str) -> Problem:
    return Problem(403, "Sem permissão", detail)


def check_start(access: Access, *, mode: str, database: str, where: str | None) -> None:
    """Nobody opens a server by accident. ``where`` names who could reach it; None is this machine alone.

    Raises StartupError that says what to type.
    """
    if access.has_tokens or mode == "OFF" or (mode == "AUTO" and where is None):
        return
    why = (
        "--auth on pede um token, e ainda não há nenhum."
        if mode == "ON"
        else f"Sem token, {where or 'o servidor'} ficaria com as portas abertas a todos."
    )
    raise StartupError(
        f"{why} Crie o primeiro token:\n"
        f"    pedidos token create NOME --role admin --database {database}\n"
        "e inicie de novo. Para deixar o servidor aberto de propósito: --auth off, ou a variável PEDIDOS_AUTH=off."
    )
