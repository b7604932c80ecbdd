"""The list: ticking, what others do, finding and sorting."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.live_server import wait_until
from tests.support.page_helpers import OpenPage, Shop, box, card, column, day, numbers, row

pytest_plugins = ["tests.support.page_fixtures"]

PATCH = "**/api/v1/pedidos/*"


def test_a_tick_shows_in_the_other_browser_with_who_and_when(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    mine, other = open_page(autor="Bia"), open_page(autor="Caio")
    box(mine, order, "financeiro").click()
    expect(box(mine, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    expect(box(other, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    expect(row(other, order)).to_have_attribute("data-fresh", re.compile("."))
    expect(row(other, order).locator(".row__chip")).to_have_text(re.compile(r"^Financeiro · Bia · \d\d:\d\d$"))
    expect(row(other, order)).not_to_have_attribute("data-fresh", re.compile("."))  # 3 s later
    expect(row(other, order).locator(".row__chip")).to_be_visible()
    # One's own change neither lights nor is signed.
    expect(row(mine, order)).not_to_have_attribute("data-fresh", re.compile("."))
    expect(row(mine, order).locator(".row__chip")).to_be_hidden()


def test_keyboard_walks_over_the_boxes_and_ticks(open_page: OpenPage, shop: Shop) -> None:
    first, second = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    page = open_page()
    box(page, first, "financeiro").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(box(page, second, "conferencia")).to_be_focused()
    page.keyboard.press("Space")
    expect(box(page, second, "conferencia")).to_have_attribute("aria-pressed", "true")
    expect(box(page, second, "conferencia")).to_be_focused()
    assert shop.get(second["id"])["conferencia"] is True


def test_the_box_says_sending_and_stays_as_it_was_until_the_answer(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page()
    held: list[Route] = []
    page.route(PATCH, lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_())
    target = box(page, order, "financeiro")
    target.click()
    expect(target).to_have_attribute("data-state", "pending")
    expect(target).to_contain_text("Enviando")
    expect(target).to_have_attribute("aria-pressed", "false")
    target.click(force=True)  # nothing is sent twice
    wait_until(lambda: held, what="the PATCH")
    assert len(held) == 1
    held[0].continue_()
    expect(target).to_have_attribute("aria-pressed", "true")
    expect(target).to_have_attribute("data-state", "done")


def test_without_an_answer_it_says_so_and_repeats_under_the_same_key(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(before=lambda page: page.clock.install())
    keys: list[str] = []
    lost = True

    def lose(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        if lost:
            route.abort()
        else:
            route.continue_()

    page.route(PATCH, lose)
    target = box(page, order, "financeiro")
    target.click()
    expect(target).to_have_attribute("data-state", "pending")
    for _ in range(12):
        page.clock.run_for(1_000)
    expect(target).to_contain_text("Sem confirmação · Repetir")
    expect(target).to_have_attribute("aria-pressed", "false")
    lost = False
    target.click()
    expect(target).to_have_attribute("aria-pressed", "true")
    assert len(set(keys)) == 1
    assert shop.get(order["id"])["versao"] == 2


def test_a_refusal_stays_on_the_control_with_its_reason(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page()

    def refuse(route: Route) -> None:
        problem = {"type": "urn:pedidos:problema:x", "title": "Recusado", "detail": "O financeiro está fechado hoje."}
        if route.request.method == "PATCH":
            route.fulfill(status=409, content_type="application/problem+json", json=problem)
        else:
            route.continue_()

    page.route(PATCH, refuse)
    target = box(page, order, "financeiro")
    target.click()
    expect(target).to_have_attribute("data-state", "error")
    expect(target).to_have_attribute("aria-pressed", "false")
    expect(row(page, order).locator(".problem")).to_contain_text("Financeiro: O financeiro está fechado hoje.")
    page.unroute(PATCH)
    row(page, order).get_by_role("button", name="Dispensar").click()
    expect(target).to_have_attribute("data-state", "next")
    expect(row(page, order).locator(".problem")).to_have_count(0)


def test_a_tick_can_be_undone_for_ten_seconds(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(before=lambda page: page.clock.install())
    box(page, order, "financeiro").click()
    undo = page.get_by_role("button", name="Desfazer")
    expect(undo).to_be_visible()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    undo.click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "false")
    expect(undo).to_be_hidden()
    assert shop.get(order["id"])["financeiro"] is False

    box(page, order, "financeiro").click()
    expect(undo).to_be_visible()
    page.clock.run_for(11_000)
    expect(undo).to_be_hidden()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")


def test_undo_leaves_alone_what_somebody_else_changed_since(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page()
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    shop.change(order["id"], financeiro=False)
    shop.change(order["id"], conferencia=True)
    expect(box(page, order, "conferencia")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("#anuncios")).to_contain_text("Nada a desfazer")
    assert shop.get(order["id"])["versao"] == 4


def test_my_sector_comes_first_with_live_counts(open_page: OpenPage, shop: Shop) -> None:
    first = shop.order("Já", data_entrega=day(0))
    waiting = shop.order("Espera", data_entrega=day(5), financeiro=True, conferencia=True)
    page = open_page(settings={"meuSetor": "sublimacao"})
    assert numbers(page) == [waiting["numero"], first["numero"]]
    expect(page.locator(".group").first).to_have_text("Esperando por Sublimação · 1")
    count = page.locator('.stage[data-stage="sublimacao"] .stage__count')
    expect(count).to_have_text("1")
    shop.change(waiting["id"], sublimacao=True)
    expect(count).to_have_text("0")
    expect(page.locator(".group").first).to_have_text("Esperando por Sublimação · 0")
    expect(page.locator('.stage[data-stage="costura"] .stage__count')).to_have_text("1")


def test_filters_stand_in_the_address_and_are_remembered(open_page: OpenPage, shop: Shop) -> None:
    shop.order("Ágata", prioridade="ALTA", financeiro=True)
    shop.order("Zélia", financeiro=True)
    shop.order("Beto")
    page = open_page()
    expect(page.locator(".row")).to_have_count(3)
    page.locator('.stage[data-stage="conferencia"]').click()
    expect(page.locator(".row")).to_have_count(2)
    page.get_by_role("button", name="Só urgentes").click()
    expect(page.locator(".row")).to_have_count(1)
    assert re.search(r"#/lista\?setor=conferencia&prioridade=alta$", page.url)
    page.goto("about:blank")
    page.goto(shop.server.url + "/")
    expect(page.locator(".row")).to_have_count(1)
    assert "setor=conferencia" in page.url
    page.get_by_role("button", name="Limpar filtros").click()
    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator("#busca")).to_be_focused()


READY = dict.fromkeys(("financeiro", "conferencia", "sublimacao", "costura", "expedicao"), True)


def test_what_has_all_boxes_ticked_is_ready_wherever_it_is_shown(open_page: OpenPage, shop: Shop) -> None:
    order, other = shop.order("Feito", **{**READY, "expedicao": False}), shop.order("A fazer")
    page = open_page()
    expect(row(page, order).locator(".row__status")).to_have_text("Pendente")
    box(page, order, "expedicao").click()
    expect(row(page, order).locator(".row__status")).to_have_text("Pronto")
    page.get_by_label("Situação", exact=True).select_option("pronto")
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_label("Situação", exact=True).select_option("pendente")
    expect(page.locator(".row__number")).to_have_text([other["numero"]])
    page.goto(f"{shop.server.url}/#/ficha/{order['id']}")
    expect(page.locator(".ficha-folha")).to_contain_text("SituaçãoPronto")


def test_the_chips_agree_with_the_rows(open_page: OpenPage, shop: Shop) -> None:
    shop.order("Aberto")
    shop.order("Urgente", prioridade="ALTA", financeiro=True)
    shop.order("Foi-se", status="entregue", **READY)
    page = open_page("#/lista?setor=conferencia")

    def counts() -> dict[str, str]:
        chips = page.locator(".stage").evaluate_all(
            "all => all.map(one => [one.dataset.stage, one.querySelector('.stage__count').textContent])"
        )
        return {stage: count for stage, count in chips if count != "0"}

    expect(page.locator(".row")).to_have_count(1)
    assert counts() == {"": "2", "financeiro": "1", "conferencia": "1"}
    page.get_by_label("Situação", exact=True).select_option("entregue")
    expect(page.locator(".row__client")).to_have_text(["Foi-se"])
    assert counts() == {"": "1"}
    expect(page.locator('.stage[aria-pressed="true"]')).to_have_attribute("data-stage", "")
    page.get_by_role("button", name="Limpar filtros").click()
    page.get_by_role("button", name="Só urgentes").click()
    expect(page.locator(".row__client")).to_have_text(["Urgente"])
    assert counts() == {"": "1", "conferencia": "1"}


def test_a_telephone_is_found_by_its_digits(open_page: OpenPage, shop: Shop) -> None:
    shop.order("Com telefone", telefone_cliente="(11) 98765-4321")
    shop.order("Outro", telefone_cliente="(11) 98765-4322")
    page = open_page()
    for text in ("11987654321", "11 98765 4321", "+55 (11) 98765-4321", "telefone 987654321"):
        page.locator("#busca").fill(text)
        expect(page.locator(".row__client")).to_have_text(["Com telefone"])


def test_typing_goes_on_where_the_address_cannot_follow(open_page: OpenPage, shop: Shop) -> None:
    """Safari lets a page change its address a hundred times in half a minute."""
    shop.order("Ágata")
    shop.order("Beto")
    page = open_page()
    page.evaluate("() => { history.replaceState = () => { throw new DOMException('too often', 'SecurityError'); }; }")
    page.locator("#busca").fill("beto")
    expect(page.locator(".row__client")).to_have_text(["Beto"])


def test_sorting_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    for cliente, total in (("Zeca", "10.00"), ("ana", "9.50"), ("Élcio", "100.00")):
        shop.order(cliente, valor_total=total)
    page = open_page()
    expect(page.locator(".row")).to_have_count(3)
    by_client = page.locator(".head__button", has_text="Cliente")
    by_client.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row__client")).to_have_text(["ana", "Élcio", "Zeca"])
    page.keyboard.press("Enter")
    expect(page.locator(".row__client")).to_have_text(["Zeca", "Élcio", "ana"])
    page.locator(".head__button", has_text="Valor").click()
    expect(page.locator(".row__client")).to_have_text(["ana", "Zeca", "Élcio"])
    expect(page.locator(".head__valor")).to_have_attribute("aria-sort", "ascending")


def test_search_ignores_accents_and_reaches_what_is_not_loaded(open_page: OpenPage, shop: Shop) -> None:
    shop.order("São João Malhas")
    shop.order("Outra")
    old = shop.order("Padaria São Bento", status="entregue")
    # As if it were older than what is loaded: the list leaves it out.
    page = open_page(
        before=lambda page: page.route(re.compile(r"recentes=30"), lambda route: _without(route, old["id"]))
    )
    expect(page.locator(".row")).to_have_count(2)
    page.locator("#busca").press_sequentially("sao")
    expect(page.locator(".row__client")).to_have_text(["São João Malhas"])
    page.locator("#busca").fill("São")  # the server minds accents
    expect(page.locator(".row__client")).to_have_text(["São João Malhas", "Padaria São Bento"])
    expect(page.locator(".group")).to_have_text(["Encerrados e mais antigos · 1"])


def _without(route: Route, order_id: int) -> None:
    response = route.fetch()
    orders = [order for order in response.json() if order["id"] != order_id]
    route.fulfill(response=response, json=orders)


def test_dates_are_those_of_the_order_wherever_the_clock_stands(open_page: OpenPage, shop: Shop) -> None:
    """`new Date('2026-03-10')` is the 9th in São Paulo; and today is not late, nor is what is ready."""
    done = {setor: True for setor in ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")}
    today = shop.order("Hoje", data_entrega="2026-03-10")
    ready = shop.order("Pronta", data_entrega="2026-03-01", **done)
    late = shop.order("Atrasada", data_entrega="2026-03-09")

    def before_midnight(page: Page) -> None:
        page.clock.install(time=datetime.fromisoformat("2026-03-10T23:59:50-03:00"))

    page = open_page(before=before_midnight, timezone_id="America/Sao_Paulo")
    expect(row(page, today).locator(".row__date")).to_have_text("10/03")
    expect(row(page, today).locator(".row__when")).to_have_text("hoje")
    expect(row(page, today)).not_to_have_attribute("data-late", "")
    expect(row(page, ready)).not_to_have_attribute("data-late", "")
    expect(row(page, late)).to_have_attribute("data-late", "")
    page.clock.run_for(12_000)  # midnight
    expect(row(page, today)).to_have_attribute("data-late", "")
    expect(row(page, today).locator(".tag--late")).to_have_text("Atrasado")
    expect(row(page, ready)).not_to_have_attribute("data-late", "")


def test_what_others_change_moves_the_row(open_page: OpenPage, shop: Shop) -> None:
    first, second = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    page = open_page()
    assert numbers(page) == [first["numero"], second["numero"]]
    shop.change(first["id"], data_entrega=day(9))
    wait_until(lambda: numbers(page) == [second["numero"], first["numero"]], what="the row to move")
    shop.delete(second["id"])
    expect(row(page, second)).to_have_count(0)


COUNT_MOVES = """
window.moves = 0;
const animate = Element.prototype.animate;
Element.prototype.animate = function (...how) { window.moves += 1; return animate.apply(this, how); };
"""


@pytest.mark.parametrize("wish", ["no-preference", "reduce"])
def test_it_is_seen_moving_unless_one_would_rather_not(open_page: OpenPage, shop: Shop, wish: str) -> None:
    first, second = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    page = open_page(reduced_motion=wish, before=lambda page: page.add_init_script(COUNT_MOVES))
    shop.change(first["id"], data_entrega=day(9))
    wait_until(lambda: numbers(page) == [second["numero"], first["numero"]], what="the row to move")
    rows = page.evaluate("window.moves")
    assert (rows > 0) == (wish == "no-preference")
    page.evaluate("() => { location.hash = '#/quadro' }")
    expect(card(page, first)).to_be_visible()
    shop.change(first["id"], financeiro=True)
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    assert (page.evaluate("window.moves") > rows) == (wish == "no-preference")


def test_a_row_does_not_slip_away_under_the_pointer(open_page: OpenPage, shop: Shop) -> None:
    first, second = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    page = open_page(before=lambda page: page.clock.install())
    row(page, first).hover()
    page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now() / 1000 + 0.1")))
    row(page, first).hover(position={"x": 30, "y": 20})
    shop.change(first["id"], data_entrega=day(9))
    page.clock.run_for(200)
    wait_until(lambda: _tick_and(page, row(page, first).locator(".row__chip").is_visible), what="the change itself")
    assert numbers(page) == [first["numero"], second["numero"]]
    page.clock.run_for(2_000)
    wait_until(lambda: numbers(page) == [second["numero"], first["numero"]], what="the move")


def _tick_and(page: Page, condition: Any) -> bool:
    page.clock.run_for(20)
    return bool(condition())


def test_text_from_orders_is_only_ever_text(open_page: OpenPage, shop: Shop) -> None:
    evil = "<img src=x onerror=\"document.title='x'\"><b>oi</b>"
    order = shop.order(evil, cidade_cliente=evil, observacao=evil, items=[{"descricao": evil}])
    page = open_page()
    expect(row(page, order).locator(".row__client")).to_have_text(evil)
    row(page, order).locator("a").click()
    expect(page.locator("h1")).to_contain_text(evil)
    assert page.locator("main b, main img[src=x]").count() == 0


@pytest.mark.parametrize("width", [1280, 1000, 375, 360])
def test_nothing_sticks_out_sideways(open_page: OpenPage, shop: Shop, width: int) -> None:
    order = shop.order(
        "Um nome de cliente comprido demais para caber em qualquer coluna " * 2,
        prioridade="ALTA",
        data_entrega=day(-2),
    )
    page = open_page(width=width)
    for view in ("lista", "quadro", "novo", f"pedido/{order['id']}"):
        page.evaluate("view => { location.hash = '#/' + view }", view)
        page.wait_for_function("view => document.body.dataset.view === view.split('/')[0]", arg=view)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view
        wide = page.evaluate(
            """() => Array.from(document.querySelectorAll('main .field > .input'))
                .filter(input => input.offsetWidth > input.parentElement.clientWidth)
                .map(input => input.name)"""
        )
        assert wide == [], view


def test_thumbs_find_targets_of_48_px(open_page: OpenPage, shop: Shop) -> None:
    shop.order(data_entrega=day(1))
    page = open_page(autor="", width=360, height=700, has_touch=True, is_mobile=True)
    for view in ("lista", "quadro", "novo"):
        page.evaluate("view => { location.hash = '#/' + view }", view)
        page.wait_for_function("view => document.body.dataset.view === view", arg=view)
        small = page.evaluate(
            """() => Array.from(document.querySelectorAll('button, select, .nav a, .card__link, input'))
                .filter(element => element.type !== 'checkbox' && element.offsetParent)
                .filter(element => getComputedStyle(element).visibility !== 'hidden')
                .filter(element => !element.closest('.only-heard, .heads, .skip'))
                .map(element => [element.outerHTML.slice(0, 90), element.getBoundingClientRect().height])
                .filter(([, height]) => height < 47.5)"""
        )
        assert small == [], view


def test_a_phone_asks_for_ones_name(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(autor="", width=360, height=700, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Quem é você?").tap()
    page.get_by_label("Seu nome").fill("Bia")
    page.keyboard.press("Enter")
    expect(page.locator("#quem")).to_be_hidden()


def test_a_tap_ticks(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(width=360, height=700, has_touch=True, is_mobile=True)
    box(page, order, "financeiro").tap()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")


def test_empty_and_filtered_lists_say_what_to_do(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="Nenhum pedido por aqui")).to_be_visible()
    shop.order()
    expect(page.locator(".row")).to_have_count(1)
    page.locator("#busca").fill("xyzzy")
    expect(page.get_by_role("heading", name="Nenhum pedido com estes filtros")).to_be_visible()
