"""The HTTP server of both launchers: gevent's WSGI server, made to share its places and to end in order."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from ..app import Server
from .body import Body
from .hijack import HANDLER
from .http_head import REQUEST_LINE, RequestHead
from .idle_connections import IdleConnections

log = logging.getLogger("pedidos.server")

MAX_CONNECTIONS = 2_000
"""HTTP connections at once; streams do not count, they have left the server."""
IDLE_SECONDS = 75
HEAD_SECONDS = 15
UNREAD_SECONDS = 60
"""Seconds after which a peer that takes none of its answer is given up by the kernel."""
STOP_SECONDS = 1.0
"""For the requests under way when the server ends; writes that were taken are answered in any case."""
ANSWER_SECONDS = 0.5
"""For the last answers to leave."""
TOGETHER = 64 * 1024
"""Bytes of a body that leave in one packet with the head: pywsgi would wake the client for the head alone."""


class Handler(WSGIHandler):
    """Lets a stream take the connection over, without Nagle's delay, and gives slow peers up."""

    def __init__(self, sock: Any, address: Any, server: Any, rfile: Any = None) -> None:
        super().__init__(sock, address, server, rfile)
        if sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
        self.peer = str(address[0]) if isinstance(address, tuple) and address else ""

    def handle(self) -> None:
        idle: IdleConnections = self.server.idle
        idle.make_room()
        idle.open += 1
        try:
            with suppress(OSError):  # to say that a request was bad, to somebody who is gone
                super().handle()
        finally:
            idle.open -= 1
            idle.work(self)

    def MessageClass(self, stream: Any, *_: Any) -> RequestHead:
        return RequestHead(stream)

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.headers.fields:
            key = name.replace("-", "_").upper()
            if "_" not in name and key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield f"HTTP_{key}", value

    def read_requestline(self) -> str:
        self.between_requests = True
        self.server.idle.wait(self, IDLE_SECONDS)
        if self.server.closed:
            self.server.idle.evict_between_requests()
        line: str = super().read_requestline()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        if not REQUEST_LINE.fullmatch(raw_requestline):
            raise ValueError("malformed request line")
        self.between_requests = False
        self.server.idle.wait(self, HEAD_SECONDS)
        try:
            done: bool = super().read_request(raw_requestline)
        except OSError:
            raise ValueError("connection lost in the request head") from None  # of others pywsgi prints a traceback
        self.server.idle.work(self)
        return done

    def handle_error(self, kind: Any, value: Any, traceback: Any) -> None:
        if issubclass(kind, gevent.GreenletExit):  # shut down while it waited: no answer is truer than a wrong one
            self.close_connection = True
        else:
            super().handle_error(kind, value, traceback)

    def log_request(self) -> None:
        """Nothing: the application has a line for each request."""

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[HANDLER] = self
        environ.setdefault("REMOTE_ADDR", "")  # over a Unix socket
        plain = self.wsgi_input
        self.wsgi_input = body = Body(self, plain)
        if environ["wsgi.input"] is plain:
            environ["wsgi.input"] = body
        return environ

    def _write_with_headers(self, data: bytes) -> None:
        if len(data) > TOGETHER:
            super()._write_with_headers(data)
            return
        self._answer = bytearray()
        super()._write_with_headers(data)
        answer, self._answer = self._answer, None
        super()._sendall(answer)

    def _sendall(self, data: bytes) -> None:
        if self._answer is None:
            super()._sendall(data)
        else:
            self._answer += data

    def finalize_headers(self) -> None:
        if self.server.closed and not self.close_connection:
            self.close_connection = True
            self.response_headers.append((b"Connection", b"close"))
        super().finalize_headers()

    socket: Any
    wsgi_input: Any
    between_requests = True
    """Nothing of a request has been read."""
    _answer: bytearray | None = None
    """What leaves together, while it is put together."""

    def release(self) -> tuple[Any, bytes]:
        """The connection's socket, and what was read behind the request. The server forgets both.

        Raises OSError where the peer is gone already.
        """
        self.close_connection = True
        self.socket.settimeout(0.0)
        unread = self.rfile.peek()  # what is buffered, and what arrived meanwhile; never waits
        sock, self.socket = self.socket, None
        return sock, bytes(unread)


class _ErrorLog:
    """pywsgi's error log as lines of ours: bad requests are the peer's fault, so they are information."""

    def write(self, message: str) -> None:
        if message.strip():
            log.info("bad request", extra={"detail": message.strip()[:200]})


class HttpServer(WSGIServer):
    """Serves ``application`` on a listening socket. ``started`` with ``start()``, ended by ``end_in_order``."""

    def __init__(self, listener: Any, application: Server) -> None:
        super().__init__(
            listener,
            application.app,
            spawn=Pool(MAX_CONNECTIONS),
            handler_class=Handler,
            log=None,
            error_log=_ErrorLog(),
        )
        self.idle = IdleConnections(crowded=MAX_CONNECTIONS * 3 // 4)
        self._keeper = gevent.spawn(self._keep_time)

    def _keep_time(self) -> None:
        while True:
            gevent.sleep(1)
            self.idle.evict_overdue()

    def close(self) -> None:
        """Accepts no more than has come by now. Connections that wait for a request end, the others with the answer
        under way."""
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
