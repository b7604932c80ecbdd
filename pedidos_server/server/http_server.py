"""The HTTP server of both launchers: gevent's WSGI server, made to share its places and to end in order."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from ..app import Server
from ..clock import RunningClock
from ..fd_limit import usable_descriptors
from ..sockets import set_tcp_options
from .body import Bodies
from .handler import Handler
from .idle_connections import IdleConnections

log = logging.getLogger("pedidos.server")

MAX_CONNECTIONS = 2_000
"""HTTP connections at once; streams do not count, they have left the server."""
UNACKNOWLEDGED_SECONDS = 60
"""After which a peer whose network acknowledges nothing is given up by the kernel, streams included."""
STOP_SECONDS = 1.0
"""For the requests under way when the server ends; writes that were taken are answered in any case."""
ANSWER_SECONDS = 0.5
"""For the last answers to leave."""
LOG_SECONDS = 10
"""Between two lines that say that no connection is accepted."""
ACCEPT_PAUSE = 0.1
"""Seconds until it tries again to accept, where the system has no room for one more connection."""

_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class _ErrorLog:
    """pywsgi's error log as lines of ours: bad requests are the peer's fault, so they are information."""

    def write(self, message: str) -> None:
        if message.strip():
            log.info("bad request", extra={"detail": message.strip()[:200]})


class HttpServer(WSGIServer):
    """Serves ``application`` on a listening socket. ``started`` with ``start()``, ended by ``end_in_order``."""

    max_accept = 8
    """New connections until the loop looks at the open ones again."""

    def __init__(self, listener: Any, application: Server) -> None:
        set_tcp_options(listener, UNACKNOWLEDGED_SECONDS)
        super().__init__(
            listener,
            application.app,
            spawn=Pool(MAX_CONNECTIONS),
            handler_class=Handler,
            log=None,
            error_log=_ErrorLog(),
        )
        self.now = RunningClock()  # read every second by _keep_time
        self.idle = IdleConnections(min(MAX_CONNECTIONS * 3 // 4, usable_descriptors() // 2), self.now)
        self.bodies = Bodies()
        self.sent_ahead = BoundedSemaphore(1)
        """Of all connections whose next request came before the last was answered, one at a time gets its turn."""
        self._full_since = 0.0
        self._keeper = gevent.spawn(self._keep_time)

    def _keep_time(self) -> None:
        while True:
            gevent.sleep(1)
            self.idle.evict_overdue()

    def do_read(self) -> Any:
        """Accepts one. Without room for it one that waits gives way, and the others go on."""
        try:
            return super().do_read()
        except ConnectionError:
            return None  # gone before it was accepted
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            if time.monotonic() - self._full_since > LOG_SECONDS:
                self._full_since = time.monotonic()
                log.warning("no connection accepted", extra={"reason": error.strerror, "open": self.idle.open})
            self.idle.evict_longest()
            self.stop_accepting()
            gevent.spawn_later(ACCEPT_PAUSE, self._start_accepting_if_started)
            return None

    def close(self) -> None:
        """Accepts no more than has come by now. What waits for a request ends, the rest with the answer under way."""
        if not self.closed:
            with suppress(OSError):
                while not self.full() and (accepted := self.do_read()):
                    self.do_handle(*accepted)
        super().close()
        self.idle.evict_between_requests()

    def stop(self, timeout: float | None = None) -> None:
        self._keeper.kill()
        super().stop(timeout)


def end_in_order(servers: Sequence[HttpServer], application: Server) -> None:
    """Answers what is under way, then ends every stream after the last event, then gives the file back."""
    log.info("stopping", extra={"streams": len(application.hub)})
    for server in servers:
        server.close()
    _join(servers, STOP_SECONDS)
    application.close()
    _join(servers, ANSWER_SECONDS)
    for server in servers:
        server.stop(timeout=0)
    log.info("stopped")


def _join(servers: Sequence[HttpServer], seconds: float) -> None:
    """Waits until all connections have ended, ``seconds`` at most."""
    with gevent.Timeout(seconds, False):
        for server in servers:
            server.pool.join()
