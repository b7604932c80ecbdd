"""The API's description, of OpenAPI 3.1, from the routes and from the schemas that validate.

flask-openapi3 makes it from Flask's rules; this makes those from the routes, and completes the description once it is
first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from flask_openapi3 import APIBlueprint, OpenAPI, Tag

from .cookies import PREFIX
from .guard import needed
from .routes import UPGRADE, Route

_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "pedidos token create"},
    "sessao": {"type": "apiKey", "in": "cookie", "name": PREFIX, "description": "POST /entrar"},
}
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TAG = '(W/)?"[!#-~]*"'
_TAGS = {"type": "string", "anyOf": [{"enum": ["*"]}, {"pattern": f"^{_TAG}(, ?{_TAG})*$"}], "examples": ['"7"', "*"]}
_REQUEST_HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "If-Match": (_TAGS, "Muda só esta versão do pedido; outra responde 412"),
    "If-None-Match": (_TEXT, "O ETag que já se tem; se nada mudou, 304"),
    "Idempotency-Key": (
        {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "Repetir a requisição com a mesma chave não a executa outra vez",
    ),
    "X-Pedidos-Autor": (_TEXT, "Quem muda, em UTF-8 com escape de URL; só conta num servidor sem tokens"),
    "X-Pedidos-Cliente": (_TEXT, "Um id da aba ou do programa, que volta no evento como `origem`"),
}
_RETRY_LATER = ("429", "503")

_LEADS_TO = {"ver": "get_order", "mudar": "update_order", "excluir": "delete_order", "historico": "get_history"}
"""What can be done with an order: the link's name, and the name of the route."""


class DescribedApp(OpenAPI):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.routes: list[Route] = []

    def add(self, name: str, routes: Sequence[Route], tag: Tag | None = None, prefix: str | None = None) -> None:
        """Makes Flask's rules of ``routes``, whose paths begin with ``prefix``."""
        self.routes += routes
        api = APIBlueprint(name, __name__, url_prefix=prefix, abp_tags=[tag] if tag else None)
        for each in routes:
            if each.method != UPGRADE:
                rule = getattr(api, each.method.lower())
                rule(
                    each.path.removeprefix(prefix or ""),
                    summary=each.summary,
                    responses=dict(each.responses),
                    doc_ui=bool(each.summary),
                )(_view(each))
        self.register_api(api)

    def generate_spec_json(self) -> None:
        super().generate_spec_json()
        complete(self.spec_json, self.routes)


def _view(of: Route) -> Callable[..., Any]:
    @needed(of.needs)
    def view(**_: Any) -> Any:
        raise AssertionError("the router answers this call before Flask")

    view.__name__, view.__annotations__ = of.name, dict(of.models)
    return view


def complete(document: dict[str, Any], routes: Sequence[Route]) -> None:
    paths = document["paths"]
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    described = {each.name: paths[_in_description(each.path)][each.method.lower()] for each in routes if each.summary}
    for each in routes:
        if not each.summary:
            continue
        operation = described[each.name]
        if each.needs.role is None:
            operation["security"] = []
        if each.asks:
            operation.setdefault("parameters", []).extend(map(_header_parameter, each.asks))
        for status, names in each.gives.items():
            operation["responses"][str(status)]["headers"] = {
                name: _header(_NUMBER if name == "X-Total-Count" else _TEXT) for name in names
            }
        for code in _RETRY_LATER:
            if code in operation["responses"]:
                operation["responses"][code]["headers"] = {"Retry-After": _header(_NUMBER)}
        if each.order_id:
            success = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
            success["links"] = {
                name: {
                    "operationId": described[target]["operationId"],
                    "parameters": {"pedido_id": each.order_id},
                }
                for name, target in _LEADS_TO.items()
            }
    _whole_bounds(document)


def _in_description(path: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def _whole_bounds(node: Any) -> None:
    """flask-openapi3 makes every bound a float, and JSON shows the largest ones rounded."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _whole_bounds(child)
    if isinstance(node, dict) and node.get("type") == "integer":
        node.update({name: int(node[name]) for name in ("minimum", "maximum") if name in node})


def _header(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "schema": schema}


def _header_parameter(name: str) -> dict[str, Any]:
    schema, description = _REQUEST_HEADERS[name]
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
