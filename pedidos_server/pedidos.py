"""The domain: what each command does to an order, its event and its history, inside the writer's transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from peewee import SQL, Field, Value

from . import protocol
from .database import BulkInsert, Connection, Statement, slot
from .errors import Problem, not_found
from .models import Historico, Pedido, Resposta
from .order_numbers import claim
from .protocol import Cursor, Event, timestamp
from .schemas import READ_ONLY, SECTORS
from .writer import Transaction

IDEMPOTENCY_HOURS = 24
MAX_MOVED = 5_000
"""Answers that outlive their event, 16 KB each at most; the oldest go first."""
LONGEST_TEXT = 10_000
"""Characters of a text that the history keeps as it was."""

Order = dict[str, Any]

# ------------------------------------------------------------------------------------- statements


def _slots(*columns: Field) -> dict[Field, Value]:
    return {column: slot(column.name) for column in columns}


_changed_always = _slots(Pedido.versao, Pedido.alterado_em, Pedido.documento, Pedido.ultima_mudanca)
_kind_columns = _slots(Pedido.status, Pedido.setor, Pedido.prioridade)
_text_columns = _slots(Pedido.numero, Pedido.busca)
_this_order = Pedido.id == slot("id")
_select = Statement(Pedido.select(Pedido.documento, Pedido.ultima_mudanca).where(_this_order))
_insert = Statement(Pedido.insert({**_text_columns, **_kind_columns, **_changed_always}))
# Three, because SQLite rewrites the index entries of every column that it is given, changed or not.
_update = Statement(Pedido.update({**_text_columns, **_kind_columns, **_changed_always}).where(_this_order))
_update_kind = Statement(Pedido.update({**_kind_columns, **_changed_always}).where(_this_order))
_update_document = Statement(Pedido.update(_changed_always).where(_this_order))
_delete = Statement(Pedido.delete().where(_this_order))
_set_document = Statement(Pedido.update(_slots(Pedido.documento)).where(_this_order))
_insert_history = BulkInsert(
    Historico,
    Historico.id,
    Historico.pedido_id,
    Historico.anterior,
    Historico.cursor,
    Historico.acao,
    Historico.autor,
    Historico.timestamp,
    Historico.mudancas,
)
_select_answer = Statement(
    Resposta.select(
        Resposta.impressao,
        Resposta.status,
        Resposta.cabecalhos,
        Resposta.corpo,
        Resposta.criado_em,
        Resposta.pedido_id,
        Resposta.evento,
        Resposta.marca,
        Resposta.tamanho,
    ).where(Resposta.chave == slot("chave"))
)
_keep_answer = Statement(
    Resposta.insert(
        _slots(
            Resposta.chave,
            Resposta.impressao,
            Resposta.status,
            Resposta.cabecalhos,
            Resposta.corpo,
            Resposta.criado_em,
            Resposta.pedido_id,
            Resposta.evento,
            Resposta.marca,
            Resposta.tamanho,
        )
    ).on_conflict("REPLACE")
)
_forget_answers = Statement(
    Resposta.delete().where(
        Resposta.chave.in_(
            Resposta.select(Resposta.chave)
            .where((Resposta.criado_em < slot("antes")) | (Resposta.criado_em > slot("depois")))
            .limit(slot("limite"))
        )
    )
)
_moved = (Resposta.evento.is_null(), Resposta.tamanho > SQL("0"))  # as their index says it
_empty_moved = Statement(
    Resposta.update({Resposta.evento: 0, Resposta.marca: "", Resposta.corpo: b""}).where(
        Resposta.chave.in_(
            Resposta.select(Resposta.chave)
            .where(*_moved)
            .order_by(Resposta.criado_em.desc())
            .limit(slot("limite"))
            .offset(slot("ficam"))
        )
    )
)

# --------------------------------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an order, by the name of the event that led to it."""

    pedido_id: int
    event: Cursor


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: the HTTP status, headers of its own, and the body's bytes.

    ``version`` says which, where the body is an order.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who writes: the name for the history, and the tab or app that will see its own echo."""

    autor: str | None
    origem: str | None


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request's Idempotency-Key, and the fingerprint of method, path, body and If-Match."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that an edit accepts; None is ``*``, any that exists."""

    versions: frozenset[int] | None


