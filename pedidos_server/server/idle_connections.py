"""Evicts slow and idle connections when the server is nearly full."""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Protocol


class Wait(Enum):
    """What a connection waits for."""

    REQUEST = auto()
    """The first byte of the next one."""
    HEAD = auto()
    BODY = auto()
    ROOM = auto()
    """That its peer takes more of an answer."""
    END = auto()
    """That its peer closes it."""


class Connection(Protocol):
    peer: str
    """Its address."""
    socket: Any
    waits_for: Wait | None
    """None while it works."""

    def give_up(self) -> None:
        """Ends the wait: what it waits for will not come."""
        ...


class IdleConnections:
    """The connections that wait for their peer, the longest first, by address.

    When the server is nearly full, the longest waiting connection of the address that has most of them is closed:
    whoever holds thousands open, in silence or byte by byte, competes with themselves.
    """

    def __init__(self, crowded: int, now: Callable[[], float]) -> None:
        """``crowded``: open connections from which on one that waits is closed for each new one. ``now`` gives
        seconds in which the server was there to read."""
        self._crowded, self._now = crowded, now
        self.open = 0
        self._waiting: dict[str, dict[Connection, float]] = {}
        """By address, until when each may wait, by ``now``."""

    def wait(self, handler: Connection, what: Wait, seconds: float) -> None:
        """It waits for this from now on, and is given up after ``seconds``: once a second all are looked through."""
        handler.waits_for = what
        self._waiting.setdefault(handler.peer, {})[handler] = self._now() + seconds

    def work(self, handler: Connection) -> None:
        """It waits no longer."""
        handler.waits_for = None
        of_address = self._waiting.get(handler.peer)
        if of_address is not None:
            of_address.pop(handler, None)
            if not of_address:
                del self._waiting[handler.peer]

    def make_room(self) -> None:
        if self.open >= self._crowded:
            self.evict_longest()

    def evict_longest(self) -> None:
        if self._waiting:
            most = max(self._waiting.values(), key=len)
            self._evict(next(iter(most)))

    def evict_overdue(self) -> None:
        now = self._now()
        for of_address in list(self._waiting.values()):
            for handler in [handler for handler, ends in of_address.items() if ends < now]:
                self._evict(handler)

    def evict_between_requests(self) -> None:
        """Those that wait for a request of which nothing has come."""
        for of_address in list(self._waiting.values()):
            for handler in [handler for handler in of_address if handler.waits_for is Wait.REQUEST]:
                if _nothing_has_come(handler.socket):
                    self._evict(handler)

    def _evict(self, handler: Connection) -> None:
        handler.give_up()
        self.work(handler)


def _nothing_has_come(sock: Any) -> bool:
    """Looks without waiting, also while another greenlet waits for it."""
    waits = sock.gettimeout()
    sock.settimeout(0.0)
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # whoever waits for it is told
    finally:
        sock.settimeout(waits)
