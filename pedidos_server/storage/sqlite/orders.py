"""Reading orders: one, a list by filters, their history. Each runs in one read transaction."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pydantic_core
from peewee import SQL, Select, fn

from ...domain.events import Cursor, encode
from ...domain.fields import OPEN_STATUSES
from ...domain.order import SHAPE, complete, searchable
from ...domain.refusals import NotFound
from ..base import Document
from ..lists import Filters, Page, search_terms
from . import event_log
from .json_array import JsonArray
from .models import Contagem, Historico, Pedido
from .search_mask import LETTERS, numbers_with
from .statements import Connection, Statement, param

_one = Statement(Pedido.select(Pedido.versao, Pedido.documento, Pedido.forma).where(Pedido.id == param("id")))
_newest = Statement(Pedido.select(Pedido.documento).order_by(Pedido.id.desc()).limit(1))
_documents = Statement(
    Pedido.select(Pedido.id, Pedido.documento, Pedido.forma)
    .where(Pedido.id.in_(Select([fn.json_each(param("ids"))], [SQL("value")])))
    .order_by(Pedido.id.desc())
)
_kinds = Statement(Contagem.select())
_below = Pedido.select(Pedido.id).where(Pedido.id < param("below")).order_by(Pedido.id.desc()).limit(param("limit"))
_newest_ids = Statement(_below)
_newest_of_kind = Statement(
    _below.where(
        Pedido.status == param("status"), Pedido.setor == param("setor"), Pedido.prioridade == param("prioridade")
    )
)


def _chain() -> Select:
    """The ids of an order's history, from its newest row back to its first; of a deleted one from its deletion."""
    this = param("pedido_id")
    newest = Pedido.select(Pedido.ultima_mudanca).where(Pedido.id == this)
    deletion = Historico.select(fn.MAX(Historico.id)).where(
        Historico.pedido_id == this,
        Historico.acao == SQL("'delete'"),  # as its index says it
    )
    line, older = Historico.alias("line"), Historico.alias("older")
    start = line.select(line.id, line.anterior).where(
        line.id == fn.COALESCE(newest, deletion), line.pedido_id == this
    )
    links = start.cte("links", recursive=True, columns=("id", "anterior"))
    step = older.select(older.id, older.anterior).join(links, on=(older.id == links.c.anterior))
    links = links.union(step.where(older.pedido_id == this))
    return links.select_from(fn.json_group_array(links.c.id))


_history_ids = Statement(_chain())
_history = Statement(
    Historico.select(
        Historico.id, Historico.cursor, Historico.acao, Historico.autor, Historico.timestamp, Historico.mudancas
    )
    .where(Historico.id.in_(Select([fn.json_each(param("ids"))], [SQL("value")])))
    .order_by(Historico.id)
)


def one(connection: Connection, pedido_id: int) -> Document:
    """Raises NotFound."""
    row = _one(connection, id=pedido_id).fetchone()
    if row is None:
        raise NotFound(pedido_id)
    return Document(row[0], _as_today(row[1], row[2]))


def newest(connection: Connection) -> bytes | None:
    """The JSON of the newest order, if there is one."""
    row: tuple[bytes] | None = _newest(connection).fetchone()
    return row[0] if row else None


def history(connection: Connection, pedido_id: int) -> JsonArray:
    """The history, oldest first, of a deleted order too. Raises NotFound."""
    ids = pydantic_core.from_json(_history_ids(connection, pedido_id=pedido_id).fetchone()[0])
    if not ids:
        raise NotFound(pedido_id)
    return JsonArray(array("q", sorted(ids)), _rows(_history), _history_entry)


def _history_entry(row: tuple[int, str, str, str | None, str, bytes]) -> bytes:
    _, cursor, acao, autor, when, mudancas = row
    head = encode({"cursor": cursor, "acao": acao, "autor": autor, "timestamp": when})
    return b'%b,"mudancas":%b}' % (head[:-1], mudancas)


def _rows(statement: Statement) -> Callable[[Connection, Sequence[int]], sqlite3.Cursor]:
    """The rows of some ids; the ids as one JSON value, since SQLite bounds the number of its parameters."""

    def select(connection: Connection, ids: Sequence[int]) -> sqlite3.Cursor:
        return statement(connection, ids=pydantic_core.to_json(list(ids)).decode())

    return select


def count(connection: Connection) -> int:
    """How many orders there are."""
    return sum(total for *_, total in _kinds(connection))


NEWEST = 5_000
"""Ids among which a page is looked for first; what is not found there is collected from an index."""
_GLOB_SIGN = re.compile(r"[*?\[]")
_OPEN = "status IN ({})".format(", ".join(f"'{status}'" for status in OPEN_STATUSES))
_BY_KIND = "pedido_status_setor_prioridade"
_BY_CHANGE = "pedido_alterado_em_status_setor_prioridade"
_BY_TEXT = "pedido_letras_busca"


