"""Resumo: counts, late orders, orders finished per day; live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.live_server import LiveServer
from tests.support.view_support import (
    READY,
    SECTORS,
    OpenView,
    StartServer,
    assert_accessible_in_light_and_dark,
    day,
    local,
    move_back,
    now,
)

pytest_plugins = ["tests.support.view_fixtures"]


def tile(page: Page, sector: str) -> Locator:
    return page.locator(f".resumo-setores [data-setor={sector}]")


def finished(page: Page) -> list[int]:
    """The numbers of the chart's table, today last."""
    texts: list[str] = page.locator(".resumo-tabela td").all_text_contents()
    return [int(text) for text in texts]


def expect_finished(page: Page, counts: dict[int, int]) -> None:
    """`counts` by days before today; the others are nought."""
    wanted = [counts.get(13 - index, 0) for index in range(14)]
    rows = page.locator(".resumo-tabela td")
    expect(rows).to_have_text([str(count) for count in wanted])
    # The columns say the same as the table.
    heights = page.locator(".resumo-coluna").evaluate_all(
        "(bars) => bars.map((bar) => Number(bar.getAttribute('height')))"
    )
    tallest = max(heights) or 1
    most = max(wanted) or 1
    assert heights == pytest.approx([count * tallest / most for count in wanted], abs=0.5)


