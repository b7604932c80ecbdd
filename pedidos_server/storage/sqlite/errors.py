"""SQLite's errors in the users' words."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from ...errors import Problem, unavailable

FULL_BYTES = 256 * 1024
"""A disk with less room than this is called full: SQLite calls some of what then fails an error of the disk."""
FULL = "O disco do servidor está cheio. Libere espaço; o servidor volta sozinho."
_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: "O banco de dados está travado por outro programa. Feche-o e tente de novo.",
    sqlite3.SQLITE_LOCKED: "O banco de dados está travado por outro programa. Feche-o e tente de novo.",
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: "O banco de dados não pode ser gravado: verifique as permissões do arquivo.",
    sqlite3.SQLITE_CORRUPT: "O arquivo do banco de dados está corrompido: restaure uma cópia de segurança.",
    sqlite3.SQLITE_NOTADB: "O arquivo não é um banco de dados SQLite: restaure uma cópia de segurança.",
    sqlite3.SQLITE_CANTOPEN: "O arquivo do banco de dados não pode ser aberto: verifique o caminho e as permissões.",
    sqlite3.SQLITE_IOERR: "O disco do servidor falhou ao ler ou gravar o banco de dados.",
}


def explain(error: Exception, path: Path | None = None) -> str:
    """What went wrong and what to do. Peewee's errors wrap SQLite's.

    With the file's path, also whether a full disk is behind it.
    """
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the primary code
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and path is not None and disk_is_full(path):
        code = sqlite3.SQLITE_FULL
    return _EXPLANATIONS.get(code, "O banco de dados não respondeu como devia.")


def disk_is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < FULL_BYTES
    except OSError:
        return False


def database_problem(error: sqlite3.Error, path: Path | None = None) -> Problem:
    """The 503 for an error of SQLite's."""
    return unavailable(explain(error, path))
