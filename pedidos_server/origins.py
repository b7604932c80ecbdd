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
"""Endings that nobody can register on the internet; but anybody of the same network can answer for them (mDNS)."""
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@?#\s]+)(?::([0-9]{1,5}))?")
_SCHEME = re.compile("[a-z][a-z0-9+.-]*")
_ORIGIN = re.compile(r"(https?)://(.+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_KNOWN_STRINGS = 256
"""Of the network's strings that are remembered: few in earnest, and bounded when not. To parse an address costs more
than all else that the guard does."""


class Origins:
    """``extra`` origins and ``names`` (host names, without port) are allowed besides those that always are.

    ``public_url`` is the origin by which browsers know this server, "" where that is what they call it by: a proxy in
    front may change the Host header.
    """

    def __init__(self, extra: Iterable[str] = (), names: Iterable[str] = (), public_url: str = "") -> None:
        named = {_plain(origin) for origin in (*extra, public_url) if origin}
        self._own_pages = frozenset(named)
        """Origins whose pages count as this server's own, because a setting says so."""
        self._listed = frozenset((*APPS, *named))
        own = socket.gethostname().lower()
        host = _ORIGIN.fullmatch(_plain(public_url))
        configured = (*names, *((host_name(host[2]),) if host else ()))
        self._configured = frozenset(name.lower().rstrip(".") for name in configured)
        self._known = self._configured | {"localhost", own, *(own + suffix for suffix in _LOCAL_SUFFIXES)}

    def is_any_name(self, host: str) -> bool:
        """True where ``host``, a Host header, can be this server's: an IP address, a local name, a configured one."""
        name = host_name(host)
        return name != "" and (
            is_address(name) or "." not in name or name in self._known or name.endswith(_LOCAL_SUFFIXES)
        )

    def is_known_name(self, host: str) -> bool:
        """True where ``host`` is this server's for certain: an IP address, this machine's name, a configured one."""
        name = host_name(host)
        return name != "" and (is_address(name) or name in self._known)

    def is_listed(self, origin: str, *, open_server: bool) -> bool:
        """True where pages of ``origin``, which are not this server's, may use it and read its answers (CORS).

        Whoever may have a page on this machine's own addresses may use an open server without one.
        """
        return _plain(origin) in self._listed or (open_server and is_loopback_origin(origin))

    def is_own_page(self, origin: str, host: str) -> bool:
        """True where ``origin`` is that of this server's own page; ``host`` is the Host header."""
        return same_origin(origin, host) or _plain(origin) in self._own_pages


@lru_cache(_KNOWN_STRINGS)
def host_name(host: str) -> str:
    """The name or address in a Host header, without port and brackets, in lower case; "" where that is malformed."""
    match = _AUTHORITY.fullmatch(host.lower())
    if match is None:
        return ""
    name = match[1].strip("[]")
    if is_address(name):
        return name
    return name.rstrip(".") if _NAME.fullmatch(name) and not match[1].startswith("[") else ""


@lru_cache(_KNOWN_STRINGS)
def is_address(name: str) -> bool:
    """True for an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(_KNOWN_STRINGS)
def is_loopback(name: str) -> bool:
    """True where only programs of this machine reach ``name``, a host name or an IP address."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def is_loopback_origin(origin: str) -> bool:
    """True for a page that a server on the browser's own machine gave, on whatever port."""
    match = _ORIGIN.fullmatch(origin.lower())
    return match is not None and is_loopback(host_name(match[2]))


def is_origin(text: str) -> bool:
    """True for what a browser can send as Origin: scheme, host and perhaps a port."""
    scheme, found, authority = text.lower().partition("://")
    return bool(found and _SCHEME.fullmatch(scheme) and _AUTHORITY.fullmatch(authority) and "*" not in authority)


def is_host_name(text: str) -> bool:
    """True for a host name without a port."""
    return _NAME.fullmatch(text.lower()) is not None


def same_origin(origin: str, host: str) -> bool:
    """True where ``origin`` is that of a page from ``host``. The scheme is left out: TLS may end at a proxy."""
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None:
        return False
    default = ":" + _DEFAULT_PORTS[match[1]]
    return match[2].removesuffix(default) == host.lower().removesuffix(default)


def _plain(origin: str) -> str:
    """In lower case, without the scheme's own port, as browsers send it."""
    origin = origin.lower()
    scheme = origin.partition("://")[0]
    return origin.removesuffix(":" + _DEFAULT_PORTS[scheme]) if scheme in _DEFAULT_PORTS else origin
