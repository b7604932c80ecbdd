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

REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (HTTP/1\.[0-9])")
END = re.compile(rb"\n\r?\n")
"""Of a head. A line may end with a line feed alone (RFC 9112, 2.2)."""

_FIELDS = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00\r\n]*)\r?\n", re.MULTILINE)
"""Each match is a whole line, so where there are as many as lines, all are fields."""
_ONCE = frozenset(("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"))
_WITHOUT_PREFIX = frozenset(("CONTENT_TYPE", "CONTENT_LENGTH"))


class BadHead(ValueError):
    """A request that is none, and the HTTP status that it is refused with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def split_request_line(line: str) -> tuple[str, str, str]:
    """Method, target and version. Raises BadHead."""
    found = REQUEST_LINE.fullmatch(line)
    if found is None:
        raise BadHead("malformed request line")
    return found[1], found[2], found[3]


def environ_of(lines: bytes) -> dict[str, str]:
    """The header fields as a WSGI environment has them: fields of one name are joined. A name with ``_``, which would
    pass for one with ``-``, is left out. Raises BadHead."""
    if len(lines) > MAX_HEAD:
        raise BadHead("head too large", 431)
    count = lines.count(b"\n")
    if count > MAX_FIELDS:
        raise BadHead("too many header fields", 431)
    fields = _FIELDS.findall(lines.decode("latin-1"))
    if len(fields) != count or not lines.endswith(b"\n" if lines else b""):
        raise BadHead("malformed header field")
    environ: dict[str, str] = {}
    for name, value in fields:
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in _WITHOUT_PREFIX:
            key = f"HTTP_{key}"
        if key not in environ:
            environ[key] = value.strip(" \t")
        elif key in _ONCE:
            raise BadHead(f"repeated {name}")
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value.strip(" \t")
    if len(lines) > MAX_VALUE and any(len(value) > MAX_VALUE for value in environ.values()):
        raise BadHead("header field too large", 431)
    _check_length(environ)
    return environ


def _check_length(environ: dict[str, str]) -> None:
    """RFC 9112, 6.1 and 6.3: two lengths, one that is no number, or a coding that is not read, are how requests are
    smuggled."""
    length, coding = environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
    if length is not None and not (length.isascii() and length.isdigit() and len(length) <= 18):
        raise BadHead("malformed content-length")
    if length is not None and coding is not None:
        raise BadHead("content-length beside transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        raise BadHead("unknown transfer coding", 501)
