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

AT_ONCE = 4 * 1024 * 1024
"""Bytes of an answer that are read at once while there is room; else it is read in pieces of ``PIECE``."""
ROOM = 32 * 1024 * 1024
"""Bytes that all answers may hold before there is no room."""
ROOM_FOR_ONE = ROOM // 2
"""Of these for one caller."""
LIMIT = 4 * ROOM
"""Bytes from which on no answer begins. A piece is one order at least, and pictures make an order megabytes long."""
MAX_DOWNLOADS = 256
MAX_FOR_ONE = 64
"""Answers at once for one caller."""
PATIENCE = 60.0
"""Seconds that a reader has, and besides those that its bytes take at ``SLOWEST``."""
SLOWEST = 32 * 1024
"""Bytes a second."""


def caller_of(environ: Mapping[str, Any], principal: Principal) -> Hashable:
    """Who shares with the others what there is: a token; on an open server an address."""
    return environ.get("REMOTE_ADDR") if principal is NOBODY else principal.token_id


class Download:
    """One answer, an iterable for a WSGI server. ``room`` is how many bytes of it to read before it is sent.

    As a context manager: an error in the block ends it.
    """

    def __init__(
        self, downloads: Downloads, environ: Mapping[str, Any], principal: Principal, room: int, now: float
    ) -> None:
        self.principal, self.caller, self.room = principal, caller_of(environ, principal), room
        self.held = 0
        """Bytes of memory."""
        self.ends = now + PATIENCE
        """When the client has been too slow."""
        self._downloads = downloads
        self._greenlet = gevent.getcurrent()
        self._pieces: Iterable[bytes] = ()

    def send(self, first: bytes, rest: Iterator[bytes]) -> Download:
        """What is sent. ``rest`` is read on as the client takes it."""
        self._downloads.hold(self, len(first))
        self._pieces = chain([first], rest)
        return self

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._give(piece)
            yield piece

    def _give(self, piece: bytes) -> None:
        self.ends += len(piece) / SLOWEST
        self._downloads.hold(self, len(piece))

    def close(self) -> None:
        self._downloads.forget(self)

    def hang_up(self) -> None:
        """Ends its connection: a server closes that of a request whose greenlet ends, and knows of no other way."""
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
        if len(self._under_way) >= MAX_DOWNLOADS or self.held >= LIMIT:
            raise unavailable("Há listas demais sendo enviadas. Tente de novo em instantes.", 5)
        fits = self.held + AT_ONCE <= ROOM and self._held_by[caller] + AT_ONCE <= ROOM_FOR_ONE
        download = Download(self, environ, principal, AT_ONCE if fits else PIECE, self._now())
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
            if not self._number_of[download.caller]:  # else every address that ever came would stay
                del self._number_of[download.caller], self._held_by[download.caller]

    def hang_up(self, stands: Callable[[Principal], bool]) -> None:
        """Ends those that go to who no longer ``stands``, and those that are read too slowly."""
        now = self._now()
        for download in list(self._under_way):
            if now > download.ends or not stands(download.principal):
                download.hang_up()
