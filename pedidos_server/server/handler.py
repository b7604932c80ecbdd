"""One HTTP connection: its requests, one after the other, and their answers. pywsgi's handler, which calls the
application, with heads, bodies and sends that are bounded."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote

import gevent
from gevent.pywsgi import WSGIHandler

from ..errors import Problem
from ..sockets import reset_on_close
from ..web.hijack import HANDLER
from ..web.problems import problem_reply
from .body import KEEP_BYTES, Body
from .http_head import MAX_HEAD, BadHead, environ_of, split_request_line
from .idle_connections import IdleConnections, Wait
from .reader import TURN_BYTES, Reader, give_way

IDLE_SECONDS = 75
"""Between two requests."""
HEAD_SECONDS = 15
SEND_SECONDS = 30
"""For each 64 KB of an answer to be taken."""
DRAIN_BYTES = 32 * 1024 * 1024
"""Of a body that was refused: most clients send all of it before they look at the answer."""
DRAIN_SECONDS = 10
TOGETHER = 64 * 1024
"""Bytes of a body that leave in one packet with the head: pywsgi would wake the client for the head alone."""

_DRAIN = bytearray(64 * 1024)
"""Where what nobody wants goes, of all connections."""
_REFUSALS = {
    400: ("Requisição inválida", "O servidor não entendeu a requisição."),
    414: ("Endereço longo demais", "O endereço da requisição é longo demais."),
    431: (
        "Cabeçalhos grandes demais",
        "Os cabeçalhos passam de 64 KB, um deles de 8 KB, ou são mais de cem.",
    ),
    501: ("Codificação não aceita", "Envie o corpo com Content-Length, ou com 'Transfer-Encoding: chunked'."),
}


class Handler(WSGIHandler):
    """One connection: reads its requests, bounds what they take, and lets a stream take the socket over."""

    socket: Any
    rfile: Reader
    wsgi_input: Any
    waits_for: Wait | None = None
    _lines = b""
    """The header fields of the head that was read."""
    _whole = False
    """The head has its end."""
    _answer: bytearray | None = None
    """What leaves together, while it is put together."""

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        super().__init__(sock, address, server, Reader(self))
        self.peer = str(address[0]) if isinstance(address, tuple) and address else ""

    # ---- the connection

    def handle(self) -> None:
        idle: IdleConnections = self.server.idle
        idle.make_room()
        idle.open += 1
        try:
            with suppress(OSError):  # of somebody who is gone
                while (result := self.handle_one_request()) is True:
                    pass
                if result is not None:
                    self._sendall(_refusal(int(result[0])))
                if self.socket is not None and (result is not None or (self.wsgi_input and self.wsgi_input.left)):
                    self._read_past()
        finally:
            idle.open -= 1
            idle.work(self)
            if self.socket is not None:
                self.socket.close()

    def give_up(self) -> None:
        """Whoever waits for this peer is woken: who reads gets what has come, then the end; who sends, an error."""
        with suppress(OSError):
            if self.waits_for is Wait.ROOM:
                reset_on_close(self.socket)
                self.socket.shutdown(socket.SHUT_RDWR)
            else:
                self.socket.shutdown(socket.SHUT_RD)

    def release(self) -> tuple[Any, bytes]:
        """The connection's socket, and what was read behind the request. The server forgets both."""
        self.close_connection = True
        sock, self.socket = self.socket, None
        return sock, self.rfile.take(len(self.rfile))

    def _read_past(self) -> None:
        """Half-closes, and reads on for a while: closed with something unread, the connection would be reset, and the
        answer lost with it (RFC 9112, 9.6)."""
        self.socket.shutdown(socket.SHUT_WR)
        self.server.idle.wait(self, Wait.END, DRAIN_SECONDS)
        taken = 0
        while taken < DRAIN_BYTES and (size := self.socket.recv_into(_DRAIN)):
            if (taken + size) // TURN_BYTES > taken // TURN_BYTES:
                give_way()
            taken += size

    # ---- the request

    def read_requestline(self) -> str:
        idle: IdleConnections = self.server.idle
        idle.wait(self, Wait.REQUEST, IDLE_SECONDS)
        if self.server.closed:
            idle.evict_between_requests()
        if self.requestline is not None:  # not the first
            self.rfile.wait_for_next()
        if not len(self.rfile) and not self.rfile.receive():
            return ""
        idle.wait(self, Wait.HEAD, HEAD_SECONDS)
        head = self.rfile.head()
        idle.work(self)
        self._whole = head.endswith((b"\n\r\n", b"\n\n"))
        line, _, lines = head.lstrip(b"\r\n").partition(b"\n")
        self._lines = lines.removesuffix(b"\n").removesuffix(b"\r") if self._whole else lines
        return line.removesuffix(b"\r").decode("latin-1")

    def read_request(self, raw_requestline: str) -> bool:
        """Raises BadHead for a request that is none."""
        if not self._whole and len(self._lines) <= MAX_HEAD:
            raise BadHead("connection lost in the request head")
        self.command, self.path, self.request_version = split_request_line(raw_requestline)
        fields = self._fields = environ_of(self._lines)
        if self.request_version == "HTTP/1.0" and "HTTP_TRANSFER_ENCODING" in fields:  # RFC 9112, 6.1
            raise BadHead("chunks in HTTP/1.0")
        if self.command == "HEAD" and int(fields.get("CONTENT_LENGTH") or 0):
            raise BadHead("a body behind HEAD")
        connection = fields.get("HTTP_CONNECTION", "").lower()
        self.close_connection = connection == "close" or (
            self.request_version != "HTTP/1.1" and connection != "keep-alive"
        )
        return True

    def get_environ(self) -> dict[str, Any]:
        fields = self._fields
        path, _, query = self.path.partition("?")
        length = fields.get("CONTENT_LENGTH")
        expects = self.request_version == "HTTP/1.1" and fields.get("HTTP_EXPECT", "").lower() == "100-continue"
        chunked = "HTTP_TRANSFER_ENCODING" in fields
        self.wsgi_input = Body(self, int(length) if length else None, chunked=chunked, expects=expects)
        environ: dict[str, Any] = self.server.get_environ()
        environ |= fields
        environ |= {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.peer,
            "wsgi.input": self.wsgi_input,
            "wsgi.input_terminated": True,
            HANDLER: self,
        }
        return environ

    def handle_one_response(self) -> None:
        try:
            super().handle_one_response()
        finally:
            self.server.bodies.forget(self.wsgi_input)
            self.environ = None  # it holds the body, and the connection may stay idle for long

    def _handle_client_error(self, error: Exception) -> tuple[str, bytes]:
        super()._handle_client_error(error)  # the line in the log
        return str(error.status if isinstance(error, BadHead) else 400), b""

    def handle_error(self, kind: Any, value: Any, traceback: Any) -> None:
        if issubclass(kind, gevent.GreenletExit):  # shut down while it waited: no answer is truer than a wrong one
            self.close_connection = True
        else:
            super().handle_error(kind, value, traceback)

    def log_request(self) -> None:
        """Nothing: the application has a line for each request."""

    # ---- the answer

    def finalize_headers(self) -> None:
        if not self.close_connection and (self.server.closed or self.wsgi_input.left > KEEP_BYTES):
            self.close_connection = True
            self.response_headers.append((b"Connection", b"close"))
        super().finalize_headers()
        self.response_use_chunked &= self.command != "HEAD"  # or pywsgi ends a body that is not there (RFC 9112, 6.3)

    def _write_with_headers(self, data: bytes) -> None:
        if len(data) > TOGETHER:
            super()._write_with_headers(data)
            return
        self._answer = bytearray()
        super()._write_with_headers(data)
        answer, self._answer = self._answer, None
        self._sendall(answer)

    def _sendall(self, data: bytes | bytearray) -> None:
        """Each piece has ``SEND_SECONDS``. Whoever does not take it waits like those who send nothing."""
        if self._answer is not None:
            self._answer += data
            return
        idle: IdleConnections = self.server.idle
        view = memoryview(data)
        try:
            for start in range(0, len(view), TOGETHER):
                idle.wait(self, Wait.ROOM, SEND_SECONDS)
                super()._sendall(view[start : start + TOGETHER])
        finally:
            idle.work(self)


def _refusal(status: int) -> bytes:
    """The answer to what is no request, with the end of its connection."""
    answer = problem_reply(Problem(status, *_REFUSALS[status]))
    body = cast("bytes", answer.body)
    headers = (*answer.headers, ("Content-Length", str(len(body))), ("Connection", "close"))
    lines = (f"HTTP/1.1 {answer.status_line}", *(f"{name}: {value}" for name, value in headers), "", "")
    return "\r\n".join(lines).encode() + body
