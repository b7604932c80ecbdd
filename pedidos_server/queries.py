"""Reading orders: one, a list by filters, their history. Each runs in one read transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic_core
from peewee import ModelSelect, fn

from . import event_log
from .database import Connection, Statement, rows, slot
from .errors import invalid_fields, not_found
from .migrations import get_meta
from .models import Historico, Pedido
from .pedidos import searchable
from .protocol import Cursor, timestamp
from .schemas import OPEN_STATUSES

_one = Statement(Pedido.select(Pedido.versao, Pedido.documento).where(Pedido.id == slot("id")))
_newest = Statement(Pedido.select(Pedido.documento).order_by(Pedido.id.desc()).limit(1))
_count = Statement(Pedido.select(fn.COUNT(Pedido.id)))
_history = Statement(
    Historico.select(Historico.cursor, Historico.acao, Historico.autor, Historico.timestamp, Historico.mudancas)
    .where(Historico.pedido_id == slot("pedido_id"))
    .order_by(Historico.id)
)


def one(connection: Connection, pedido_id: int) -> tuple[int, bytes]:
    """The order's version and its JSON. Raises Problem 404."""
    row: tuple[int, bytes] | None = _one(connection, id=pedido_id).fetchone()
    if row is None:
        raise not_found(pedido_id)
    return row


def newest(connection: Connection) -> bytes | None:
    """The JSON of the newest order, if there is one."""
    row: tuple[bytes] | None = _newest(connection).fetchone()
    return row[0] if row else None


def history(connection: Connection, pedido_id: int) -> bytes:
    """The history as a JSON array, oldest first, of a deleted order too. Raises Problem 404."""
    entries = [
        {
            "cursor": cursor,
            "acao": acao,
            "autor": autor,
            "timestamp": when,
            "mudancas": pydantic_core.from_json(mudancas),
        }
        for cursor, acao, autor, when, mudancas in _history(connection, pedido_id=pedido_id)
    ]
    if not entries:
        raise not_found(pedido_id)
    return pydantic_core.to_json(entries)


def next_number(connection: Connection) -> dict[str, int]:
    return {
        "proximo_numero": int(get_meta(connection, "ultimo_numero")) + 1,
        "total_pedidos": _count(connection).fetchone()[0],
    }


@dataclass(frozen=True, slots=True)
class Filters:
    """Which orders a list holds; None or "" leaves a filter out."""

    status: str | None = None
    setor: str | None = None
    prioridade: str | None = None
    q: str = ""
    atualizado_desde: str | None = None
    recentes: int | None = None

    def matching(self, now: datetime | None = None) -> ModelSelect[Pedido]:
        query = Pedido.select()
        if self.status:
            query = query.where(Pedido.status == self.status)
        if self.setor:
            query = query.where(Pedido.setor == self.setor)
        if self.prioridade:
            query = query.where(Pedido.prioridade == self.prioridade)
        for word in searchable(self.q).split():
            query = query.where(fn.INSTR(Pedido.busca, word) > 0)
        if self.atualizado_desde:
            query = query.where(Pedido.alterado_em >= self.atualizado_desde)
        if self.recentes is not None:
            query = query.where(Pedido.status.in_(OPEN_STATUSES) | (Pedido.alterado_em >= self.recent_since(now)))
        return query

    def recent_since(self, now: datetime | None = None) -> str:
        """Rounded down to the hour, so that a list asked for again within it can answer 304."""
        moment = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
        return timestamp(moment - timedelta(days=self.recentes or 0))


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of a list starts: below an order's id; ``snapshot`` is the first page's cursor."""

    limit: int | None = None
    below_id: int | None = None
    snapshot: Cursor | None = None

    @classmethod
    def parse(cls, limit: int | None, cursor: str | None) -> Page:
        """Raises Problem 422 for a cursor that no page of ours gave out."""
        if not cursor:
            return cls(limit)
        match = re.fullmatch(r"([0-9]{1,18})\.(.+)", cursor, re.ASCII)
        snapshot = Cursor.parse(match[2]) if match else None
        if match is None or snapshot is None:
            raise invalid_fields(
                [{"campo": "cursor", "mensagem": "não é um cursor de página: use o do cabeçalho Link"}]
            )
        return cls(limit, int(match[1]), snapshot)


@dataclass(slots=True)
class OrderList:
    """A list as it is answered. ``documents`` reads on from the open transaction as it is consumed.

    ``current`` is the log's position that these rows include; ``snapshot`` the first page's.
    """

    current: Cursor
    snapshot: Cursor
    total: int
    documents: Iterator[bytes]
    next_cursor: str | None = None


def position(connection: Connection) -> Cursor:
    """The position in the event log that whatever is read in this transaction includes."""
    return event_log.head(connection).cursor


def orders(connection: Connection, filters: Filters, page: Page) -> OrderList:
    """The orders that match, newest first."""
    current = position(connection)
    snapshot = page.snapshot or current
    matching = filters.matching()
    total = rows(connection, matching.select(fn.COUNT(Pedido.id))).fetchone()[0]
    query = matching.select(Pedido.id, Pedido.documento).order_by(Pedido.id.desc())
    if page.below_id is not None:
        query = query.where(Pedido.id < page.below_id)
    if page.limit is None:
        return OrderList(current, snapshot, total, (document for _, document in rows(connection, query)))
    found: list[tuple[int, Any]] = rows(connection, query.limit(page.limit + 1)).fetchall()
    more = len(found) > page.limit
    found = found[: page.limit]
    next_cursor = f"{found[-1][0]}.{snapshot}" if more and found else None
    return OrderList(current, snapshot, total, (document for _, document in found), next_cursor)
