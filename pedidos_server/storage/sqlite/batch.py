"""The writer's transactions on SQLite: loads what a batch of commands names, and stores what it has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pydantic_core
from peewee import SQL, Field, Select, Value, fn

from ...domain.commands import (
    FAR,
    Change,
    Command,
    Counters,
    CreateOrder,
    DeleteOrder,
    StoredOrder,
    World,
)
from ...domain.events import timestamp
from ...domain.fields import SECTORS, Order
from ...domain.order import SHAPE, complete, search_text, sector_of
from ...errors import Problem
from ...timekeeping import Moment
from ..base import Document, Failed, TooLarge, Transaction, Transactions
from . import answers
from .checkpoints import Checkpoints
from .errors import database_problem
from .event_log import append, head
from .file import SqliteFile
from .meta import get_meta, set_meta
from .models import Historico, NumeroDistante, Pedido
from .order_cache import OrderCache
from .statements import Connection, Insert, Statement, param
from .transaction import SqliteTransaction

T = TypeVar("T")

MAX_BYTES = 64 * 1024 * 1024
"""Of the orders that one batch loads. A larger batch is halved."""
_MAX_STORED = 2**63 - 1
"""The largest integer of SQLite. The sequence never comes to larger numbers."""
_TEXTS = frozenset(("numero", "cliente", "cidade_cliente", "telefone_cliente"))
_KINDS = frozenset(("status", "prioridade", *SECTORS))

# ------------------------------------------------------------------------------------- statements


def _params(*columns: Field) -> dict[Field, Value]:
    return {column: param(column.name) for column in columns}


def _among(name: str) -> Select:
    """The values of a JSON array: any number of them in one statement."""
    return Select([fn.json_each(param(name))], [SQL("value")])


_always = _params(Pedido.versao, Pedido.alterado_em, Pedido.documento, Pedido.forma, Pedido.ultima_mudanca)
_kind = _params(Pedido.status, Pedido.setor, Pedido.prioridade)
_text = _params(Pedido.numero, Pedido.busca)
_this = Pedido.id == param("id")
_columns = (Pedido.id, Pedido.documento, Pedido.forma, Pedido.ultima_mudanca)
_load_orders = Statement(Pedido.select(*_columns).where(Pedido.id.in_(_among("ids"))))
_load_numbers = Statement(Pedido.select(Pedido.numero, Pedido.id).where(Pedido.numero.in_(_among("numeros"))))
_load_far = Statement(NumeroDistante.select().where(NumeroDistante.numero.between(param("least"), param("most"))))
_insert_far = Statement(NumeroDistante.insert(_params(NumeroDistante.numero)).on_conflict("IGNORE"))
_pass_far = Statement(NumeroDistante.delete().where(NumeroDistante.numero <= param("numero")))
# Three, because SQLite rewrites the index entries of every column that an UPDATE names, changed or not.
_update = Statement(Pedido.update({**_text, **_kind, **_always}).where(_this))
_update_kind = Statement(Pedido.update({**_kind, **_always}).where(_this))
_update_document = Statement(Pedido.update(_always).where(_this))
_free_numbers = Statement(Pedido.update({Pedido.numero: None}).where(Pedido.id.in_(_among("ids"))))
_delete = Statement(Pedido.delete().where(Pedido.id.in_(_among("ids"))))
_insert = Insert(
    Pedido,
    Pedido.id,
    Pedido.numero,
    Pedido.busca,
    Pedido.status,
    Pedido.setor,
    Pedido.prioridade,
    Pedido.versao,
    Pedido.alterado_em,
    Pedido.documento,
    Pedido.forma,
    Pedido.ultima_mudanca,
)
_insert_history = Insert(
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


# ------------------------------------------------------------------------------------ transactions


class SqliteTransactions(Transactions):
    """Transactions on one connection, in one thread. With a ``file``, its files are looked at around each COMMIT,
    and its WAL is moved to the file now and then."""

    def __init__(self, connection: Connection, cache: OrderCache, file: SqliteFile | None = None) -> None:
        self._connection, self._cache, self._file = connection, cache, file
        self._checkpoints = None if file is None else Checkpoints(file.files, connection)

    def carry_out(self, commands: Sequence[Command], decide_all: Callable[[World], None], moment: Moment) -> World:
        committed: dict[int, Document | None] = {}
        try:
            with self._transaction():
                batch = _Batch(self._connection, moment)
                world = batch.load(commands)
                decide_all(world)
                batch.store(world)
                changed = {order_id: _document(world.orders[order_id]) for order_id in world.changed}
                self._cache.begin_commit(changed)
            committed = changed
        finally:
            self._cache.end_commit(committed)
        return world

    def run(self, work: Callable[[Transaction], T]) -> T:
        with self._transaction():
            return work(SqliteTransaction(self._connection))

    def due(self, *, idle: bool) -> float | None:
        return None if self._checkpoints is None else self._checkpoints.due(idle=idle)

    def tidy(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.run()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Raises Failed where the database does not do its part; what else is raised inside is raised."""
        connection = self._connection
        try:
            if connection.in_transaction:  # a ROLLBACK that failed, on a disk that has recovered since
                connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            written = connection.total_changes
            try:
                self._check_files(connection)
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite itself rolls back on a full disk
                    connection.execute("ROLLBACK")
                raise
            self._check_files()  # what went into a file that was replaced meanwhile is not done
            if self._checkpoints is not None and connection.total_changes != written:
                self._checkpoints.committed()
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA shrink_memory")  # a bad page that was read would stay in the cache
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            path = None if self._file is None else self._file.path
            raise Failed(database_problem(error, path), str(error), final=busy) from error

    def _check_files(self, connection: Connection | None = None) -> None:
        """Raises Failed where the file is no longer the one that was opened."""
        try:
            if self._file is not None:
                self._file.check(connection)
        except Problem as replaced:
            raise Failed(replaced, replaced.detail, final=True) from None


