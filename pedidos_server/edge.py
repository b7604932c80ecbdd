"""Around the application, in plain WSGI: what every answer carries, and a line in the log for each request.

Here and not in Flask's ``after_request``, where each header costs a look into a response object.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from flask_cors.core import get_cors_headers
from werkzeug.datastructures import EnvironHeaders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("pedidos.http")

_HARDENING = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)
"""What a route has not set itself."""


class Completion:
    """What every answer carries. ``cors`` are flask-cors's options (``get_cors_options``)."""

    def __init__(self, cors: Any) -> None:
        self._cors = cors

    def __call__(self, headers: list[tuple[str, str]], environ: Mapping[str, Any]) -> None:
        """Adds it to ``headers``."""
        own = [name for name, _ in headers]
        headers += [pair for pair in _HARDENING if pair[0] not in own]
        if "HTTP_ORIGIN" in environ:
            found = get_cors_headers(self._cors, EnvironHeaders(environ), environ["REQUEST_METHOD"])  # type: ignore[arg-type]
            headers += [(name, str(value)) for name, value in found.items()]
        else:
            headers.append(("Vary", "Origin"))


def with_edge(application: WSGIApplication, complete: Completion) -> WSGIApplication:
    """The application with its edge; each of its paths answers with and without a slash at the end."""

    def edge(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        environ["PATH_INFO"] = environ["PATH_INFO"].rstrip("/") or "/"

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            complete(headers, environ)
            log.info(
                "request",
                extra={
                    "method": environ["REQUEST_METHOD"],
                    "path": environ["PATH_INFO"],
                    "status": int(status[:3]),
                    "ms": (time.perf_counter() - started) * 1000,
                    "peer": environ.get("REMOTE_ADDR"),
                },
            )
            return start_response(status, headers, exc_info)  # type: ignore[arg-type]

        return application(environ, start)  # type: ignore[arg-type]

    return edge
