"""The way through the sign-in page and back, and whose answer counts on it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.doors import Doors, new_token, revoke
from tests.support.live_server import wait_until
from tests.support.page_helpers import OpenAs, OpenPage, Shop, SignIn, box

pytest_plugins = ["tests.support.page_fixtures", "tests.support.role_fixtures"]


def add_token(doors: Doors, name: str) -> None:
    """For who is to lose it."""
    token = doors.tokens[name] = new_token(doors.server.database_path, name, "escrita")
    header = {"Authorization": f"Bearer {token}"}
    wait_until(lambda: doors.server.get("/api/v1/sessao", headers=header).json()["nome"] == name, what="the token")


@pytest.mark.parametrize("place", ["#/pedido/{id}", "?painel=1", "?painel=1#/lista?q=a"])
def test_after_signing_in_one_is_where_one_wanted_to_be(
    open_page: OpenPage, doors: Doors, shop: Shop, place: str
) -> None:
    path = place.format(id=shop.order()["id"])
    page = open_page(path, ready=False)
    page.locator("#token").fill(doors.tokens["admin"])
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(f"{doors.server.url}/{path}")


@pytest.mark.parametrize(
    "place", ["//example.com/", "https://example.com", "javascript:alert(1)", "/entrar", "/\\example.com"]
)
def test_the_sign_in_page_leads_to_this_server_alone(
    open_page: OpenPage, sign_in: SignIn, doors: Doors, place: str
) -> None:
    page = open_page(f"entrar?voltar={quote(place, safe='')}", ready=False)
    expect(page.locator("#token")).to_be_focused()
    sign_in(page, "admin")
    page.locator("#token").fill("ped_whatever")
    page.route("**/entrar", lambda route: route.fulfill(json={"aberto": False, "nome": "admin", "papel": "admin"}))
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(f"{doors.server.url}/")


def test_a_panel_whose_session_is_over_says_so_and_leads_back(
    open_page: OpenPage, doors: Doors, sign_in: SignIn
) -> None:
    add_token(doors, "Parede")
    page = open_page("?painel=1", before=lambda page: sign_in(page, "Parede"), ready=False)
    expect(page.locator(".painel")).to_have_attribute("data-estado", "ok")
    revoke(doors.server.database_path, "Parede")
    expect(page.locator(".painel-estado")).to_contain_text("ENTRE DE NOVO")
    page.keyboard.press("Enter")
    page.locator("#token").fill(doors.tokens["admin"])
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(f"{doors.server.url}/?painel=1")
    expect(page.locator(".painel")).to_have_attribute("data-estado", "ok")


def test_two_windows_whose_access_ended_are_both_live_after_signing_in_in_one(
    open_as: OpenAs, open_page: OpenPage, doors: Doors, shop: Shop
) -> None:
    order = shop.order()
    add_token(doors, "Duas")
    first = open_as("Duas")
    second = open_page(context=first.context)
    revoke(doors.server.database_path, "Duas")
    for page in (first, second):
        expect(page.locator("#faixa")).to_contain_text("O acesso acabou: entre de novo")
    first.locator("#faixa").get_by_role("button", name="Entrar de novo").click()
    first.locator("#token").fill(doors.tokens["admin"])
    first.get_by_role("button", name="Entrar").click()
    for page in (first, second):
        expect(page.locator("#conexao")).to_have_attribute("data-kind", "ok")
        expect(page.locator("#faixa")).to_be_hidden()
    shop.change(order["id"], costura=True)
    for page in (first, second):
        expect(box(page, order, "costura")).to_have_attribute("aria-pressed", "true")
    box(second, order, "financeiro").click()
    for page in (first, second):
        expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")


PORTAL = "<!doctype html><title>Rede</title><h1>Entre na rede do hotel</h1>"


@pytest.mark.parametrize("status", [200, 401, 403, 407])
def test_only_the_server_says_who_is_signed_in(
    open_as: OpenAs, open_page: OpenPage, sign_in: SignIn, status: int
) -> None:
    asked = 0

    def first_the_portal(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            route.continue_()
        else:
            route.fulfill(status=status, content_type="text/html", body=PORTAL)

    def before(page: Page) -> None:
        sign_in(page, "leitura")
        page.route("**/api/v1/sessao", first_the_portal)

    page = open_page(before=before)
    expect(page.locator("#quem")).to_have_text("leitura")


def test_only_the_server_signs_in_and_out(open_page: OpenPage, open_as: OpenAs, doors: Doors) -> None:
    page = open_page(ready=False)
    page.route("**/entrar", lambda route: route.fulfill(content_type="text/html", body=PORTAL))
    page.locator("#token").fill(doors.tokens["admin"])
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("alert")).to_contain_text("A rede respondeu no lugar do servidor")
    page = open_as("escrita")
    page.route("**/sair", lambda route: route.fulfill(content_type="text/html", body=PORTAL))
    page.locator("#ajustes").click()
    page.get_by_role("button", name="Sair").click()
    expect(page.get_by_role("alert").first).to_contain_text("Não foi possível sair")


def test_a_sign_in_page_without_its_script_says_what_is_wrong(open_page: OpenPage, doors: Doors) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=403, content_type="application/problem+json", json={"detail": "Não."})

    page = open_page("entrar", before=lambda page: page.route("**/*.js", refuse), ready=False)
    expect(page.locator("#parado")).to_be_visible()
    expect(page.locator("#parado")).to_contain_text("Host")
    expect(page.get_by_role("button", name="Entrar")).to_be_disabled()
    page.unroute("**/*.js")
    page.get_by_role("link", name="Recarregue").click()
    expect(page.get_by_role("button", name="Entrar")).to_be_enabled()
    expect(page.locator("#parado")).to_have_count(0)
