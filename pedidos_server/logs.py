"""Structured logging: one line an event, ``key=value`` after the message; never an order's contents at INFO."""

from __future__ import annotations

import _thread
import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from typing import TextIO

from .errors import StartupError

_PLAIN = re.compile(r"[!#-<>-~]+").fullmatch
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class KeyValueFormatter(logging.Formatter):
    """``2026-11-24T17:50:52.123 INFO pedidos.http request method=GET path=/health status=200 ms=0.8``."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        pairs = [f" {key}={_quoted(value)}" for key, value in vars(record).items() if key not in _STANDARD]
        return super().formatMessage(record) + "".join(pairs)


def _quoted(value: object) -> str:
    """A value that cannot break the line or forge another field."""
    text = f"{value:.1f}" if isinstance(value, float) else str(value)
    return text if _PLAIN(text) else ascii(text)


MAX_FILE = 10 * 1024 * 1024
KEPT_FILES = 5


def _file_handler(file: str) -> logging.Handler:
    try:
        return RotatingFileHandler(file, maxBytes=MAX_FILE, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError as error:
        raise StartupError(
            f"Não consigo gravar o registro em {file} ({error.strerror}): crie a pasta ou mude as permissões, ou "
            "escolha outro arquivo com --log-file (PEDIDOS_LOG_FILE)."
        ) from None


def configure(level: str, stream: TextIO | None = None, file: str = "") -> None:
    """``file`` is written instead of the stream; at MAX_FILE bytes it is put aside as ``.1``, then ``.2``, and of
    these KEPT_FILES stay. Raises StartupError where it cannot be written."""
    handler = _file_handler(file) if file else logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(KeyValueFormatter())
    # Other threads log as well. gevent's lock, held by one, would let other greenlets run in the middle of a fan-out.
    handler.lock = _thread.RLock()
    logger = logging.getLogger("pedidos")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
