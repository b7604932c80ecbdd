"""``pedidos number``: which number the next order gets. Works beside a running server or without one."""

from __future__ import annotations

from ..errors import StartupError
from ..storage.base import NumberError
from ..storage.open import in_transaction, need_database


def show(database: str) -> None:
    need_database(database)
    print(f"O próximo pedido sem número recebe o {in_transaction(database, lambda t: t.next_number())}.")


def set_next(database: str, number: int) -> None:
    """Raises StartupError where the number, or a later one, had its turn."""
    need_database(database)
    try:
        in_transaction(database, lambda t: t.set_next_number(number))
    except NumberError as error:
        raise StartupError(str(error)) from None
    print(f"O próximo pedido sem número recebe o {number}.")
