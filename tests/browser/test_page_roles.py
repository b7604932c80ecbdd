"""What the page offers to whoever is signed in, by role, on a server with tokens."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.support.doors import Doors, new_token, revoke
from tests.support.live_server import wait_until
from tests.support.page_helpers import OpenAs, Shop, SignIn, box, card, column, row
from tests.support.view_support import assert_accessible_in_light_and_dark as assert_accessible

pytest_plugins = ["tests.support.page_fixtures", "tests.support.role_fixtures"]

READER = "Seu acesso é só de leitura"
WORKER = "Seu acesso só muda os setores e a situação"
ITEM = {"descricao": "Banner", "acabamento": {"ilhos": True}, "valor_unitario": "10.00"}


def add_token(doors: Doors, name: str) -> None:
    """For who is to lose it."""
    token = doors.tokens[name] = new_token(doors.server.database_path, name, "escrita")
    header = {"Authorization": f"Bearer {token}"}
    wait_until(lambda: doors.server.get("/api/v1/sessao", headers=header).json()["nome"] == name, what="the token")


def new_order(page: Page) -> Locator:
    return page.locator('.nav [data-view="novo"]')


def count_writes(page: Page) -> list[str]:
    """What the page sends from here on, other than reads."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method != "GET":
            sent.append(f"{request.method} {request.url}")

    page.on("request", note)
    return sent


def free(page: Page) -> list[str]:
    """The names of the form's controls that can be changed."""
    found: list[str] = page.locator("form").evaluate(
        "form => [...form.elements].filter(one => one.name && !one.disabled && !one.readOnly).map(one => one.name)"
    )
    return found


def test_the_header_and_the_drawer_say_who_is_signed_in(open_as: OpenAs, doors: Doors, shop: Shop) -> None:
    add_token(doors, "Marta")
    page = open_as("Marta", autor="Bia")
    expect(new_order(page)).to_be_visible()
    page.locator("#quem").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("Escrita: tudo nos pedidos")
    expect(page.get_by_label("Seu nome")).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("button", name="Sair").click()
    page.wait_for_url(f"{shop.server.url}/entrar")
    expect(page.locator("#token")).to_be_focused()
    page.goto(shop.server.url)
    page.wait_for_url(f"{shop.server.url}/entrar")


def test_who_cannot_leave_is_told_so(open_as: OpenAs, shop: Shop) -> None:
    page = open_as("escrita")
    page.route("**/sair", lambda route: route.abort())
    page.locator("#ajustes").click()
    page.get_by_role("button", name="Sair").click()
    expect(page.get_by_role("alert")).to_contain_text("Não foi possível sair")


def test_whoever_reads_changes_nothing_on_the_list_and_the_board(open_as: OpenAs, shop: Shop) -> None:
    page = open_as("leitura", "#/lista")
    expect(page.get_by_role("heading", name="Nenhum pedido por aqui")).to_be_visible()
    expect(page.locator('[href="#/novo"]:visible')).to_have_count(0)
    order = shop.order()
    sent = count_writes(page)
    tick = box(page, order, "financeiro")
    expect(tick).to_have_attribute("title", READER)
    expect(tick).to_have_attribute("aria-disabled", "true")
    tick.click(force=True)
    expect(row(page, order).locator(".problem")).to_have_count(0)
    assert_accessible(page)

    page.evaluate("location.hash = '#/quadro'")
    move = card(page, order).get_by_role("button")
    expect(move).to_have_attribute("title", READER)
    move.click(force=True)
    expect(page.get_by_role("menu")).to_have_count(0)
    card(page, order).locator(".card__link").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.evaluate("location.hash = '#/quadro'")
    card(page, order).drag_to(column(page, "costura"))
    expect(column(page, "financeiro").locator(".card")).to_have_count(1)
    assert_accessible(page)
    assert sent == []
    assert shop.get(order["id"])["versao"] == 1


