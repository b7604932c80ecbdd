"""``pedidos number``: which number the next order gets. Works beside a running server or without one."""

from __future__ import annotations

from ..errors import StartupError
from ..storage import numbers as order_numbers
from ..storage.numbers import NumberError
from .database_file import in_transaction, need_file


def show(database: str) -> None:
    need_file(database)
    print(f"O próximo pedido sem número recebe o {in_transaction(database, order_numbers.next_number)}.")


def set_next(database: str, number: int) -> None:
    """Raises StartupError where the number, or a later one, had its turn."""
    need_file(database)
    try:
        in_transaction(database, lambda connection: order_numbers.set_next(connection, number))
    except NumberError as error:
        raise StartupError(str(error)) from None
    print(f"O próximo pedido sem número recebe o {number}.")
