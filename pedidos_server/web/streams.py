"""The two streams: ``/ws/pedidos`` (WebSocket) and ``/sse/pedidos`` (Server-Sent Events).

A request is judged, with its cursor; then the socket leaves the WSGI server and belongs to the hub.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import flask_sock
from flask import Flask
from gevent.event import AsyncResult
from werkzeug.exceptions import MethodNotAllowed

from ..domain.events import Cursor
from ..domain.roles import NOBODY, Principal, Role
from ..errors import Problem, invalid_fields, unavailable
from ..storage.base import Database
from ..stream.connection import Subscription
from ..stream.encoders import Transport
from ..stream.hub import Hub, Start
from ..stream.sse import SseTransport
from ..stream.websocket import WebSocketTransport
from .guard import Needs, needed
from .hijack import hijack
from .middleware import CommonHeaders
from .replies import Reply
from .requests import Call, Environ
from .routes import UPGRADE, route

STREAM = Needs(Role.LEITURA, is_stream=True)
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

    ``common_headers`` adds to an SSE stream's headers what every answer carries.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        common_headers: CommonHeaders,
        max_subscribers: int,
        max_message: int,
        max_streams: int,
    ) -> None:
        self._database, self._hub, self._add_common_headers = database, hub, common_headers
        self._max_subscribers, self._max_streams = max_subscribers, max_streams
        self._websocket, self._sse = WebSocketTransport(max_message), SseTransport()
        self._looks: dict[Cursor, AsyncResult] = {}

    def resolve_start(self, principal: Principal, cursor: str | None) -> Start:
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
                look.set(self._database.can_resume(cursor))
            except BaseException as error:
                look.set_exception(error)
                raise
            finally:
                del self._looks[cursor]
        found: bool = look.get()
        return found

    @route(UPGRADE, "/ws/pedidos", STREAM)
    def stream_websocket(self, call: Call) -> None:
        check_upgrade(call.environ)
        start = self.resolve_start(call.principal, call.query().get("cursor"))
        self._hand_over(call, start, self._websocket, switching_protocols(call.environ))

    @route("GET", "/ws/pedidos", Needs(Role.LEITURA, is_empty=True))
    def upgrade_required(self, call: Call) -> Reply:
        raise Problem(
            426,
            "Só WebSocket",
            "Este endereço só aceita WebSocket. Onde WebSockets são bloqueados, use /sse/pedidos.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    @route("GET", "/sse/pedidos", STREAM)
    def stream_sse(self, call: Call) -> Reply | None:
        query = call.query()
        heartbeat = sse_heartbeat(query.get("batimento"))
        # An EventSource repeats its first address on every reconnect, so the header is the newer word.
        start = self.resolve_start(call.principal, call.environ.get("HTTP_LAST_EVENT_ID", query.get("cursor")))
        if call.environ["REQUEST_METHOD"] == "HEAD":
            return Reply(200, b"", *_SSE_HEADERS)
        headers = list(_SSE_HEADERS)
        self._add_common_headers(headers, call.environ)
        head = "\r\n".join(("HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers), "", ""))
        self._hand_over(call, start, self._sse, head.encode("latin-1"), heartbeat)
        return None

    def _hand_over(
        self, call: Call, start: Start, transport: Transport, head: bytes, heartbeat: int | None = None
    ) -> None:
        sock, unread = hijack(call.environ)
        stream = Subscription(transport, sock, call.environ.get("REMOTE_ADDR", ""), call.principal, heartbeat)
        self._hub.subscribe(stream, start, head, unread)


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
    """What flask-sock makes of an upgrade, in the place of simple-websocket's server: nothing, as the router has
    answered each GET. That one would write the 101 itself, and read in a thread."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.mode = "gevent"
        """How flask-sock ends the request: with nothing more to send."""

    def close(self) -> None:
        pass


flask_sock.Server = Handshake


def register_websocket(app: Flask) -> None:
    """Flask's rule for the upgrade, which answers what is no GET."""

    @flask_sock.Sock(app).route("/ws/pedidos", endpoint="stream_websocket_upgrade")
    @needed(STREAM)
    def refuse(_: Handshake) -> None:
        raise MethodNotAllowed(["GET"])  # RFC 6455, 4.1


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
