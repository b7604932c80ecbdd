"""A request's JSON, strictly, and the 422 that names what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any

import pydantic_core
from pydantic import ValidationError

from ..domain.fields import MAX_FAULTS, WrittenNumber
from ..errors import Problem, invalid_fields

MAX_VALUES = 50_000
"""Values in one body. The largest order has a third of that; each costs time and memory in which nobody is served."""
_START = 4096
"""Bytes of a body of more values that are parsed: what is no JSON from its start, or too deep, is called so."""

_PLACE = re.compile("line ([0-9]+) column ([0-9]+)")
_FRACTION = re.compile(rb"(?:^|[:,\[])[ \t\r\n]*-?[0-9]+[.eE]")
"""A number with one, where JSON has numbers, and not the many in its texts."""


def parse_json(body: bytes) -> Any:
    """Strict JSON; a number with a fraction or an exponent is a WrittenNumber.

    Raises Problem (400) for what is no JSON: NaN, lone surrogates, wrong UTF-8, depth over 200; (422) for more values
    than MAX_VALUES, of which no more than the start is parsed.
    """
    too_many = body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES  # each stands before another value
    try:
        if too_many:
            pydantic_core.from_json(body[:_START], allow_inf_nan=False, allow_partial=True)
            raise invalid_fields([{"campo": "(corpo)", "mensagem": f"no máximo {MAX_VALUES} valores"}])
        document = pydantic_core.from_json(body, allow_inf_nan=False, cache_strings="keys")
        if _FRACTION.search(body):  # rare; jiter cannot keep the digits
            document = json.loads(body, parse_float=WrittenNumber)
        return document
    except ValueError as error:
        place = _PLACE.search(str(error))
        where = f" O erro está na linha {place[1]}, coluna {place[2]}." if place else ""
        raise Problem(400, "JSON inválido", f"O corpo da requisição não é JSON.{where}") from None


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