def test_whoever_reads_changes_no_order(open_as: OpenAs, shop: Shop) -> None:
    order = shop.order(items=[ITEM])
    page = open_as("leitura", f"#/pedido/{order['id']}")
    sent = count_writes(page)
    expect(page.locator(".order__head")).to_contain_text(READER)
    assert free(page) == []
    expect(page.locator('[name="cliente"]')).to_have_attribute("title", READER)
    expect(page.locator('[name="items.0.descricao"]')).to_have_attribute("title", READER)
    for name in ("Salvar", "Excluir pedido", "Adicionar item", "Remover item"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    eyelets = page.get_by_role("checkbox", name="Ilhós")
    expect(eyelets).to_have_attribute("title", READER)
    eyelets.click(force=True)
    expect(eyelets).to_be_checked()
    page.locator(".sectors .box").first.click(force=True)
    page.keyboard.press("Control+s")
    assert_accessible(page)
    page.evaluate("location.hash = '#/novo'")
    expect(page.get_by_role("heading", name="Você não pode criar pedidos")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)
    assert_accessible(page)
    assert sent == []


def test_production_ticks_and_sets_the_status_alone(open_as: OpenAs, shop: Shop) -> None:
    order = shop.order(items=[ITEM])
    page = open_as("producao", "#/lista")
    expect(new_order(page)).to_be_hidden()
    box(page, order, "financeiro").click()
    expect(box(page, order, "financeiro")).to_have_attribute("aria-pressed", "true")
    page.evaluate("id => { location.hash = `#/pedido/${id}` }", order["id"])
    expect(page.locator(".order__head")).to_contain_text(WORKER)
    assert free(page) == ["status"]
    expect(page.locator('[name="cliente"]')).to_have_attribute("title", WORKER)
    expect(page.get_by_role("button", name="Excluir pedido")).to_have_count(0)
    assert_accessible(page)
    page.locator('[name="status"]').select_option("em_producao")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    assert shop.get(order["id"])["status"] == "em_producao"
    shop.delete(order["id"])
    expect(page.locator(".banner")).to_contain_text("excluído")
    expect(page.get_by_role("button", name="Criar de novo")).to_have_count(0)


def test_a_draft_waits_for_whoever_may_save_it(open_as: OpenAs, sign_in: SignIn, shop: Shop) -> None:
    """One computer, two people: what the one has typed is not thrown away by the other."""
    order = shop.order(observacao="original")
    page = open_as("escrita", f"#/pedido/{order['id']}")
    page.locator('[name="observacao"]').fill("o que eu digitei")
    expect(page.locator("#estado")).to_have_text("Não salvo · rascunho guardado")

    def become(name: str) -> None:
        sign_in(page, name)
        page.reload()
        expect(page.locator("#quem")).to_have_text(name)

    become("producao")
    expect(page.locator('[name="observacao"]')).to_have_value("original")
    expect(page.locator('[name="observacao"]')).not_to_be_editable()
    page.locator('[name="status"]').select_option("em_producao")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    become("escrita")
    expect(page.locator('[name="observacao"]')).to_have_value("o que eu digitei")


def test_whose_access_has_ended_signs_in_again(open_as: OpenAs, doors: Doors, shop: Shop) -> None:
    order = shop.order()
    add_token(doors, "Rui")
    page = open_as("Rui", f"#/pedido/{order['id']}")
    revoke(doors.server.database_path, "Rui")
    band = page.locator("#faixa")
    expect(band).to_contain_text("O acesso acabou: entre de novo")
    expect(band.get_by_role("button", name="Reconectar")).to_have_count(0)
    band.get_by_role("button", name="Entrar de novo").click()
    expect(page.locator("#token")).to_be_focused()
    page.locator("#token").fill(doors.tokens["admin"])
    page.get_by_role("button", name="Entrar").click()
    expect(page.locator("#quem")).to_have_text("admin")
    expect(page.locator("h1")).to_contain_text(order["cliente"])


def test_where_the_page_cannot_learn_who_is_signed_in_it_offers_everything(open_as: OpenAs, shop: Shop) -> None:
    """The server refuses what is not allowed."""
    asked: list[str] = []

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503, body="")

    order = shop.order()
    page = open_as("leitura", "#/lista")
    page.route("**/api/v1/sessao", fail)
    page.reload()
    expect(new_order(page)).to_be_visible()
    box(page, order, "financeiro").click()
    expect(row(page, order).locator(".problem")).to_contain_text("leitura")
    wait_until(lambda: bool(asked), what="the question")
