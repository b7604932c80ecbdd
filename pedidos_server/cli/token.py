"""``pedidos token``: who may come in. Works on the database file, beside a running server or without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from ..domain.roles import Role
from ..errors import StartupError
from ..storage.base import Transaction
from ..storage.open import in_transaction, need_database
from ..storage.tokens import TokenError

T = TypeVar("T")


def create(database: str, name: str, role: str, days: float | None) -> None:
    """Prints the new token. Raises StartupError where it cannot be made, or not be shown: then there is none."""
    token = _change(database, lambda t: t.create_token(name, Role[role.upper()], days))
    try:
        _show_once(token, name, role)
    except OSError as error:
        _change(database, lambda t: t.revoke_token(name))
        raise StartupError(f"O token não pôde ser mostrado ({error.strerror}), e por isso não foi criado.") from None


def _show_once(token: str, name: str, role: str) -> None:
    print(f"Token de {name} ({role}), que não será mostrado de novo:\n")
    print(f"    {token}\n")
    print(
        "Guarde-o em lugar seguro. Na página, digite-o em /entrar; em programas, em 'Authorization: Bearer'.",
        flush=True,
    )


def revoke(database: str, name: str) -> None:
    need_database(database)
    _change(database, lambda t: t.revoke_token(name))
    print(f"O token de {name} não vale mais; um servidor em funcionamento percebe em dois segundos.")


def show(database: str) -> None:
    need_database(database)
    rows = in_transaction(database, lambda t: t.list_tokens())
    if not rows:
        print("Não há tokens. Crie um: pedidos token create NOME --role admin")
        return
    lines = [("NOME", "PAPEL", "CRIADO", "EXPIRA")]
    lines += [(row.name, row.role.label, _day(row.created), _day(row.ends) if row.ends else "nunca") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _change(database: str, work: Callable[[Transaction], T]) -> T:
    try:
        return in_transaction(database, work)
    except TokenError as error:
        raise StartupError(str(error)) from None


def _day(when: str) -> str:
    return datetime.fromisoformat(when).astimezone().strftime("%d/%m/%Y %H:%M")
