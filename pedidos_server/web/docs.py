"""``/docs``: the API's description to read and to try, from files of ours alone."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from ..domain.roles import Role
from .guard import READ, Needs, needed

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


def docs_blueprint() -> Blueprint:
    docs = Blueprint("docs", __name__)

    @docs.get("/docs")
    @needed(Needs(Role.LEITURA, is_page=True))
    def page() -> Response:
        html = _DOCS.format(
            style=url_for("swagger.static", filename="css/swagger-ui.css"),
            bundle=url_for("swagger.static", filename="js/swagger-ui-bundle.js"),
            description=url_for("openapi.doc_url"),
            script=url_for("static.static", name="docs.js"),
        )
        return Response(html, mimetype="text/html")

    return docs
