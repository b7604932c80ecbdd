"""The domain: what each command does to an order, its event and its history, inside the writer's transaction."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import Field, Value

from . import protocol
from .database import BulkInsert, Connection, Statement, slot
from .errors import Problem, not_found
from .migrations import get_meta, set_meta
from .models import Historico, Pedido, Resposta
from .protocol import Event
from .schemas import READ_ONLY, SECTORS
from .writer import Transaction

IDEMPOTENCY_HOURS = 24

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
        Resposta.impressao, Resposta.status, Resposta.cabecalhos, Resposta.corpo, Resposta.criado_em
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
        )
    ).on_conflict("REPLACE")
)
_forget_answers = Statement(
    Resposta.delete().where(
        Resposta.chave.in_(
            Resposta.select(Resposta.chave).where(Resposta.criado_em < slot("antes")).limit(slot("limite"))
        )
    )
)

# --------------------------------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: the HTTP status, headers of its own, and the body's bytes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


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
        numero = _claim_number(connection, fields["numero"])
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
        _record(transaction, "create", None, {}, order, list(fields), document, caller)
        return Answer(201, document, {"ETag": etag(1), "Location": f"/api/v1/pedidos/{order['id']}"})

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
            return Answer(200, document, {"ETag": etag(before["versao"])})
        after = {
            **before,
            **changed,
            "versao": before["versao"] + 1,
            "ultima_atualizacao": transaction.now,
        }
        document = protocol.encode(after)
        _store(transaction.connection, after, changed, document, transaction.next_line())
        transaction.decoded.keep(pedido_id, document, after)
        _record(transaction, "update", last_line, before, after, list(changed), document, caller)
        return Answer(200, document, {"ETag": etag(after["versao"])})

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
    """The job, done once per key: its answer is stored in the same transaction, and given again for 24 h.

    Only successes are remembered. Raises Problem 422 for another request under a known key.
    """
    if idempotency is None:
        return job

    def once(transaction: Transaction) -> Answer:
        connection = transaction.connection
        known = _select_answer(connection, chave=idempotency.key).fetchone()
        if known is not None and known[4] >= _hours_before(transaction.now, IDEMPOTENCY_HOURS):
            if known[0] != idempotency.fingerprint:
                raise Problem(
                    422,
                    "Idempotency-Key repetida",
                    "Esta Idempotency-Key já foi usada em outra requisição. Use uma chave nova.",
                    extra={"errors": [{"campo": "Idempotency-Key", "mensagem": "já usada em outra requisição"}]},
                )
            return Answer(known[1], known[3], json.loads(known[2]))
        answer = job(transaction)
        _keep_answer(
            connection,
            chave=idempotency.key,
            impressao=idempotency.fingerprint,
            status=answer.status,
            cabecalhos=json.dumps(dict(answer.headers)),
            corpo=answer.body,
            criado_em=transaction.now,
        )
        return answer

    return once


def forget_old_answers(transaction: Transaction, limit: int = 200) -> int:
    """Deletes at most ``limit`` remembered answers that are over 24 h old; returns how many."""
    before = _hours_before(transaction.now, IDEMPOTENCY_HOURS)
    return _forget_answers(transaction.connection, antes=before, limite=limit).rowcount


# ---------------------------------------------------------------------------------------- helpers


_TEXTS = frozenset(("numero", "cliente", "cidade_cliente"))
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


def _row(order: Order, document: bytes, line: int) -> dict[str, Any]:
    return {**_texts(order), **_kind(order), **_always(order, document, line)}


def _texts(order: Order) -> dict[str, Any]:
    text = f"{order['numero']}\n{order['cliente']}\n{order['cidade_cliente']}"
    return {"numero": order["numero"], "busca": searchable(text)}


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
            _claim_number(connection, order["numero"])
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


def _claim_number(connection: Connection, numero: str) -> str:
    """The number itself, or the next integer for ""; remembers the highest integer ever used."""
    highest = int(get_meta(connection, "ultimo_numero"))
    if not numero:
        numero = str(highest + 1)
    if re.fullmatch(r"[0-9]+", numero) and int(numero) > highest:
        set_meta(connection, "ultimo_numero", str(int(numero)))
    return numero


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
) -> None:
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


def _for_history(value: Any) -> Any:
    """The value as history keeps it: an image stands in it as its size and hash."""
    if isinstance(value, list):
        return [_for_history(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _for_history(entry) for name, entry in value.items()}
    if isinstance(value, str) and value.startswith("data:"):
        data = value.encode()
        return {"tamanho": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return value


def _hours_before(when: str, hours: int) -> str:
    return protocol.timestamp(datetime.fromisoformat(when) - timedelta(hours=hours))
