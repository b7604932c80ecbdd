"""The page and its modules, and the interactive API description."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for

_HERE = Path(__file__).resolve().parent.parent
STATIC = _HERE / "static" if (_HERE / "static").is_dir() else _HERE.parent / "static"
"""Beside this package when it is installed, beside it in the source tree otherwise."""

_DOCS = """<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API do Pedidos</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<div id="swagger-ui" data-description="{description}">Carregando a descrição da API…</div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{script}"></script>
</html>
"""


def pages_blueprint() -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def index() -> Response:
        return send_from_directory(STATIC, "index.html", max_age=0)

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=0)

    @pages.get("/docs")
    def docs() -> Response:
        assets = url_for("swagger.static", filename="swagger-ui.css").rsplit("/", 1)[0]
        return Response(
            _DOCS.format(
                assets=assets,
                description=url_for("openapi.doc_url"),
                script=url_for("pages.static", name="docs.js"),
            ),
            mimetype="text/html",
        )

    return pages
