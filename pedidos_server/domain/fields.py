"""The types of an order's fields: what is taken, and how it is made canonical.

Strings and booleans are strict; only what older clients are known to send otherwise (decimals as numbers or with a
comma, words in capitals) is accepted. The same types make the OpenAPI description.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
STATUSES = ("pendente", "em_producao", "pronto", "entregue", "cancelado")
OPEN_STATUSES = ("pendente", "em_producao", "pronto")
PRIORITIES = ("NORMAL", "ALTA")
READ_ONLY = frozenset(("id", "versao", "data_criacao", "ultima_atualizacao"))

MAX_INTEGER = 2**63 - 1
MAX_ITEMS = 500
MAX_FAULTS = 100
"""Faults that one answer names."""

Order = dict[str, Any]
"""An order's fields by their names on the wire."""


class WrittenNumber(float):
    """A number of a JSON body that still knows its digits: an amount is read from them, not from the float."""

    def __new__(cls, written: str) -> WrittenNumber:
        number = super().__new__(cls, written)
        number.written = written
        return number

    written: str


_EMPTY = {"type": "string", "enum": [""]}


def storable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("nul", "não pode conter o caractere NUL")
    return value


_INVISIBLE = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb" + "\U000e0000-\U000e0fff"
)
"""What shows nothing by itself: blanks, controls, zero-width and filler characters. As in a pattern's brackets."""
find_visible = re.compile(f"[^{_INVISIBLE}]").search


def _not_blank(value: str) -> str:
    if not find_visible(value):
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
Seam = Annotated[Literal["sem-emenda", "com-emenda"], BeforeValidator(_lower)]
Integer = Annotated[int, Field(ge=-MAX_INTEGER - 1, le=MAX_INTEGER), BeforeValidator(_whole)]

Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Filled = Annotated[
    str,
    AfterValidator(storable),
    AfterValidator(_not_blank),
    Field(json_schema_extra={"pattern": rf"^[^\x00]*[^{_INVISIBLE}][^\x00]*$"}),
]
Number = Annotated[Text, StringConstraints(max_length=40)]
Short = Annotated[Text, StringConstraints(max_length=200)]
Long = Annotated[Text, StringConstraints(max_length=10_000)]
Name = Annotated[Filled, StringConstraints(max_length=200)]
Description = Annotated[Filled, StringConstraints(max_length=2_000)]


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
