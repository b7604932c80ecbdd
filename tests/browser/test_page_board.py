"""The board: cards moved by pointer, by keyboard and by the menu, while others are at work too."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.live_server import wait_until
from tests.support.page_helpers import Frames, OpenPage, Shop, card, column, day

pytest_plugins = ["tests.support.page_fixtures"]


def test_a_drag_ticks_the_sector(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    _lift(page, card(page, order))
    _carry(page, column(page, "conferencia"))
    expect(column(page, "conferencia")).to_have_attribute("data-target", "")
    page.mouse.up()
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    assert shop.get(order["id"])["financeiro"] is True
    assert page.url.endswith("#/quadro"), "the release is no click on the card's link"


def test_a_drag_over_several_columns_and_back(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(costura=True)
    page = open_page("#/quadro")
    _drag(page, card(page, order), column(page, "sublimacao"))
    expect(column(page, "sublimacao").locator(".card")).to_have_count(1)
    _drag(page, card(page, order), column(page, "conferencia"))
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    now = shop.get(order["id"])
    assert [now[setor] for setor in ("financeiro", "conferencia", "sublimacao", "costura")] == [
        True,
        False,
        False,
        True,
    ]


def test_the_card_says_sending_and_stays_until_the_answer(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    held: list[Route] = []
    page.route(
        "**/api/v1/pedidos/*",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    _drag(page, card(page, order), column(page, "conferencia"))
    expect(card(page, order)).to_contain_text("Enviando para Conferência…")
    expect(column(page, "financeiro").locator(".card")).to_have_count(1)
    wait_until(lambda: held, what="the PATCH")
    held[0].continue_()
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)


def test_while_a_card_is_held_the_rest_waits(open_page: OpenPage, shop: Shop) -> None:
    held, other = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    frames = Frames()
    page = open_page("#/quadro", before=frames.watch)
    _lift(page, card(page, held))
    shop.change(other["id"], financeiro=True)
    shop.change(held["id"], observacao="mudou na mão")
    frames.wait_for("pedido_update", "mudou na mão")
    _carry(page, column(page, "sublimacao"))
    expect(column(page, "financeiro").locator(".card")).to_have_count(2)
    page.mouse.up()
    expect(column(page, "sublimacao").locator(".card")).to_have_count(1)
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    now = shop.get(held["id"])
    assert (now["financeiro"], now["conferencia"], now["observacao"]) == (True, True, "mudou na mão")


def test_a_held_card_that_another_has_moved_there_already(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    frames = Frames()
    page = open_page("#/quadro", before=frames.watch)
    _lift(page, card(page, order))
    changed = shop.change(order["id"], financeiro=True)
    frames.wait_for("pedido_update", '"changed":["financeiro"]')
    _carry(page, column(page, "conferencia"))
    page.mouse.up()
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    expect(page.locator("#anuncios")).to_contain_text("já está em Conferência")
    assert shop.get(order["id"])["versao"] == changed["versao"], "nothing was sent"


def test_a_held_card_that_another_deletes(open_page: OpenPage, shop: Shop) -> None:
    order, _ = shop.order(), shop.order()
    frames = Frames()
    page = open_page("#/quadro", before=frames.watch)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    _lift(page, card(page, order))
    shop.delete(order["id"])
    frames.wait_for('"action":"delete"')
    expect(page.locator(".card--ghost")).to_be_visible()
    _carry(page, column(page, "conferencia"))
    page.mouse.up()
    expect(page.locator(".board__note")).to_contain_text(f"O pedido {order['numero']} foi excluído por outra pessoa")
    expect(card(page, order)).to_have_count(0)
    assert "PATCH" not in sent


def test_escape_puts_a_card_back(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    _lift(page, card(page, order))
    _carry(page, column(page, "costura"))
    page.keyboard.press("Escape")
    expect(page.locator(".card--ghost")).to_have_count(0)
    page.mouse.up()
    expect(column(page, "financeiro").locator(".card")).to_have_count(1)
    assert shop.get(order["id"])["versao"] == 1


def test_keyboard_carries_a_card_and_the_focus_follows(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    card(page, order).locator(".card__link").focus()
    page.keyboard.press("Space")
    expect(page.locator("#anuncios")).to_contain_text("na mão, em Financeiro")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(column(page, "sublimacao")).to_have_attribute("data-target", "")
    page.keyboard.press("Enter")
    expect(column(page, "sublimacao").locator(".card")).to_have_count(1)
    expect(card(page, order).locator(".card__link")).to_be_focused()
    expect(page.locator("#anuncios")).to_contain_text("Financeiro marcado, Conferência marcada")


def test_a_card_in_hand_is_put_back_by_a_click_elsewhere(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    card(page, order).locator(".card__link").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.mouse.click(*_middle(page.locator(".topbar__rest")))  # takes no focus
    expect(page.locator("[data-target]")).to_have_count(0)
    shop.change(order["id"], financeiro=True, conferencia=True)
    expect(column(page, "sublimacao").locator(".card")).to_have_count(1)


def test_a_drag_ends_when_another_window_comes_to_the_front(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    _lift(page, card(page, order))
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    expect(page.locator(".card--ghost")).to_have_count(0)
    shop.change(order["id"], financeiro=True)
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)


def test_arrows_walk_over_the_cards(open_page: OpenPage, shop: Shop) -> None:
    first, second = shop.order(data_entrega=day(1)), shop.order(data_entrega=day(2))
    third = shop.order(financeiro=True)
    page = open_page("#/quadro")
    card(page, first).locator(".card__link").focus()
    page.keyboard.press("ArrowDown")
    expect(card(page, second).locator(".card__link")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(card(page, third).locator(".card__link")).to_be_focused()


def test_the_menu_moves_a_card_and_the_focus_follows(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    card(page, order).get_by_role("button", name=re.compile("Mover para")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Conferência")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(column(page, "sublimacao").locator(".card")).to_have_count(1)
    expect(card(page, order).locator(".card__link")).to_be_focused()
    page.get_by_role("button", name=re.compile("Mover para")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Mover para"))).to_be_focused()


def test_the_focus_follows_a_card_that_somebody_else_moves(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro")
    card(page, order).locator(".card__link").focus()
    shop.change(order["id"], financeiro=True)
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    expect(card(page, order).locator(".card__link")).to_be_focused()
    expect(card(page, order).locator(".card__chip")).to_contain_text("Financeiro · Ana")


def test_a_finger_lifts_a_card_by_a_long_press(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page("#/quadro", width=800, height=900, has_touch=True)
    start = _middle(card(page, order).locator(".card__client"))
    end = _middle(column(page, "conferencia"))
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *point: float) -> None:
        points = [{"x": point[0], "y": point[1]}] if point else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", *start)
    expect(page.locator(".card--ghost")).to_be_visible()
    touch("touchMove", (start[0] + end[0]) / 2, end[1])
    touch("touchMove", *end)
    touch("touchEnd")
    expect(column(page, "conferencia").locator(".card")).to_have_count(1)
    assert shop.get(order["id"])["financeiro"] is True


def _middle(target: Locator) -> tuple[float, float]:
    bounds = target.bounding_box()
    assert bounds
    return bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2


def _lift(page: Page, target: Locator) -> None:
    x, y = _middle(target.locator(".card__client"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 4, steps=3)
    expect(page.locator(".card--ghost")).to_be_visible()


def _carry(page: Page, target: Locator) -> None:
    page.mouse.move(*_middle(target), steps=4)


def _drag(page: Page, target: Locator, over: Locator) -> None:
    _lift(page, target)
    _carry(page, over)
    page.mouse.up()
