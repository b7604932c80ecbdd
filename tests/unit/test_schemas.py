"""What is read of an order, what is refused, and that neither takes longer than in proportion to its size."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from pedidos_server.domain.fields import MAX_FAULTS
from pedidos_server.domain.order import PedidoMudanca, PedidoNovo, named_fields, new_order
from pedidos_server.errors import Problem
from pedidos_server.web.problems import schema_problem
from pedidos_server.web.requests import MAX_VALUES, parse_json

INVISIBLE = ["\u200b", "\u200d\ufeff", "\u2060 \u00ad", "\u3164", "\u2800", "\u202e", "\U000e0041", "\ufe0f", "\x7f"]


def faults(model: type[PedidoNovo] | type[PedidoMudanca], **fields: Any) -> list[dict[str, str]]:
    try:
        model.model_validate(fields)
    except ValidationError as error:
        found: list[dict[str, str]] = schema_problem(error).extra["errors"]
        return found
    return []


# ------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize("field", ["data_entrada", "data_entrega"])
@pytest.mark.parametrize("day", ["0026-11-24", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_a_year_that_is_meant_otherwise_is_refused(field: str, day: str) -> None:
    fault = {"campo": field, "mensagem": "o ano deve estar entre 2000 e 2100"}
    assert faults(PedidoNovo, cliente="Ana", **{field: day}) == [fault]
    assert faults(PedidoMudanca, **{field: day}) == [fault]


@pytest.mark.parametrize("day", ["2000-01-01", "2100-12-31", None])
def test_a_day_is_kept(day: str | None) -> None:
    order = new_order(PedidoNovo.model_validate({"cliente": "Ana", "data_entrada": day, "data_entrega": day}))
    assert (order["data_entrada"], order["data_entrega"]) == (day, day)


def test_an_empty_date_is_none() -> None:
    order = new_order(PedidoNovo.model_validate({"cliente": "Ana", "data_entrada": "", "data_entrega": ""}))
    assert order["data_entrada"] is order["data_entrega"] is None
    change = named_fields(PedidoMudanca.model_validate({"data_entrada": "", "data_entrega": ""}))
    assert change == {"data_entrada": None, "data_entrega": None}


@pytest.mark.parametrize("zone", [ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12"), UTC])
def test_today_is_the_shops(zone: tzinfo) -> None:
    """These two are never on one day."""
    before = datetime.now(zone).date().isoformat()
    order = new_order(PedidoNovo(cliente="Ana"), zone)
    assert order["data_entrada"] in (before, datetime.now(zone).date().isoformat())


# ------------------------------------------------------------------------------- what shows nothing


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_name_of_invisible_characters_is_none(text: str) -> None:
    assert faults(PedidoNovo, cliente=text) == [{"campo": "cliente", "mensagem": "não pode ficar em branco"}]
    assert {fault["campo"] for fault in faults(PedidoMudanca, cliente=text, numero=text)} == {"cliente", "numero"}
    assert faults(PedidoNovo, cliente="Ana", items=[{"descricao": text}])[0]["campo"] == "items.0.descricao"
    assert new_order(PedidoNovo(cliente="Ana", numero=text))["numero"] == "", "the server gives the next"
    pattern = PedidoNovo.model_json_schema()["properties"]["cliente"]["pattern"]
    assert not re.search(pattern, text) and re.search(pattern, text + "A")


@pytest.mark.parametrize("name", ["👩\u200d🎨", "\u200bAna", "நி", "Ateliê 🎀", "◌̈", "\U000313af"])
def test_a_name_that_shows_something_is_one(name: str) -> None:
    assert faults(PedidoNovo, cliente=name) == []


# ---------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\x01", "\x1f "])
@pytest.mark.parametrize("count", [0, 1, 196, 5000])
@pytest.mark.parametrize("address", ["data:image/svg+xml,<svg/>", "javascript:alert(1)", "VBScript:x"])
def test_no_blanks_hide_what_an_address_is(address: str, count: int, blank: str) -> None:
    for hidden in (blank * count + address, address[:2] + "\n" * count + address[2:]):
        found = faults(PedidoNovo, cliente="Ana", items=[{"descricao": "x", "imagem": hidden}])
        assert [fault["campo"] for fault in found] == ["items.0.imagem"]


# ------------------------------------------------------------------------------------ many of them


def test_many_faults_are_named_up_to_a_bound() -> None:
    unknown = {f"campo{index}": 1 for index in range(40_000)}
    for model, known in ((PedidoNovo, {"cliente": "Ana"}), (PedidoMudanca, {"status": "pronto"})):
        found = faults(model, **unknown, **known)
        assert len(found) == MAX_FAULTS
        assert {fault["mensagem"] for fault in found} == {"campo desconhecido"}
    assert len(faults(PedidoNovo, cliente="Ana", items=[{"largura": 1, "altura": 2}] * 400)) == MAX_FAULTS
    assert faults(PedidoNovo, **unknown, cliente=1, status="x")[0]["campo"] in ("cliente", "status")


def test_a_body_of_more_values_than_any_order_is_not_parsed() -> None:
    for body in (b"[" + b"0.1," * 2_000_000 + b"0]", b"[" + b'{"a":{}},' * 1_000_000 + b"0]"):
        started = time.process_time()
        with pytest.raises(Problem, match="corpo") as refused:
            parse_json(body)
        assert refused.value.status == 422 and str(MAX_VALUES) in refused.value.extra["errors"][0]["mensagem"]
        assert time.process_time() - started < 0.5


def test_what_is_no_json_from_its_start_is_called_so_however_long_it_is() -> None:
    for body in (b"[" * 8_000_000, b'{"a":' * 1_000_000, b'{"cliente":Ana,' * 100_000):
        started = time.process_time()
        with pytest.raises(Problem) as refused:
            parse_json(body)
        assert refused.value.status == 400
        assert time.process_time() - started < 0.5


# -------------------------------------------------------------- time in proportion to what was sent


def read(body: dict[str, Any]) -> None:
    try:
        new_order(PedidoNovo.model_validate(parse_json(json.dumps(body).encode())))
    except ValidationError as error:
        schema_problem(error)
    except Problem:
        pass


def item(**fields: Any) -> dict[str, Any]:
    return {"cliente": "Ana", "items": [{"descricao": "x", **fields}]}


SENT: dict[str, Callable[[int], dict[str, Any]]] = {
    "unknown fields": lambda size: {f"c{index}": 1 for index in range(size // 4)},
    "unknown fields of items": lambda size: item(**{f"c{index}": 1 for index in range(size // 4)}),
    "faulty items": lambda size: {"cliente": "Ana", "items": [{"largura": 1}] * (size // 8)},
    "items that are none": lambda size: {"cliente": "Ana", "items": [1] * (size // 4)},
    "a long name": lambda size: {"cliente": "a" * size},
    "a blank name": lambda size: {"cliente": " \u200b" * size},
    "a blank around a name": lambda size: {"cliente": " " * size + "a" + " " * size},
    "a long number": lambda size: {"cliente": "Ana", "numero": "\u200b" * size},
    "an amount of digits": lambda size: {"cliente": "Ana", "valor_total": "1" * size},
    "an amount of groups": lambda size: {"cliente": "Ana", "valor_total": "111." * size},
    "an amount of commas": lambda size: {"cliente": "Ana", "valor_total": "1" * size + "," * size},
    "an amount of blanks": lambda size: {"cliente": "Ana", "valor_total": " " * size + "x"},
    "a day of digits": lambda size: {"cliente": "Ana", "data_entrega": "2" * size},
    "fractions": lambda size: item(lista=[0.1] * (size // 4)),
    "a picture": lambda size: item(imagem="data:image/png;base64," + "1E+9" * size),
    "an address of blanks": lambda size: item(imagem=" \n" * size + "x"),
    "an address of letters": lambda size: item(imagem="j\n" * size + "avascript:"),
    "a status": lambda size: {"cliente": "Ana", "status": "É" * size},
}


def seconds(work: Callable[[], object]) -> float:
    """Of this thread's own processor time, the least of three."""
    best = float("inf")
    for _ in range(3):
        started = time.thread_time()
        work()
        best = min(best, time.thread_time() - started)
    return best


@pytest.mark.parametrize("what", SENT)
def test_time_grows_with_size_and_no_faster(what: str) -> None:
    """A hundred times the size may take three hundred times as long; were it quadratic, ten thousand."""
    small, large = SENT[what](1_000), SENT[what](100_000)
    assert seconds(lambda: read(large)) < max(0.0005, seconds(lambda: read(small))) * 300
