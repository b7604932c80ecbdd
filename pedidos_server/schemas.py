"""The orders' JSON as typed models: what is read, how it is made canonical, and what is said of each fault.

The same models make the OpenAPI description. Strings and booleans are strict; only what older clients are
known to send otherwise (decimals as numbers or with a comma, words in capitals) is accepted and made canonical.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from itertools import islice
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
MAX_VALUES = 50_000
"""Values in one body. The largest order has a third of that; each costs time and memory in which nobody is served."""
MAX_FAULTS = 100
"""Faults that one answer names."""

# ------------------------------------------------------------------------------------ field types

_EMPTY = {"type": "string", "enum": [""]}


def _storable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("nul", "não pode conter o caractere NUL")
    return value


_INVISIBLE = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb" + "\U000e0000-\U000e0fff"
)
"""What shows nothing by itself: blanks, controls, zero-width and filler characters. As in a pattern's brackets."""
_find_visible = re.compile(f"[^{_INVISIBLE}]").search


def _not_blank(value: str) -> str:
    if not _find_visible(value):
        raise PydanticCustomError("blank", "não pode ficar em branco")
    return value.strip()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _priority(value: Any) -> Any:
    if isinstance(value, str):
        return value.upper() or "NORMAL"
    return value


_MAX_WRITTEN = 40
"""Characters of a number."""


def _exact(written: str, most_digits: int) -> Decimal | None:
    """The number that these digits say, or None where it has more before its point. No arithmetic is done before
    that is known: 1e999999999 overflows."""
    if len(written) > _MAX_WRITTEN:
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


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
YEARS = range(2000, 2101)
"""Of a date: a year typed with two digits is not the year 26."""


def _iso_date(value: str) -> str:
    try:
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise PydanticCustomError("date", "deve ser uma data que existe, na forma AAAA-MM-DD")
    if day.year not in YEARS:
        raise PydanticCustomError("date_range", f"o ano deve estar entre {YEARS[0]} e {YEARS[-1]}")
    return value


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


_WITH_COMMA = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)
_WITH_POINT = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_MAX_DIGITS = 12


def _amount(value: Any) -> str:
    """``"1.234,56"``, ``"1234.56"`` or 1234.56 → ``"1234.56"``; exact, never through binary floating point."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("amount", 'deve ser um valor como "450.00"')
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MAX_WRITTEN:
            raise PydanticCustomError("amount_range", "valor grande demais")
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
_DAY_WRITTEN = {"type": "string", "format": "date", "pattern": "^(20[0-9]{2}|2100)-"}
Day = Annotated[
    Annotated[str, AfterValidator(_iso_date)] | None,
    BeforeValidator(_empty_is_none),
    WithJsonSchema({"anyOf": [_DAY_WRITTEN, _EMPTY, {"type": "null"}]}, mode="validation"),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, mode="serialization"),
]
"""A day, or None; older clients send "" for none."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Status = Annotated[Literal[STATUSES], BeforeValidator(_lower)]  # type: ignore[valid-type]
Priority = Annotated[
    Literal[PRIORITIES],  # type: ignore[valid-type]
    BeforeValidator(_priority),
    WithJsonSchema({"type": "string", "enum": [*PRIORITIES, ""]}, mode="validation"),
]
Integer = Annotated[int, Field(ge=-MAX_INTEGER - 1, le=MAX_INTEGER), BeforeValidator(_whole)]

Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Filled = Annotated[
    str,
    AfterValidator(_storable),
    AfterValidator(_not_blank),
    Field(json_schema_extra={"pattern": rf"^[^\x00]*[^{_INVISIBLE}][^\x00]*$"}),
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
_IGNORED_IN_SCHEMES = re.compile(r"[\x00-\x20]+")
_RUNS_SCRIPT = ("javascript", "vbscript")


def _harmless_image(value: str) -> str:
    """An address, or a data URI of an image: what is stored here, other people's browsers open."""
    scheme = _IGNORED_IN_SCHEMES.sub("", value.partition(":")[0]).lower()  # as browsers read it
    if scheme in _RUNS_SCRIPT:
        raise PydanticCustomError("image", "deve ser o endereço de uma imagem")
    if scheme == "data" and not _IMAGE.match(value):
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
    data_entrega: Day = None
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
        if not isinstance(data, dict):
            return data
        if not READ_ONLY.isdisjoint(data):
            data = {name: value for name, value in data.items() if name not in READ_ONLY}
        if len(data) > len(cls.model_fields) + MAX_FAULTS:  # no more unknown ones than will be named
            unknown = islice((name for name in data if name not in cls.model_fields), MAX_FAULTS)
            named = {*cls.model_fields, *unknown}
            data = {name: value for name, value in data.items() if name in named}
        return data


class PedidoNovo(OrderFields):
    """Body of POST. ``cliente`` is all that is needed."""

    numero: Number | None = Field(default=None, description="sem número, o servidor dá o próximo")
    cliente: Name
    data_entrada: Day = Field(default_factory=lambda: None, description="sem ela, o dia de hoje")


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out stays as it is, so the description may name no default."""
    for described in schema["properties"].values():
        described.pop("default", None)


class PedidoMudanca(OrderFields):
    """Body of PATCH: only the fields that are named change."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    numero: Annotated[Filled, StringConstraints(max_length=40)] = ""
    cliente: Name = ""
    data_entrada: Day = None


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


def new_order(body: PedidoNovo, zone: tzinfo | None = None) -> dict[str, Any]:
    """All fields of a new order, defaults included; ``numero`` is "" where none was given. ``zone`` is the shop's, by
    which an order without ``data_entrada`` came in today; None is the system's."""
    fields = body.model_dump()
    if "data_entrada" not in body.model_fields_set:
        fields["data_entrada"] = datetime.now(zone).date().isoformat()
    numero = fields.pop("numero") or ""
    numero = numero.strip() if _find_visible(numero) else ""
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

    Raises Problem (400) for what is no JSON: NaN, lone surrogates, wrong UTF-8, depth over 200; (422) for more values
    than MAX_VALUES, which is known before any is made.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES:  # each stands before another value
        raise invalid_fields([{"campo": "(corpo)", "mensagem": f"no máximo {MAX_VALUES} valores"}])
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
