"""The cookie that holds a browser's session.

Its name ends in the database's own tag: a browser keeps cookies by host name, whatever the port, and two servers on
one machine would else sign each other out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

PREFIX = "pedidos_sessao"
"""The whole name, in versions before the tag: their sessions go on."""
HOST_PREFIX = "__Host-"
"""Over https: a browser takes a cookie of such a name from this very host alone (RFC 6265bis, 4.1.3.2)."""
MOST = 8
"""Cookies of our names that are tried, in one request. A browser sends several where one was set for another path,
or by an older version."""


class SessionCookie:
    """``tag`` is the database's."""

    def __init__(self, tag: str) -> None:
        self.name = f"{PREFIX}_{tag}"
        # Patterns that go over the header once, as its length is a stranger's choice: no other cookie is looked into.
        self._own, self._earlier = _pattern(f"(?:{HOST_PREFIX})?{self.name}"), _pattern(f"(?:{HOST_PREFIX})?{PREFIX}")
        self._own_secure, self._earlier_secure = _pattern(HOST_PREFIX + self.name), _pattern(HOST_PREFIX + PREFIX)

    def secrets(self, header: str, *, secure: bool) -> Iterator[str]:
        """What may be a session's secret in a Cookie header, at most ``MOST``.

        Where ``secure``, only cookies count that no page on plain http and no neighbour in the domain can have set.
        """
        if PREFIX not in header:
            return iter(())
        own, earlier = (self._own_secure, self._earlier_secure) if secure else (self._own, self._earlier)
        found = chain(own.finditer(header), earlier.finditer(header))
        return (match[1] for match in islice(found, MOST))

    def name_where(self, *, secure: bool) -> str:
        """``secure``: over https."""
        return HOST_PREFIX + self.name if secure else self.name

    def names_in(self, header: str) -> list[str]:
        """The names of ours that a Cookie header has."""
        names = [host + name for name in (self.name, PREFIX) for host in ("", HOST_PREFIX)]
        return [name for name in names if re.search(rf"(?:^|[;,])[ \t]*{name}=", header)]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf'(?:^|[;,])[ \t]*{name}="?([A-Za-z0-9_-]{{1,86}})"?[ \t]*(?=[;,]|$)')
