"""Every error as problem+json (RFC 9457), in Portuguese: ours, Flask's, and those nobody thought of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast
from wsgiref.types import WSGIApplication

from flask import Flask, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from ..domain.events import encode
from ..domain.fields import MAX_FAULTS
from ..domain.refusals import AnswerGone, Conflict, KeyReused, NotFound, NumberTaken, Refusal
from ..errors import Problem, invalid_fields, not_found
from .replies import Header, Reply

log = logging.getLogger("pedidos.http")

TYPE_PREFIX = "urn:pedidos:problema:"
"""What every problem's ``type`` begins with: by it a client knows that this server answered, and not a proxy."""
PROBLEM_JSON: Header = ("Content-Type", "application/problem+json")
_SLUGS = {
    400: "requisicao-invalida",
    401: "nao-autenticado",
    403: "sem-permissao",
    404: "endereco-nao-encontrado",
    405: "metodo-nao-permitido",
    406: "formato-nao-disponivel",
    408: "tempo-esgotado",
    409: "numero-em-uso",
    411: "falta-content-length",
    412: "outra-versao",
    413: "corpo-grande-demais",
    414: "endereco-longo-demais",
    415: "tipo-nao-aceito",
    421: "nome-desconhecido",
    422: "dados-invalidos",
    426: "so-websocket",
    429: "vezes-demais",
    500: "erro-interno",
    501: "sem-tempo-real",
    503: "indisponivel",
}

_TITLES = {
    400: ("Requisição inválida", "O servidor não entendeu a requisição."),
    404: ("Não encontrado", "Não há nada neste endereço."),
    405: ("Método não permitido", "Este endereço não aceita esse método."),
    406: ("Formato não disponível", "O servidor não tem a resposta no formato pedido."),
    408: ("Tempo esgotado", "A requisição demorou demais para chegar."),
    411: ("Falta Content-Length", "Envie o cabeçalho Content-Length."),
    413: ("Corpo grande demais", "O corpo da requisição passa do limite do servidor (PEDIDOS_MAX_BODY)."),
    414: ("Endereço longo demais", "O endereço da requisição é longo demais."),
    415: ("Tipo de conteúdo não aceito", "Envie JSON com 'Content-Type: application/json'."),
    500: ("Erro interno", "O servidor falhou ao atender. O erro foi registrado; tente de novo."),
}

_MESSAGES = {
    "missing": "campo obrigatório",
    "extra_forbidden": "campo desconhecido",
    "string_type": "deve ser um texto",
    "string_too_short": "não pode ficar em branco",
    "string_too_long": "no máximo {max_length} caracteres",
    "bool_type": "deve ser true ou false",
    "bool_parsing": "deve ser true ou false",
    "int_type": "deve ser um número inteiro",
    "int_parsing": "deve ser um número inteiro",
    "int_from_float": "deve ser um número inteiro",
    "int_parsing_size": "número grande demais",
    "greater_than_equal": "o menor valor é {ge}",
    "less_than_equal": "o maior valor é {le}",
    "literal_error": "use {expected}",
    "list_type": "deve ser uma lista",
    "too_long": "no máximo {max_length} itens",
    "dict_type": "deve ser um objeto",
    "model_type": "deve ser um objeto",
    "model_attributes_type": "deve ser um objeto",
}


def problem_type(status: int, slug: str | None = None) -> str:
    """The ``type`` of a problem (RFC 9457, 3.1.1): ``slug``, or the one of its HTTP status."""
    return TYPE_PREFIX + (slug or _SLUGS.get(status) or f"http-{status}")


def problem_reply(problem: Problem) -> Reply:
    body = {
        "type": problem_type(problem.status, problem.slug),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extra,
    }
    return Reply(problem.status, encode(body), PROBLEM_JSON, *problem.headers.items())


def schema_problem(error: ValidationError) -> Problem:
    """The 422 for a pydantic error: every fault at once, each under its field's name, and MAX_FAULTS at most."""
    errors: dict[tuple[str, str], None] = {}  # of a union, each branch has the same to say
    for fault in error.errors(include_url=False, include_input=False):
        context = fault.get("ctx", {})
        of_text = fault["type"] == "too_long" and context["field_type"] != "List"
        template = _MESSAGES.get("string_too_long" if of_text else fault["type"])
        message = template.format(**context) if template else fault["msg"]
        campo = ".".join(str(part) for part in fault["loc"] if not _is_branch(part)) or "(corpo)"
        errors[campo, message.replace(" or ", " ou ")] = None
        if len(errors) >= MAX_FAULTS:
            break
    return invalid_fields([{"campo": campo, "mensagem": message} for campo, message in errors])


def _is_branch(part: int | str) -> bool:
    """True for the part of a location that names a union's branch, not a field."""
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "constrained-str"))


def refusal_problem(refusal: Refusal) -> Problem:
    """How a command's refusal is told over HTTP."""
    match refusal:
        case NotFound(order_id):
            return not_found(order_id)
        case Conflict(order):
            version = order["versao"]
            return Problem(
                412,
                "O pedido mudou",
                f"O pedido {order['numero']} foi alterado por outra pessoa e está na versão {version}. "
                "Veja a versão atual em 'pedido' e repita a mudança sobre ela.",
                extra={"pedido": order},
                headers={"ETag": f'"{version}"'},
            )
        case NumberTaken(number):
            return Problem(
                409,
                "Número já usado",
                f"Já existe um pedido com o número {number}. Escolha outro, ou deixe em branco para o próximo.",
                extra={"errors": [{"campo": "numero", "mensagem": "já usado por outro pedido"}]},
            )
        case KeyReused():
            return Problem(
                422,
                "Idempotency-Key repetida",
                "Esta Idempotency-Key já foi usada em outra requisição. Use uma chave nova.",
                extra={"errors": [{"campo": "Idempotency-Key", "mensagem": "já usada em outra requisição"}]},
            )
        case AnswerGone():
            return Problem(
                409,
                "Já gravado",
                "Esta requisição já foi feita, e nada foi feito de novo; a resposta de então não está mais guardada. "
                "Recarregue o pedido.",
            )
    raise AssertionError(f"a refusal without words: {refusal!r}")


def error_reply(error: Exception, environ: Mapping[str, Any]) -> WSGIApplication:
    """The answer for whatever was raised while a request was handled. Logs what nobody thought of."""
    match error:
        case Problem():
            return problem_reply(error)
        case Refusal():
            return problem_reply(refusal_problem(error))
        case ValidationError():
            return problem_reply(schema_problem(error))
        case HTTPException():
            return _http_error(error)
        case ConnectionError():  # the client went away before its answer: nobody's fault
            log.info("client gone", extra={"path": environ["PATH_INFO"], "error": error})
            return Reply(499, b"", ("Connection", "close"))
    about = {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"]}
    log.exception("request failed", exc_info=error, extra=about)
    title, detail = _TITLES[500]
    return problem_reply(Problem(500, title, detail))


def _http_error(error: HTTPException) -> WSGIApplication:
    if error.response is not None:  # abort(response): it is complete already
        return cast("WSGIApplication", error.response)
    status = error.code or 500
    title, detail = _TITLES.get(status, (f"Erro {status}", "A requisição não pôde ser atendida."))
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    if status == 413:
        headers["Connection"] = "close"  # the rest of the body is not read
    return problem_reply(Problem(status, title, detail, headers=headers))


def register_errors(app: Flask) -> None:
    @app.errorhandler(Exception)
    def answer(error: Exception) -> WSGIApplication:
        return error_reply(error, request.environ)
