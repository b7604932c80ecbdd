"""Taking a connection's socket over from the HTTP server that accepted it.

The descriptor is detached, not duplicated: with the old one still in epoll, each event would make libev rebuild
its whole set.
"""

from __future__ import annotations

import _socket
import socket
from collections.abc import Mapping
from typing import Any

from ..errors import Problem

HANDLER = "pedidos.handler"
"""Key under which the server's request handler stands in the WSGI environment."""


def hijack(environ: Mapping[str, Any]) -> tuple[socket.socket, bytes]:
    """The bare non-blocking socket of this request's connection, and what was read behind the request.

    The application then answers nothing: it returns an empty list, and has not called ``start_response``.
    Raises Problem 501 on a server that gives no access to its socket, OSError where the peer is gone.
    """
    if HANDLER not in environ:
        raise Problem(
            501,
            "Servidor sem tempo real",
            "Este servidor WSGI não serve para conexões em tempo real: use 'pedidos serve' ou 'gunicorn wsgi:app'.",
        )
    sock, unread = environ[HANDLER].release()
    return _socket.socket(fileno=sock.detach()), unread  # type: ignore[return-value]
