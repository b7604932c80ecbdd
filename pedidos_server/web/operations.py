"""What an operator asks: ``/health`` and ``/ws/stats``."""

from __future__ import annotations

import math
import time
from typing import Any

import gevent
from gevent.event import AsyncResult

from .. import __version__
from ..domain.events import encode
from ..domain.roles import Role
from ..errors import Problem
from ..storage.base import Database
from ..storage.writer import Writer
from ..stream.hub import Hub
from .descriptions import Estatisticas, Saude, answers
from .guard import PUBLIC, Needs
from .problems import PROBLEM_JSON, problem_type
from .replies import NO_STORE, Reply, json_reply
from .requests import Call
from .routes import route

PROBE_SECONDS = 0.8
"""A database that takes longer to write a little is called unhealthy; the answer comes within a second."""
STRANGERS_SECONDS = 1.0
"""A stranger is told only whether all is well, from a probe that is at most this old: each probe is a write."""
_HEALTH = answers(200, Saude, 503)
# Its ``status`` says how the server is, in trouble too.
_HEALTH[503]["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Saude"}}}
UNWELL = "O servidor não consegue gravar. O motivo aparece a quem entra com um token."


class Probe:
    """Tries to write to the database and to read from it. Whoever asks while a probe is under way gets its result."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database, self._writer = database, writer
        self._under_way: AsyncResult | None = None
        self._ended = -math.inf
        self.last: str | None = None
        """What the last one found."""

    def age(self) -> float:
        """Seconds since the last one ended."""
        return time.monotonic() - self._ended

    def __call__(self) -> str | None:
        """Why the database cannot be used; None where it can."""
        if self._under_way is not None:
            found: str | None = self._under_way.get()
            return found
        self._under_way = under_way = AsyncResult()
        try:
            self.last = self._try()
        except BaseException as error:
            under_way.set_exception(error)
            raise
        else:
            under_way.set(self.last)
        finally:
            self._under_way = None
            self._ended = time.monotonic()
        return self.last

    def _try(self) -> str | None:
        try:
            with gevent.Timeout(PROBE_SECONDS):
                self._writer.run(lambda transaction: transaction.probe())
                self._database.probe()
        except gevent.Timeout:
            return "O banco de dados não aceita gravações: está travado ou lento demais."
        except Problem as problem:
            return problem.detail
        return None


class Operations:
    """Answers what an operator asks."""

    def __init__(self, database: Database, hub: Hub, writer: Writer) -> None:
        self._database, self._hub, self._writer = database, hub, writer
        self._started = time.monotonic()
        self._probe = Probe(database, writer)

    @route("GET", "/health", PUBLIC, "Se o servidor pode gravar", responses=_HEALTH)
    def health(self, call: Call) -> Reply:
        stranger, probe, writer = call.visitor is None, self._probe, self._writer
        recent = stranger and probe.age() < STRANGERS_SECONDS and writer.last_failure is None
        trouble = probe.last if recent else probe()
        trouble = trouble or self._database.trouble()
        body: dict[str, Any] = {"status": "unhealthy" if trouble else "healthy"}
        if not stranger:
            body |= {
                "version": __version__,
                "cursor": str(self._hub.head),
                "connections": len(self._hub),
                "uptime_seconds": self._uptime(),
                "clock_jump": writer.clock_jump,
            }
        if trouble is None:
            return json_reply(encode(body), cache=NO_STORE)
        why = {"title": "Serviço indisponível", "detail": UNWELL if stranger else trouble}
        said = encode({"type": problem_type(503), **body, **why})
        return Reply(503, said, PROBLEM_JSON, NO_STORE, ("Retry-After", "5"))

    @route("GET", "/ws/stats", Needs(Role.ADMIN), "Conexões, filas e contagens", responses=answers(200, Estatisticas))
    def stats(self, call: Call) -> Reply:
        writer = self._writer
        body = self._hub.stats() | {
            "waiting_writes": writer.waiting,
            "transactions": writer.transactions,
            "writes": writer.commands,
            "last_write_failure": writer.last_failure,
            "uptime_seconds": self._uptime(),
            "version": __version__,
        }
        return json_reply(encode(body), cache=NO_STORE)

    def _uptime(self) -> float:
        return round(time.monotonic() - self._started, 1)
