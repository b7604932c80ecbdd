"""The page itself; its modules and styles are in static_files.py."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Response, request

from .. import __version__
from ..domain.roles import Role
from .guard import Needs, needed
from .static_files import StaticFiles

_HERE = Path(__file__).resolve().parent.parent
STATIC = _HERE / "static" if (_HERE / "static").is_dir() else _HERE.parent / "static"
"""Beside this package when it is installed, beside it in the source tree otherwise."""

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")


def pages_blueprint(files: StaticFiles, public_url: str) -> Blueprint:
    """``public_url`` is the setting: where a proxy changes the Host, browsers know this server by it."""
    pages = Blueprint("pages", __name__)

    @pages.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @pages.get("/")
    @needed(Needs(Role.LEITURA, is_page=True))
    def index() -> Response:
        text = (STATIC / "index.html").read_text("utf-8")
        text = text.replace("{{release}}", files.release).replace("{{version}}", __version__)
        response = Response(text, mimetype="text/html")
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = _policy(request.host, public_url.partition("://")[2])
        response.add_etag()
        response.make_conditional(request)
        return response

    return pages


def _policy(*hosts: str) -> str:
    """Everything from this server alone, and nothing inline. Orders name their images by any address.

    WebSockets are named as well: to older browsers ``'self'`` is only http.
    """
    named = dict.fromkeys(host for host in hosts if _HOST.fullmatch(host))
    sockets = "".join(f" ws://{host} wss://{host}" for host in named)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob: http: https:",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
