"""An order: its fields, and what follows from them."""

from __future__ import annotations

import math
import unicodedata
import zlib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from itertools import islice
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .fields import (
    MAX_FAULTS,
    MAX_ITEMS,
    READ_ONLY,
    SECTORS,
    Amount,
    Day,
    Description,
    Filled,
    Image,
    Integer,
    Long,
    Moment,
    Name,
    Number,
    OptionalAmount,
    Order,
    Priority,
    Seam,
    Short,
    Status,
    find_visible,
    storable,
)


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
    emenda: Seam = "sem-emenda"
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
        storable(value)
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
    numero = numero.strip() if find_visible(numero) else ""
    return {"numero": numero, "cliente": fields.pop("cliente"), **fields}


def named_fields(body: PedidoMudanca) -> dict[str, Any]:
    """The fields that a PATCH names, with their new values."""
    return body.model_dump(include=body.model_fields_set)


FIELDS: Order = new_order(PedidoNovo(cliente="-"))
"""Every field that clients write, with its default."""
ITEM_FIELDS: Order = ItemPedido(descricao="-").model_dump()
SHAPE = zlib.crc32(",".join((*FIELDS, "", *ITEM_FIELDS)).encode())
"""Stored with each order: one of another shape was stored when other fields existed."""


def complete(order: Order) -> Order:
    """The order as it is today: what was stored before a field existed gets the field's default."""
    items = [_with_missing(ITEM_FIELDS, item) for item in order["items"]]
    return _with_missing(FIELDS, {**order, "items": items})


def _with_missing(defaults: Order, given: Order) -> Order:
    return {**given, **{name: value for name, value in defaults.items() if name not in given}}


# --------------------------------------------------------------------------- what lists filter by


def sector_of(order: Mapping[str, Any]) -> str:
    """The first sector that is not ticked, or ``pronto``."""
    return next((sector for sector in SECTORS if not order[sector]), "pronto")


def searchable(text: str) -> str:
    """Lower case without accents: what ``q`` is compared with."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


_TELEPHONE_DIGITS = str.maketrans("0123456789", "ABCDEFGHIJ")


def telephone(text: str) -> str:
    """Its digits, as capitals, which no other text that is searched has: 47 finds order 47, and not every telephone
    with a 47 in it."""
    return "".join(char for char in text if char in "0123456789").translate(_TELEPHONE_DIGITS)


def search_text(order: Mapping[str, Any]) -> str:
    """What ``q`` is looked for in."""
    text = searchable(f"{order['numero']}\n{order['cliente']}\n{order['cidade_cliente']}")
    return f"{text}\n{telephone(order['telefone_cliente'])}"
