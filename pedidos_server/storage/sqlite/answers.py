"""The answers to requests with an Idempotency-Key, remembered for 24 hours.

An answer that is an order is not stored a second time: it names the event of its change, which holds the same bytes.
(Else each tick on an order with pictures would store the pictures again.) When that event is pruned before the 24
hours are over, a short answer is copied here (see event_log.prune); a long one can be given for as long as the order
has not changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pydantic_core
from peewee import SQL, Select, fn

from ...domain.commands import Answer, Remembered
from ...domain.events import document_of, timestamp
from .models import Evento, Pedido, Resposta
from .statements import Connection, Insert, Statement, param

KEPT_HOURS = 24
MAX_MOVED = 5_000
"""Answers that outlive their event, 16 KB each at most; the oldest go first."""

_columns = (
    Resposta.chave,
    Resposta.impressao,
    Resposta.acao,
    Resposta.pedido_id,
    Resposta.versao,
    Resposta.evento,
    Resposta.tamanho,
    Resposta.corpo,
    Resposta.criado_em,
)
_load = Statement(
    Resposta.select(*_columns[:-1]).where(
        Resposta.chave.in_(Select([fn.json_each(param("chaves"))], [SQL("value")])),
        Resposta.criado_em.between(param("antes"), param("depois")),
    )
)
_message = Statement(Evento.select(Evento.mensagem).where(Evento.numero == param("numero")))
_document = Statement(
    Pedido.select(Pedido.documento).where(Pedido.id == param("id"), Pedido.ultima_mudanca == param("evento"))
)
_delete_named = Statement(
    Resposta.delete().where(Resposta.chave.in_(Select([fn.json_each(param("chaves"))], [SQL("value")])))
)
_insert = Insert(Resposta, *_columns)
_forget = Statement(
    Resposta.delete().where(
        Resposta.chave.in_(
            Resposta.select(Resposta.chave)
            .where((Resposta.criado_em < param("antes")) | (Resposta.criado_em > param("depois")))
            .limit(param("limite"))
        )
    )
)
_moved = (Resposta.evento.is_null(), Resposta.tamanho > SQL("0"))  # as their index says it
_empty_moved = Statement(
    Resposta.update({Resposta.evento: 0, Resposta.corpo: b""}).where(
        Resposta.chave.in_(
            Resposta.select(Resposta.chave)
            .where(*_moved)
            .order_by(Resposta.criado_em.desc())
            .limit(param("limite"))
            .offset(param("ficam"))
        )
    )
)


def load(connection: Connection, keys: Sequence[str], own: datetime) -> dict[str, Remembered]:
    """What is remembered of these keys. ``own`` is the time by the server's own clock."""
    antes, depois = _remembered(own)
    rows = _load(connection, chaves=_json(keys), antes=antes, depois=depois).fetchall()
    found: dict[str, Remembered] = {}
    for key, fingerprint, action, order_id, version, event, size, body in rows:
        whole = body if event is None else _body_of(connection, order_id, event, size)
        answer = None if whole is None else Answer(action, order_id, version, whole, event)
        found[key] = Remembered(fingerprint, answer)
    return found


def keep(connection: Connection, answers: Mapping[str, Remembered], own: datetime) -> None:
    """Keeps new answers, in the place of forgotten ones under the same keys."""
    rows = []
    for key, remembered in answers.items():
        answer = remembered.answer
        if answer is None:  # only what is read may be gone
            continue
        refers = answer.event is not None
        body = b"" if refers else answer.body
        size = len(answer.body) if refers else 0
        about = (answer.action, answer.order_id, answer.version, answer.event, size, body)
        rows.append((key, remembered.fingerprint, *about, timestamp(own)))
    _delete_named(connection, chaves=_json(list(answers)))
    _insert(connection, rows)


def forget_old(connection: Connection, own: datetime, limit: int = 200) -> int:
    """Deletes at most ``limit`` answers that are over 24 h old, or dated by another clock, and empties as many that
    are too many; returns how many."""
    antes, depois = _remembered(own)
    forgotten = _forget(connection, antes=antes, depois=depois, limite=limit).rowcount
    return forgotten + _empty_moved(connection, limite=limit, ficam=MAX_MOVED).rowcount


def _remembered(own: datetime) -> tuple[str, str]:
    """Between which times an answer was given that is still remembered. One from the future was not dated by this
    clock; it has some leeway, because a server goes on from its newest event, which may be before its last answer."""
    hours = timedelta(hours=KEPT_HOURS)
    return timestamp(own - hours), timestamp(own + hours)


def _body_of(connection: Connection, order_id: int, event: int, size: int) -> bytes | None:
    """The order as that event left it; None where neither the log nor the orders have it."""
    row = _message(connection, numero=event).fetchone()
    if row is not None:
        return document_of(row[0], size)
    row = _document(connection, id=order_id, evento=event).fetchone()
    return None if row is None else bytes(row[0])


def _json(keys: Sequence[str]) -> str:
    return pydantic_core.to_json(keys).decode()
