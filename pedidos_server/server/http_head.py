"""The head of a request: its line and its header fields, read at once and in time that grows with its length.

pywsgi reads them through ``email.parser``, which costs more than the rest of its work on a request, and takes folded
lines and blanks before the colon, with which requests are smuggled past proxies (RFC 9112, 5.1 and 5.2). Here both
are refused.
"""

from __future__ import annotations

import re

MAX_HEAD = 64 * 1024
"""Bytes of the whole head."""
MAX_FIELDS = 100
MAX_VALUE = 8 * 1024
"""Characters of all fields of one name together: what reads cookies or lists takes as long as they are."""

REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/1\.[0-9]")
"""Nothing older than HTTP/1.0, nothing that pywsgi would take for a version and stumble over."""
END = re.compile(rb"\n\r?\n")
"""Of a head. A line may end with a line feed alone (RFC 9112, 2.2)."""

_FIELDS = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00\r\n]*)\r?\n", re.MULTILINE)
"""Each match is a whole line, so where there are as many as lines, all are fields."""
_SINGLE = frozenset(("content-length", "transfer-encoding", "host"))


class RequestHead:
    """The ``fields`` of the lines behind the request line. ``status`` says what is wrong with them, or is empty."""

    def __init__(self, lines: bytes) -> None:
        self.status = ""
        self.fields: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        if len(lines) > MAX_HEAD:
            self.status = "head too large"
            return
        count = lines.count(b"\n")
        if count > MAX_FIELDS:
            self.status = "too many header fields"
            return
        self.fields = [(name, value.strip(" \t")) for name, value in _FIELDS.findall(lines.decode("latin-1"))]
        if len(self.fields) != count or not lines.endswith(b"\n" if lines else b""):
            self.status = "malformed header field"
            return
        lengths: dict[str, int] = {}
        for name, value in self.fields:
            key = name.lower()
            lengths[key] = lengths.get(key, 0) + len(value)
            if lengths[key] > MAX_VALUE:
                self.status = "header field too large"
                return
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
        """RFC 9112, 6.1 and 6.3: two lengths, one that is no number, or a coding that is not read, are how requests
        are smuggled."""
        length, coding = self.get("content-length"), self.get("transfer-encoding")
        if length is not None and not (length.isascii() and length.isdigit() and len(length) <= 18):
            self.status = "malformed content-length"
        elif length is not None and coding is not None:
            self.status = "content-length beside transfer-encoding"
        elif coding is not None and coding.lower() != "chunked":
            self.status = "unknown transfer coding"