def test_counts_per_sector_live(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    page = open_view(server, "/#/resumo")
    expect(tile(page, "financeiro").locator("strong")).to_have_text("0")
    expect(page.get_by_text("Nenhum pedido atrasado.")).to_be_visible()

    first = server.create(cliente="Confecções Aurora")
    server.create(cliente="Padaria São João", financeiro=True, conferencia=True)
    expect(tile(page, "financeiro").locator("strong")).to_have_text("1")
    expect(tile(page, "sublimacao").locator("strong")).to_have_text("1")
    expect(tile(page, "abertos").locator("strong")).to_have_text("2")

    server.change(first["id"], financeiro=True)
    expect(tile(page, "financeiro").locator("strong")).to_have_text("0")
    expect(tile(page, "conferencia").locator("strong")).to_have_text("1")
    server.change(first["id"], **READY)
    expect(tile(page, "pronto").locator("strong")).to_have_text("1")
    server.change(first["id"], status="entregue")
    expect(tile(page, "pronto").locator("strong")).to_have_text("0")
    server.delete(f"/api/v1/pedidos/{first['id']}")
    expect(tile(page, "abertos").locator("strong")).to_have_text("1")

    tile(page, "sublimacao").locator("a").click()
    expect(page).to_have_url(f"{server.url}/#/lista?setor=sublimacao")
    server.create(cliente="Outra")
    page.get_by_role("button", name="Só urgentes").click()
    expect(page.locator(".row")).to_have_count(0)
    page.get_by_role("link", name="Resumo").click()
    tile(page, "abertos").locator("a").click()
    expect(page.locator(".row")).to_have_count(2)  # whatever the list was left with


def test_late_orders_live_and_by_keyboard(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    hostile = "<img src=x onerror=alert(1)> & filhos"
    late = server.create(cliente=hostile, data_entrega=day(-3), financeiro=True)
    server.create(cliente="Vence hoje", data_entrega=day())
    server.create(cliente="Pronto", data_entrega=day(-1), status="pronto")
    server.create(cliente="Entregue", data_entrega=day(-1), status="entregue")
    server.create(cliente="Cancelado", data_entrega=day(-1), status="cancelado")
    page = open_view(server, "/#/resumo")
    lines = page.locator(".resumo-atrasados li")
    expect(lines).to_have_count(1)
    expect(lines.first).to_contain_text(hostile)
    expect(lines.first).to_contain_text("há 3 dias")
    expect(lines.first).to_contain_text("Conferência")
    expect(tile(page, "conferencia")).to_contain_text("1 atrasado")
    expect(tile(page, "financeiro")).to_contain_text("em dia")

    link = lines.locator("a").first
    link.focus()
    server.create(cliente="Mais atrasado", data_entrega=day(-9))
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("há 9 dias")
    expect(page.locator(".resumo-atrasados a:focus")).to_contain_text(hostile)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/#/pedido/{late['id']}")


def test_lateness_turns_over_at_midnight(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    server.create(cliente="Vence hoje", data_entrega=day())
    page = open_view(server, "/#/resumo", at=local(now().date(), 23, 59, 57))
    expect(tile(page, "abertos")).to_contain_text("1 para hoje")
    expect(page.locator(".resumo-atrasados li")).to_have_count(0)
    # In real seconds, fewer than between two signs of life of the server: nothing else may be what redraws it.
    expect(page.locator(".resumo-atrasados li")).to_have_count(1, timeout=15_000)
    expect(page.locator(".resumo-atrasados li")).to_contain_text("desde ontem")


def test_finished_per_day(start_server_for_view: StartServer, open_view: OpenView) -> None:
    """By the history: delivery days later does not move an order, and taking a tick back takes it off."""
    server = start_server_for_view()
    delivered_later = server.create()["id"]
    server.change(delivered_later, **READY)
    long_ago = server.create()["id"]
    server.change(long_ago, **READY)
    reopened = server.create()["id"]
    server.change(reopened, **READY)
    open_order = server.create()["id"]
    server.stop()
    move_back(server, delivered_later, 3)
    move_back(server, long_ago, 20)
    move_back(server, reopened, 5)
    move_back(server, open_order, 5)
    server.restart()
    server.change(delivered_later, status="entregue")
    server.change(long_ago, status="entregue")
    server.change(reopened, costura=False, status="em_producao")

    page = open_view(server, "/#/resumo")
    expect_finished(page, {3: 1})
    expect(page.get_by_text("Cada pedido conta no dia em que ficou pronto")).to_be_visible()
    server.change(open_order, **READY)
    expect_finished(page, {3: 1, 0: 1})
    expect(page.get_by_text("2 pedidos em 14 dias")).to_be_visible()
    server.change(open_order, expedicao=False, status="em_producao")
    expect_finished(page, {3: 1})


def test_days_move_on(start_server_for_view: StartServer, open_view: OpenView) -> None:
    """On another day's page, today's work stands where it belongs, and thirteen days later at the very left."""
    server = start_server_for_view()
    order = server.create()["id"]
    page = open_view(server, "/#/resumo", at=now() + timedelta(days=2))
    expect_finished(page, {})
    server.change(order, **READY)
    expect_finished(page, {2: 1})
    later = open_view(server, "/#/resumo", at=now() + timedelta(days=13))
    expect_finished(later, {13: 1})
    too_late = open_view(server, "/#/resumo", at=now() + timedelta(days=14))
    expect_finished(too_late, {})


@pytest.mark.parametrize("look", [{}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def test_accessible_and_within_the_screen(view_server: LiveServer, open_view: OpenView, look: dict[str, Any]) -> None:
    if not view_server.get("/api/v1/pedidos/?limite=1").json():
        view_server.create(cliente="Muito atrasado, e com um nome que não acaba mais " * 3, data_entrega=day(-30))
        for index in range(20):
            view_server.create(data_entrega=day(-index), **dict.fromkeys(SECTORS[: index % 5], True))
            view_server.change(view_server.create()["id"], **READY)
    page = open_view(view_server, "/#/resumo", **look)
    expect(page.locator(".resumo-atrasados li")).to_have_count(15)
    expect(page.get_by_text("e mais 5, com menos dias de atraso")).to_be_visible()
    assert_accessible_in_light_and_dark(page)
    fits = page.locator(".resumo").evaluate("(view) => view.scrollWidth <= view.clientWidth")
    assert fits, "something sticks out"


def test_nothing_stays_behind(view_server: LiveServer, open_view: OpenView) -> None:
    """Mounted and taken down again and again: no listener, no element, no timer more than before."""
    page = open_view(view_server, "/#/resumo")
    expect(page.locator(".resumo-tabela td")).to_have_count(14)
    session = page.context.new_cdp_session(page)

    def counted() -> dict[str, int]:
        session.send("HeapProfiler.collectGarbage")
        return {name: session.send("Memory.getDOMCounters")[name] for name in ("nodes", "jsEventListeners")}

    def there_and_back() -> None:
        for name in ("lista", "resumo"):
            page.evaluate("(name) => { location.hash = `#/${name}`; }", name)
            expect(page.locator(f".view--{name}")).to_be_visible()
        expect(page.locator(".resumo-tabela td")).to_have_count(14)

    for _ in range(3):
        there_and_back()
    before = counted()
    for _ in range(8):
        there_and_back()
    after = counted()
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 4
    assert after["nodes"] <= before["nodes"] + 200
