"""Which pages may speak to this server, and under which names it may be called.

Two attacks end here. A page of another site that a worker visits makes requests from inside the shop: its Origin is
not on the list. And it may have its own name resolve to this server's address (DNS rebinding), so that the browser
takes the two for one: that name is then in the Host header, and it is none of ours.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache

APPS = (
    "tauri://localhost",
    "http://tauri.localhost",
    "https://tauri.localhost",
    "http://localhost:5173",  # Vite's development server
)
_LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa", ".localhost")
"""Endings that nobody can register on the internet."""
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@?#\s]+)(?::([0-9]{1,5}))?")
_SCHEME = re.compile("[a-z][a-z0-9+.-]*")
_ORIGIN = re.compile(r"https?://(.+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origins:
    """``extra`` origins and ``names`` (host names, without port) are allowed besides those that always are."""

    def __init__(self, extra: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.listed = frozenset(origin.lower() for origin in (*APPS, *extra))
        own = socket.gethostname().lower()
        self._names = frozenset(name.lower().rstrip(".") for name in (*names, own))
        # Both are strings from the network: few in earnest, and bounded when not.
        self.host_allowed = lru_cache(maxsize=256)(self._host_allowed)
        self.allowed = lru_cache(maxsize=256)(self._allowed)

    def _host_allowed(self, host: str) -> bool:
        """True where ``host``, a Host header, names this server: an IP address, a local name, a configured one."""
        match = _AUTHORITY.fullmatch(host.lower())
        if match is None:
            return False
        name = match[1].strip("[]")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if match[1].startswith("[") or not _NAME.fullmatch(name):
                return False
        else:
            return True
        name = name.rstrip(".")
        return "." not in name or name in self._names or name.endswith(_LOCAL_SUFFIXES)

    def _allowed(self, origin: str, host: str) -> bool:
        """True where a page of ``origin`` may use the server that it calls ``host``."""
        return origin.lower() in self.listed or same_origin(origin, host)


def is_origin(text: str) -> bool:
    """True for what a browser can send as Origin: scheme, host and perhaps a port."""
    scheme, found, authority = text.lower().partition("://")
    return bool(found and _SCHEME.fullmatch(scheme) and _AUTHORITY.fullmatch(authority) and "*" not in authority)


def is_host_name(text: str) -> bool:
    """True for a host name without a port."""
    return _NAME.fullmatch(text.lower()) is not None


def same_origin(origin: str, host: str) -> bool:
    """True where ``origin`` is this server's own page. The scheme is left out: TLS may end at a proxy in front."""
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None:
        return False
    default = ":" + _DEFAULT_PORTS[origin.lower().partition(":")[0]]
    return match[1].removesuffix(default) == host.lower().removesuffix(default)
