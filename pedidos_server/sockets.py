"""Options of the sockets that clients are on: those of the HTTP server, and those of the streams."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def set_tcp_options(listener: Any, unacknowledged: int) -> None:
    """For the connections that it accepts, which inherit them: small answers leave at once, and the kernel gives up a
    peer whose network has acknowledged nothing for ``unacknowledged`` seconds. Unix sockets have no such options."""
    if listener.family == getattr(socket, "AF_UNIX", None):
        return
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unacknowledged * 1000)


def reset_on_close(sock: Any) -> None:
    """Closing it, or shutting it down, sends its peer a reset and drops what the kernel still holds for the peer."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
