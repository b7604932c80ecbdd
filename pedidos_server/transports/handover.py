"""Taking a connection's socket away from the WSGI server that accepted it.

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
"""Key under which the embedded server's request handler stands in the WSGI environment."""


def take_socket(environ: Mapping[str, Any]) -> tuple[socket.socket, bytes]:
    """The bare non-blocking socket of this request's connection, and what was read behind the request.

    The WSGI server must do nothing more with the connection: end the request with ``finish``.
    Raises Problem 501 on a server that gives no access to its socket.
    """
    if HANDLER in environ:
        sock, unread = environ[HANDLER].release()
    elif "gunicorn.socket" in environ:
        sock = environ["gunicorn.socket"]
        unread = environ["wsgi.input"].reader.unreader.buf.getvalue()
    else:
        raise Problem(
            501,
            "Servidor sem tempo real",
            "Este servidor WSGI não serve para conexões em tempo real: use 'pedidos serve' ou gunicorn "
            "com o worker gevent.",
        )
    return _socket.socket(fileno=sock.detach()), unread  # type: ignore[return-value]


def finish(environ: Mapping[str, Any]) -> list[bytes]:
    """What a WSGI application returns after ``take_socket``."""
    if "gunicorn.socket" in environ:
        raise StopIteration  # how gunicorn is told that nothing is to be sent
    return []
