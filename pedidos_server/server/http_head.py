"""The header fields of a request, as pywsgi's handler wants them.

pywsgi reads them through ``email.parser``, which costs more than the rest of its work on a request, and takes folded
lines and blanks before the colon, with which requests are smuggled past proxies (RFC 9112, 5.1 and 5.2). Here both
are refused.
"""

from __future__ import annotations

import re
from typing import BinaryIO

MAX_FIELDS = 100
MAX_LINE = 65_536

REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/1\.[0-9]\r?\n?")
"""Nothing older than HTTP/1.0, nothing that pywsgi would take for a version and stumble over."""

_FIELDS = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*\r?\n", re.MULTILINE)
"""Each match is a whole line, so where there are as many as lines, all are fields."""
_SINGLE = frozenset(("content-length", "transfer-encoding", "host"))


class RequestHead:
    """Reads ``fields`` from ``stream`` up to the empty line. ``status`` says what is wrong with them, or is empty."""

    def __init__(self, stream: BinaryIO) -> None:
        self.status = ""
        self.fields: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        lines: list[bytes] = []
        while (line := stream.readline(MAX_LINE + 1)) not in (b"\r\n", b"\n"):
            if not line.endswith(b"\n"):  # cut off, by its sender or by us
                self.status = "malformed header field"
                return
            if len(lines) == MAX_FIELDS:
                self.status = "too many header fields"
                return
            lines.append(line)
        self.fields = _FIELDS.findall(b"".join(lines).decode("latin-1"))
        if len(self.fields) != len(lines):
            self.status = "malformed header field"
            return
        for name, value in self.fields:
            key = name.lower()
            if key in self._values and key in _SINGLE:
                self.status = f"repeated {key}"
                return
            self._values.setdefault(key, value)
        self._check_length()

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._values.get(name.lower(), default)

    getheader = get

    @property
    def typeheader(self) -> str | None:
        return self.get("content-type")

    def __delitem__(self, name: str) -> None:
        """pywsgi drops a Content-Length beside a Transfer-Encoding so; here there is none beside it."""
        raise KeyError(name)

    def _check_length(self) -> None:
        """RFC 9112, 6.3: two lengths, or one that is no number, are how requests are smuggled."""
        length = self.get("content-length")
        if length is not None and not (length.isascii() and length.isdigit()):
            self.status = "malformed content-length"
        elif length is not None and self.get("transfer-encoding") is not None:
            self.status = "content-length beside transfer-encoding"
