"""Facts about the database, by name: rows of ``meta``."""

from __future__ import annotations

import sqlite3

from .models import Meta_
from .statements import Connection, Statement, param

_get = Statement(Meta_.select(Meta_.valor).where(Meta_.chave == param("chave")))
_set = Statement(Meta_.insert({Meta_.chave: param("chave"), Meta_.valor: param("valor")}).on_conflict("REPLACE"))


def get_meta(connection: Connection, chave: str) -> str:
    """Raises sqlite3.DatabaseError where it is missing."""
    value = find_meta(connection, chave)
    if value is None:
        raise sqlite3.DatabaseError(f"meta {chave} is missing")
    return value


def find_meta(connection: Connection, chave: str) -> str | None:
    row = _get(connection, chave=chave).fetchone()
    return None if row is None else str(row[0])


def set_meta(connection: Connection, chave: str, valor: str) -> None:
    _set(connection, chave=chave, valor=valor)
