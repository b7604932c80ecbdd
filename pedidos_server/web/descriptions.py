"""What the OpenAPI description says of each answer; the schemas are the ones that validate."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, RootModel

from ..domain.fields import Moment
from ..domain.order import Pedido

_PROBLEM: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problema"}}}


class Falha(BaseModel):
    campo: str
    mensagem: str


class Problema(BaseModel):
    """RFC 9457. ``errors`` lists every fault of a 422; ``pedido`` is the current order of a 412."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[Falha] = []


class Pedidos(RootModel[list[Pedido]]):
    pass


class Mudanca(BaseModel):
    cursor: str
    acao: Literal["create", "update", "delete"]
    autor: str | None
    timestamp: Moment
    mudancas: dict[str, list[Any]]


class Historico(RootModel[list[Mudanca]]):
    pass


class ProximoNumero(BaseModel):
    proximo_numero: int
    total_pedidos: int


class Mensagem(BaseModel):
    message: str


class Salto(BaseModel):
    """The server's clock was set, by so many seconds."""

    seconds: float
    noticed: Moment


class Saude(BaseModel):
    """``status`` is for all; the rest, on a server with sign-in, for those who have signed in."""

    status: str
    version: str = ""
    cursor: str = ""
    connections: int = 0
    uptime_seconds: float = 0
    clock_jump: Salto | None = None


class Sessao(BaseModel):
    aberto: bool
    nome: str | None
    papel: str | None


class Conexoes(BaseModel):
    websocket: int
    sse: int


class Estatisticas(BaseModel):
    """Counts of the moment; more of them may come."""

    model_config = ConfigDict(extra="allow")

    total_connections: int
    connections_by_type: Conexoes
    cursor: str
    uptime_seconds: float


_TEXTS = {
    304: "Nada mudou",
    400: "A requisição não é JSON, ou um cabeçalho está errado",
    401: "Falta um token ou uma sessão, ou já não vale",
    403: "O papel de quem chama, ou a página de onde a chamada veio, não permite isto",
    404: "Não há pedido com esse id",
    408: "O corpo demorou demais para chegar",
    409: "O número já é de outro pedido",
    412: "O pedido está em outra versão; a atual vem em `pedido`",
    413: "Corpo grande demais",
    415: "O corpo não é JSON",
    421: "O servidor não atende por esse nome",
    422: "Os dados não servem; `errors` diz por quê",
    429: "Vezes demais em pouco tempo; tente depois de Retry-After",
    503: "O banco não pode ser gravado ou lido agora; tente depois de Retry-After",
}
_ANY = (401, 403, 421)
"""From what stands before every call."""
BODY = (400, 408, 413, 415, 422, 429, 503)
"""From a body that is JSON."""


def answers(status: int, model: type[BaseModel], *others: int) -> dict[str | int, Any]:
    """What the description says of a call's answers: of its success, and of ``others``."""
    described: dict[str | int, Any] = {status: model}
    for code in sorted((*others, *_ANY)):
        described[code] = {"description": _TEXTS[code]} | ({"content": _PROBLEM} if code != 304 else {})
    return described


def page_answers() -> dict[str | int, Any]:
    """Of a page that moves on where there is nothing to do on it."""
    page = {"description": "A página", "content": {"text/html": {"schema": {"type": "string"}}}}
    moved = {"description": "Nada a fazer ali: segue para /"}
    described: dict[str | int, Any] = {200: page, 302: moved}
    return described | {code: answer for code, answer in answers(200, Sessao).items() if code in _ANY}
