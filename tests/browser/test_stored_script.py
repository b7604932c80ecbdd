"""A script stored in every text of an order, its history and its author: every view shows it, and none runs it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from pedidos_server.domain.order import ItemPedido, PedidoNovo
from tests.support.live_server import ORDERS
from tests.support.page_helpers import OpenPage, Shop, day

pytest_plugins = ["tests.support.page_fixtures"]

RUNS = "<script>furado=1</script>"
PAYLOADS = (
    f"{RUNS}<img src=x onerror=furado=1>",
    "\"'><svg onload=furado=1><a href=javascript:furado=1>aqui</a>",
    "${furado=1}{{constructor.constructor('furado=1')()}}`</textarea></title><script>furado=1</script>",
)
NO_FREE_TEXT = {"status", "prioridade", "data_entrada", "data_entrega", "emenda", "numero"}


def texts(model: type[PedidoNovo] | type[ItemPedido], payload: str) -> dict[str, str]:
    """Every field of the model that takes any text."""
    fields = model.model_json_schema()["properties"]
    return {
        name: payload
        for name, schema in fields.items()
        if name not in NO_FREE_TEXT
        and any(kind.get("type") == "string" and "enum" not in kind for kind in schema.get("anyOf", [schema]))
        and not name.startswith(("valor_", "ilhos_valor"))
    }


@pytest.fixture
def orders(shop: Shop) -> list[int]:
    """One for each payload, urgent and late, so that it is shown wherever some are."""
    created = []
    for number, payload in enumerate(PAYLOADS):
        item = {**texts(ItemPedido, payload), "extra": payload, "acabamento": {"ilhos": True}}
        assert {"descricao", "imagem", "observacao", "tecido"} <= item.keys()
        order = {**texts(PedidoNovo, payload), "items": [item, {**item, "imagem": f"/{payload}"}]}
        assert {"cliente", "cidade_cliente", "observacao", "forma_envio"} <= order.keys()
        urgent = {"numero": f"{RUNS}{number}", "prioridade": "ALTA", "data_entrega": day(-1)}
        headers = {"X-Pedidos-Autor": quote(payload[:80])}
        response = shop.server.post(ORDERS, json={**order, **urgent}, headers=headers)
        assert response.status_code == 201, response.text
        created.append(response.json()["id"])
        change = {"costura": True, "observacao": f"{payload}!"}
        assert shop.server.patch(f"{ORDERS}{created[-1]}", json=change, headers=headers).status_code == 200
    return created


def unharmed(page: Page) -> None:
    assert page.evaluate("typeof furado") == "undefined"
    assert page.locator("[onerror], [onload], a[href^='javascript:'], main script").count() == 0


@pytest.mark.parametrize("view", ["#/lista", "#/quadro", "?painel=1"])
def test_views_of_all(open_page: OpenPage, shop: Shop, orders: list[int], view: str) -> None:
    page = open_page(view, autor=RUNS, ready="painel" not in view)
    for number in range(len(PAYLOADS)):
        expect(page.locator("body")).to_contain_text(f"{RUNS}{number}")
    shop.change(orders[0], by=PAYLOADS[0][:80], cliente="Já mudou" + PAYLOADS[1], expedicao=True)
    expect(page.locator("body")).to_contain_text("Já mudou\"'><svg")
    unharmed(page)


def test_the_summary(open_page: OpenPage, orders: list[int]) -> None:
    page = open_page("#/resumo", autor=RUNS)
    expect(page.locator("main")).to_contain_text("3")
    unharmed(page)


@pytest.mark.parametrize("view", ["pedido", "ficha"])
def test_views_of_one(open_page: OpenPage, shop: Shop, orders: list[int], view: str) -> None:
    page = open_page(f"#/{view}/{orders[0]}", autor=RUNS)
    for number, order_id in enumerate(orders):
        page.evaluate(f"location.hash = '#/{view}/{order_id}'")
        expect(page.locator("body")).to_contain_text(f"{RUNS}{number}")
        shop.change(order_id, by=PAYLOADS[number][:80], cidade_cliente="Mudou", expedicao=True)
        if view == "pedido":
            expect(page.locator(".timeline li")).to_have_count(3)
        unharmed(page)
