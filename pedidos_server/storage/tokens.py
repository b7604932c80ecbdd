"""Tokens and browser sessions as rows: made, listed, taken away. Only their hashes are stored.

A secret is 256 random bits, so one plain SHA-256 is the right hash: there is nothing to guess, and a slow hash would
only make every request slow. Each change of these tables moves ``meta.acessos`` on, by which a running server
notices it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peewee import fn

from ..domain.events import timestamp
from ..domain.roles import Role
from .models import Sessao, Token
from .sqlite.migrations import get_meta, set_meta
from .sqlite.statements import Connection, Statement, slot

PREFIX = "ped_"
"""Tells people, and programs that look for leaked secrets, what it is."""
MAX_NAME = 80
SESSION_DAYS = 30
"""Since it was last used; a session never outlives its token."""
RENEWAL_DAYS = 1
"""A session in use is written anew when so much of its time is over, not at each request."""
MAX_SESSIONS = 50
"""Sessions of one token; the oldest gives way."""


class TokenError(ValueError):
    """A token cannot be made or found; the message says why."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    id: int
    name: str
    role: Role
    digest: bytes
    created: str
    ends: str | None
    """ISO 8601 in UTC, or None for never."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    digest: bytes
    token_id: int
    ends: str


_token_columns = (Token.id, Token.nome, Token.papel, Token.resumo, Token.criado_em, Token.expira_em)
_list_tokens = Statement(Token.select(*_token_columns).order_by(Token.nome))
_named = Statement(Token.select(Token.id).where(Token.nome == slot("nome")))
_insert_token = Statement(Token.insert({column: slot(column.name) for column in _token_columns[1:]}))
_delete_token = Statement(Token.delete().where(Token.id == slot("id")))
_list_sessions = Statement(Sessao.select(Sessao.resumo, Sessao.token_id, Sessao.expira_em))
_insert_session = Statement(
    Sessao.insert(
        {column: slot(column.name) for column in (Sessao.resumo, Sessao.token_id, Sessao.criado_em, Sessao.expira_em)}
    )
)
_delete_session = Statement(Sessao.delete().where(Sessao.resumo == slot("resumo")))
_extend_session = Statement(
    Sessao.update({Sessao.expira_em: slot("expira_em")}).where(
        Sessao.resumo == slot("resumo"), Sessao.expira_em > slot("agora"), Sessao.expira_em < slot("antes_de")
    )
)
_delete_sessions_of = Statement(Sessao.delete().where(Sessao.token_id == slot("token_id")))
_delete_ended = Statement(Sessao.delete().where(Sessao.expira_em < slot("agora")))
_delete_oldest = Statement(
    Sessao.delete().where(
        Sessao.resumo.in_(
            Sessao.select(Sessao.resumo)
            .where(Sessao.token_id == slot("token_id"))
            .order_by(Sessao.criado_em.desc())
            .limit(-1)
            .offset(slot("ficam"))
        )
    )
)
_count_tokens = Statement(Token.select(fn.COUNT(Token.id)))


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def create_token(connection: Connection, name: str, role: Role, days: float | None = None) -> str:
    """Stores a new token and returns it, the only time that it can be seen.

    Raises TokenError for a name that is taken or unfit; it stands in the history of orders.
    """
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise TokenError(f"O nome deve ter de 1 a {MAX_NAME} caracteres visíveis.")
    now = datetime.now(UTC)
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        _insert_token(
            connection,
            nome=name,
            papel=role.label,
            resumo=digest(token),
            criado_em=timestamp(now),
            expira_em=None if days is None else timestamp(now + timedelta(days=days)),
        )
    except sqlite3.IntegrityError:
        raise TokenError(f"Já há um token com o nome {name!r}. Revogue-o antes, ou escolha outro nome.") from None
    _moved(connection)
    return token


def revoke_token(connection: Connection, name: str) -> None:
    """Removes a token and its sessions. Raises TokenError where there is none of that name."""
    row = _named(connection, nome=name.strip()).fetchone()
    if row is None:
        raise TokenError(f"Não há token com o nome {name!r}. Veja os que há com: pedidos token list")
    _delete_sessions_of(connection, token_id=row[0])
    _delete_token(connection, id=row[0])
    _moved(connection)


def list_tokens(connection: Connection) -> list[TokenRow]:
    """All tokens by name, those that have expired too."""
    return [
        TokenRow(id_, nome, Role[papel.upper()], bytes(resumo), criado_em, expira_em)
        for id_, nome, papel, resumo, criado_em, expira_em in _list_tokens(connection)
    ]


def count_tokens(connection: Connection) -> int:
    return int(_count_tokens(connection).fetchone()[0])


def open_session(connection: Connection, token_id: int) -> str:
    """A new session of a token: the secret that its cookie holds. Ended sessions, and the oldest of too many, go."""
    now = datetime.now(UTC)
    secret = secrets.token_urlsafe(32)
    _delete_ended(connection, agora=timestamp(now))
    _insert_session(
        connection,
        resumo=digest(secret),
        token_id=token_id,
        criado_em=timestamp(now),
        expira_em=timestamp(now + timedelta(days=SESSION_DAYS)),
    )
    _delete_oldest(connection, token_id=token_id, ficam=MAX_SESSIONS)
    _moved(connection)
    return secret


def extend_sessions(connection: Connection, sessions: Iterable[bytes]) -> None:
    """Lets sessions that are in use last ``SESSION_DAYS`` from now. Those that have ended stay so, and those that
    were extended within ``RENEWAL_DAYS`` are not written. ``sessions`` are the digests of their secrets."""
    now = datetime.now(UTC)
    end = now + timedelta(days=SESSION_DAYS)
    written = 0
    for session in sessions:
        written += _extend_session(
            connection,
            resumo=session,
            agora=timestamp(now),
            antes_de=timestamp(end - timedelta(days=RENEWAL_DAYS)),
            expira_em=timestamp(end),
        ).rowcount
    if written:
        _moved(connection)


def close_session(connection: Connection, session: bytes) -> None:
    """``session`` is the digest of the cookie's secret."""
    _delete_session(connection, resumo=session)
    _moved(connection)


def list_sessions(connection: Connection) -> list[SessionRow]:
    return [
        SessionRow(bytes(resumo), token_id, expira_em) for resumo, token_id, expira_em in _list_sessions(connection)
    ]


def generation(connection: Connection) -> int:
    """Grows with each change of tokens or sessions."""
    return int(get_meta(connection, "acessos"))


def _moved(connection: Connection) -> None:
    set_meta(connection, "acessos", str(generation(connection) + 1))
