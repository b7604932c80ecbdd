"""A request's body: how it is read, and how much all bodies may hold together."""

from __future__ import annotations

import io
import math
from contextlib import suppress
from typing import Any

import gevent

from ..errors import Problem, unavailable
from .idle_connections import Wait
from .reader import Reader, give_way

ALL_BYTES = 64 * 1024 * 1024
"""What the bodies of all requests may hold together, beside what is free for each."""
FREE_BYTES = 64 * 1024
"""Of each body: an order without pictures is always taken."""
OVERHEAD_BYTES = 16 * 1024
"""By which the chunks' own lines may exceed what they hold, in one body."""
CHUNK_LINE = 4 * 1024
"""Bytes of a chunk's line, extensions included, and of a trailer."""
CHUNKS_A_TURN = 100
KEEP_BYTES = 64 * 1024
"""Of a body that nobody wants: up to so many are read so that the connection can stay."""
KEEP_SECONDS = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Bodies:
    """Bounds in sum what the bodies hold that have come and are not answered yet."""

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._most = most
        self._held: dict[Body, int] = {}
        self.total = 0

    def add(self, body: Body, size: int) -> None:
        """Whoever waits with most gives way. Raises Problem 503 where nobody waits."""
        self._held[body] = self._held.get(body, 0) + size
        self.total += size
        while self.total > self._most:
            waiting = [other for other in self._held if other.waits and other is not body]
            if not waiting:
                raise _too_many()
            fattest = max(waiting, key=self._held.__getitem__)
            self.forget(fattest)
            fattest.give_up()

    def forget(self, body: Body) -> None:
        self.total -= self._held.pop(body, 0)


class Body(io.IOBase):
    """``wsgi.input``. ``length`` is None where the request has no body or, ``chunked``, does not tell. To read by
    lines, which WSGI wants and nothing here does, is IOBase's.

    Reading raises OSError for a body that ends early or whose chunks are malformed, Problem 408 for one that is late,
    and 503 where all bodies hold too much.
    """

    def __init__(self, handler: Any, length: int | None, *, chunked: bool, expects: bool) -> None:
        self._handler = handler
        self._reader: Reader = handler.rfile
        self._left = length or 0
        """Bytes of the body, or of the chunk, that are still to come."""
        self._ended = not chunked
        """The last chunk has been seen."""
        self._expects = expects
        """The client waits for a 100 Continue before it sends the body (RFC 9110, 10.1.1)."""
        self._received = self._overhead = self._chunks = 0
        self._counted = True
        """What is read counts among what all bodies hold."""
        self._deadline = math.inf
        self._given_up = False

    @property
    def waits(self) -> bool:
        """Its peer has more to send."""
        waits: bool = self._handler.waits_for is Wait.BODY
        return waits

    @property
    def left(self) -> float:
        """Bytes that the application has not read; infinite where that cannot be known."""
        return self._left if self._ended else float("inf")

    def give(self, seconds: float) -> None:
        """All of it must come within so many seconds from now, those not counted in which the server was stopped."""
        self._deadline = self._handler.server.now() + seconds

    def read(self, size: int | None = -1) -> bytes:
        wanted = float("inf") if size is None or size < 0 else size
        pieces = []
        while wanted > 0 and (piece := self._piece(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def give_up(self) -> None:
        """Ends its wait for the rest: it holds memory that others need."""
        self._given_up = True
        self._handler.give_up()

    def _discard(self) -> None:
        """Called by pywsgi after the answer. Reads the rest where that is little and comes soon; if not, the
        connection ends."""
        if not self.left:
            return
        self._expects = self._counted = False
        if self._left <= KEEP_BYTES and self._ended:
            with suppress(OSError, Problem), gevent.Timeout(KEEP_SECONDS, False):
                self.read()
        if self.left:
            self._handler.close_connection = True

    def _piece(self, most: float) -> bytes:
        if self._expects:
            self._expects = False
            self._handler._sendall(_CONTINUE)
        if not self._left and not self._ended:
            self._next_chunk()
        if not self._left:
            return b""
        if not len(self._reader):
            self._wait()
        piece = self._reader.take(int(min(most, self._left)))
        self._left -= len(piece)
        if self._counted:
            before, self._received = self._received, self._received + len(piece)
            counted = max(0, self._received - FREE_BYTES) - max(0, before - FREE_BYTES)
            if counted:
                self._handler.server.bodies.add(self, counted)
        if not self._left and not self._ended and self._line() not in (b"\r\n", b"\n"):
            raise OSError("a chunk longer than its length")
        return piece

    def _next_chunk(self) -> None:
        """RFC 9112, 7.1."""
        self._chunks += 1
        if self._chunks % CHUNKS_A_TURN == 0:
            give_way()
        digits = self._line().partition(b";")[0].strip()
        if not 0 < len(digits) <= 15 or not digits.isalnum():
            raise OSError("malformed chunk")
        try:
            self._left = int(digits, 16)
        except ValueError:
            raise OSError("malformed chunk") from None
        if not self._left:
            while self._line() not in (b"\r\n", b"\n"):
                pass  # trailers: bounded like all overhead
            self._ended = True

    def _line(self) -> bytes:
        while (line := self._reader.line(CHUNK_LINE)) is None:
            self._wait()
        if not line.endswith(b"\n"):
            raise OSError("a chunk's line that does not end")
        self._overhead += len(line)
        if self._overhead > OVERHEAD_BYTES + self._received:
            raise OSError("chunks that hold next to nothing")
        return line

    def _wait(self) -> None:
        """Until more of the body has come. Raises what reading does."""
        server = self._handler.server
        left = self._deadline - server.now()
        if left <= 0:
            raise _too_slow()
        server.idle.wait(self._handler, Wait.BODY, left)
        try:
            came = self._reader.receive()
        except OSError:
            came = False
        finally:
            server.idle.work(self._handler)
        if self._given_up:
            raise _too_many()
        if not came:
            raise _too_slow() if server.now() >= self._deadline else OSError("the body ends early")


def _too_slow() -> Problem:
    return Problem(
        408,
        "Tempo esgotado",
        "O corpo da requisição demorou demais para chegar.",
        headers={"Connection": "close"},
    )


def _too_many() -> Problem:
    problem = unavailable("O servidor já recebe outros envios grandes. Tente de novo em alguns segundos.", 3)
    problem.headers["Connection"] = "close"
    return problem
