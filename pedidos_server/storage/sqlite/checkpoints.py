"""When the WAL is moved to the database file: while nobody writes, and when it has grown long."""

from __future__ import annotations

import logging
import sqlite3
import time

from .files import DatabaseFiles
from .statements import Connection

log = logging.getLogger("pedidos.database")

IDLE_SECONDS = 5.0
"""Without a change, after which the WAL is moved: from then on a copy of the file alone is complete."""
RETRY_SECONDS = 1.0
"""Between two attempts to shorten a long WAL, where a reader or a full disk is in the way."""


class Checkpoints:
    """``due`` may be called from any thread, the rest from the writer's."""

    def __init__(self, files: DatabaseFiles, writer: Connection) -> None:
        self._files, self._writer = files, writer
        self._idle_at: float | None = None
        """When the WAL is to be moved, if nobody writes before; None where it holds nothing new."""
        self._again_at = 0.0
        self._last_error = ""

    def committed(self) -> None:
        """Something was written."""
        self._idle_at = time.monotonic() + IDLE_SECONDS

    def due(self, *, idle: bool) -> float | None:
        """Seconds until one is worth its while, if nobody writes before: 0 at once, None never."""
        now = time.monotonic()
        if now > self._again_at and self._files.wal_is_long():
            return 0.0
        return max(0.0, self._idle_at - now) if idle and self._idle_at is not None else None

    def run(self) -> None:
        try:
            finished, error = self._files.checkpoint(self._writer), ""
        except (sqlite3.Error, OSError) as failure:
            finished, error = False, str(failure)
        if error and error != self._last_error:
            log.warning("checkpoint failed", extra={"error": error})
        self._last_error = error
        now = time.monotonic()
        self._idle_at = None if finished else now + IDLE_SECONDS
        self._again_at = now if finished else now + RETRY_SECONDS
