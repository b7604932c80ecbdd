"""The orders' JSON as typed models: what is read, how it is made canonical, and what is said of each fault.

The same models make the OpenAPI description. Strings and booleans are strict; only what older clients are
known to send otherwise (decimals as numbers or with a comma, words in capitals) is accepted and made canonical.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import pydantic_core
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .errors import Problem, invalid_fields

SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
STATUSES = ("pendente", "em_producao", "pronto", "entregue", "cancelado")
OPEN_STATUSES = ("pendente", "em_producao", "pronto")
PRIORITIES = ("NORMAL", "ALTA")
READ_ONLY = frozenset(("id", "versao", "data_criacao", "ultima_atualizacao"))

MAX_INTEGER = 2**63 - 1
MAX_ITEMS = 500

# ------------------------------------------------------------------------------------ field types

_EMPTY = {"type": "string", "enum": [""]}


def _storable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("nul", "não pode conter o caractere NUL")
    return value


def _not_blank(value: str) -> str:
    value = value.strip()
    if not value:
        raise PydanticCustomError("blank", "não pode ficar em branco")
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _priority(value: Any) -> Any:
    if isinstance(value, str):
        return value.upper() or "NORMAL"
    return value


def _exact(written: str, most_digits: int) -> Decimal | None:
    """The number that these digits say, or None where it has more before its point. No arithmetic is done before
    that is known: 1e999999999 overflows."""
    if len(written) > 40:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent of twenty digits
        return None
    return number if number.is_finite() and number.adjusted() < most_digits else None


def _whole(value: Any) -> Any:
    """JSON knows no integers: 7.0 is 7, by its digits; the float of a long number is another one."""
    number = _exact(value.written, 19) if isinstance(value, WrittenNumber) else None
    return int(number) if number is not None and number == number.to_integral_value() else value


def _iso_date(value: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            date.fromisoformat(value)
            return value
        except ValueError:
            pass
    raise PydanticCustomError("date", "deve ser uma data que existe, na forma AAAA-MM-DD")


_WITH_COMMA = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)
_WITH_POINT = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_MAX_DIGITS = 12


def _amount(value: Any) -> str:
    """``"1.234,56"``, ``"1234.56"`` or 1234.56 → ``"1234.56"``; exact, never through binary floating point."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("amount", 'deve ser um valor como "450.00"')
    if isinstance(value, str):
        text = value.strip()
        if _WITH_COMMA.fullmatch(text):
            text = text.replace(".", "").replace(",", ".")
        elif not _WITH_POINT.fullmatch(text):
            raise PydanticCustomError("amount", 'deve ser um valor como "450.00" ou "1.234,56"')
    else:
        text = getattr(value, "written", repr(value))
    number = _exact(text, _MAX_DIGITS)
    if number is None:
        raise PydanticCustomError("amount_range", "valor grande demais")
    exponent = number.as_tuple().exponent
    cents = number.quantize(Decimal("0.01"))
    if cents != number or (isinstance(value, str) and isinstance(exponent, int) and exponent < -2):
        raise PydanticCustomError("amount_places", "deve ter no máximo duas casas decimais")
    return str(abs(cents) if cents == 0 else cents)


_POINT = r"0*[0-9]{1,12}(\.[0-9]{1,2})?"
_COMMA = r"(0*[0-9]{1,12}|[0-9]{1,3}(\.[0-9]{3}){1,3}),[0-9]{1,2}"
_AMOUNT_WRITTEN: list[dict[str, Any]] = [
    {"type": "string", "pattern": rf"^\s*-?({_POINT}|{_COMMA})\s*$", "maxLength": 40},
    {"type": "number", "minimum": -999_999_999_999.99, "maximum": 999_999_999_999.99, "multipleOf": 0.01},
]
_AMOUNT_ANSWERED = {"type": "string", "pattern": r"^-?[0-9]{1,12}\.[0-9]{2}$"}

