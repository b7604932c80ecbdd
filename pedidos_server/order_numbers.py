"""The orders' own numbers: which comes next, and that none comes back.

``meta.ultimo_numero`` is where the sequence stands. An integer a little above it moves it on, as people skip a page
of their order book. One far above it is a slip, a barcode say: it is kept as it is and does not move the sequence,
which steps over it when it gets there, also where its order has been deleted or renumbered since.
"""

from __future__ import annotations

import re

from .database import Connection, Statement, slot
from .migrations import get_meta, set_meta
from .models import NumeroDistante

REACH = 10_000
"""How far above the sequence an integer moves it on."""
MAX_NEXT = 10**15
"""Where a shop may begin to count at most."""

_integer = re.compile("[0-9]+").fullmatch
_is_used = Statement(NumeroDistante.select(NumeroDistante.numero).where(NumeroDistante.numero == slot("numero")))
_use = Statement(NumeroDistante.insert({NumeroDistante.numero: slot("numero")}).on_conflict("IGNORE"))
_pass = Statement(NumeroDistante.delete().where(NumeroDistante.numero <= slot("numero")))
_MAX_STORED = 2**63 - 1


class NumberError(ValueError):
    """The sequence cannot go on from there; the message says why."""


def claim(connection: Connection, numero: str) -> str:
    """The number itself, or the next integer for ""; it will not be given out again."""
    highest = _highest(connection)
    if not numero:
        following = next_number(connection)
        _stand_at(connection, following)
        return str(following)
    if _integer(numero):
        number = int(numero)
        if highest < number <= highest + REACH:
            _stand_at(connection, number)
        elif highest < number <= _MAX_STORED:  # the sequence never gets to those above
            _use(connection, numero=number)
    return numero


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
    if number > MAX_NEXT:
        raise NumberError(f"O número {number} é grande demais: o maior que serve é {MAX_NEXT}.")
    if _is_used(connection, numero=number).fetchone():
        raise NumberError(f"O número {number} já foi de um pedido. Diga outro.")
    _stand_at(connection, number - 1)


def _highest(connection: Connection) -> int:
    return int(get_meta(connection, "ultimo_numero"))


def _stand_at(connection: Connection, number: int) -> None:
    set_meta(connection, "ultimo_numero", str(number))
    _pass(connection, numero=min(number, _MAX_STORED))