class _Batch:
    """The world of one transaction."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment
        self._head = head(connection)
        number = int(get_meta(connection, "ultimo_numero"))
        self._before = Counters(self._head.cursor, int(get_meta(connection, "ultimo_pedido")), number)
        self._known: set[int] = set()
        """The ids of those loaded: they are updated or deleted, any other is inserted."""

    def load(self, commands: Sequence[Command]) -> World:
        """What these commands name, in one statement a kind. Raises TooLarge."""
        before = self._before
        world = World(Counters(before.head, before.order_id, before.number))
        self._load_orders(world, {c.order_id for c in commands if not isinstance(c, CreateOrder)})
        asked = {fields["numero"] for fields in map(_written, commands) if "numero" in fields}
        if asked:
            self._load_numbers(world, asked, len(commands))
        keys = [command.once.key for command in commands if command.once is not None]
        if keys:
            world.remembered = answers.load(self._connection, keys, self._moment.own)
        return world

    def _load_orders(self, world: World, ids: set[int]) -> None:
        if not ids:
            return
        rows: Iterable[tuple[int, bytes, int, int]] = _load_orders(self._connection, ids=_json(ids))
        world.orders = dict.fromkeys(ids)
        size = 0
        for order_id, document, shape, last_change in rows:
            size += len(document)
            if size > MAX_BYTES and len(ids) > 1:
                raise TooLarge
            order: Order = pydantic_core.from_json(document)
            if shape != SHAPE:
                order = complete(order)
            world.orders[order_id] = StoredOrder(order, document, last_change)
            self._known.add(order_id)

    def _load_numbers(self, world: World, asked: set[str], commands: int) -> None:
        named = asked - {""}
        if named:
            world.taken = dict(_load_numbers(self._connection, numeros=_json(named)).fetchall())
        if "" in asked:
            highest = world.counters.number
            reach = min(highest + commands * (FAR + 1), _MAX_STORED)  # so far the batch may move the sequence
            found = _load_far(self._connection, least=highest + 1, most=reach).fetchall()
            world.far = {numero for (numero,) in found}

    def store(self, world: World) -> None:
        """Deletes, updates, inserts, in that order: so a number is free before another order takes it."""
        connection = self._connection
        gone: list[int] = []
        changed: list[StoredOrder] = []
        new: list[tuple[Any, ...]] = []
        for order_id in world.changed:
            stored, known = world.orders[order_id], order_id in self._known
            if stored is None:
                gone += [order_id] if known else []
            elif known:
                changed.append(stored)
            else:
                new.append(_row(stored))
        if gone:
            _delete(connection, ids=_json(gone))
        renumbered = [s.order["id"] for s in changed if "numero" in world.changed[s.order["id"]]]
        if len(renumbered) > 1:  # they may have swapped theirs
            _free_numbers(connection, ids=_json(renumbered))
        for stored in changed:
            self._update(stored, world.changed[stored.order["id"]])
        if new:
            _insert(connection, new)
        if world.changes:
            append(connection, self._head, [change.event for change in world.changes], timestamp(self._moment.own))
            _insert_history(connection, [_history_row(change) for change in world.changes])
        if world.new_answers:
            answers.keep(connection, world.new_answers, self._moment.own)
        self._store_counters(world)

    def _update(self, stored: StoredOrder, changed: set[str]) -> None:
        order = stored.order
        always = {
            "id": order["id"],
            "versao": order["versao"],
            "alterado_em": order["ultima_atualizacao"],
            "documento": stored.document,
            "forma": SHAPE,
            "ultima_mudanca": stored.last_change,
        }
        if not _TEXTS.isdisjoint(changed):
            text = {"numero": order["numero"], "busca": search_text(order)}
            _update(self._connection, **always, **_kind_of(order), **text)
        elif not _KINDS.isdisjoint(changed):
            _update_kind(self._connection, **always, **_kind_of(order))
        else:
            _update_document(self._connection, **always)

    def _store_counters(self, world: World) -> None:
        connection, counters = self._connection, world.counters
        if counters.order_id != self._before.order_id:
            set_meta(connection, "ultimo_pedido", str(counters.order_id))
        if counters.number != self._before.number:
            set_meta(connection, "ultimo_numero", str(counters.number))
            _pass_far(connection, numero=min(counters.number, _MAX_STORED))
        for numero in world.new_far:
            if counters.number < numero <= _MAX_STORED:
                _insert_far(connection, numero=numero)


def _written(command: Command) -> Order:
    """The fields that a command writes."""
    if isinstance(command, DeleteOrder):
        return {}
    return command.fields if isinstance(command, CreateOrder) else command.changes


def _json(values: Iterable[int] | Iterable[str]) -> str:
    return pydantic_core.to_json(list(values)).decode()


def _document(stored: StoredOrder | None) -> Document | None:
    return None if stored is None else Document(stored.order["versao"], stored.document)


def _kind_of(order: Order) -> dict[str, Any]:
    return {"status": order["status"], "setor": sector_of(order), "prioridade": order["prioridade"]}


def _row(stored: StoredOrder) -> tuple[Any, ...]:
    order = stored.order
    return (
        order["id"],
        order["numero"],
        search_text(order),
        *_kind_of(order).values(),
        order["versao"],
        order["ultima_atualizacao"],
        stored.document,
        SHAPE,
        stored.last_change,
    )


def _history_row(change: Change) -> tuple[Any, ...]:
    cursor = change.event.cursor
    about = (change.order_id, change.previous, str(cursor), change.action, change.author, change.when, change.fields)
    return (cursor.number, *about)