Amount = Annotated[
    str,
    BeforeValidator(_amount),
    WithJsonSchema({"anyOf": _AMOUNT_WRITTEN, "examples": ["450.00"]}, mode="validation"),
    WithJsonSchema({**_AMOUNT_ANSWERED, "examples": ["450.00"]}, mode="serialization"),
]
OptionalAmount = Annotated[
    str | None,
    BeforeValidator(lambda value: value if value in (None, "") else _amount(value)),
    WithJsonSchema({"anyOf": [*_AMOUNT_WRITTEN, _EMPTY, {"type": "null"}]}, mode="validation"),
    WithJsonSchema({"anyOf": [_AMOUNT_ANSWERED, _EMPTY, {"type": "null"}]}, mode="serialization"),
]
Day = Annotated[str, AfterValidator(_iso_date), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Status = Annotated[Literal[STATUSES], BeforeValidator(_lower)]  # type: ignore[valid-type]
Priority = Annotated[
    Literal[PRIORITIES],  # type: ignore[valid-type]
    BeforeValidator(_priority),
    WithJsonSchema({"type": "string", "enum": [*PRIORITIES, ""]}, mode="validation"),
]
Integer = Annotated[int, Field(ge=-MAX_INTEGER - 1, le=MAX_INTEGER), BeforeValidator(_whole)]

# What Python calls blank is \s of the patterns and a few control characters.
Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Filled = Annotated[
    str,
    AfterValidator(_storable),
    AfterValidator(_not_blank),
    Field(json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"}),
]
Number = Annotated[Text, StringConstraints(max_length=40)]
Short = Annotated[Text, StringConstraints(max_length=200)]
Long = Annotated[Text, StringConstraints(max_length=10_000)]
Name = Annotated[Filled, StringConstraints(max_length=200)]
Description = Annotated[Filled, StringConstraints(max_length=2_000)]

# ----------------------------------------------------------------------------------------- orders


IMAGE_TYPES = ("png", "jpeg", "webp", "gif")
"""Not svg: it can hold scripts."""
MAX_IMAGE = 15 * 1024 * 1024 // 2
_IMAGE = re.compile(r"data:image/(?:{});base64,".format("|".join(IMAGE_TYPES)), re.IGNORECASE | re.ASCII)
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20]+")
_RUNS_SCRIPT = ("javascript:", "vbscript:")


def _harmless_image(value: str) -> str:
    """An address, or a data URI of an image: what is stored here, other people's browsers open."""
    start = _IGNORED_IN_URLS.sub("", value[:200]).lower()  # as browsers read it
    if start.startswith(_RUNS_SCRIPT):
        raise PydanticCustomError("image", "deve ser o endereço de uma imagem")
    if start.startswith("data:") and not _IMAGE.match(value):
        raise PydanticCustomError("image", "deve ser uma imagem " + ", ".join(IMAGE_TYPES) + " em base64")
    if len(value) > MAX_IMAGE:
        raise PydanticCustomError("image", "imagem grande demais")
    return value


Image = Annotated[Text, AfterValidator(_harmless_image)]


class Acabamento(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    overloque: bool = False
    elastico: bool = False
    ilhos: bool = False


class ItemPedido(BaseModel):
    """One item. Fields that this server does not know are kept and given back."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Integer | None = None
    tipo_producao: Short | None = ""
    descricao: Description
    largura: Short | None = ""
    altura: Short | None = ""
    metro_quadrado: Short | None = ""
    vendedor: Short | None = ""
    designer: Short | None = ""
    tecido: Short | None = ""
    acabamento: Acabamento = Field(default_factory=Acabamento)
    emenda: Annotated[Literal["sem-emenda", "com-emenda"], BeforeValidator(_lower)] = "sem-emenda"
    observacao: Long | None = ""
    valor_unitario: Amount = "0.00"
    imagem: Image | None = ""
    ilhos_qtd: Short | None = ""
    ilhos_valor_unitario: OptionalAmount = ""
    ilhos_distancia: Short | None = ""

    @model_validator(mode="after")
    def _extras_can_be_kept(self) -> ItemPedido:
        for holder in (self, self.acabamento):
            for name, value in (holder.model_extra or {}).items():
                _check_free_value(name)
                _check_free_value(value)
        return self


def _check_free_value(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("amount_range", "número grande demais")
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, list):
        for entry in value:
            _check_free_value(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            _check_free_value(key)
            _check_free_value(entry)


class OrderFields(BaseModel):
    """The fields of an order that clients write. Read-only ones are ignored: clients send whole orders back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    telefone_cliente: Short = ""
    cidade_cliente: Short = ""
    data_entrega: Day | None = None
    prioridade: Priority = "NORMAL"
    status: Status = "pendente"
    financeiro: bool = False
    conferencia: bool = False
    sublimacao: bool = False
    costura: bool = False
    expedicao: bool = False
    observacao: Long | None = None
    valor_total: Amount = "0.00"
    valor_frete: Amount = "0.00"
    valor_itens: Amount = "0.00"
    tipo_pagamento: Short | None = None
    obs_pagamento: Long | None = None
    forma_envio: Short | None = None
    forma_envio_id: Integer | None = None
    items: list[ItemPedido] = Field(default_factory=list, max_length=MAX_ITEMS)

    @model_validator(mode="before")
    @classmethod
    def _without_read_only(cls, data: Any) -> Any:
        if isinstance(data, dict) and not READ_ONLY.isdisjoint(data):
            return {name: value for name, value in data.items() if name not in READ_ONLY}
        return data


class PedidoNovo(OrderFields):
    """Body of POST. ``cliente`` is all that is needed."""

    numero: Number | None = Field(default=None, description="sem número, o servidor dá o próximo")
    cliente: Name
    data_entrada: Day | None = Field(default_factory=lambda: date.today().isoformat())


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out stays as it is, so the description may name no default."""
    for described in schema["properties"].values():
        described.pop("default", None)


class PedidoMudanca(OrderFields):
    """Body of PATCH: only the fields that are named change."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    numero: Annotated[Filled, StringConstraints(max_length=40)] = ""
    cliente: Name = ""
    data_entrada: Day | None = None


_ANSWERED = ConfigDict(json_schema_serialization_defaults_required=True)
"""An answer holds every field."""


class AcabamentoGravado(Acabamento):
    model_config = _ANSWERED


class ItemGravado(ItemPedido):
    """An item as it is answered."""

    model_config = _ANSWERED

    acabamento: AcabamentoGravado


class Pedido(PedidoNovo):
    """An order as it is answered."""

    model_config = _ANSWERED

    id: int
    numero: str
    items: list[ItemGravado]  # type: ignore[assignment]
    versao: int
    data_criacao: Moment
    ultima_atualizacao: Moment


def new_order(body: PedidoNovo) -> dict[str, Any]:
    """All fields of a new order, defaults included; ``numero`` is "" where none was given."""
    fields = body.model_dump()
    numero = (fields.pop("numero") or "").strip()
    return {"numero": numero, "cliente": fields.pop("cliente"), **fields}


def changes(body: PedidoMudanca) -> dict[str, Any]:
    """The fields that a PATCH names, with their new values."""
    return body.model_dump(include=body.model_fields_set)


# -------------------------------------------------------------------------------------- JSON, 422


class WrittenNumber(float):
    """A number of a JSON body that still knows its digits: an amount is read from them, not from the float."""

    def __new__(cls, written: str) -> WrittenNumber:
        number = super().__new__(cls, written)
        number.written = written
        return number

    written: str


_PLACE = re.compile("line ([0-9]+) column ([0-9]+)")
_FRACTION = re.compile(rb"[0-9][.eE][-+0-9]")


def parse_json(body: bytes) -> Any:
    """Strict JSON; a number with a fraction or an exponent is a WrittenNumber.

    Raises Problem (400) for what is no JSON: NaN, lone surrogates, wrong UTF-8, depth over 200.
    """
    try:
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
    """The 422 for a pydantic error: every fault at once, each under its field's name."""
    errors = []
    for fault in error.errors(include_url=False, include_input=False):
        context = fault.get("ctx", {})
        of_text = fault["type"] == "too_long" and context["field_type"] != "List"
        template = _MESSAGES.get("string_too_long" if of_text else fault["type"])
        message = template.format(**context) if template else fault["msg"]
        campo = ".".join(str(part) for part in fault["loc"] if not _is_branch(part)) or "(corpo)"
        entry = {"campo": campo, "mensagem": message.replace(" or ", " ou ")}
        if entry not in errors:
            errors.append(entry)
    return invalid_fields(errors)


def _is_branch(part: int | str) -> bool:
    """True for the part of a location that names a union's branch, not a field."""
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "constrained-str"))
