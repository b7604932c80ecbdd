"""Answers that are being sent: what they hold of memory, and when they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain
from types import TracebackType
from typing import Any

import gevent

from ..clock import RunningClock
from ..domain.roles import NOBODY, Principal
from ..errors import Problem, unavailable
from ..storage.base import PIECE

READ_AT_ONCE_BYTES = 4 * 1024 * 1024
"""Of an answer, while there is room. Else it is read in pieces of ``PIECE``."""
ROOM_BYTES = 32 * 1024 * 1024
"""What all answers may hold before there is no room."""
ROOM_FOR_ONE_BYTES = ROOM_BYTES // 2
"""Of these for one caller."""
LIMIT_BYTES = 4 * ROOM_BYTES
"""From which on no answer begins. A piece is at least one order, and pictures make an order megabytes long."""
MAX_DOWNLOADS = 256
MAX_FOR_ONE = 64
"""Answers at once for one caller."""
PATIENCE_SECONDS = 60.0
"""That a reader has, besides those that its bytes take at the slowest rate."""
SLOWEST_BYTES_A_SECOND = 32 * 1024


def caller_of(environ: Mapping[str, Any], principal: Principal) -> Hashable:
    """Among whom room and reader threads are shared: tokens; on an open server, addresses."""
    return environ.get("REMOTE_ADDR") if principal is NOBODY else principal.token_id


class Download:
    """One answer, an iterable for a WSGI server. ``room`` is how many bytes of it are read before it is sent.

    As a context manager it ends where the block raises an error.
    """

    def __init__(
        self, downloads: Downloads, environ: Mapping[str, Any], principal: Principal, room: int, now: float
    ) -> None:
        self.principal, self.caller, self.room = principal, caller_of(environ, principal), room
        self.held = 0
        """Bytes of memory."""
        self.ends = now + PATIENCE_SECONDS
        """The time from which on the client counts as too slow."""
        self._downloads = downloads
        self._greenlet = gevent.getcurrent()
        self._pieces: Iterable[bytes] = ()
        self.is_sent = False
        """Some of it may have gone out."""

    def send(self, first: bytes, rest: Iterator[bytes]) -> Download:
        """What is sent. ``rest`` is read on as the client takes it."""
        self._downloads.hold(self, len(first))
        self._pieces = chain([first], rest)
        self.is_sent = True
        return self

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._give(piece)
            yield piece

    def _give(self, piece: bytes) -> None:
        self.ends += len(piece) / SLOWEST_BYTES_A_SECOND
        self._downloads.hold(self, len(piece))

    def close(self) -> None:
        self._downloads.forget(self)

    def hang_up(self) -> None:
        """Closes its connection. To end a request's greenlet is the one way of which WSGI servers know."""
        gevent.kill(self._greenlet)

    def __enter__(self) -> Download:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        if kind is not None:
            self.close()


class Downloads:
    """All answers of a server that may be long."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now or RunningClock()
        self._under_way: set[Download] = set()
        self._number_of: Counter[Hashable] = Counter()
        self._held_by: Counter[Hashable] = Counter()
        self.held = 0
        """Bytes that all of them hold."""

    def begin(self, environ: Mapping[str, Any], principal: Principal) -> Download:
        """Raises Problem 429 where one caller has too many, 503 where all have."""
        caller = caller_of(environ, principal)
        if self._number_of[caller] >= MAX_FOR_ONE:
            raise Problem(
                429,
                "Leituras demais",
                f"Já há {MAX_FOR_ONE} listas ou pedidos a caminho de quem pede. Tente de novo em instantes.",
                headers={"Retry-After": "5"},
            )
        if len(self._under_way) >= MAX_DOWNLOADS or self.held >= LIMIT_BYTES:
            raise unavailable("Há listas demais sendo enviadas. Tente de novo em instantes.", 5)
        left = min(ROOM_BYTES - self.held, ROOM_FOR_ONE_BYTES - self._held_by[caller])
        room = READ_AT_ONCE_BYTES if left >= READ_AT_ONCE_BYTES else PIECE
        download = Download(self, environ, principal, room, self._now())
        self._under_way.add(download)
        self._number_of[caller] += 1
        self.hold(download, download.room)
        return download

    def hold(self, download: Download, size: int) -> None:
        """It holds so many bytes now, instead of what it held."""
        if download not in self._under_way:
            return
        grown = size - download.held
        download.held = size
        self.held += grown
        self._held_by[download.caller] += grown

    def forget(self, download: Download) -> None:
        if download in self._under_way:
            self.hold(download, 0)
            self._under_way.discard(download)
            self._number_of[download.caller] -= 1
            if not self._number_of[download.caller]:  # or every address that ever came would stay
                del self._number_of[download.caller], self._held_by[download.caller]

    def hang_up(self, is_valid: Callable[[Principal], bool]) -> None:
        """Ends the downloads of callers who are no longer valid, and those that are read too slowly.

        What is still read from the database goes on: whoever asked was let in, and gets an answer.
        """
        now = self._now()
        for download in list(self._under_way):
            if now > download.ends or (download.is_sent and not is_valid(download.principal)):
                download.hang_up()
