"""``pedidos serve``: the application on gevent's own WSGI server, which also runs on Windows."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import gevent
from gevent.event import Event as Flag
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler

from .app import Server, settle
from .crowding import Body, CrowdServer, Places
from .errors import StartupError
from .http_head import REQUEST_LINE, RequestHead
from .transports.handover import HANDLER

log = logging.getLogger("pedidos.server")

BACKLOG = 4096
MAX_REQUESTS = 2_000
"""HTTP connections at once; streams do not count, they have left the server."""
IDLE_SECONDS = 75
HEAD_SECONDS = 15
UNREAD_SECONDS = 60
"""Seconds after which a peer that takes none of its answer is given up by the kernel."""
STOP_SECONDS = 1.0
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
        places: Places = self.server.places
        places.make_room()
        places.taken += 1
        try:
            with suppress(OSError):  # to say that a request was bad, to somebody who is gone
                super().handle()
        finally:
            places.taken -= 1
            places.work(self)

    def MessageClass(self, stream: Any, *_: Any) -> RequestHead:
        return RequestHead(stream)

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.headers.fields:
            key = name.replace("-", "_").upper()
            if "_" not in name and key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield f"HTTP_{key}", value

    def read_requestline(self) -> str:
        self.server.places.wait(self, IDLE_SECONDS)
        line: str = super().read_requestline()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        if not REQUEST_LINE.fullmatch(raw_requestline):
            raise ValueError("malformed request line")
        self.server.places.wait(self, HEAD_SECONDS)
        try:
            done: bool = super().read_request(raw_requestline)
        except OSError:
            raise ValueError("connection lost in the request head") from None  # of others pywsgi prints a traceback
        self.server.places.work(self)
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

    socket: Any
    wsgi_input: Any
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


def serve(server: Server, host: str, port: int, announce: Callable[[int], None]) -> None:
    """Serves until SIGINT or SIGTERM, then ends in order. ``announce`` is told the port that was bound.

    Raises StartupError where the address cannot be bound.
    """
    http = CrowdServer(
        _listener(host, port),
        server.app,
        spawn=Pool(MAX_REQUESTS),
        handler_class=Handler,
        log=None,
        error_log=_ErrorLog(),
        crowded=MAX_REQUESTS * 3 // 4,
    )
    stop = Flag()
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: stop.set())
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, stop.set)
    settle()
    http.start()
    announce(http.server_port)
    stop.wait()
    log.info("stopping", extra={"streams": len(server.hub)})
    http.close()  # accepts no more; what is under way may end
    http.pool.join(timeout=STOP_SECONDS)
    server.close()
    http.stop(timeout=0)
    log.info("stopped")


_REFUSALS = {
    errno.EADDRINUSE: "a porta já está em uso. Escolha outra com --port (0: uma livre), ou pare quem a usa",
    errno.EACCES: "o sistema não permite. Portas abaixo de 1024 pedem privilégio: use outra, ou um proxy à frente",
}
"""Why an address cannot be bound. The other errors, of names as well, say that it is none of this machine's."""


def _listener(host: str, port: int) -> Any:
    from gevent import socket as gevent_socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = gevent_socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0, "este computador não tem este endereço: veja --host")
        raise StartupError(f"Não consigo escutar em {host}:{port}: {reason}.") from None
    listener.listen(BACKLOG)
    return listener
