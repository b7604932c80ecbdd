"""The ways between the views: one that cannot be had or that breaks leaves the others usable, and comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.page_helpers import OpenPage, Shop

pytest_plugins = ["tests.support.page_fixtures"]

PORTAL = "<!doctype html><title>Rede</title><h1>Entre na rede do hotel</h1>"


def go(page: Page, view: str) -> None:
    page.evaluate("view => { location.hash = `#/${view}` }", view)


def portal(route: Route) -> None:
    route.fulfill(status=403, content_type="text/html", body=PORTAL)


def test_a_view_whose_module_the_network_refused_comes_back_by_itself(open_page: OpenPage, shop: Shop) -> None:
    shop.order()
    page = open_page(before=lambda page: page.clock.install())
    for name in ("resumo.js", "quadro.css"):
        page.route(re.compile(name.replace(".", r"\.")), portal)
        go(page, name.split(".")[0])
        expect(page.get_by_role("heading", name=re.compile("não foi possível abrir"))).to_be_visible()
        page.get_by_role("button", name="Tentar de novo").click()
        expect(page.locator("main:not([aria-busy])")).to_be_visible()
        page.unroute(re.compile(name.replace(".", r"\.")))
        page.clock.run_for(5_000)
        expect(page.locator(".resumo, .board").first).to_be_visible()
    go(page, "lista")
    expect(page.locator("#busca")).to_be_visible()
    go(page, "resumo")
    expect(page.locator(".resumo")).to_be_visible()


THROWS_ONCE = """
let times = 0;
export function mount(place) {
    times += 1;
    place.append(`vez ${times}`);
    if (times === 1) throw new Error('thrown on purpose');
    return () => { throw new Error('thrown on purpose'); };
}
"""


def test_a_view_that_throws_says_so_and_the_others_work(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order("Malharia")
    page = open_page()
    page.route(
        re.compile(r"quadro\.js"), lambda route: route.fulfill(content_type="text/javascript", body=THROWS_ONCE)
    )
    go(page, "quadro")
    expect(page.get_by_role("heading", name="Quadro: algo deu errado ao abrir")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("vez 1")
    go(page, "lista")
    expect(page.locator(".row__number")).to_have_text(order["numero"])
    go(page, "quadro")
    expect(page.locator("main")).to_contain_text("vez 2")
    go(page, "lista")  # though it throws when it is left, too
    expect(page.locator(".row__number")).to_have_text(order["numero"])


def test_try_again_after_a_view_has_thrown(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    page.route(
        re.compile(r"quadro\.js"), lambda route: route.fulfill(content_type="text/javascript", body=THROWS_ONCE)
    )
    go(page, "quadro")
    page.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator("main")).to_contain_text("vez 2")


# -- the page's own beginning


@pytest.mark.parametrize(
    "path, name", [("", r"app\.js"), ("", r"shell\.js"), ("", r"tokens\.css"), ("?painel=1", r"painel\.js")]
)
def test_a_page_that_came_in_part_comes_back_by_itself(open_page: OpenPage, shop: Shop, path: str, name: str) -> None:
    shop.order()
    refused = re.compile(name)
    # Where a module does not come, the view's sheets have been asked for in vain.
    waits = "was preloaded using link preload"
    page = open_page(path, before=lambda page: page.route(refused, portal), ready=False, warns=waits)
    if not name.endswith("css"):
        expect(page.locator(".boot")).to_contain_text("A página não veio inteira")
    page.unroute(refused)
    expect(page.locator(".row, .painel-setores li").first).to_be_visible(timeout=30_000)


def test_a_style_sheet_of_the_page_that_is_refused_does_not_keep_it_away(open_page: OpenPage, shop: Shop) -> None:
    shop.order()
    page = open_page(before=lambda page: page.route(re.compile(r"tokens\.css"), portal))
    expect(page.locator(".row")).to_have_count(1)


DENY = """
const denied = () => { throw new DOMException('thrown on purpose', 'SecurityError'); };
const property = (owner, name, get) => Object.defineProperty(owner, name, { configurable: true, get });
"""
# What a browser forbids (private windows, a company's policies) or does not have (plain http, an old one).
DENIED = {
    "storage": "for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB'])"
    " property(window, name, denied)",
    "constructors, and a full disk": "for (const name of ['BroadcastChannel', 'AudioContext', 'Notification'])"
    " window[name] = function () { denied(); };"
    " Storage.prototype.setItem = denied",
    "calls": "BroadcastChannel.prototype.postMessage = denied; property(Navigator.prototype, 'locks', denied)",
    "all of it": "for (const name of ['BroadcastChannel', 'AudioContext', 'Notification', 'reportError'])"
    " delete window[name];"
    " for (const name of ['randomUUID', 'subtle']) property(crypto, name, () => undefined);"
    " for (const name of ['locks', 'serviceWorker', 'storage', 'clipboard', 'wakeLock', 'mediaDevices'])"
    " property(Navigator.prototype, name, () => undefined); delete Element.prototype.animate",
}


@pytest.mark.parametrize("what", DENIED)
def test_a_browser_that_denies_it_shows_the_page_all_the_same(open_page: OpenPage, shop: Shop, what: str) -> None:
    order = shop.order("Ágata")
    page = open_page(before=lambda page: page.add_init_script("{" + DENY + DENIED[what] + "}"))
    page.locator("#busca").fill("agata")
    expect(page.locator(".row")).to_have_count(1)
    for view in ("quadro", "resumo", "novo"):
        go(page, view)
        expect(page.locator(f".view--{view}")).to_be_visible()
    page.locator("[name=cliente]").fill("Rita")
    go(page, "lista")
    go(page, "novo")  # where it is found again, and the other tabs are asked what is theirs
    expect(page.locator("[name=cliente]")).to_have_value("Rita")
    page.get_by_role("button", name="Criar pedido").click()
    expect(page.locator("h1")).to_contain_text("Rita")
    go(page, f"pedido/{order['id']}")
    page.locator("[name=cliente]").fill("Ágata Lima")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("h1")).to_contain_text("Ágata Lima")


def test_a_draft_that_a_closed_tab_left_is_offered_where_tabs_cannot_ask_each_other(
    open_page: OpenPage, shop: Shop
) -> None:
    first = open_page("#/novo")
    first.locator("[name=cliente]").fill("Rita")
    expect(first.get_by_text("Rascunho guardado")).to_be_visible()
    context = first.context
    first.close()
    page = open_page(
        "#/novo", context=context, before=lambda page: page.add_init_script("{" + DENY + DENIED["calls"] + "}")
    )
    expect(page.locator("[name=cliente]")).to_have_value("Rita")
