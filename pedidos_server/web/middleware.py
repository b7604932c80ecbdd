"""What is done for every request, whoever answers it: its path is brought into one form, its answer gets the common
headers, and it gets a line in the log.

Plain WSGI, because most requests never come to Flask.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask_cors.core import get_cors_headers
from werkzeug.datastructures import Headers

from ..errors import Problem
from ..origins import is_origin
from .problems import problem_reply
from .replies import Header

log = logging.getLogger("pedidos.http")

MOST_ASKED = 1_000
"""Characters of Access-Control-Request-Headers that are looked at."""
_HARDENING = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)
"""Added unless the handler has set its own."""


class CommonHeaders:
    """What every answer carries. ``cors`` are flask-cors's options (``get_cors_options``), for any origin;
    ``may_read`` says which may read answers; ``renew_session`` adds the cookie of a session in use."""

    def __init__(
        self,
        cors: Any,
        may_read: Callable[[str], bool],
        renew_session: Callable[[list[Header], Mapping[str, Any]], None],
    ) -> None:
        self._cors, self._may_read, self._renew_session = cors, may_read, renew_session

    def __call__(self, headers: list[Header], environ: Mapping[str, Any]) -> None:
        """Adds them to ``headers``."""
        self._renew_session(headers, environ)
        own = {name for name, _ in headers}
        headers += [pair for pair in _HARDENING if pair[0] not in own]
        found: dict[str, str] = {}
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and is_origin(origin):
            if self._may_read(origin):
                found = self._cors_headers(origin, environ)
            elif is_question_about_reading(environ):
                found = self._cors_headers(origin, environ) | {"Access-Control-Allow-Methods": "GET"}
        headers += ({"Vary": "Origin"} | found).items()

    def _cors_headers(self, origin: str, environ: Mapping[str, Any]) -> dict[str, str]:
        told = {
            "Origin": origin,
            "Access-Control-Request-Method": environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", ""),
            # flask-cors looks up each name that is asked for, and a stranger may ask for thousands.
            "Access-Control-Request-Headers": environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")[:MOST_ASKED],
        }
        found = get_cors_headers(self._cors, Headers(told), environ["REQUEST_METHOD"])
        return {name: str(value) for name, value in found.items()}


def is_question_about_reading(environ: Mapping[str, Any]) -> bool:
    """True for a preflight of GET. Any page gets a yes: the answer holds nothing, what follows is refused all the
    same, and only so can the page read why."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == "GET"


_ABSOLUTE = re.compile("https?://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)
"""A whole address as request target, as clients send it to a proxy (RFC 9112, 3.2.2)."""


class Middleware:
    """Around ``application``. Each of its paths answers with and without a slash at the end, and those under ``api``
    whose first segment is in ``short`` without ``api`` as well: earlier desktops call them so."""

    def __init__(
        self, application: WSGIApplication, common_headers: CommonHeaders, api: str, short: Collection[str]
    ) -> None:
        self._application, self._common_headers, self._api, self._short = application, common_headers, api, short

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not path.startswith("/"):
            path = _take_origin_form(environ)
        path = path.rstrip("/") or "/"
        if path[1:].partition("/")[0] in self._short:
            path = self._api + path
        environ["PATH_INFO"] = path
        if environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            environ.pop("HTTP_UPGRADE", None)  # RFC 9110, 7.8: to be ignored there

        def start(status: str, headers: list[Header], exc_info: Any = None) -> Any:
            self._common_headers(headers, environ)
            if log.isEnabledFor(logging.INFO):
                ms = (time.perf_counter() - started) * 1000
                peer = environ.get("REMOTE_ADDR")
                told = {"method": method, "path": path, "status": int(status[:3]), "ms": ms, "peer": peer}
                log.info("request", extra=told)
            return start_response(status, headers, exc_info)

        if not method.isupper():
            return problem_reply(_unknown_method())(environ, start)
        return self._application(environ, start)


def _take_origin_form(environ: WSGIEnvironment) -> str:
    """The path of ``GET http://host/path``. That host counts, and not the Host header, which must be there all the
    same (RFC 9112, 3.2)."""
    path: str = environ["PATH_INFO"]
    absolute = _ABSOLUTE.fullmatch(path)
    if absolute is None:
        return path
    if "HTTP_HOST" in environ:
        environ["HTTP_HOST"] = absolute[1].partition("?")[0]
    return absolute[2] or "/"


def _unknown_method() -> Problem:
    """The names of methods are case-sensitive (RFC 9110, 9.1), but Flask would take ``get`` for ``GET``."""
    return Problem(
        501, "Método desconhecido", "O servidor não conhece este método: escreva-o em maiúsculas, como GET."
    )
