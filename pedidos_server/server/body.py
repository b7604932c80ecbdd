"""A request's body, as the application reads it and as the server reads past it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import gevent
from gevent.pywsgi import Input

PIECE = 16 * 1024
DRAIN_BYTES = 1024 * 1024
DRAIN_SECONDS = 2.0


class Body(Input):
    """Whoever waits for it waits for the peer."""

    __slots__ = ("handler",)

    def __init__(self, handler: Any, plain: Any) -> None:
        """Takes the place of ``plain``, the server's own."""
        super().__init__(plain.rfile, plain.content_length, plain.socket, plain.chunked_input)
        self.handler = handler

    def read(self, length: int | None = None) -> bytes:
        idle = self.handler.server.idle
        idle.wait(self.handler)
        try:
            data: bytes = super().read(length)
            return data
        finally:
            idle.work(self.handler)

    def _discard(self) -> None:
        """Reads what the application left of the body if that is little and comes soon; if not, the connection
        ends, after the answer had time to arrive."""
        if self.position >= (self.content_length or 0) and not self.chunked_input:
            return
        self.socket = None  # type: ignore[misc]  # else it would ask for the body (100 Continue) behind the answer
        with suppress(OSError, ValueError), gevent.Timeout(DRAIN_SECONDS, False):  # ValueError: chunks that are none
            for _ in range(DRAIN_BYTES // PIECE):
                if not self.read(PIECE):
                    return
        self.handler.close_connection = True