class _Lookup:
    """The filters as SQL, and what they find: how many orders, and which.

    Text, not Peewee's, because each statement names the index that it goes by: the planner cannot know how many
    orders a value has, and what it chooses reads the orders themselves. Ids come as one JSON value, not a row each:
    every row would give up the interpreter's lock and wait for it again.
    """

    def __init__(self, filters: Filters) -> None:
        named = {"status": filters.status, "setor": filters.setor, "prioridade": filters.prioridade}
        self._kind = {column: value for column, value in named.items() if value}
        kind = [f"{column} = ?" for column in self._kind]
        others: list[str] = []
        values: list[str] = []
        index = _BY_KIND
        if filters.recentes is not None:
            others.append(f"({_OPEN} OR alterado_em >= ?)")
            values.append(filters.recent_since())
        if filters.atualizado_desde:
            others.append("alterado_em >= ?")
            values.append(filters.atualizado_desde)
            index = _BY_CHANGE
        for words, dialled in search_terms(filters.q):
            found = " AND ".join(["busca GLOB ?"] * len(words))  # INSTR takes a third longer
            others.append(f"({found} OR busca GLOB ?)" if dialled else found)
            values += ["*" + _GLOB_SIGN.sub(r"[\g<0>]", word) + "*" for word in (*words, *dialled)]
            index = _BY_TEXT
        self._countable = not others
        self.everything = not kind and not others
        self._where = " AND ".join([*kind, *others])
        self._values = [*self._kind.values(), *values]
        if filters.recentes is not None and index is _BY_KIND:  # an OR of two columns: an index for each
            self._hits = f"{_ids(_BY_KIND, [*kind, _OPEN])} UNION ALL " + _ids(
                _BY_CHANGE, [*kind, f"NOT {_OPEN}", "alterado_em >= ?"]
            )
            self._hits_values = [*self._kind.values(), *self._values]
        else:
            self._hits, self._hits_values = _ids(index, [*kind, *others] or ["TRUE"]), self._values
            numbers = numbers_with(searchable(filters.q))
            if numbers is not None:  # only for the index: of the orders themselves, each would be computed
                self._hits += f" AND {LETTERS} IN (SELECT value FROM json_each(?))"  # nosec B608 # noqa: S608
                self._hits_values = [*self._values, pydantic_core.to_json(numbers).decode()]

    def all(self, connection: Connection, below_id: int) -> tuple[int, list[int]]:
        """The number of all orders found, and the ids of those below an id, newest first. One scan of an index."""
        return self._scan(connection, below_id, -1)

    def page(self, connection: Connection, below_id: int, limit: int) -> tuple[int, list[int]]:
        """The same, but at most ``limit`` ids."""
        if self._countable:
            return self.count(connection), self._by_kind(connection, below_id, limit)
        # What many orders match is found among the newest; what few match costs little to collect.
        newest = connection.execute(
            f"SELECT id FROM pedido NOT INDEXED WHERE {self._where} AND id < ? "  # nosec B608 # noqa: S608 (the values are bound)
            "AND id > (SELECT MIN(?, MAX(id) + 1) - ? - 1 FROM pedido) ORDER BY id DESC LIMIT ?",
            [*self._values, below_id, below_id, NEWEST, limit],
        ).fetchall()
        if len(newest) < limit:
            return self._scan(connection, below_id, limit)
        total = connection.execute(
            f"SELECT COUNT(*) FROM ({self._hits})",  # nosec B608 # noqa: S608
            self._hits_values,
        ).fetchone()[0]
        return total, [pedido_id for (pedido_id,) in newest]

    def count(self, connection: Connection) -> int:
        """The same whatever the number of orders; only for filters by kind, or none."""
        return sum(total for *_, total in self._kinds(connection))

    def _kinds(self, connection: Connection) -> list[tuple[str, str, str, int]]:
        """(status, setor, prioridade, total) of each kind that the filters take."""
        wanted = [self._kind.get(column) for column in ("status", "setor", "prioridade")]
        return [
            kind
            for kind in _kinds(connection)
            if kind[3] and all(value in (None, mine) for value, mine in zip(wanted, kind[:3], strict=True))
        ]

    def _by_kind(self, connection: Connection, below_id: int, limit: int) -> list[int]:
        if self.everything:
            return [pedido_id for (pedido_id,) in _newest_ids(connection, below=below_id, limit=limit)]
        found: list[int] = []
        for status, setor, prioridade, _ in self._kinds(connection):
            newest = _newest_of_kind(
                connection, status=status, setor=setor, prioridade=prioridade, below=below_id, limit=limit
            )
            found += [pedido_id for (pedido_id,) in newest]
        return sorted(found, reverse=True)[:limit]

    def _scan(self, connection: Connection, below_id: int, limit: int) -> tuple[int, list[int]]:
        total, ids = connection.execute(
            f"WITH hit AS MATERIALIZED ({self._hits}) SELECT (SELECT COUNT(*) FROM hit), "  # nosec B608 # noqa: S608
            "(SELECT json_group_array(id) FROM (SELECT id FROM hit WHERE id < ? ORDER BY id DESC LIMIT ?))",
            [*self._hits_values, below_id, limit],
        ).fetchone()
        return total, pydantic_core.from_json(ids)


def _ids(index: str, conditions: list[str]) -> str:
    return f"SELECT id FROM pedido INDEXED BY {index} WHERE {' AND '.join(conditions)}"  # nosec B608 # noqa: S608


@dataclass(slots=True)
class FoundList:
    """See OrderList."""

    current: Cursor
    snapshot: Cursor
    total: int
    next_cursor: str | None


def find(connection: Connection, filters: Filters, page: Page) -> tuple[FoundList, JsonArray]:
    """The orders that match, newest first."""
    current = event_log.head(connection).cursor
    snapshot = page.snapshot or current
    lookup = _Lookup(filters)
    next_cursor = None
    if page.limit is not None:
        total, ids = lookup.page(connection, page.below_id, page.limit + 1)
        if len(ids) > page.limit:
            next_cursor = f"{ids[page.limit - 1]}.{snapshot}"
            del ids[page.limit :]
    else:
        total, ids = lookup.all(connection, page.below_id)
    documents = JsonArray(array("q", ids), _rows(_documents), lambda row: _as_today(row[1], row[2]))
    return FoundList(current, snapshot, total, next_cursor), documents


def _as_today(document: bytes, shape: int) -> bytes:
    """An order's JSON with the fields that there are today."""
    return document if shape == SHAPE else encode(complete(pydantic_core.from_json(document)))
