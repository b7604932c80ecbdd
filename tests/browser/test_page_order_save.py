"""The way of an order from the form to the server: it always ends, and what is typed is never lost on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.doors import Doors
from tests.support.live_server import wait_until
from tests.support.page_helpers import OpenPage, Shop

pytest_plugins = ["tests.support.page_fixtures"]

WAYS = {
    "html": lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Portal</h1>"),
    "empty": lambda route: route.fulfill(status=200, content_type="application/json", body="null"),
    "text-404": lambda route: route.fulfill(status=404, content_type="text/plain", body="not found"),
    "html-403": lambda route: route.fulfill(status=403, content_type="text/html", body="<h1>Blocked</h1>"),
    "json-of-others": lambda route: route.fulfill(status=200, content_type="application/json", body='{"ok": true}'),
    "html-502": lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>"),
}


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[name="{name}"]')


def state(page: Page) -> Locator:
    return page.locator("#estado")


class Network:
    """What stands between the page and the server; `answer` does what it does to a write, None: nothing."""

    def __init__(self) -> None:
        self.answer: Callable[[Route], object] | None = None
        self.writes = 0

    def install(self, page: Page) -> None:
        page.clock.install()
        page.route("**/api/v1/pedidos/**", self._route)

    def _route(self, route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
            return
        self.writes += 1
        if self.answer is None:
            route.continue_()
        else:
            self.answer(route)

    @staticmethod
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()


def give_up(page: Page) -> None:
    """Until the client has stopped trying."""
    for _ in range(14):
        page.clock.run_for(1_000)


# -- whoever answers


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["#/novo", "#/pedido/{id}"], ids=["new", "change"])
def test_the_form_comes_back_from_whatever_is_answered(open_page: OpenPage, shop: Shop, way: str, path: str) -> None:
    order = shop.order()
    network = Network()
    page = open_page(path.format(id=order["id"]), before=network.install)
    field(page, "cliente").fill("Ateliê da Cida")
    network.answer = WAYS[way]
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and network.writes > 0, what="the write")
    give_up(page)
    expect(page.locator("#salvar")).not_to_have_text("Enviando")
    expect(page.locator("#salvar")).not_to_have_attribute("aria-disabled", "true")
    network.answer = None
    page.keyboard.press("Control+s")
    if "novo" in path:
        expect(page.locator("h1")).to_contain_text("Ateliê da Cida")
        assert len(shop.all()) == 2
    else:
        expect(state(page)).to_contain_text("Salvo às")
        assert shop.get(order["id"])["cliente"] == "Ateliê da Cida"


@pytest.mark.parametrize("way", WAYS)
def test_the_removal_comes_back_too(open_page: OpenPage, shop: Shop, way: str) -> None:
    order = shop.order()
    network = Network()
    page = open_page(f"#/pedido/{order['id']}", before=network.install)
    network.answer = WAYS[way]
    page.get_by_role("button", name="Excluir pedido").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Excluir").click()
    wait_until(lambda: page.evaluate("1") and network.writes > 0, what="the write")
    give_up(page)
    expect(dialog.locator(".field__error")).not_to_be_empty()
    assert shop.get(order["id"])["versao"] == 1
    network.answer = None
    dialog.get_by_role("button", name="Repetir").or_(dialog.get_by_role("button", name="Excluir")).click()
    page.wait_for_function("() => document.body.dataset.view === 'lista'")
    assert shop.all() == []


# -- a lost answer, and the event that says it was done


def test_a_change_whose_event_came_is_saved(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(items=[{"descricao": "Lona"}])
    network = Network()
    page = open_page(f"#/pedido/{order['id']}", before=network.install)
    network.answer = Network.lose_the_answer
    field(page, "observacao").fill("uma vez")
    field(page, "items.0.tecido").fill("Oxford")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.1.descricao").fill("Faixa")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and network.writes > 0, what="the write")
    give_up(page)
    expect(state(page)).to_contain_text("Salvo às")
    expect(page.locator("#salvar")).to_have_text("Salvar")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert shop.get(order["id"])["versao"] == 2


def test_a_creation_whose_event_came_is_saved(open_page: OpenPage, shop: Shop) -> None:
    network = Network()
    page = open_page("#/novo", before=network.install)
    network.answer = Network.lose_the_answer
    field(page, "cliente").fill("Uma vez só")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and network.writes > 0, what="the write")
    give_up(page)
    expect(page.locator("h1")).to_contain_text("Uma vez só")
    assert len(shop.all()) == 1


# -- going away


@pytest.mark.parametrize("path", ["#/novo", "#/pedido/{id}"], ids=["new", "change"])
def test_a_refusal_reaches_whoever_has_left_the_form(open_page: OpenPage, shop: Shop, path: str) -> None:
    taken, order = shop.order(numero="A-7"), shop.order()
    held: list[Route] = []
    page = open_page(path.format(id=order["id"]))
    page.route(
        "**/api/v1/pedidos/**",
        lambda route: route.continue_() if route.request.method == "GET" else held.append(route),
    )
    field(page, "cliente").fill("Ateliê")
    field(page, "numero").fill(taken["numero"])
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and held, what="the write")
    page.evaluate("location.hash = '#/lista'")
    page.wait_for_function("() => document.body.dataset.view === 'lista'")
    held[0].continue_()
    notice = page.locator("#avisos")
    expect(notice).to_contain_text("não foi salvo")
    page.unroute_all()
    notice.get_by_role("link").click()
    expect(field(page, "cliente")).to_have_value("Ateliê")
    field(page, "numero").fill("B-8")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Pedido B-8 · Ateliê")


def test_a_conflict_reaches_whoever_has_left_the_form(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(observacao="original")
    held: list[Route] = []
    page = open_page(f"#/pedido/{order['id']}")
    page.route(
        "**/api/v1/pedidos/*",
        lambda route: route.continue_() if route.request.method == "GET" else held.append(route),
    )
    field(page, "observacao").fill("o meu")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and held, what="the write")
    page.evaluate("location.hash = '#/lista'")
    page.wait_for_function("() => document.body.dataset.view === 'lista'")
    shop.change(order["id"], by="Caio", observacao="o dele")
    held[0].continue_()
    expect(page.locator("#avisos")).to_contain_text("Outra pessoa")
    page.locator("#avisos").get_by_role("link").click()
    expect(field(page, "observacao")).to_have_value("o meu")
    expect(page.locator("#campo-observacao-nota")).to_contain_text("o dele")


CLOSING = """() => {
    const event = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
}"""


def closes_with_a_question(page: Page) -> bool:
    return bool(page.evaluate(CLOSING))


def test_the_browser_asks_before_it_closes_a_page_that_is_saving(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    held: list[Route] = []
    page = open_page(f"#/pedido/{order['id']}")
    page.route(
        "**/api/v1/pedidos/*",
        lambda route: route.continue_() if route.request.method == "GET" else held.append(route),
    )
    field(page, "observacao").fill("a caminho")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and held, what="the write")
    assert closes_with_a_question(page)
    held[0].continue_()
    expect(state(page)).to_contain_text("Salvo às")
    assert not closes_with_a_question(page)


def fill_the_storage(page: Page) -> None:
    page.evaluate(
        """() => {
          let size = 1 << 22;
          for (let n = 0; size >= 1; n += 1) {
            try { localStorage.setItem(`cheio ${n}`, 'x'.repeat(size)); } catch (error) { size >>= 1; }
          }
        }"""
    )


def test_what_does_not_fit_into_the_draft_is_not_lost(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order("Cliente que fica")
    page = open_page(f"#/pedido/{order['id']}")
    fill_the_storage(page)
    field(page, "observacao").fill("trabalho de uma hora")
    expect(state(page)).to_contain_text("Não coube")
    # To another view and back.
    page.evaluate("location.hash = '#/lista'")
    page.wait_for_function("() => document.body.dataset.view === 'lista'")
    page.go_back()
    expect(field(page, "observacao")).to_have_value("trabalho de uma hora")
    shop.delete(order["id"], by="Caio")
    page.get_by_role("button", name="Criar de novo com estes dados").click()
    expect(page.locator("h1")).to_have_text("Novo pedido")
    expect(field(page, "cliente")).to_have_value("Cliente que fica")
    expect(field(page, "observacao")).to_have_value("trabalho de uma hora")
    assert closes_with_a_question(page)
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Cliente que fica")
    assert shop.all()[0]["observacao"] == "trabalho de uma hora"


def test_what_was_typed_is_not_thrown_away_without_a_question(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Dona Zélia")
    page.get_by_role("button", name="Descartar alterações").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar").click()
    expect(field(page, "cliente")).to_have_value("Dona Zélia")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.0.descricao").fill("Lona")
    page.get_by_role("button", name="Remover item").click()
    expect(field(page, "items.0.descricao")).to_have_count(0)
    page.get_by_role("button", name="Desfazer").click()
    expect(field(page, "items.0.descricao")).to_have_value("Lona")
    page.get_by_role("button", name="Descartar alterações").click()
    page.get_by_role("dialog").get_by_role("button", name="Descartar").click()
    expect(field(page, "cliente")).to_have_value("")
    expect(field(page, "items.0.descricao")).to_have_count(0)


# -- items that two people change


def test_changes_of_different_items_are_put_together(open_page: OpenPage, shop: Shop) -> None:
    lona = {"descricao": "Lona", "valor_unitario": "10.00"}
    order = shop.order(
        items=[lona, {"descricao": "Faixa", "valor_unitario": "5.00"}], valor_itens="15.00", valor_total="15.00"
    )
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "items.0.valor_unitario").fill("12,00")
    field(page, "items.0.tecido").press_sequentially("Oxf")
    shop.change(
        order["id"],
        by="Caio",
        items=[lona, {"descricao": "Faixa", "valor_unitario": "7.00"}],
        valor_itens="17.00",
        valor_total="17.00",
    )
    expect(field(page, "items.1.valor_unitario")).to_have_value("7,00")
    expect(page.locator("#itens .field__note").first).to_contain_text("Caio")
    page.keyboard.type("ord")  # the cursor is where it was
    expect(field(page, "items.0.tecido")).to_have_value("Oxford")
    page.keyboard.press("Control+s")
    expect(state(page)).to_contain_text("Salvo às")
    now = shop.get(order["id"])
    assert [(item["tecido"], item["valor_unitario"]) for item in now["items"]] == [("Oxford", "12.00"), ("", "7.00")]
    assert (now["valor_itens"], now["valor_total"]) == ("19.00", "19.00")


def test_the_same_field_of_an_item_is_asked_about_by_name(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(items=[{"descricao": "Lona"}, {"descricao": "Faixa", "tecido": "Malha"}])
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "items.1.tecido").fill("Oxford")
    field(page, "items.0.vendedor").fill("Bia")
    shop.change(
        order["id"],
        by="Caio",
        items=[{"descricao": "Lona", "designer": "Caio"}, {"descricao": "Faixa", "tecido": "Tactel"}],
    )
    expect(page.locator("#itens .field__note").first).to_contain_text("Item 2 · Tecido: Tactel")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("fieldset")).to_have_count(1)
    group = dialog.locator('[data-campo="items.1.tecido"]')
    for words in ("Item 2 · Tecido", "Oxford", "Tactel", "Antes: Malha", "Caio"):
        expect(group).to_contain_text(words)
    group.get_by_label("Usar o dele").check()
    page.get_by_role("button", name="Salvar com estas escolhas").click()
    expect(state(page)).to_contain_text("Salvo às")
    first, second = shop.get(order["id"])["items"]
    assert (first["vendedor"], first["designer"], second["tecido"]) == ("Bia", "Caio", "Tactel")


# -- who is signed in


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors.make("embedded", tmp_path_factory.mktemp("owners"))
    yield doors
    doors.server.close()


def test_a_draft_belongs_to_who_is_signed_in(chromium: Browser, doors: Doors) -> None:
    context = chromium.new_context(locale="pt-BR")
    sent: list[str] = []

    def sign_in(name: str) -> None:
        context.clear_cookies()
        key, _, value = doors.cookie(name)["Cookie"].partition("=")
        context.add_cookies([{"name": key, "value": value, "url": doors.server.url}])

    def open_new(page: Page, name: str) -> None:
        page.goto(f"{doors.server.url}/?{len(sent)}#/novo")
        page.reload()
        expect(page.locator("#quem")).to_have_text(name)
        expect(field(page, "cliente")).to_be_visible()

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.headers["idempotency-key"])
            route.abort()
        else:
            route.continue_()

    first, second = "escrita", "admin"
    sign_in(first)
    page = context.new_page()
    page.clock.install()
    page.route("**/api/v1/pedidos/", lose)
    open_new(page, first)
    field(page, "cliente").fill("Só da primeira")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and sent, what="the write")
    give_up(page)
    expect(state(page)).to_contain_text("Sem confirmação")
    # Signed in as somebody else in another tab: the key is not used under their token.
    sign_in(second)
    count = len(sent)
    page.get_by_role("button", name="Repetir").click()
    expect(page.locator(".faults")).to_contain_text("Outra pessoa entrou neste navegador")
    assert len(sent) == count
    page.clock.run_for(1_000)
    open_new(page, second)
    page.clock.run_for(1_000)
    expect(page.locator(".banner")).to_be_hidden()
    expect(field(page, "cliente")).to_have_value("")
    sign_in(first)
    open_new(page, first)
    expect(field(page, "cliente")).to_have_value("Só da primeira")
    expect(page.locator("#salvar")).to_have_text("Repetir")
    context.close()
