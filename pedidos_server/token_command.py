"""``pedidos token``: who may come in. Works on the database file, beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from .database import Database, explain, path_of
from .errors import StartupError
from .migrations import is_current, migrate
from .tokens import Role, TokenError, create_token, list_tokens, revoke_token

T = TypeVar("T")


def create(database: str, name: str, role: str, days: float | None) -> None:
    token = _change(database, lambda connection: create_token(connection, name, Role[role.upper()], days))
    print(f"Token de {name} ({role}), que não será mostrado de novo:\n")
    print(f"    {token}\n")
    print("Guarde-o em lugar seguro. Na página, digite-o em /entrar; em programas, em 'Authorization: Bearer'.")


def revoke(database: str, name: str) -> None:
    _need_file(database)
    _change(database, lambda connection: revoke_token(connection, name))
    print(f"O token de {name} não vale mais; um servidor em funcionamento percebe em dois segundos.")


def show(database: str) -> None:
    _need_file(database)
    rows = _change(database, list_tokens)
    if not rows:
        print("Não há tokens. Crie um: pedidos token create NOME --role admin")
        return
    lines = [("NOME", "PAPEL", "CRIADO", "EXPIRA")]
    lines += [(row.name, row.role.label, _day(row.created), _day(row.ends) if row.ends else "nunca") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _need_file(url: str) -> None:
    """Raises StartupError where there is no database: only a token that is created makes one."""
    if not (path := path_of(url)).exists():
        raise StartupError(f"O banco {path} não existe. Diga com --database o do servidor.")


def _change(url: str, work: Callable[[sqlite3.Connection], T]) -> T:
    """Runs ``work`` in one short transaction. Raises StartupError that says what is wrong."""
    database = Database(url)
    try:
        current = is_current(database.path)
        if not current:
            database.take()  # the file is made or brought forward, so it must be nobody else's meanwhile
        peewee = database.open_writer()
        if not current:
            migrate(peewee, database.path)
        with peewee.atomic("IMMEDIATE"):
            return work(peewee.connection())
    except TokenError as error:
        raise StartupError(str(error)) from None
    except sqlite3.Error as error:
        raise StartupError(f"{database.path}: {explain(error)}") from None
    finally:
        database.close()


def _day(when: str) -> str:
    return datetime.fromisoformat(when).astimezone().strftime("%d/%m/%Y %H:%M")
