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

_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*\r?\n")


class RequestHead:
    """Reads ``fields`` from ``stream`` up to the empty line. ``status`` says what is wrong with them, or is empty."""

    def __init__(self, stream: BinaryIO) -> None:
        self.status = ""
        self.fields: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        for _ in range(MAX_FIELDS + 1):
            line = stream.readline(MAX_LINE + 1)
            if line in (b"\r\n", b"\n"):
                self._check_length()
                return
            match = _FIELD.fullmatch(line)
            if match is None:
                self.status = "malformed header field"
                return
            name, value = match[1].decode("latin-1"), match[2].decode("latin-1")
            key = name.lower()
            if key in ("content-length", "transfer-encoding", "host") and key in self._values:
                self.status = f"repeated {key}"
                return
            self.fields.append((name, value))
            self._values.setdefault(key, value)
        self.status = "too many header fields"

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
