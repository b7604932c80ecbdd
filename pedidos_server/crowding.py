"""What a stranger's slow or silent connections may hold of the embedded server: nothing that others need."""

from __future__ import annotations

import math
import socket
import time
from contextlib import suppress
from typing import Any

import gevent
from gevent.pywsgi import Input, WSGIServer

PIECE = 16 * 1024
DRAIN_BYTES = 1024 * 1024
DRAIN_SECONDS = 2.0


class Places:
    """The connections that wait for their peer to say something, the longest first, by address.

    When it gets crowded, the longest waiting connection of the address that has most of them gives way: whoever holds
    thousands open, in silence or byte by byte, competes with themselves.
    """

    def __init__(self, crowded: int) -> None:
        self._crowded = crowded
        """Connections from which on one that waits must give way to a new one."""
        self.taken = 0
        self._waiting: dict[str, dict[Any, float]] = {}
        """Until when each may."""

    def wait(self, handler: Any, seconds: float = math.inf) -> None:
        """It waits from now on, or for something else than before, and is given up after ``seconds``. A timer of its
        own for each would cost more than parsing a request."""
        self._waiting.setdefault(handler.peer, {})[handler] = time.monotonic() + seconds

    def work(self, handler: Any) -> None:
        of_address = self._waiting.get(handler.peer)
        if of_address is not None:
            of_address.pop(handler, None)
            if not of_address:
                del self._waiting[handler.peer]

    def make_room(self) -> None:
        if self.taken >= self._crowded and self._waiting:
            most: dict[Any, float] = max(self._waiting.values(), key=len)
            self._give_up(next(iter(most)))

    def give_up_overdue(self) -> None:
        now = time.monotonic()
        for of_address in list(self._waiting.values()):
            for handler in [handler for handler, ends in of_address.items() if ends < now]:
                self._give_up(handler)

    def _give_up(self, handler: Any) -> None:
        self.work(handler)
        with suppress(OSError):
            handler.socket.shutdown(socket.SHUT_RD)  # whoever reads from it reads its end


class CrowdServer(WSGIServer):
    """gevent's server with places that a crowd shares."""

    def __init__(self, *args: Any, crowded: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.places = Places(crowded)
        self._keeper = gevent.spawn(self._keep_time)

    def _keep_time(self) -> None:
        while True:
            gevent.sleep(1)
            self.places.give_up_overdue()

    def stop(self, timeout: float | None = None) -> None:
        self._keeper.kill()
        super().stop(timeout)


class Body(Input):
    """A request's body. Whoever waits for it waits for the peer."""

    __slots__ = ("handler",)

    def __init__(self, handler: Any, plain: Any) -> None:
        """Takes the place of ``plain``, the server's own."""
        super().__init__(plain.rfile, plain.content_length, plain.socket, plain.chunked_input)
        self.handler = handler

    def read(self, length: int | None = None) -> bytes:
        places = self.handler.server.places
        places.wait(self.handler)
        try:
            data: bytes = super().read(length)
            return data
        finally:
            places.work(self.handler)

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
