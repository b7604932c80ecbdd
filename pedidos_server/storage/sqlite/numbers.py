"""Where the orders' own numbers stand, and setting that. How an order gets its own is in domain/commands.py.

``meta.ultimo_numero`` is the highest of the sequence. It steps over the numbers in ``numero_distante``, which were
far above it when an order had them, also where that order has been deleted or renumbered since.
"""

from __future__ import annotations

from ..base import MAX_NEXT_NUMBER, NumberError
from .meta import get_meta, set_meta
from .models import NumeroDistante
from .statements import Connection, Statement, param

_is_used = Statement(NumeroDistante.select(NumeroDistante.numero).where(NumeroDistante.numero == param("numero")))
_pass = Statement(NumeroDistante.delete().where(NumeroDistante.numero <= param("numero")))
_MAX_STORED = 2**63 - 1


def next_number(connection: Connection) -> int:
    """The integer that the next order without a number gets, if none comes before it."""
    number = _highest(connection) + 1
    while number <= _MAX_STORED and _is_used(connection, numero=number).fetchone():
        number += 1
    return number


def set_next(connection: Connection, number: int) -> None:
    """The next order without a number gets this one. Raises NumberError where it, or a later one, had its turn."""
    following = next_number(connection)
    if number < following:
        raise NumberError(f"O número {number} não serve: o próximo já é o {following}. Diga um maior.")
    if number > MAX_NEXT_NUMBER:
        raise NumberError(f"O número {number} é grande demais: o maior que serve é {MAX_NEXT_NUMBER}.")
    if _is_used(connection, numero=number).fetchone():
        raise NumberError(f"O número {number} já foi de um pedido. Diga outro.")
    _stand_at(connection, number - 1)


def _highest(connection: Connection) -> int:
    return int(get_meta(connection, "ultimo_numero"))


def _stand_at(connection: Connection, number: int) -> None:
    set_meta(connection, "ultimo_numero", str(number))
    _pass(connection, numero=min(number, _MAX_STORED))
