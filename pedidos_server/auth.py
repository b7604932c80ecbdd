"""Who is calling: the tokens and sessions of the database, kept in memory and read anew when they have changed.

A request costs one hash and one look-up here, and no read of the database. A server that is open by choice (see
``Access``) knows nobody, and lets everybody do everything.
"""

from __future__ import annotations

import _thread
import hmac
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from .database import Connection
from .errors import Problem, StartupError
from .tokens import Role, digest, generation, list_sessions, list_tokens

COOKIE = "pedidos_sessao"
SECURE_COOKIE = "__Host-pedidos_sessao"
"""Over https: a browser takes a cookie of this name from this very host alone."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a token, perhaps by way of a browser's session."""

    token_id: int
    name: str | None
    """What history calls them; None where nobody needs to say who they are."""
    role: Role
    ends: float = math.inf
    """Unix time."""
    digest: bytes = b""
    """The hash of the token, or of the session, that was shown."""
    by_session: bool = False


NOBODY = Principal(0, None, Role.ADMIN)
"""Anybody at all, on an open server."""


class _Table(dict[bytes, Principal]):
    """Principals by the hash of their secret. The key only narrows the search down; what decides is compared in
    constant time."""

    def put(self, principal: Principal) -> None:
        self[principal.digest[:8]] = principal

    def find(self, whole: bytes) -> Principal | None:
        found = self.get(whole[:8])
        return found if found is not None and hmac.compare_digest(found.digest, whole) else None


class _Tables(NamedTuple):
    """All who may come in, as of one moment: one generation of the tables in the database."""

    generation: int
    tokens: _Table
    sessions: _Table


class Access:
    """The doors of one server.

    ``mode`` is ON (tokens only), OFF (open), or AUTO: open until the first token is seen, then closed for good, as
    whoever makes one means it. ``now`` is Unix time.
    """

    def __init__(self, mode: str, now: Callable[[], float] = time.time) -> None:
        self.open = mode != "ON"
        """True where nobody needs to say who they are."""
        self._locks_itself = mode == "AUTO"
        self._now = now
        self._tables = _Tables(-1, _Table(), _Table())
        # Not gevent's: the native threads that read the database hold it, for a moment.
        self._applying = _thread.RLock()
        self._next_end = math.inf

    @property
    def by_default(self) -> bool:
        """Open because nothing was said, not because somebody asked for it."""
        return self.open and self._locks_itself

    @property
    def has_tokens(self) -> bool:
        return bool(self._tables.tokens)

    def refresh(self, connection: Connection) -> bool:
        """Reads the tables where they changed. True where somebody who was let in may have to go.

        ``connection`` is in a transaction. From any thread: of two at once, the newer tables stay, whichever comes
        last.
        """
        current = generation(connection)
        if current == self._tables.generation and self._now() < self._next_end:
            return False
        tables = _read(connection, current)
        now = self._now()
        ends = [principal.ends for table in (tables.tokens, tables.sessions) for principal in table.values()]
        with self._applying:
            if tables.generation < self._tables.generation:
                return False
            self._tables = tables
            self._next_end = min((end for end in ends if end > now), default=math.inf)
            if tables.tokens and self._locks_itself:
                self.open = False
        return True

    def by_token(self, token: str) -> Principal | None:
        return self._standing(self._tables.tokens.find(digest(token)))

    def by_session(self, secret: str) -> Principal | None:
        return self._standing(self._tables.sessions.find(digest(secret)))

    def stands(self, principal: Principal) -> bool:
        """False once the token or the session of somebody who was let in is gone."""
        if principal is NOBODY:
            return self.open
        tables = self._tables
        table = tables.sessions if principal.by_session else tables.tokens
        return self._standing(table.find(principal.digest)) is not None

    def _standing(self, principal: Principal | None) -> Principal | None:
        return principal if principal is not None and principal.ends > self._now() else None


def _read(connection: Connection, generation: int) -> _Tables:
    tokens, sessions = _Table(), _Table()
    by_id: dict[int, Principal] = {}
    for row in list_tokens(connection):
        by_id[row.id] = token = Principal(row.id, row.name, row.role, _unix(row.ends), row.digest)
        tokens.put(token)
    for session in list_sessions(connection):
        of = by_id.get(session.token_id)
        if of is not None:
            ends = min(of.ends, _unix(session.ends))
            sessions.put(replace(of, ends=ends, digest=session.digest, by_session=True))
    return _Tables(generation, tokens, sessions)


def _unix(when: str | None) -> float:
    return math.inf if when is None else datetime.fromisoformat(when).timestamp()


def unauthorized(detail: str) -> Problem:
    return Problem(401, "É preciso entrar", detail, headers={"WWW-Authenticate": 'Bearer realm="Pedidos"'})


def forbidden(detail: str) -> Problem:
    return Problem(403, "Sem permissão", detail)


def is_loopback(host: str) -> bool:
    """True where only programs of this machine reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
