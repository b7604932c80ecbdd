"""The two streams: ``/ws/pedidos`` (WebSocket) and ``/sse/pedidos`` (Server-Sent Events).

A request is judged, with its cursor; then the socket leaves the WSGI server and belongs to the hub.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import flask_sock
from flask import Blueprint, Flask, Response, request
from gevent.event import AsyncResult
from werkzeug.exceptions import MethodNotAllowed

from ..domain.events import Cursor
from ..domain.roles import NOBODY, Principal
from ..errors import Problem, invalid_fields, unavailable
from ..storage import event_log
from ..storage.sqlite.database import Database
from ..stream.connection import Subscription
from ..stream.encoders import Transport
from ..stream.hub import Hub, Start
from ..stream.sse import SseTransport
from ..stream.websocket import WebSocketTransport
from .guard import principal
from .hijack import take_socket
from .middleware import Completion
from .requests import Environ

SUBPROTOCOL = "pedidos.v1"
"""The one that is answered; a browser may send its token as another."""
HEARTBEATS = range(1, 26)
"""Seconds between heartbeats that a client may ask for."""
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


_SSE_HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
    ("X-Accel-Buffering", "no"),
)


class Streams:
    """From a request that the guard has let in to the hand-over of its socket.

    ``complete`` adds to an SSE stream's headers what every answer carries.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        complete: Completion,
        max_subscribers: int,
        max_message: int,
        max_streams: int,
    ) -> None:
        self._database, self._hub, self._complete = database, hub, complete
        self._max_subscribers, self._max_streams = max_subscribers, max_streams
        self._websocket, self._sse = WebSocketTransport(max_message), SseTransport()
        self._looks: dict[Cursor, AsyncResult] = {}

    def judge(self, principal: Principal, cursor: str | None) -> Start:
        """Where the stream begins. The database decides, not the hub: a commit that the hub has yet to publish is
        already a place to resume from, and an event that was pruned is none, even while the tail still has it.

        Raises Problem 429 or 503.
        """
        self._check_room(principal)
        if cursor is None:
            return Start()
        named = Cursor.parse(cursor)
        if named is None:
            return Start(refused=True)
        found = self._can_resume(named)
        self._check_room(principal)  # others have come while the database was asked
        return Start(named) if found else Start(refused=True)

    def _check_room(self, principal: Principal) -> None:
        if len(self._hub) >= self._max_subscribers:
            raise unavailable(
                f"O servidor já tem {self._max_subscribers} conexões em tempo real, o seu limite "
                "(PEDIDOS_MAX_SUBSCRIBERS).",
                10,
            )
        if principal is not NOBODY and self._hub.streams_of(principal) >= self._max_streams:
            raise Problem(
                429,
                "Conexões demais",
                f"Este token já tem {self._max_streams} conexões em tempo real, o seu limite (PEDIDOS_MAX_STREAMS).",
                headers={"Retry-After": "10"},
            )

    def _can_resume(self, cursor: Cursor) -> bool:
        """One look into the database for all who ask the same while it lasts: thousands do after a restart. Who knows
        a cursor knows it from its commit, so a look that began before they asked has seen it too."""
        look = self._looks.get(cursor)
        if look is None:
            look = self._looks[cursor] = AsyncResult()
            try:
                look.set(self._database.read(lambda connection: event_log.can_resume(connection, cursor)))
            except BaseException as error:
                look.set_exception(error)
                raise
            finally:
                del self._looks[cursor]
        found: bool = look.get()
        return found

    def open_websocket(self, environ: Environ, principal: Principal, cursor: str | None) -> None:
        """Raises Problem 400 or 426 for a handshake that is none, and what ``judge`` raises."""
        check_upgrade(environ)
        start = self.judge(principal, cursor)
        self._hand_over(environ, principal, start, self._websocket, switching_protocols(environ))

    def open_sse(self, environ: Environ, principal: Principal, start: Start, heartbeat: int | None = None) -> None:
        headers = list(_SSE_HEADERS)
        self._complete(headers, environ)
        head = "\r\n".join(("HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers), "", ""))
        self._hand_over(environ, principal, start, self._sse, head.encode("latin-1"), heartbeat)

    def _hand_over(
        self,
        environ: Environ,
        principal: Principal,
        start: Start,
        transport: Transport,
        head: bytes,
        heartbeat: int | None = None,
    ) -> None:
        sock, unread = take_socket(environ)
        stream = Subscription(transport, sock, environ.get("REMOTE_ADDR", ""), principal, heartbeat)
        self._hub.subscribe(stream, start, head, unread)


def sse_cursor(environ: Environ, in_query: str | None) -> str | None:
    """An EventSource repeats its first address on every reconnect, so the header is the newer word."""
    last_seen: str | None = environ.get("HTTP_LAST_EVENT_ID", in_query)
    return last_seen


def sse_heartbeat(in_query: str | None) -> int | None:
    """Seconds between the comments of an SSE stream, as ``?batimento=`` asks, in bounds; None for the server's own.

    Some proxies hold each piece of an answer back until the next one comes: a comment releases the event before it.
    Raises Problem 422."""
    if in_query is None:
        return None
    if not (in_query.isascii() and in_query.isdigit()):
        raise invalid_fields([{"campo": "batimento", "mensagem": "Use um número inteiro de segundos, de 1 a 25."}])
    return min(max(int(in_query[:9]), HEARTBEATS.start), HEARTBEATS.stop - 1)


class Handshake:
    """What flask-sock makes of an upgrade, in the place of simple-websocket's server.

    That one would write the 101 by itself, through wsproto and h11, for most of what a new connection costs, and read
    in a thread. Here the 101 leaves in one packet with the first message, and the hub reads.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self.mode = "gevent"
        """How flask-sock ends the request: with nothing more to send."""

    def close(self) -> None:
        pass


flask_sock.Server = Handshake


class StreamResponse(Response):
    """Begins the stream in the place of an answer."""

    def __init__(self, begin: Callable[[Environ], None]) -> None:
        super().__init__(status=200, headers=list(_SSE_HEADERS))
        self._begin = begin

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        self._begin(environ)
        return []


def register_realtime(app: Flask, streams: Streams) -> None:
    upgrades = Blueprint("websocket", __name__)
    addresses = Blueprint("streams", __name__)
    sock = flask_sock.Sock()

    @sock.route("/ws/pedidos", bp=upgrades)
    def stream_websocket(_: Handshake) -> None:
        if request.method != "GET":  # RFC 6455, 4.1
            raise MethodNotAllowed(["GET"])
        streams.open_websocket(request.environ, principal(), request.args.get("cursor"))

    @addresses.get("/ws/pedidos")
    def upgrade_required() -> Response:
        raise Problem(
            HTTPStatus.UPGRADE_REQUIRED,
            "Só WebSocket",
            "Este endereço só aceita WebSocket. Onde WebSockets são bloqueados, use /sse/pedidos.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    @addresses.get("/sse/pedidos")
    def stream_sse() -> Response:
        who = principal()
        heartbeat = sse_heartbeat(request.args.get("batimento"))
        start = streams.judge(who, sse_cursor(request.environ, request.args.get("cursor")))
        return StreamResponse(lambda environ: streams.open_sse(environ, who, start, heartbeat))

    app.register_blueprint(upgrades)
    app.register_blueprint(addresses)


def is_upgrade(environ: Environ) -> bool:
    """True where a WebSocket is asked for, well or badly."""
    tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
    return environ.get("HTTP_UPGRADE", "").lower() == "websocket" and any(
        token.strip() == "upgrade" for token in tokens
    )


def check_upgrade(environ: Environ) -> None:
    """The rest of RFC 6455, 4.2.1, where ``is_upgrade``. Raises Problem 400 or 426.

    Compression is not negotiated: frames are shared bytes.
    """
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip() != "13":
        raise Problem(
            426,
            "Versão de WebSocket não aceita",
            "Use a versão 13 do protocolo WebSocket.",
            headers={"Sec-WebSocket-Version": "13"},
        )
    try:
        nonce = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != 16:
        raise Problem(400, "Pedido de WebSocket inválido", "Falta ou está errado o cabeçalho Sec-WebSocket-Key.")


def switching_protocols(environ: Environ) -> bytes:
    """The answer to a handshake that ``check_upgrade`` has let pass (RFC 6455, 4.2.2)."""
    accept = base64.b64encode(
        hashlib.sha1(environ["HTTP_SEC_WEBSOCKET_KEY"].encode() + _ACCEPT, usedforsecurity=False).digest()
    )
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept.decode()}",
    ]
    offered = (protocol.strip() for protocol in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(","))
    if SUBPROTOCOL in offered:
        lines.append(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}")
    return "\r\n".join((*lines, "", "")).encode()