def create(fields: Order, caller: Caller) -> Callable[[Transaction], Answer]:
    """A job that stores a new order. Raises Problem 409 where its ``numero`` is taken."""

    def job(transaction: Transaction) -> Answer:
        connection = transaction.connection
        numero = claim(connection, fields["numero"])
        order: Order = {
            "id": 0,
            **fields,
            "numero": numero,
            "data_criacao": transaction.now,
            "ultima_atualizacao": transaction.now,
            "versao": 1,
        }
        # The id is known only after the INSERT, and is part of the document.
        try:
            order["id"] = _insert(connection, **_row(order, b"", transaction.next_line())).lastrowid
        except sqlite3.IntegrityError:
            raise _number_taken(numero) from None
        document = protocol.encode(order)
        _set_document(connection, id=order["id"], documento=document)
        transaction.decoded.keep(order["id"], document, order)
        version = _record(transaction, "create", None, {}, order, list(fields), document, caller)
        return Answer(201, document, {"ETag": etag(1), "Location": f"/api/v1/pedidos/{order['id']}"}, version)

    return job


def update(
    pedido_id: int, changes: Order, if_match: IfMatch | None, caller: Caller
) -> Callable[[Transaction], Answer]:
    """A job that changes the named fields. One that changes nothing answers 200 and makes no event.

    Raises Problem 404, 409 (``numero`` taken) or 412 (another version; the current order is in ``pedido``).
    """

    def job(transaction: Transaction) -> Answer:
        before, document, last_line = _current(transaction, pedido_id, if_match)
        changed = {name: value for name, value in changes.items() if before[name] != value}
        if not changed:
            version = _version_of(transaction, pedido_id, last_line)
            return Answer(200, document, {"ETag": etag(before["versao"])}, version)
        after = {
            **before,
            **changed,
            "versao": before["versao"] + 1,
            # Of one order it never goes back, whatever was done to the clock.
            "ultima_atualizacao": max(transaction.now, before["ultima_atualizacao"]),
        }
        document = protocol.encode(after)
        _store(transaction.connection, after, changed, document, transaction.next_line())
        transaction.decoded.keep(pedido_id, document, after)
        version = _record(transaction, "update", last_line, before, after, list(changed), document, caller)
        return Answer(200, document, {"ETag": etag(after["versao"])}, version)

    return job


def delete(pedido_id: int, if_match: IfMatch | None, caller: Caller) -> Callable[[Transaction], Answer]:
    """A job that removes the order; its history stays. Raises Problem 404 or 412."""

    def job(transaction: Transaction) -> Answer:
        before, _, last_line = _current(transaction, pedido_id, if_match)
        _delete(transaction.connection, id=pedido_id)
        gone = {"id": pedido_id, "versao": before["versao"] + 1}
        written = [name for name in before if name not in READ_ONLY]
        _record(transaction, "delete", last_line, before, gone, written, None, caller)
        return Answer(200, protocol.encode({"message": f"Pedido {before['numero']} excluído"}))

    return job


