"""The group-commit writer: one transaction for all the commands that wait.

    submit(command) ──► waiting ──► [ begin · load · decide, one by one · store · COMMIT ] ──► answers ──► publish

Commands that arrive while a transaction is on its way to disk share the next one: one fsync for all of them.
Commit order is the order of events, because nobody else writes. An answer is given after COMMIT, and never
waits for the fan-out. If its greenlet ever dies, the process exits: a server that takes writes and tells no one is
worse than none.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Flag

from ..domain.commands import Answer, Command, World, decide
from ..domain.events import Event
from ..domain.refusals import Refusal
from ..errors import Problem, unavailable
from ..timekeeping import Clock, Jump
from .base import Failed, TooLarge, Transaction, Transactions

log = logging.getLogger("pedidos.writer")

T = TypeVar("T")

MAX_WAITING = 5_000
MAX_BATCH = 500
AFTER_SOCKETS = -2
"""Priority of a watcher that libev calls when it has called those of all sockets of this turn."""


Result = tuple[Any, BaseException | None]


class Writer:
    """``publish`` is given each transaction's events, in commit order."""

    def __init__(self, transactions: Transactions, publish: Callable[[list[Event]], None], clock: Clock) -> None:
        self._transactions = transactions
        self.clock = clock
        self._publish = publish
        self._waiting: deque[tuple[Command, AsyncResult]] = deque()
        self._tasks: deque[tuple[Callable[[Transaction], Any], AsyncResult]] = deque()
        self._background: deque[tuple[Callable[[Transaction], Any], AsyncResult]] = deque()
        self._wake = Flag()
        self._closing = False
        self._last_failure: str | None = None
        self._no_use: Problem | None = None
        """Why the last batch failed, where nothing else would have gone better: who waits beside it need not wait as
        long again."""
        self.transactions = 0
        self.commands = 0
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.link_exception(_die)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def clock_jump(self) -> Jump | None:
        """The last time that the wall clock was set; None where it has only gone on."""
        return self.clock.jump

    @property
    def last_failure(self) -> str | None:
        """Why the last transaction failed; None once one has succeeded again."""
        return self._last_failure

    def submit(self, command: Command) -> Answer:
        """Carries a command out, and returns after the COMMIT.

        Raises its Refusal, or Problem (503) when too many wait, the server is shutting down, or the database cannot
        be written.
        """
        answer: Answer = self._queue(self._waiting, command)
        return answer

    def run(self, work: Callable[[Transaction], T], *, background: bool = False) -> T:
        """Runs ``work`` on the connection that writes, in a transaction of its own: what is no change of an order.

        ``background`` work runs when nothing else waits. Raises what ``work`` raises, and what ``submit`` does.
        """
        result: T = self._queue(self._background if background else self._tasks, work)
        return result

    def _queue(self, queue: deque[Any], entry: Any) -> Any:
        if self._closing:
            raise unavailable("O servidor está reiniciando. Tente de novo em instantes.", 2)
        if len(queue) >= MAX_WAITING:
            raise unavailable("Há gravações demais na fila. Tente de novo em instantes.", 2)
        done = AsyncResult()
        queue.append((entry, done))
        self._wake.set()
        return done.get()

    def close(self, seconds: float = 1.0) -> bool:
        """Takes no more commands, and returns when those that wait are committed and answered.

        False where that takes longer than ``seconds``, because another program keeps the database locked: those that
        wait get 503, those in the transaction no answer, as nobody knows yet what it will be.
        """
        self._closing = True
        self._wake.set()
        self._greenlet.join(seconds)
        if not self._greenlet.dead:
            log.error("closing while the database takes no writes", extra={"waiting": len(self._waiting)})
            problem = unavailable("O servidor está reiniciando. Tente de novo em instantes.", 2)
            self._refuse((self._waiting, self._tasks, self._background), problem)
            return False
        return True

    @staticmethod
    def _refuse(queues: tuple[deque[Any], ...], problem: Problem) -> None:
        for queue in queues:
            for _, done in queue:
                done.set_exception(problem)
            queue.clear()

    # ---- the greenlet: takes what waits, has it committed, answers, publishes

    def _run(self) -> None:
        while True:
            if self._waiting:
                self._gather()
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
                results, events = self._commit([command for command, _ in batch])
                # The answers are on their way first: a fan-out takes as long as the loop allows it.
                for (_, done), result in zip(batch, results, strict=True):
                    _answer(done, result)
                if events:
                    self._publish(events)
                if self._no_use is not None:
                    self._refuse((self._tasks, self._background), self._no_use)
            if self._tasks or (self._background and not self._waiting):
                work, done = (self._tasks or self._background).popleft()
                _answer(done, self._attempt(work))
            idle = not (self._waiting or self._tasks or self._background)
            if idle and self._closing:
                return
            due = self._transactions.due(idle=idle)
            if due == 0:
                self._transactions.tidy()
            elif idle:
                self._wake.wait(due)
                self._wake.clear()

    def _gather(self) -> None:
        """Comes back when the loop has looked at its sockets and no more commands have come.

        Those whose clients were answered together come one shortly after the other. Taken one by one, the first would
        have a transaction of its own, for which all others wait: two fsyncs for what needs one.
        """
        hub, found = gevent.get_hub(), 0
        while found < len(self._waiting) < MAX_BATCH:
            found = len(self._waiting)
            with hub.loop.timer(0.0, priority=AFTER_SOCKETS) as turn:
                hub.wait(turn)

    def _commit(self, commands: list[Command]) -> tuple[list[Result], list[Event]]:
        """One transaction; if that fails as a whole, one for each."""
        results: list[Result] = []

        moment, self._no_use = self.clock.moment(), None

        def decide_all(world: World) -> None:
            results.extend(_decided(world, command, moment.wall) for command in commands)

        try:
            world = self._transactions.carry_out(commands, decide_all, moment)
        except TooLarge:
            return self._in_parts(commands, (len(commands) + 1) // 2)
        except Failed as failed:
            self._note(failed, len(commands))
            self._no_use = failed.problem if failed.final else None
            if failed.final or len(commands) == 1:
                return [(None, failed.problem)] * len(commands), []
            return self._in_parts(commands, 1)
        self._last_failure = None
        self.transactions += 1
        self.commands += len(commands)
        return results, [change.event for change in world.changes]

    def _in_parts(self, commands: list[Command], size: int) -> tuple[list[Result], list[Event]]:
        results: list[Result] = []
        events: list[Event] = []
        for start in range(0, len(commands), size):
            some, their_events = self._commit(commands[start : start + size])
            results += some
            events += their_events
        return results, events

    def _attempt(self, work: Callable[[Transaction], Any]) -> Result:
        try:
            value = self._transactions.run(work)
        except Failed as failed:
            self._note(failed, 1)
            return None, failed.problem
        except Exception as error:  # noqa: BLE001 (raised where the work came from)
            return None, error
        self._last_failure = None
        self.transactions += 1
        return value, None

    def _note(self, failed: Failed, commands: int) -> None:
        if self._last_failure != str(failed):  # a full disk would fail thousands of times a minute
            log.error("transaction failed", extra={"commands": commands, "error": failed})
        self._last_failure = str(failed)


def _decided(world: World, command: Command, now: str) -> Result:
    try:
        return decide(world, command, now), None
    except Refusal as refusal:
        return None, refusal
    except Exception as error:
        log.exception("command failed", extra={"command": type(command).__name__})
        return None, error


def _answer(done: AsyncResult, result: Result) -> None:
    value, error = result
    if error is None:
        done.set(value)
    else:
        done.set_exception(error)


def _die(greenlet: gevent.Greenlet) -> None:
    log.critical("the writer died; exiting", exc_info=greenlet.exception)
    logging.shutdown()
    os._exit(70)
