"""axe finds nothing, in any state of the page, in light and in dark."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.support.live_server import LiveServer
from tests.support.page_helpers import Frames, OpenPage, Shop, box, card, day, row
from tests.support.view_support import assert_accessible_in_light_and_dark as assert_accessible

pytest_plugins = ["tests.support.page_fixtures"]


def a_day(shop: Shop) -> list[dict[str, object]]:
    """Orders of every kind."""
    return [
        shop.order("Urgente e atrasada", prioridade="ALTA", data_entrega=day(-2), cidade_cliente="Itu"),
        shop.order("De hoje", data_entrega=day(0), financeiro=True, status="em_producao"),
        shop.order("Sem data", conferencia=True, valor_total="1234.50"),
    ]


def test_list(open_page: OpenPage, shop: Shop) -> None:
    orders = a_day(shop)
    page = open_page(settings={"meuSetor": "financeiro"})
    shop.change(orders[1]["id"], costura=True)
    expect(row(page, orders[1]).locator(".row__chip")).to_be_visible()
    assert_accessible(page)  # lit up, with its chip
    page.route("**/api/v1/pedidos/*", _refuse)
    box(page, orders[0], "financeiro").click()
    expect(row(page, orders[0]).locator(".problem")).to_be_visible()
    page.locator("#busca").fill("a")
    assert_accessible(page)


def _refuse(route: Route) -> None:
    if route.request.method == "PATCH":
        problem = {"type": "urn:pedidos:problema:x", "title": "Recusado", "detail": "Não pode."}
        route.fulfill(status=409, content_type="application/problem+json", json=problem)
    else:
        route.continue_()


def _lose(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def test_pending_and_undo(open_page: OpenPage, shop: Shop) -> None:
    orders = a_day(shop)
    page = open_page()
    box(page, orders[0], "financeiro").click()
    expect(page.locator(".undo__line")).to_be_visible()

    def hold(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()

    page.route("**/api/v1/pedidos/*", hold)
    box(page, orders[0], "conferencia").click()
    expect(box(page, orders[0], "conferencia")).to_contain_text("Enviando")
    assert_accessible(page)


def test_empty_filtered_and_narrow(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(width=360, height=700)
    assert_accessible(page)
    a_day(shop)
    expect(page.locator(".row")).to_have_count(3)
    assert_accessible(page)
    page.locator("#busca").fill("xyzzy")
    expect(page.locator(".row")).to_have_count(0)
    assert_accessible(page)


def test_board(open_page: OpenPage, shop: Shop) -> None:
    orders = a_day(shop)
    page = open_page("#/quadro")
    shop.change(orders[1]["id"], conferencia=True)
    expect(card(page, orders[1]).locator(".card__chip")).to_be_visible()
    card(page, orders[0]).get_by_role("button", name=re.compile("Mover para")).click()
    assert_accessible(page)
    page.keyboard.press("Escape")
    card(page, orders[0]).locator(".card__link").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert_accessible(page)


def test_order_with_faults_conflicts_and_the_dialog(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(items=[{"descricao": "Lona", "acabamento": {"ilhos": True}}], cidade_cliente="Itu")
    frames = Frames()
    page = open_page(f"#/pedido/{order['id']}", before=frames.watch)
    expect(page.locator(".timeline li")).to_have_count(1)
    page.locator('[name="observacao"]').fill("minha")
    page.locator('[name="cliente"]').fill("")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".faults")).to_be_visible()
    shop.change(order["id"], observacao="de outra pessoa", cidade_cliente="Salto")
    expect(page.locator("#campo-observacao-nota")).to_contain_text("de outra pessoa")
    assert_accessible(page)
    page.locator('[name="cliente"]').fill("Zeca")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Usar o dele").check()
    assert_accessible(page)


def test_new_order_and_missing_order(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    page.get_by_role("button", name="Adicionar item").click()
    assert_accessible(page)
    page.evaluate("() => { location.hash = '#/pedido/99999' }")
    expect(page.get_by_role("heading", name="Este pedido não existe")).to_be_visible()
    assert_accessible(page)


def test_drafts_and_what_becomes_of_a_save(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo", before=lambda page: page.clock.install())
    page.locator('[name="cliente"]').fill("Zeca")
    page.route("**/api/v1/pedidos/", _lose)
    page.locator("#salvar").click()
    expect(page.locator("#salvar")).to_have_text("Enviando")
    assert_accessible(page)
    _pass(page, 12)
    expect(page.locator("#estado")).to_contain_text("Sem confirmação")
    assert_accessible(page)
    page.reload()
    expect(page.locator(".banner")).to_contain_text("recuperado")
    assert_accessible(page)

    order = shop.order()
    page.evaluate("id => { location.hash = `#/pedido/${id}` }", order["id"])
    page.get_by_role("button", name="Excluir pedido").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Cancelar").click()
    shop.delete(order["id"])
    expect(page.locator(".banner")).to_contain_text("excluído")
    assert_accessible(page)


def test_an_older_page_and_an_empty_board(open_page: OpenPage, shop: Shop) -> None:
    def older(page: Page) -> None:
        def answer(route: Route) -> None:
            response = route.fetch()
            body = response.text().replace('name="pedidos-versao" content="', 'name="pedidos-versao" content="0.0-')
            route.fulfill(response=response, body=body)

        page.route(f"{shop.server.url}/", answer)

    page = open_page("#/quadro", before=older)
    expect(page.locator("#atualizacao")).to_be_visible()
    expect(page.get_by_role("heading", name="Nenhum pedido em aberto")).to_be_visible()
    assert_accessible(page)


def test_drawers(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(autor="")
    page.locator("#conexao").click()
    expect(page.locator(".log li").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.locator("#ajustes").click()
    assert_accessible(page)


def test_ones_name_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(autor="")
    page.get_by_role("button", name="Quem é você?").press("Enter")
    expect(page.get_by_label("Seu nome")).to_be_focused()
    page.keyboard.type("Bia")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#quem")).to_be_hidden()
    expect(page.locator("#ajustes")).to_be_focused()
    box(page, order, "financeiro").click()
    page.goto(f"{shop.server.url}/#/pedido/{order['id']}")
    expect(page.locator(".timeline")).to_contain_text("Bia")


def test_reconnecting_and_offline(open_page: OpenPage, shop: Shop, own_server: LiveServer) -> None:
    a_day(shop)
    page = open_page(before=lambda page: page.clock.install())
    own_server.kill()
    _pass(page, 8)
    expect(page.locator("#conexao")).to_have_attribute("data-kind", "reconnecting")
    assert_accessible(page)
    _pass(page, 32)
    expect(page.locator("#faixa")).to_be_visible()
    assert_accessible(page)


def _pass(page: Page, seconds: int) -> None:
    for _ in range(seconds):
        page.clock.run_for(1_000)
