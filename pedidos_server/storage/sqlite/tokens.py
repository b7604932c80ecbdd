"""Tokens and browser sessions as rows: made, listed, taken away.

Each change of these tables moves ``meta.acessos`` on, by which a running server notices it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import timedelta

from ...domain.events import timestamp
from ...domain.roles import Role
from ..base import AccessRows
from ..tokens import (
    MAX_SESSIONS,
    RENEWAL_DAYS,
    SESSION_DAYS,
    SessionRow,
    TokenRow,
    digest,
    fit_name,
    name_taken,
    new_session,
    new_token,
    no_such_token,
    now,
)
from .meta import get_meta, set_meta
from .models import Sessao, Token
from .statements import Connection, Statement, param

_token_columns = (Token.id, Token.nome, Token.papel, Token.resumo, Token.criado_em, Token.expira_em)
_list_tokens = Statement(Token.select(*_token_columns).order_by(Token.nome))
_named = Statement(Token.select(Token.id).where(Token.nome == param("nome")))
_insert_token = Statement(Token.insert({column: param(column.name) for column in _token_columns[1:]}))
_delete_token = Statement(Token.delete().where(Token.id == param("id")))
_list_sessions = Statement(Sessao.select(Sessao.resumo, Sessao.token_id, Sessao.expira_em))
_insert_session = Statement(
    Sessao.insert(
        {
            column: param(column.name)
            for column in (Sessao.resumo, Sessao.token_id, Sessao.criado_em, Sessao.expira_em)
        }
    )
)
_delete_session = Statement(Sessao.delete().where(Sessao.resumo == param("resumo")))
_extend_session = Statement(
    Sessao.update({Sessao.expira_em: param("expira_em")}).where(
        Sessao.resumo == param("resumo"), Sessao.expira_em > param("agora"), Sessao.expira_em < param("antes_de")
    )
)
_delete_sessions_of = Statement(Sessao.delete().where(Sessao.token_id == param("token_id")))
_delete_ended = Statement(Sessao.delete().where(Sessao.expira_em < param("agora")))
_delete_oldest = Statement(
    Sessao.delete().where(
        Sessao.resumo.in_(
            Sessao.select(Sessao.resumo)
            .where(Sessao.token_id == param("token_id"))
            .order_by(Sessao.criado_em.desc())
            .limit(-1)
            .offset(param("ficam"))
        )
    )
)


def create_token(connection: Connection, name: str, role: Role, days: float | None = None) -> str:
    name = fit_name(name)
    today = now()
    token = new_token()
    try:
        _insert_token(
            connection,
            nome=name,
            papel=role.label,
            resumo=digest(token),
            criado_em=timestamp(today),
            expira_em=None if days is None else timestamp(today + timedelta(days=days)),
        )
    except sqlite3.IntegrityError:
        raise name_taken(name) from None
    _moved(connection)
    return token


def revoke_token(connection: Connection, name: str) -> None:
    row = _named(connection, nome=name.strip()).fetchone()
    if row is None:
        raise no_such_token(name)
    _delete_sessions_of(connection, token_id=row[0])
    _delete_token(connection, id=row[0])
    _moved(connection)


def list_tokens(connection: Connection) -> list[TokenRow]:
    return [
        TokenRow(id_, nome, Role[papel.upper()], bytes(resumo), criado_em, expira_em)
        for id_, nome, papel, resumo, criado_em, expira_em in _list_tokens(connection)
    ]


def open_session(connection: Connection, token_id: int) -> str:
    today = now()
    secret = new_session()
    _delete_ended(connection, agora=timestamp(today))
    _insert_session(
        connection,
        resumo=digest(secret),
        token_id=token_id,
        criado_em=timestamp(today),
        expira_em=timestamp(today + timedelta(days=SESSION_DAYS)),
    )
    _delete_oldest(connection, token_id=token_id, ficam=MAX_SESSIONS)
    _moved(connection)
    return secret


def extend_sessions(connection: Connection, sessions: Iterable[bytes]) -> None:
    """Those that were extended within RENEWAL_DAYS are not written."""
    today = now()
    end = today + timedelta(days=SESSION_DAYS)
    written = 0
    for session in sessions:
        written += _extend_session(
            connection,
            resumo=session,
            agora=timestamp(today),
            antes_de=timestamp(end - timedelta(days=RENEWAL_DAYS)),
            expira_em=timestamp(end),
        ).rowcount
    if written:
        _moved(connection)


def close_sessions(connection: Connection, sessions: Iterable[bytes]) -> None:
    for session in sessions:
        _delete_session(connection, resumo=session)
    _moved(connection)


def list_sessions(connection: Connection) -> list[SessionRow]:
    return [
        SessionRow(bytes(resumo), token_id, expira_em) for resumo, token_id, expira_em in _list_sessions(connection)
    ]


def access(connection: Connection, known: int | None) -> AccessRows | None:
    current = generation(connection)
    if current == known:
        return None
    return AccessRows(current, get_meta(connection, "tag"), list_tokens(connection), list_sessions(connection))


def generation(connection: Connection) -> int:
    """Grows with each change of tokens or sessions."""
    return int(get_meta(connection, "acessos"))


def _moved(connection: Connection) -> None:
    set_meta(connection, "acessos", str(generation(connection) + 1))
