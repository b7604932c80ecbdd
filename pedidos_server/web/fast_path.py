"""The requests that come by the thousand, answered without Flask: an order's change, and the beginning of a stream.

Flask's way to a view and back (contexts, URL matching, request and response objects) takes longer than all else that
such a request needs. Here the same guard, schema, writer and hand-over are called with the WSGI environment alone.
Only a request in its plain form is taken; any other goes to Flask's route for it, which calls the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from ..domain.commands import Answer
from ..domain.order import PedidoMudanca
from ..domain.roles import Principal
from ..storage.writer import Writer
from .guard import Guard
from .orders import PREFIX, change_order, status_and_headers
from .problems import error_response
from .requests import Environ, in_time, incomplete, json_object
from .streams import Streams, is_upgrade, sse_cursor

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_ORDER = re.compile(re.escape(PREFIX) + "/([0-9]{1,18})")
_JSON = re.compile("application/json(; ?charset=utf-8)?", re.IGNORECASE)
_CURSOR = re.compile("(?:cursor=([0-9a-f-]+))?")
"""A query with nothing in it to decode."""
_NOT_PLAIN = ("HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_UPGRADE")


class FastPath:
    """``application`` is Flask's. ``max_body`` is the largest body that it takes, in bytes."""

    def __init__(
        self, application: WSGIApplication, guard: Guard, writer: Writer, streams: Streams, max_body: int
    ) -> None:
        self._application, self._guard, self._writer, self._streams = application, guard, writer, streams
        self._max_body = max_body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        handle = self._handler(environ)
        if handle is None:
            return self._application(environ, start_response)
        try:
            answer = handle(environ)
        except Exception as error:  # noqa: BLE001 (answered, and logged where it is ours)
            return error_response(error, environ)(environ, start_response)
        if answer is None:  # the socket has another owner now
            return []
        status, own = status_and_headers(answer)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body)))]
        headers += [("Cache-Control", "no-cache"), *own.items()]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [answer.body]

    def _handler(self, environ: WSGIEnvironment) -> Callable[[Environ], Answer | None] | None:
        """What answers this request, if it is one of those, in its plain form."""
        method, path, query = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if method == "PATCH" and not query and _ORDER.fullmatch(path) and self._is_plain_json(environ):
            return self._change_order
        if method == "GET" and _CURSOR.fullmatch(query):
            if path == "/ws/pedidos" and is_upgrade(environ):
                return self._open_websocket
            if path == "/sse/pedidos" and "HTTP_UPGRADE" not in environ:
                return self._open_sse
        return None

    def _is_plain_json(self, environ: WSGIEnvironment) -> bool:
        length = environ.get("CONTENT_LENGTH", "")
        return (
            length.isdecimal()
            and int(length) <= self._max_body
            and _JSON.fullmatch(environ.get("CONTENT_TYPE", "")) is not None
            and not any(name in environ for name in _NOT_PLAIN)
        )

    def _change_order(self, environ: Environ) -> Answer:
        principal = self._admit(environ, "orders.update_order")
        length = int(environ["CONTENT_LENGTH"])
        raw = in_time(environ, lambda: environ["wsgi.input"].read(length), length)
        if len(raw) < length:
            raise incomplete()
        self._guard.still_admits(principal)
        body = PedidoMudanca.model_validate(json_object(raw))
        pedido_id = int(environ["PATH_INFO"].rpartition("/")[2])
        return change_order(self._writer, environ, principal, pedido_id, body, lambda: raw)

    def _open_websocket(self, environ: Environ) -> None:
        principal = self._admit(environ, "websocket.stream_websocket")
        self._streams.open_websocket(environ, principal, _cursor(environ))

    def _open_sse(self, environ: Environ) -> None:
        principal = self._admit(environ, "streams.stream_sse")
        start = self._streams.judge(principal, sse_cursor(environ, _cursor(environ)))
        self._streams.open_sse(environ, principal, start)

    def _admit(self, environ: Environ, endpoint: str) -> Principal:
        return cast("Principal", self._guard.admit(environ, endpoint))  # none of these is public


def _cursor(environ: Environ) -> str | None:
    found = _CURSOR.fullmatch(environ.get("QUERY_STRING", ""))
    return found[1] if found else None
