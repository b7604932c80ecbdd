"""``pedidos serve``: the server in this process; also runs on Windows."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event as Flag

from ..app import Server, freeze_gc
from ..errors import StartupError
from .http_server import HttpServer, end_in_order

BACKLOG = 4096


def serve(server: Server, host: str, port: int, announce: Callable[[int], None]) -> None:
    """Serves until SIGINT or SIGTERM, then ends in order. ``announce`` is told the port that was bound.

    Raises StartupError where the address cannot be bound.
    """
    http = HttpServer(_listener(host, port), server)
    stop = Flag()
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: stop.set())
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, stop.set)
    freeze_gc()
    http.start()
    announce(http.server_port)
    stop.wait()
    end_in_order([http], server)


_REFUSALS = {
    errno.EADDRINUSE: "a porta já está em uso. Escolha outra com --port (0: uma livre), ou pare quem a usa",
    errno.EACCES: "o sistema não permite. Portas abaixo de 1024 pedem privilégio: use outra, ou um proxy à frente",
}
"""Why an address cannot be bound. Any other error says that this machine does not have the address."""


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
