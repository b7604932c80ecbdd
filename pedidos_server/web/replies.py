"""An HTTP answer before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse

from werkzeug.http import HTTP_STATUS_CODES

from .compression import ENCODED, LEAST, VARY, Compressed, accepts_gzip, compressed, varies

Header = tuple[str, str]

JSON: Header = ("Content-Type", "application/json")
NO_STORE: Header = ("Cache-Control", "no-store")
NO_CACHE: Header = ("Cache-Control", "no-cache")
"""A browser may keep it, and asks each time whether it still holds."""

_STATUS_LINES = {status: f"{status} {phrase.upper()}" for status, phrase in HTTP_STATUS_CODES.items()}


class Reply:
    """``body`` is sent at once, or, an iterable, piece by piece; its ``close`` is then called at the end."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes | Iterable[bytes] = b"", *headers: Header) -> None:
        self.status, self.body, self.headers = status, body, headers

    @property
    def status_line(self) -> str:
        return _STATUS_LINES.get(self.status) or f"{self.status} UNKNOWN"

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Sends it, as any WSGI application; of a HEAD the head alone."""
        body, headers = self.body, [*self.headers]
        if varies(headers):
            headers.append(VARY)
            if (not isinstance(body, bytes) or len(body) >= LEAST) and accepts_gzip(environ):
                headers = [ENCODED, *(pair for pair in headers if pair[0] != "Content-Length")]
                body = compressed(body) if isinstance(body, bytes) else Compressed(body)
        if isinstance(body, bytes):
            if self.status != 304:
                headers.append(("Content-Length", str(len(body))))
            body = (body,)
        start_response(self.status_line, headers)
        if environ["REQUEST_METHOD"] != "HEAD" and self.status != 304:
            return body
        if hasattr(body, "close"):
            body.close()
        return iter(())  # not of a length: the server would say that there are 0 bytes


def json_reply(body: bytes | Iterable[bytes], *headers: Header, status: int = 200, cache: Header = NO_CACHE) -> Reply:
    return Reply(status, body, JSON, cache, *headers)


def content_policy(images: str, connect: str, *more: str) -> Header:
    """The Content-Security-Policy of a page that takes everything from this server and nothing inline. ``images`` and
    ``connect`` are what it may load and call besides."""
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' {images}",
        f"connect-src 'self'{connect}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        *more,
    )
    return "Content-Security-Policy", "; ".join(rules)


def etag(version: int) -> str:
    """Of one order."""
    return f'"{version}"'
