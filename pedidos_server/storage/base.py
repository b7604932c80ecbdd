"""The seam: what the server asks of a database, whichever it is.

Everything here is in the domain's words. What goes wrong is a Problem (503) for whoever asked, a Refusal, or a
StartupError; no database's own errors pass. tests/contract/ is what each database must do.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from ..domain.commands import Command, World
from ..domain.events import Cursor, Event
from ..domain.roles import Role
from ..errors import Problem
from ..timekeeping import Moment
from .lists import Filters, Page
from .tokens import SessionRow, TokenRow

T = TypeVar("T")

PIECE = 256 * 1024
"""Bytes of a long answer that are read at a time."""
MAX_NEXT_NUMBER = 10**15
"""The highest number at which a shop may go on counting."""

# --------------------------------------------------------------------------------- what is read


class Head(NamedTuple):
    """The newest event: its cursor, the bytes of all events ever, and when it was committed, by the server's own
    clock (ISO 8601 in UTC; "" where there is none yet)."""

    cursor: Cursor
    total_bytes: int
    when: str


class Document(NamedTuple):
    """One order: its version, and its JSON."""

    version: int
    body: bytes


class NextNumber(NamedTuple):
    """The integer that the next order without a number gets, if none comes before it; how many orders there are."""

    number: int
    orders: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """A JSON array: what was read of it at once, and the rest, which is None if that was all.

    Each piece of the rest, about PIECE bytes and one entry at least, is read when it is asked for, in a transaction
    of its own: a client that is slow to take it holds nothing open. Asking raises Problem (503).
    """

    first: bytes
    rest: Iterator[bytes] | None


@dataclass(frozen=True, slots=True)
class OrderList:
    """A list of orders, newest first. Those in ``pieces.rest`` may be newer than ``current``, or be missing because
    they were deleted: the events behind ``current`` tell of it again.

    ``current`` is the log's position that the list includes, ``snapshot`` the first page's.
    """

    current: Cursor
    snapshot: Cursor
    total: int
    pieces: Pieces
    next_cursor: str | None = None


class AccessRows(NamedTuple):
    """All who may come in, as of one moment. ``generation`` grows with each change; ``tag`` names the database."""

    generation: int
    tag: str
    tokens: list[TokenRow]
    sessions: list[SessionRow]


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the event log is kept; whichever bound is reached first."""

    events: int
    days: float
    bytes: int


class Copied(NamedTuple):
    """A backup: how many orders are in it, and its size in bytes."""

    orders: int
    bytes: int


# ------------------------------------------------------------------------------- what is written


class NumberError(ValueError):
    """The sequence cannot go on from there; the message says why, in the users' words."""


class Failed(Exception):
    """A transaction was rolled back; nothing of it is there. ``problem`` says why, to the clients.

    ``final``: there is no use in trying each command by itself, because another program holds the database and one
    has waited for it long enough, or because the database is gone.
    """

    def __init__(self, problem: Problem, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.problem, self.final = problem, final


class TooLarge(Exception):
    """The orders that a batch names are more than is loaded at once."""


class Transaction(Protocol):
    """What else is written: in a transaction of the writer's, which is rolled back where any of it raises.

    ``own`` is the time by the server's own clock.
    """

    def create_token(self, name: str, role: Role, days: float | None = None) -> str:
        """A new token, which can be seen only now. It ends after ``days``; None for never.

        Raises TokenError for a name that is taken or unfit.
        """

    def revoke_token(self, name: str) -> None:
        """Removes a token and its sessions. Raises TokenError where there is none of that name."""

    def list_tokens(self) -> list[TokenRow]:
        """All tokens by name, those that have ended too."""

    def open_session(self, token_id: int) -> str:
        """A new session of a token: the secret that its cookie holds. Ended ones, and the oldest of too many, go."""

    def extend_sessions(self, sessions: Iterable[bytes]) -> None:
        """Lets sessions in use, named by their digests, last SESSION_DAYS from now. Those that have ended stay so."""

    def close_sessions(self, sessions: Iterable[bytes]) -> None:
        """Removes sessions, named by their digests."""

    def next_number(self) -> int:
        """The integer that the next order without a number gets."""

    def set_next_number(self, number: int) -> None:
        """The next order without a number gets this one. Raises NumberError where it or a later one had its turn."""

    def prune(self, retention: Retention, own: datetime) -> int:
        """Deletes some of the oldest events that are over a bound, as many as one transaction may; never the newest.
        Returns how many."""

    def forget_answers(self, own: datetime) -> int:
        """Deletes some of the idempotent answers that are over 24 h old, or too many. Returns how many."""

    def probe(self) -> None:
        """Writes about as much as an order, so that a full disk is noticed."""


class Transactions(Protocol):
    """The writer's side, called by the writer alone, one call after the other. Each waits without holding up the
    loop, and raises Failed; ``decide_all`` and ``work`` may run in another thread."""

    def carry_out(self, commands: Sequence[Command], decide_all: Callable[[World], None], moment: Moment) -> World:
        """One transaction in four moves: begins; loads what the commands name; has it decided; stores what has
        changed, and commits.

        Raises TooLarge before anything was decided, where there is more than one command.
        """

    def run(self, work: Callable[[Transaction], T]) -> T:
        """``work`` in a transaction of its own. Raises what ``work`` raises, too."""

    def due(self, *, idle: bool) -> float | None:
        """Seconds until ``tidy`` is worth its while, if nobody writes before; None for never. Never blocks.

        Where it is not ``idle``, some wait already: then only what cannot wait any longer is due.
        """

    def tidy(self) -> None:
        """What a database wants done between two transactions."""


class Database(Protocol):
    """One database, open and with today's schema. What one method returns is of one moment, the rest of ``Pieces``
    excepted; each waits without holding up the loop.

    ``caller`` is who asks: each has the database in turn, and never all of it; None is the server itself. All raise
    Problem (503) where the database cannot be read.
    """

    transactions: Transactions

    @property
    def name(self) -> str:
        """As people know it: the path of its file, say."""

    @property
    def is_new(self) -> bool:
        """It was made, or found empty, when it was opened."""

    def close(self) -> None:
        """Gives it back. No call is under way, and none follows."""

    def trouble(self) -> str | None:
        """Why it cannot be written, as far as that is known without trying, in the users' words. Never blocks."""

    def head(self, caller: Hashable = None) -> Head: ...

    def events_after(self, number: int, max_bytes: int) -> list[Event]:
        """The events that follow ``number`` without a gap: as many as fit, at least one if there is one."""

    def newest_events(self, max_events: int, max_bytes: int) -> list[Event]:
        """The newest events, oldest first, without a gap and within both bounds; the very newest in any case."""

    def can_resume(self, cursor: Cursor) -> bool:
        """True where the event that ``cursor`` names is in the log with that tag (or is the log's very beginning),
        and so is every later one."""

    def order(self, order_id: int, caller: Hashable = None) -> Document:
        """Raises NotFound."""

    def orders(self, filters: Filters, page: Page, at_once: int, caller: Hashable = None) -> OrderList:
        """The orders that match; ``at_once`` is how many bytes are read before the list is returned."""

    def history(self, order_id: int, at_once: int, caller: Hashable = None) -> Pieces:
        """The order's changes, oldest first, also of a deleted order. Raises NotFound."""

    def next_number(self, caller: Hashable = None) -> NextNumber: ...

    def access(self, known: int | None = None) -> AccessRows | None:
        """Who may come in; None where that is still the generation ``known``."""

    def probe(self) -> None:
        """Reads a little of everything."""
