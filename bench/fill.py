"""A shop's whole history, written straight into a database file: a million orders, five million events.

The statements are Peewee's, rendered from the models; the documents and messages are made by the server's own code.
Only what makes it quick differs: one connection, no fsync, many rows a statement.

    python -m bench.fill FILE [ORDERS] [EVENTS]
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from peewee import Model, SqliteDatabase

from pedidos_server.cli.demo import believable_order
from pedidos_server.domain.events import Cursor, encode, timestamp, update_message
from pedidos_server.domain.fields import SECTORS
from pedidos_server.domain.order import SHAPE, PedidoNovo, new_order, search_text, sector_of
from pedidos_server.storage.sqlite.meta import set_meta
from pedidos_server.storage.sqlite.migrations import migrate
from pedidos_server.storage.sqlite.models import Evento, Historico, Pedido
from pedidos_server.storage.sqlite.statements import param
from pedidos_server.web.requests import parse_json

BATCH = 5_000
SAME_MOMENT = 100
"""Events that carry one timestamp: to write it takes as long as all the rest of an event."""
OPEN_ORDERS = 0.2
"""Share of the orders that a shop still works on."""
Row = tuple[Any, ...]


def fill(path: Path, orders: int, events: int, say: Callable[[str], None] = lambda text: None) -> None:
    """Makes the file: ``orders`` of them with one creation event each, and changes up to ``events`` in all."""
    database = SqliteDatabase(str(path), pragmas={"synchronous": "OFF", "cache_size": -500_000})
    database.connect()
    migrate(database, path)
    connection = database.connection()
    connection.execute("PRAGMA locking_mode = exclusive")
    made = _Made(orders, events)
    tables: list[tuple[type[Model], Sequence[str]]] = [
        (
            Pedido,
            (
                "id",
                "numero",
                "versao",
                "status",
                "setor",
                "prioridade",
                "busca",
                "alterado_em",
                "documento",
                "forma",
                "ultima_mudanca",
            ),
        ),
        (Evento, ("numero", "tag", "criado_em", "acumulado", "mensagem")),
        (Historico, ("id", "pedido_id", "anterior", "cursor", "acao", "autor", "timestamp", "mudancas")),
    ]
    inserts = [_insert(model, columns) for model, columns in tables]
    for count, batch in enumerate(made.batches()):
        with database.atomic():
            for sql, rows in zip(inserts, batch, strict=True):
                connection.executemany(sql, rows)
        if count % 50 == 0:
            say(f"{count * BATCH:,} of {events:,} events")
    with database.atomic():
        set_meta(connection, "ultimo_numero", str(orders))
        set_meta(connection, "ultimo_pedido", str(orders))
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _insert(model: type[Model], columns: Sequence[str]) -> str:
    fields = {getattr(model, column): param(column) for column in columns}
    sql, order = model.insert(fields).bind(SqliteDatabase(None)).sql()
    assert order == list(columns), f"Peewee reorders the columns: {order}"
    return str(sql)


class _Made:
    """Invents the rows. Each order is created, then changed in as many later events as there are left for it."""

    def __init__(self, orders: int, events: int) -> None:
        self._random = random.Random(1)
        self._orders, self._events = orders, events
        self._bytes = 0
        self._start = datetime.now(UTC) - timedelta(seconds=events)
        # Few different orders, many times: inventing each anew would take an hour.
        self._patterns = [self._pattern() for _ in range(500)]

    def _pattern(self) -> dict[str, Any]:
        body = believable_order(self._random, date.today())
        return new_order(PedidoNovo.model_validate(parse_json(encode(body))))

    def batches(self) -> Iterator[tuple[list[Row], list[Row], list[Row]]]:
        """The rows of the three tables, BATCH events at a time. Events come order by order: each is made, changed,
        and left, so that the newest orders are those of the newest events."""
        orders: list[Row] = []
        events: list[Row] = []
        history: list[Row] = []
        number = 0
        when = ""
        for order_id in range(1, self._orders + 1):
            last = self._events * order_id // self._orders
            order = self._order(order_id)
            while number < last:
                number += 1
                created = order["versao"] == 0
                order["versao"] += 1
                if number % SAME_MOMENT == 1:
                    when = timestamp(self._start + timedelta(seconds=number))
                order["ultima_atualizacao"] = when
                if created:
                    order["data_criacao"] = when
                    change: dict[str, Any] = {}
                else:
                    change = {"observacao": [order["observacao"], f"mudança {number}"]}
                    order["observacao"] = f"mudança {number}"
                document = encode(order)
                cursor = Cursor(number, f"{self._random.getrandbits(32):08x}")
                action = "create" if created else "update"
                message = update_message(
                    action=action,
                    pedido_id=order_id,
                    document=document,
                    when=when,
                    cursor=cursor,
                    versao=order["versao"],
                    changed=list(change),
                    autor=None,
                    origem=None,
                )
                self._bytes += len(message)
                events.append((number, cursor.tag, when, self._bytes, message))
                before = None if created else number - 1
                history.append((number, order_id, before, str(cursor), action, None, when, encode(change)))
            orders.append(_row(order, document, number))
            if len(events) >= BATCH:
                yield orders, events, history
                orders, events, history = [], [], []
        yield orders, events, history

    def _order(self, order_id: int) -> dict[str, Any]:
        pattern = self._random.choice(self._patterns)
        still_open = order_id > self._orders * (1 - OPEN_ORDERS)
        ticked = self._random.randint(0, 4) if still_open else len(SECTORS)
        return {
            "id": order_id,
            **pattern,
            **dict.fromkeys(SECTORS[:ticked], True),
            "numero": str(order_id),
            "status": "em_producao" if still_open else "entregue",
            "versao": 0,
        }


def _row(order: dict[str, Any], document: bytes, line: int) -> Row:
    busca = search_text(order)
    return (
        order["id"],
        order["numero"],
        order["versao"],
        order["status"],
        sector_of(order),
        order["prioridade"],
        busca,
        order["ultima_atualizacao"],
        document,
        SHAPE,
        line,
    )


if __name__ == "__main__":
    fill(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000,
        int(sys.argv[3]) if len(sys.argv) > 3 else 5_000_000,
        lambda text: print(f"\r{text}", end="", file=sys.stderr),
    )
