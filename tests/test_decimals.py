"""Amounts are exact decimals: what is accepted, and the string that it is answered as."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.checks import assert_faults, assert_problem
from tests.support.live_server import ORDERS, LiveServer

FIELDS = ("valor_total", "valor_frete", "valor_itens")

READ_AS = [
    ("450.00", "450.00"),
    ("450", "450.00"),
    ("450.5", "450.50"),
    ("0", "0.00"),
    ("0.01", "0.01"),
    # with a comma, the comma is the decimal mark
    ("1.234,56", "1234.56"),
    ("1.234.567,89", "1234567.89"),
    ("1234,5", "1234.50"),
    ("0,1", "0.10"),
    ("1.234,00", "1234.00"),
    # without one, the point is
    ("1.23", "1.23"),
    ("1234.5", "1234.50"),
    # JSON numbers
    (450, "450.00"),
    (0, "0.00"),
    (0.1, "0.10"),
    (19.99, "19.99"),
    (1234567.89, "1234567.89"),
    (4.35, "4.35"),
]
REFUSED = [
    "1.234",
    "1,234",
    "10.000",
    "0,001",
    "1,234.56",
    "1.2.3",
    "1,2,3",
    "12.34.567,89",
    "abc",
    "12abc",
    "R$",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "1_000",
    "0x10",
    ",",
    ".",
    "--5",
    "9" * 200,
    0.001,
    1.999,
    True,
    [],
    ["1"],
    {},
]


@pytest.mark.parametrize(("sent", "answered"), READ_AS)
def test_amounts_are_answered_as_decimal_strings(server: LiveServer, sent: Any, answered: str) -> None:
    order = server.create(**dict.fromkeys(FIELDS, sent), items=[{"descricao": "Faixa", "valor_unitario": sent}])
    assert [order[field] for field in FIELDS] == [answered] * 3
    assert order["items"][0]["valor_unitario"] == answered
    assert server.get(f"{ORDERS}{order['id']}").json() == order


@pytest.mark.parametrize("sent", REFUSED, ids=lambda value: str(value)[:12])
def test_what_is_no_amount_is_refused(server: LiveServer, sent: Any) -> None:
    for field in FIELDS:
        assert_faults(server.post(ORDERS, json={"cliente": "Ana", field: sent}), field)


@pytest.mark.parametrize(
    ("literal", "answered"),
    [
        ("1e2", "100.00"),
        ("12.10", "12.10"),
        ("0.30", "0.30"),
        ("1.5E+1", "15.00"),
        ("99999999.99", "99999999.99"),
        ("0.30000000000000004", None),
        ("10.001", None),
        ("10.000000000000000001", None),
        ("1e400", None),
        ("1e999999999", None),
        ("1e-400", None),
    ],
)
def test_a_json_number_is_read_digit_by_digit(server: LiveServer, literal: str, answered: str | None) -> None:
    response = server.post(
        ORDERS,
        data='{"cliente": "Ana", "valor_total": %s}' % literal,  # noqa: UP031  (braces)
        headers={"Content-Type": "application/json"},
    )
    if answered is None:
        assert_problem(response, 422)
    else:
        assert response.status_code == 201, response.text
        assert response.json()["valor_total"] == answered


@pytest.mark.parametrize("sent", ["١٢", "１２", " 10,00 ", "-5", "-1.234,56", "", "R$ 10,00", "+3", ".5", "5."])
def test_a_doubtful_amount_is_refused_or_becomes_a_plain_one(server: LiveServer, sent: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana", "valor_total": sent})
    if response.status_code == 201:
        amount = response.json()["valor_total"]
        assert amount.isascii()
        whole, _, cents = amount.removeprefix("-").partition(".")
        assert whole.isdigit() and cents.isdigit() and len(cents) == 2, amount
    else:
        assert_faults(response, "valor_total")


@pytest.mark.parametrize("spelling", ["1234.50", "1234.5", "1.234,50", "1234,5", 1234.5])
def test_another_spelling_of_the_same_amount_is_no_change(server: LiveServer, spelling: Any) -> None:
    order = server.create(valor_total="1234.50")
    assert server.change(order["id"], valor_total=spelling) == order


def test_amounts_are_strings_in_the_raw_answer(server: LiveServer) -> None:
    order = server.create(valor_total=450)
    raw = json.loads(server.get(f"{ORDERS}{order['id']}").content, parse_float=lambda _: pytest.fail("a float"))
    assert raw["valor_total"] == "450.00"
