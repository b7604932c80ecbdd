"""The page and its modules.

Rule: the page names its modules by an address that changes whenever one of them does, so a browser may keep
them for good, and a page never runs with modules of another version: their old address is gone (404).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory

from .. import __version__
from ..domain.roles import Role
from ..errors import Problem
from .guard import Needs, needed

_HERE = Path(__file__).resolve().parent.parent
STATIC = _HERE / "static" if (_HERE / "static").is_dir() else _HERE.parent / "static"
"""Beside this package when it is installed, beside it in the source tree otherwise."""

_PAGE_FOLDERS = ("client", "view")
_RELEASE = re.compile(r"v(?P<release>\d[^/]*)/(?P<name>.+)")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""Said here: Windows takes them from the registry, where other programs put `text/plain`, which nosniff refuses."""

_FOR_GOOD = "public, max-age=31536000, immutable"
_REVALIDATED = "no-cache"


def pages_blueprint(public_url: str) -> Blueprint:
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
        text = text.replace("{{release}}", _release()).replace("{{version}}", __version__)
        response = Response(text, mimetype="text/html")
        response.headers["Cache-Control"] = _REVALIDATED
        response.headers["Content-Security-Policy"] = _policy(request.host, public_url.partition("://")[2])
        response.add_etag()
        response.make_conditional(request)
        return response

    @pages.get("/static/<path:name>")
    @needed(Needs(None, is_empty=True))  # the page's modules and styles
    def static(name: str) -> Response:
        of_release = _RELEASE.fullmatch(name)
        if of_release is None:
            return _send(name, _REVALIDATED)
        if of_release["release"] != _release():
            raise Problem(404, "Versão antiga", "Esta página é de outra versão do servidor. Recarregue-a.")
        return _send(of_release["name"], _FOR_GOOD)

    return pages


def _send(name: str, cache_control: str) -> Response:
    response = send_from_directory(STATIC, name, mimetype=_TYPES.get(Path(name).suffix))
    response.headers["Cache-Control"] = cache_control
    return response


def _release() -> str:
    """The version, and a print of the page's files: two builds of one version must not share an address.

    Read anew each time, some tens of ``stat`` calls: a file that was changed under a running server would else
    be kept for good under the old one's address.
    """
    prints = hashlib.sha256()
    for folder in _PAGE_FOLDERS:
        for path in sorted((STATIC / folder).glob("**/*")):
            status = path.stat()
            prints.update(f"{path.relative_to(STATIC)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return f"{__version__}-{prints.hexdigest()[:10]}"


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
