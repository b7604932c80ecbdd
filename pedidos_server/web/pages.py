"""The page itself, and ``/docs``, the API's description to read and to try. Modules and styles: static_files.py."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Response, request, url_for

from .. import __version__
from ..domain.roles import Role
from .guard import READ, Needs, needed
from .replies import content_policy
from .static_files import StaticFiles

_HERE = Path(__file__).resolve().parent.parent
STATIC = _HERE / "static" if (_HERE / "static").is_dir() else _HERE.parent / "static"
"""Beside this package when it is installed, beside it in the source tree otherwise."""

_BASE = "/static/v{{release}}"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")

_BOARD = ("view/app.js", "view/lista/lista.js")
_PANEL = ("view/app.js", "view/painel/painel.js")
"""The modules of what is shown first. The page names all that they import, and their folder's sheets: a browser would
learn of one after the other."""

PAGE = Needs(Role.LEITURA, is_page=True)
OF_LIBRARIES = dict.fromkeys(("openapi.doc_url", "openapi.static", "swagger.static"), READ)
"""What the views of flask-openapi3 need."""
_DOCS = """<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API do Pedidos</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
<div id="swagger-ui" data-description="{description}">Carregando a descrição da API…</div>
<script src="{bundle}"></script>
<script src="{script}"></script>
</html>
"""


def pages_blueprint(files: StaticFiles, public_url: str) -> Blueprint:
    """``public_url`` is the setting: where a proxy changes the Host, browsers know this server by it."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    @needed(PAGE)
    def index() -> Response:
        text = (STATIC / "index.html").read_text("utf-8")
        first = _PANEL if request.args.get("painel") == "1" else _BOARD
        text = text.replace("</head>", f"{_modules(files, first)}</head>")
        text = text.replace("{{sheets}}", _sheets(files, first))
        text = text.replace("{{release}}", files.release).replace("{{version}}", __version__)
        response = Response(text, mimetype="text/html")
        response.headers["Cache-Control"] = "no-cache"
        response.headers.add(*_policy(request.host, public_url.partition("://")[2]))
        response.add_etag()
        response.make_conditional(request)
        return response

    @pages.get("/docs")
    @needed(PAGE)
    def docs() -> Response:
        html = _DOCS.format(
            style=url_for("swagger.static", filename="css/swagger-ui.css"),
            bundle=url_for("swagger.static", filename="js/swagger-ui-bundle.js"),
            description=url_for("openapi.doc_url"),
            script=url_for("static.static", name="docs.js"),
        )
        return Response(html, mimetype="text/html")

    return pages


def _modules(files: StaticFiles, first: tuple[str, str]) -> str:
    return "".join(f'  <link rel="modulepreload" href="{_BASE}/{name}">\n' for name in files.imported_by(*first))


def _sheets(files: StaticFiles, first: tuple[str, str]) -> str:
    """For boot.js, which knows whether the address names another view."""
    return " ".join(f"{_BASE}/{name}" for name in files.named(f"{first[1].rpartition('/')[0]}/", ".css"))


def _policy(*hosts: str) -> tuple[str, str]:
    """Orders name their images by any address. WebSockets are named too: older browsers take ``'self'`` for http."""
    named = dict.fromkeys(host for host in hosts if _HOST.fullmatch(host))
    sockets = "".join(f" ws://{host} wss://{host}" for host in named)
    scripts = ("require-trusted-types-for 'script'", "trusted-types 'none'")
    return content_policy("data: blob: http: https:", sockets, *scripts)
