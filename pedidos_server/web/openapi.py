"""What the OpenAPI description says beyond the schemas: who may call, which headers count, which call leads to which.

flask-openapi3 makes the description from the routes; this completes it, once, when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_openapi3 import OpenAPI

from .cookies import PREFIX

ORDERS = "/api/v1/pedidos"
ORDER = f"{ORDERS}/{{pedido_id}}"
HISTORY = f"{ORDER}/historico"

_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "pedidos token create"},
    "sessao": {"type": "apiKey", "in": "cookie", "name": PREFIX, "description": "POST /entrar"},
}
_PUBLIC = (("/health", "get"), ("/api/v1/sessao", "get"), ("/entrar", "get"), ("/entrar", "post"), ("/sair", "post"))

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
_WRITES = ("Idempotency-Key", "X-Pedidos-Autor", "X-Pedidos-Cliente")
_ASKED = {
    (ORDERS, "get"): ("If-None-Match",),
    (f"{ORDERS}/status/{{status}}", "get"): ("If-None-Match",),
    (ORDER, "get"): ("If-None-Match",),
    (ORDERS, "post"): _WRITES,
    (ORDER, "patch"): ("If-Match", *_WRITES),
    (ORDER, "delete"): ("If-Match", *_WRITES),
}

_POSITION = ("ETag", "X-Pedidos-Cursor")
_ANSWERED = {
    (ORDERS, "get", "200"): (*_POSITION, "X-Total-Count"),
    (ORDERS, "get", "304"): _POSITION,
    (f"{ORDERS}/status/{{status}}", "get", "200"): (*_POSITION, "X-Total-Count"),
    (f"{ORDERS}/status/{{status}}", "get", "304"): _POSITION,
    (ORDERS, "post", "201"): ("ETag", "Location"),
    (ORDER, "get", "200"): ("ETag",),
    (ORDER, "get", "304"): ("ETag",),
    (ORDER, "patch", "200"): ("ETag",),
}
_RETRY_LATER = ("429", "503")

_LEADS_TO = {
    "ver": (ORDER, "get"),
    "mudar": (ORDER, "patch"),
    "excluir": (ORDER, "delete"),
    "historico": (HISTORY, "get"),
}
_LINKS = {
    (ORDERS, "post", "201"): "$response.body#/id",
    (ORDER, "patch", "200"): "$response.body#/id",
    (ORDER, "delete", "200"): "$request.path.pedido_id",
}


class DescribedApp(OpenAPI):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: nothing here is a coroutine, and Flask asks six times a request."""
        return func

    def generate_spec_json(self) -> None:
        super().generate_spec_json()
        complete(self.spec_json)


def complete(document: dict[str, Any]) -> None:
    paths = document["paths"]
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    for path, method in _PUBLIC:
        paths[path][method]["security"] = []
    for (path, method), names in _ASKED.items():
        paths[path][method].setdefault("parameters", []).extend(map(_header_parameter, names))
    for (path, method, status), names in _ANSWERED.items():
        paths[path][method]["responses"][status]["headers"] = {
            name: _header(_NUMBER if name == "X-Total-Count" else _TEXT) for name in names
        }
    for (path, method, status), source in _LINKS.items():
        paths[path][method]["responses"][status]["links"] = {
            name: {
                "operationId": paths[target][target_method]["operationId"],
                "parameters": {"pedido_id": source},
            }
            for name, (target, target_method) in _LEADS_TO.items()
        }
    # Its ``status`` says how the server is, in trouble too.
    unhealthy = {"schema": {"$ref": "#/components/schemas/Saude"}}
    paths["/health"]["get"]["responses"]["503"]["content"] = {"application/problem+json": unhealthy}
    _whole_bounds(document)
    for item in paths.values():
        for operation in item.values():
            for status in _RETRY_LATER:
                if status in operation["responses"]:
                    operation["responses"][status]["headers"] = {"Retry-After": _header(_NUMBER)}


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
