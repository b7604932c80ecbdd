"""The connection as a person sees it: breaks, long outages, coming back, upgrades, and what others do meanwhile."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.live_server import REPOSITORY, LiveServer, wait_until
from tests.support.page_helpers import OpenPage, Shop, box, row

pytest_plugins = ["tests.support.page_fixtures"]


def with_clock(page: Page) -> None:
    page.clock.install()


def test_server_killed_while_an_edit_is_pending(open_page: OpenPage, shop: Shop, own_server: LiveServer) -> None:
    order = shop.order()
    page = open_page()
    own_server.send_signal(signal.SIGSTOP)
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_contain_text("Enviando")
    own_server.kill()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "false")
    own_server.restart()
    # It comes through within its 10 s, or offers to repeat: on a slow machine either is right.
    target = box(page, order, "financeiro")
    wait_until(lambda: target.get_attribute("data-state") in ("done", "error"), timeout=30, what="an answer, or none")
    if target.get_attribute("data-state") == "error":
        expect(target).to_contain_text("Sem confirmação · Repetir")
        target.click()
    expect(target).to_have_attribute("aria-pressed", "true", timeout=20_000)
    assert shop.get(order["id"])["versao"] == 2, "done once"


def test_a_short_break_alarms_nobody_and_a_long_one_cannot_be_overlooked(
    open_page: OpenPage, shop: Shop, own_server: LiveServer
) -> None:
    order = shop.order()
    page = open_page(before=with_clock)
    pill, band = page.locator("#conexao"), page.locator("#faixa")
    own_server.kill()
    page.clock.run_for(3_000)
    expect(pill).to_have_attribute("data-kind", "ok")
    for _ in range(4):
        page.clock.run_for(1_000)
    expect(pill).to_contain_text(re.compile(r"Reconectando, Tentativa \d+"))
    expect(band).to_be_hidden()
    for _ in range(32):
        page.clock.run_for(1_000)
    expect(band).to_contain_text(re.compile(r"SEM CONEXÃO · dados de \d\d:\d\d"))
    assert page.evaluate("document.querySelector('#faixa').offsetWidth >= innerWidth - 20")
    expect(page.locator("body")).to_have_attribute("data-conexao", "offline")
    page.wait_for_function("() => getComputedStyle(document.querySelector('main')).filter === 'grayscale(1)'")

    # A tick is tried, says so, and nothing waits behind the user's back.
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_contain_text("Enviando")
    for _ in range(12):
        page.clock.run_for(1_000)
    expect(row(page, order).locator(".problem")).to_contain_text("Sem confirmação")
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "false")

    expect(band.get_by_role("button", name="Reconectar")).to_be_visible()
    own_server.restart()
    band.locator("button").dispatch_event("click")  # on a busy machine it is back by itself already
    for _ in range(8):
        page.clock.run_for(500)
    expect(pill).to_have_attribute("data-kind", "ok")
    expect(band).to_be_hidden()
    assert shop.get(order["id"])["versao"] == 1
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")


def test_ticks_are_saved_while_no_stream_comes_through(open_page: OpenPage, shop: Shop) -> None:
    """A proxy that lets no stream through, or holds it back for good, carries HTTP all the same."""
    order = shop.order()
    page = open_page(before=with_clock, settings={"transporte": "sse"})
    page.route("**/sse/pedidos*", lambda route: route.abort())
    page.locator("#conexao").click()
    page.get_by_role("dialog").get_by_role("button", name="Reconectar").click()
    page.keyboard.press("Escape")
    for _ in range(45):
        page.clock.run_for(1_000)
    expect(page.locator("#faixa")).to_be_visible()
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    assert shop.get(order["id"])["financeiro"] is True


def test_ticks_are_saved_while_the_page_catches_up(open_page: OpenPage, shop: Shop, own_server: LiveServer) -> None:
    order = shop.order()
    page = open_page(before=with_clock)
    own_server.kill()
    for _ in range(8):
        page.clock.run_for(1_000)
    expect(page.locator("#conexao")).to_have_attribute("data-kind", "reconnecting")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"limite=1$"), hold)
    own_server.restart()
    wait_until(lambda: page.clock.run_for(300) or held, timeout=20, what="the question where the log stands")
    expect(page.locator("#conexao")).to_have_attribute("data-kind", "catching-up")
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    held[0].continue_()
    wait_until(
        lambda: page.clock.run_for(100) or page.locator("#conexao").get_attribute("data-kind") == "ok",
        what="being in step",
    )


def test_a_silent_server_is_noticed_by_its_heartbeat(open_page: OpenPage, shop: Shop, own_server: LiveServer) -> None:
    """The socket is open and would stay so for minutes."""
    shop.order()
    page = open_page(before=with_clock)
    own_server.send_signal(signal.SIGSTOP)
    try:
        for _ in range(46):
            page.clock.run_for(1_000)
        expect(page.locator("#faixa")).to_contain_text("SEM CONEXÃO")
    finally:
        own_server.send_signal(signal.SIGCONT)
    wait_until(
        lambda: page.clock.run_for(500) or page.locator("#conexao").get_attribute("data-kind") == "ok",
        timeout=30,
        what="the connection",
    )


# -- upgrades


@pytest.fixture
def upgrade(own_server: LiveServer, tmp_path: Path) -> None:
    """Makes the next start of the server one of version 9.9.9."""
    (tmp_path / "sitecustomize.py").write_text("import pedidos_server\npedidos_server.__version__ = '9.9.9'\n")
    own_server.env["PYTHONPATH"] = f"{tmp_path}:{REPOSITORY}"


def _version(page: Page) -> str | None:
    return page.locator('meta[name="pedidos-versao"]').get_attribute("content")


@pytest.mark.usefixtures("upgrade")
def test_an_older_page_offers_to_reload(open_page: OpenPage, shop: Shop, own_server: LiveServer) -> None:
    page = open_page()
    assert _version(page) != "9.9.9"
    own_server.restart()
    notice = page.locator("#atualizacao")
    expect(notice).to_contain_text("Há uma versão nova do sistema (9.9.9).", timeout=20_000)
    # Views that were not opened yet are gone with the old version; the way on is offered there, too.
    notice.get_by_role("button", name="Atualizar").click()
    expect(page.locator('meta[content="9.9.9"]')).to_have_count(1)
    expect(page.locator("#conexao")).to_have_attribute("data-kind", "ok")
    expect(page.locator("#atualizacao")).to_be_hidden()


@pytest.mark.usefixtures("upgrade")
def test_a_hidden_page_reloads_itself_unless_something_is_being_typed(
    open_page: OpenPage, shop: Shop, own_server: LiveServer
) -> None:
    idle, typing = open_page(), open_page("#/novo")
    typing.locator('[name="cliente"]').fill("Ainda escrevendo")
    for page in (idle, typing):
        _hide(page)
    own_server.restart()
    expect(idle.locator('meta[content="9.9.9"]')).to_have_count(1, timeout=20_000)
    expect(typing.locator("#atualizacao")).to_be_visible(timeout=20_000)
    assert _version(typing) != "9.9.9"
    typing.get_by_role("button", name="Descartar alterações").click()
    typing.get_by_role("dialog").get_by_role("button", name="Descartar").click()
    expect(typing.locator('meta[content="9.9.9"]')).to_have_count(1)


def _hide(page: Page, hidden: bool = True) -> None:
    page.evaluate(
        """hidden => {
            const state = hidden ? 'hidden' : 'visible';
            Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


# -- the drawer, and the transport


def test_the_drawer_shows_the_log_and_forces_a_transport(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page()
    shop.change(order["id"], by="Caio", costura=True)
    pill = page.locator("#conexao")
    expect(pill).to_contain_text("WebSocket")
    pill.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Conexão")
    expect(drawer.locator(".log")).to_contain_text("Conectado por WebSocket.")
    expect(drawer.locator(".log")).to_contain_text(f"Pedido {order['numero']} alterado · costura · Caio")
    drawer.get_by_label("Transporte").select_option("sse")
    expect(drawer.locator(".log")).to_contain_text("Conectado por SSE.")
    drawer.get_by_role("button", name="Reconectar").click()
    expect(drawer.locator(".facts")).to_contain_text("SSE")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(pill).to_be_focused()
    expect(pill).to_contain_text("SSE")
    shop.change(order["id"], by="Caio", financeiro=True)
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")


# -- news


def test_a_hidden_tab_counts_the_news_in_its_title(open_page: OpenPage, shop: Shop) -> None:
    first, second = shop.order(), shop.order()
    page = open_page()
    _hide(page)
    for _ in range(2):
        shop.change(first["id"], costura=True)
        shop.change(first["id"], costura=False)
    shop.change(second["id"], costura=True)
    expect(page).to_have_title("(2) Lista · Pedidos")
    _hide(page, hidden=False)
    expect(page).to_have_title("Lista · Pedidos")


COUNT_TONES = """
window.tones = 0;
const begin = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (when) { window.tones += 1; return begin.call(this, when); };
"""


@pytest.mark.parametrize("on", [True, False])
def test_new_urgent_orders_ring_once_for_all_and_only_where_wanted(open_page: OpenPage, shop: Shop, on: bool) -> None:
    page = open_page(
        before=lambda page: (page.add_init_script(COUNT_TONES), page.clock.install()), settings={"som": on}
    )
    for _ in range(3):
        shop.order(prioridade="ALTA")
    shop.order()
    expect(page.locator(".row")).to_have_count(4)
    page.clock.run_for(5_000)
    assert page.evaluate("window.tones") == (2 if on else 0)  # one chime has two tones


def test_others_changes_are_summed_up_for_those_who_listen(open_page: OpenPage, shop: Shop) -> None:
    orders = [shop.order() for _ in range(5)]
    page = open_page(before=with_clock)
    region = page.locator("#anuncios")
    assert page.locator("[aria-live]").count() == 1
    # The first is told at once, and those of the 15 s after it together.
    shop.change(orders[0]["id"], costura=True)
    expect(page.locator('.box[data-setor="costura"][aria-pressed="true"]')).to_have_count(1)
    page.clock.run_for(1_500)
    expect(region).to_contain_text(f"O pedido {orders[0]['numero']} mudou.")
    for order in orders:
        shop.change(order["id"], sublimacao=True)
    expect(page.locator('.box[data-setor="sublimacao"][aria-pressed="true"]')).to_have_count(5)
    page.clock.run_for(5_000)
    expect(region).to_contain_text(f"O pedido {orders[0]['numero']} mudou.")
    page.clock.run_for(12_000)
    expect(region).to_contain_text(re.compile(r"^5 pedidos mudaram: \d+, \d+, \d+ e mais 2\."))
    assert page.locator(".undo__line").count() == 0


def test_theme_and_name_are_kept(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(autor="")
    page.get_by_role("button", name="Quem é você?").click()
    drawer = page.get_by_role("dialog", name="Ajustes deste aparelho")
    drawer.get_by_label("Seu nome").fill("José Antônio")
    drawer.get_by_label("Cores").select_option("escuro")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Quem é você?")).to_be_hidden()
    expect(page.locator("body")).to_have_css("background-color", "rgb(19, 24, 27)")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-tema", "escuro")
    order = shop.order()
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    history = shop.server.get(f"/api/v1/pedidos/{order['id']}/historico").json()
    assert history[-1]["autor"] == "José Antônio"


def test_the_colours_follow_the_system_where_nothing_was_chosen(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-tema", "escuro")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-tema", "claro")