def idempotent(
    job: Callable[[Transaction], Answer], idempotency: Idempotency | None
) -> Callable[[Transaction], Answer]:
    """The job, done once per key: its answer is noted in the same transaction, and given again for 24 h.

    Only successes are remembered. An answer that is an order is kept as the name of the event that has it: a program
    that ticks a box of an order with pictures would else store the pictures once more each time. Raises Problem 422
    for another request under a known key, and 409 where a long answer is nowhere any more.
    """
    if idempotency is None:
        return job

    def once(transaction: Transaction) -> Answer:
        connection = transaction.connection
        known = _select_answer(connection, chave=idempotency.key).fetchone()
        oldest, newest = _remembered(transaction)
        if known is not None and oldest <= known[4] <= newest:
            if known[0] != idempotency.fingerprint:
                raise Problem(
                    422,
                    "Idempotency-Key repetida",
                    "Esta Idempotency-Key já foi usada em outra requisição. Use uma chave nova.",
                    extra={"errors": [{"campo": "Idempotency-Key", "mensagem": "já usada em outra requisição"}]},
                )
            _, status, headers, body, _, pedido_id, number, tag, size = known
            if number is not None:
                body = _body_of(transaction, Version(pedido_id, Cursor(number, tag)), size)
            return Answer(status, body, json.loads(headers))
        answer = job(transaction)
        version = answer.version
        _keep_answer(
            connection,
            chave=idempotency.key,
            impressao=idempotency.fingerprint,
            status=answer.status,
            cabecalhos=json.dumps(dict(answer.headers)),
            corpo=b"" if version else answer.body,
            criado_em=timestamp(transaction.own_time),
            pedido_id=version.pedido_id if version else None,
            evento=version.event.number if version else None,
            marca=version.event.tag if version else None,
            tamanho=len(answer.body) if version else None,
        )
        return answer

    return once


def forget_old_answers(transaction: Transaction, limit: int = 200) -> int:
    """Deletes at most ``limit`` answers that are over 24 h old, or dated by another clock, and empties as many that
    are too many; returns how many."""
    oldest, newest = _remembered(transaction)
    forgotten = _forget_answers(transaction.connection, antes=oldest, depois=newest, limite=limit).rowcount
    return forgotten + _empty_moved(transaction.connection, limite=limit, ficam=MAX_MOVED).rowcount


def _remembered(transaction: Transaction) -> tuple[str, str]:
    """Between which times an answer was given that is still remembered. One from the future was not dated by this
    clock; it has some leeway, because a server goes on from its newest event, which may be before its last answer."""
    hours = timedelta(hours=IDEMPOTENCY_HOURS)
    return timestamp(transaction.own_time - hours), timestamp(transaction.own_time + hours)


def _body_of(transaction: Transaction, version: Version, size: int) -> bytes:
    """Raises Problem 409 where neither the log has that version nor is it the order's present one."""
    message = transaction.message(version.event)
    if message is not None:
        return protocol.document_of(message, size)
    row = _select(transaction.connection, id=version.pedido_id).fetchone()
    if row is not None and _version_of(transaction, version.pedido_id, row[1]) == version:
        document: bytes = row[0]
        return document
    raise Problem(
        409,
        "Já gravado",
        "Esta requisição já foi feita, e nada foi feito de novo; a resposta de então não está mais guardada. "
        "Recarregue o pedido.",
    )


def _version_of(transaction: Transaction, pedido_id: int, last_line: int | None) -> Version | None:
    """The present version, by the order's newest row in the history; None where that is missing."""
    if last_line is None:
        return None
    event = transaction.cursor_of(last_line)
    return None if event is None else Version(pedido_id, event)


# ---------------------------------------------------------------------------------------- helpers


_TEXTS = frozenset(("numero", "cliente", "cidade_cliente", "telefone_cliente"))
_KINDS = frozenset(("status", "prioridade", *SECTORS))


def etag(versao: int) -> str:
    return f'"{versao}"'


def sector_of(order: Mapping[str, Any]) -> str:
    """The first sector that is not ticked, or ``pronto``."""
    return next((sector for sector in SECTORS if not order[sector]), "pronto")


