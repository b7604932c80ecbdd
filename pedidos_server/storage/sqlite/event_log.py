"""The event log: one row per committed change, numbered without a gap, in commit order.

All functions take the connection that runs them; those that write belong to the writer's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from peewee import fn

from ...domain.events import DOCUMENT_MARK, Cursor, Event, timestamp
from ..base import Head, Retention
from .meta import get_meta
from .models import Evento
from .statements import Connection, Insert, Statement, param

LONGEST_MOVED = 16 * 1024
"""Bytes of an order that an idempotent answer still has after its event is gone. Those with pictures are longer."""
PRUNE_STEP = 500
"""Rows that one pruning transaction deletes at most: a write waits for no more than that."""
PRUNE_BYTES = 16 * 1024 * 1024
"""Bytes of these rows, at most: an order with pictures is megabytes, and each page of it is given back by itself."""

_by_number = Evento.select(Evento.tag).where(Evento.numero == param("numero"))
_head = Statement(
    Evento.select(Evento.numero, Evento.tag, Evento.acumulado, Evento.criado_em)
    .order_by(Evento.numero.desc())
    .limit(1)
)
_first = Statement(Evento.select(fn.MIN(Evento.numero)))
_tag = Statement(_by_number)
_at = Statement(Evento.select(Evento.acumulado, Evento.criado_em).where(Evento.numero == param("numero")))
_MOVE_ANSWERS = (
    "UPDATE resposta SET evento = NULL, "
    "corpo = (SELECT substr(mensagem, instr(mensagem, ?) + ?, tamanho) FROM evento WHERE numero = resposta.evento) "
    "WHERE evento > 0 AND evento BETWEEN ? AND ? AND tamanho <= ?"
)
_insert = Insert(Evento, Evento.numero, Evento.tag, Evento.criado_em, Evento.acumulado, Evento.mensagem)
_columns = (Evento.numero, Evento.tag, Evento.mensagem)
_after = Statement(Evento.select(*_columns).where(Evento.numero > param("numero")).order_by(Evento.numero))
_newest = Statement(Evento.select(*_columns).order_by(Evento.numero.desc()))
_delete = Statement(Evento.delete().where(Evento.numero <= param("numero")))


def head(connection: Connection) -> Head:
    row = _head(connection).fetchone()
    if row is None:
        return Head(Cursor(0, get_meta(connection, "tag")), 0, "")
    return Head(Cursor(row[0], row[1]), row[2], row[3])


def append(connection: Connection, after: Head, events: Sequence[Event], when: str) -> None:
    """Writes the events that follow ``after``; ``when`` is by the server's own clock."""
    when = max(when, after.when)  # whoever else may have written there
    rows: list[tuple[int, str, str, int, bytes]] = []
    total = after.total_bytes
    for (number, tag), payload in events:
        total += len(payload)
        rows.append((number, tag, when, total, payload))
    _insert(connection, rows)


def can_resume(connection: Connection, cursor: Cursor) -> bool:
    """True where the event that ``cursor`` names is in the log with that tag (or is the log's very beginning),
    and so is every later one.

    Whether a later one is missing is not counted, which would take longer the more of them there are. Numbers are
    given out one after the other, so an event can be missing only because it was deleted: pruning deletes the
    oldest, and of any other deletion, also by another program, a trigger keeps the number in ``meta.lacuna``.
    """
    if cursor.number < int(get_meta(connection, "lacuna")):
        return False
    if cursor.number == 0:
        return cursor.tag == get_meta(connection, "tag") and _first(connection).fetchone()[0] in (None, 1)
    row = _tag(connection, numero=cursor.number).fetchone()
    return row is not None and row[0] == cursor.tag


def page(connection: Connection, after: int, max_bytes: int) -> list[Event]:
    """The events that follow number ``after`` without a gap: as many as fit ``max_bytes``, at least one if there
    is one."""
    events: list[Event] = []
    size = 0
    for numero, tag, mensagem in _after(connection, numero=after):
        size += len(mensagem)
        if numero != after + len(events) + 1 or (events and size > max_bytes):
            break
        events.append(Event(Cursor(numero, tag), mensagem))
    return events


def newest(connection: Connection, max_events: int, max_bytes: int) -> list[Event]:
    """The newest events, oldest first, without a gap and within both bounds; the very newest even where it alone is
    too large."""
    events: list[Event] = []
    size = 0
    for numero, tag, mensagem in _newest(connection):
        size += len(mensagem)
        if events and (len(events) >= max_events or size > max_bytes or numero != events[-1].cursor.number - 1):
            break
        events.append(Event(Cursor(numero, tag), mensagem))
    events.reverse()
    return events


def prune(connection: Connection, retention: Retention, now: datetime) -> int:
    """Deletes some of the oldest events that are over a bound, as many as one step may; the newest always stays.
    ``now`` is by the server's own clock.

    Returns how many were deleted. Numbers have no gap and ``acumulado`` and ``criado_em`` never fall, so the
    boundary is found by halving, not by reading the log.
    """
    first = _first(connection).fetchone()[0]
    if first is None:
        return 0
    newest_head = head(connection)
    last = newest_head.cursor.number
    oldest_allowed = timestamp(now - timedelta(days=retention.days))
    bytes_allowed = newest_head.total_bytes - retention.bytes

    def over(numero: int) -> bool:
        row = _at(connection, numero=numero).fetchone()
        return row is not None and (row[0] <= bytes_allowed or row[1] < oldest_allowed)

    keep_from = max(_halve(first, last, over), last - retention.events + 1)
    keep_from = min(keep_from, last, first + PRUNE_STEP)
    if keep_from <= first:
        return 0
    step_ends = _at(connection, numero=first).fetchone()[0] + PRUNE_BYTES

    def in_step(numero: int) -> bool:
        row = _at(connection, numero=numero).fetchone()
        return row is None or row[0] <= step_ends

    keep_from = _halve(first + 1, keep_from, in_step)
    connection.execute(_MOVE_ANSWERS, [DOCUMENT_MARK, len(DOCUMENT_MARK), first, keep_from - 1, LONGEST_MOVED])
    return _delete(connection, numero=keep_from - 1).rowcount


def _halve(low: int, high: int, before: Callable[[int], bool]) -> int:
    """The first of low..high that is not ``before`` a boundary; ``high`` where all others are."""
    while low < high:
        middle = (low + high) // 2
        if before(middle):
            low = middle + 1
        else:
            high = middle
    return low
