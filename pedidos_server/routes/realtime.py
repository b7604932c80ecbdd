"""The two streams: ``/ws/pedidos`` (WebSocket) and ``/sse/pedidos`` (Server-Sent Events).

A route does what needs Flask: judge the request and the cursor. Then the socket leaves the WSGI server and
belongs to the hub.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import flask_sock
from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed

from .. import event_log
from ..auth import NOBODY, Principal
from ..database import Database
from ..edge import complete
from ..errors import Problem, unavailable
from ..hub import Hub
from ..protocol import Cursor
from ..subscription import Start, Subscription
from ..transports.handover import finish, take_socket
from ..transports.sse import SseTransport
from ..transports.websocket import WebSocketTransport
from .guard import principal


class Handshake:
    """What flask-sock makes of an upgrade, in the place of simple-websocket's server.

    That one would write the 101 by itself, through wsproto and h11, for most of what a new connection costs, and read
    in a thread. Here the 101 leaves in one packet with the first message, and the hub reads.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self.mode = "gunicorn" if "gunicorn.socket" in environ else "gevent"
        """How flask-sock ends the request."""

    def close(self) -> None:
        pass


flask_sock.Server = Handshake


class StreamResponse(Response):
    """Sends its own head on the bare socket and gives the connection to the hub."""

    def __init__(self, hub: Hub, transport: SseTransport, start: Start, principal: Principal) -> None:
        super().__init__(
            status=200,
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "Connection": "close",
                "X-Accel-Buffering": "no",
            },
        )
        self._hub, self._transport, self._start, self._principal = hub, transport, start, principal

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        headers = list(self.headers.items())
        complete(headers, environ)
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in headers)]
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        sock, unread = take_socket(environ)
        self._hub.subscribe(
            Subscription(self._transport, sock, environ.get("REMOTE_ADDR", ""), self._principal),
            self._start,
            head,
            unread,
        )
        return finish(environ)


SUBPROTOCOL = "pedidos.v1"
"""The one that is answered; a browser may send its token as another."""
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def register_realtime(
    app: Flask, database: Database, hub: Hub, max_subscribers: int, max_message: int, max_streams: int
) -> None:
    websocket, sse = WebSocketTransport(max_message), SseTransport()
    upgrades = Blueprint("websocket", __name__)
    streams = Blueprint("streams", __name__)
    sock = flask_sock.Sock()

    def judge(cursor: str | None) -> Start:
        """Where the stream begins. The database decides, not the hub: a commit that the hub has yet to publish is
        already a place to resume from, and an event that was pruned is none, even while the tail still has it."""
        if len(hub) >= max_subscribers:
            raise unavailable(
                f"O servidor já tem {max_subscribers} conexões em tempo real, o seu limite "
                "(PEDIDOS_MAX_SUBSCRIBERS).",
                10,
            )
        caller = principal()
        if caller is not NOBODY and hub.streams_of(caller) >= max_streams:
            raise Problem(
                429,
                "Conexões demais",
                f"Este token já tem {max_streams} conexões em tempo real, o seu limite (PEDIDOS_MAX_STREAMS).",
                headers={"Retry-After": "10"},
            )
        if cursor is None:
            return Start()
        named = Cursor.parse(cursor)
        if named is not None and database.read(lambda connection: event_log.can_resume(connection, named)):
            return Start(named)
        return Start(refused=True)

    @upgrades.before_request
    def check_handshake() -> None:
        if request.method != "GET":  # RFC 6455, 4.1
            raise MethodNotAllowed(["GET"])
        check_upgrade(request.headers)
        g.start = judge(request.args.get("cursor"))

    @sock.route("/ws/pedidos", bp=upgrades)
    def stream_websocket(_: Handshake) -> None:
        bare, unread = take_socket(request.environ)
        hub.subscribe(
            Subscription(websocket, bare, request.remote_addr or "", principal()),
            g.start,
            switching_protocols(request.headers),
            unread,
        )

    @streams.get("/ws/pedidos")
    def upgrade_required() -> Response:
        raise Problem(
            HTTPStatus.UPGRADE_REQUIRED,
            "Só WebSocket",
            "Este endereço só aceita WebSocket. Onde WebSockets são bloqueados, use /sse/pedidos.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    @streams.get("/sse/pedidos")
    def stream_sse() -> Response:
        # An EventSource repeats its first address on every reconnect, so the header is the newer word.
        last_seen = request.headers.get("Last-Event-ID")
        start = judge(last_seen if last_seen is not None else request.args.get("cursor"))
        return StreamResponse(hub, sse, start, principal())

    app.register_blueprint(upgrades)
    app.register_blueprint(streams)


def check_upgrade(headers: Any) -> None:
    """RFC 6455, 4.2.1. Raises Problem 400 or 426. Compression is not negotiated: frames are shared bytes."""
    if headers.get("Sec-WebSocket-Version", "").strip() != "13":
        raise Problem(
            426,
            "Versão de WebSocket não aceita",
            "Use a versão 13 do protocolo WebSocket.",
            headers={"Sec-WebSocket-Version": "13"},
        )
    tokens = [token.strip().lower() for token in headers.get("Connection", "").split(",")]
    try:
        nonce = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if "upgrade" not in tokens or len(nonce) != 16:
        raise Problem(
            400,
            "Pedido de WebSocket inválido",
            "Faltam ou estão errados os cabeçalhos Connection: Upgrade ou Sec-WebSocket-Key.",
        )


def switching_protocols(headers: Any) -> bytes:
    """The answer to a handshake that ``check_upgrade`` has let pass (RFC 6455, 4.2.2)."""
    accept = base64.b64encode(
        hashlib.sha1(headers["Sec-WebSocket-Key"].encode() + _ACCEPT, usedforsecurity=False).digest()
    )
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept.decode()}",
    ]
    offered = (protocol.strip() for protocol in headers.get("Sec-WebSocket-Protocol", "").split(","))
    if SUBPROTOCOL in offered:
        lines.append(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}")
    return "\r\n".join((*lines, "", "")).encode()