def searchable(text: str) -> str:
    """Lower case without accents: what ``q`` is compared with."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


_TELEPHONE_DIGITS = str.maketrans("0123456789", "ABCDEFGHIJ")


def telephone(text: str) -> str:
    """Its digits, as capitals, which no other text that is searched has: 47 finds order 47, and not every telephone
    with a 47 in it."""
    return "".join(char for char in text if char in "0123456789").translate(_TELEPHONE_DIGITS)


def search_text(order: Mapping[str, Any]) -> str:
    """What ``q`` is looked for in."""
    text = searchable(f"{order['numero']}\n{order['cliente']}\n{order['cidade_cliente']}")
    return f"{text}\n{telephone(order['telefone_cliente'])}"


def _row(order: Order, document: bytes, line: int) -> dict[str, Any]:
    return {**_texts(order), **_kind(order), **_always(order, document, line)}


def _texts(order: Order) -> dict[str, Any]:
    return {"numero": order["numero"], "busca": search_text(order)}


def _kind(order: Order) -> dict[str, Any]:
    return {"status": order["status"], "setor": sector_of(order), "prioridade": order["prioridade"]}


def _always(order: Order, document: bytes, line: int) -> dict[str, Any]:
    return {
        "versao": order["versao"],
        "alterado_em": order["ultima_atualizacao"],
        "documento": document,
        "ultima_mudanca": line,
    }


def _store(connection: Connection, order: Order, changed: Collection[str], document: bytes, line: int) -> None:
    """Writes the changed order, and of the columns beside it those that the changed fields are part of; ``line`` is
    the change's row in the history."""
    always = _always(order, document, line)
    if not _TEXTS.isdisjoint(changed):
        if "numero" in changed:
            claim(connection, order["numero"])
        try:
            _update(connection, id=order["id"], **_texts(order), **_kind(order), **always)
        except sqlite3.IntegrityError:
            raise _number_taken(order["numero"]) from None
    elif not _KINDS.isdisjoint(changed):
        _update_kind(connection, id=order["id"], **_kind(order), **always)
    else:
        _update_document(connection, id=order["id"], **always)


def _current(transaction: Transaction, pedido_id: int, if_match: IfMatch | None) -> tuple[Order, bytes, int | None]:
    """The order, its JSON, and its newest row in the history. Raises Problem 404 or 412."""
    row = _select(transaction.connection, id=pedido_id).fetchone()
    if row is None:
        raise not_found(pedido_id)
    order: Order = transaction.decoded.read(pedido_id, row[0])
    versao = order["versao"]
    if if_match is not None and if_match.versions is not None and versao not in if_match.versions:
        raise Problem(
            412,
            "O pedido mudou",
            f"O pedido {order['numero']} foi alterado por outra pessoa e está na versão {versao}. "
            "Veja a versão atual em 'pedido' e repita a mudança sobre ela.",
            extra={"pedido": order},
            headers={"ETag": etag(versao)},
        )
    return order, row[0], row[1]


def _number_taken(numero: str) -> Problem:
    return Problem(
        409,
        "Número já usado",
        f"Já existe um pedido com o número {numero}. Escolha outro, ou deixe em branco para o próximo.",
        extra={"errors": [{"campo": "numero", "mensagem": "já usado por outro pedido"}]},
    )


def _record(
    transaction: Transaction,
    action: str,
    last_line: int | None,
    before: Order,
    after: Order,
    changed: list[str],
    document: bytes | None,
    caller: Caller,
) -> Version:
    """The event and the history of one change, beside the row; ``last_line`` is the history's row before it."""
    line, cursor = transaction.next_line(), transaction.next_cursor()
    payload = protocol.update_message(
        action=action,
        pedido_id=after["id"],
        document=document,
        when=transaction.now,
        cursor=cursor,
        versao=after["versao"],
        changed=changed,
        autor=caller.autor,
        origem=caller.origem,
    )
    transaction.append(Event(cursor, payload))
    changes = {name: [_for_history(before.get(name)), _for_history(after.get(name))] for name in changed}
    transaction.insert_later(
        _insert_history,
        (line, after["id"], last_line, str(cursor), action, caller.autor, transaction.now, protocol.encode(changes)),
    )
    return Version(after["id"], cursor)


def _for_history(value: Any) -> Any:
    """The value as history keeps it: an image, or a text longer than any field takes, stands in it as its size and
    hash."""
    if isinstance(value, list):
        return [_for_history(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _for_history(entry) for name, entry in value.items()}
    if isinstance(value, str) and (value.startswith("data:") or len(value) > LONGEST_TEXT):
        data = value.encode()
        return {"tamanho": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return value
