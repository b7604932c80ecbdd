"""The order's page: form, draft, conflicts, history."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.support.live_server import wait_until
from tests.support.page_helpers import OpenPage, Shop, day

pytest_plugins = ["tests.support.page_fixtures"]


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[name="{name}"]')


@contextlib.contextmanager
def writes(page: Page) -> Iterator[list[dict[str, object]]]:
    """The bodies that the page sends meanwhile."""
    bodies: list[dict[str, object]] = []

    def note(request: Request) -> None:
        if request.method in ("PATCH", "POST"):
            bodies.append(request.post_data_json)

    page.on("request", note)
    yield bodies
    page.remove_listener("request", note)


def test_a_new_order_with_items_and_their_sum_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    expect(field(page, "cliente")).to_be_focused()
    page.keyboard.type("Ateliê da Cida")
    page.get_by_role("button", name="Adicionar item").press("Enter")
    expect(field(page, "items.0.descricao")).to_be_focused()
    page.keyboard.type("Banner")
    field(page, "items.0.valor_unitario").fill("1.234,50")
    page.get_by_role("checkbox", name="Ilhós").press("Space")
    field(page, "items.0.ilhos_qtd").fill("10")
    field(page, "items.0.ilhos_valor_unitario").fill("0,55")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.1.descricao").fill("Bandeira")
    field(page, "items.1.valor_unitario").fill("0,10")
    field(page, "valor_frete").fill("20")
    expect(page.locator("#valor-itens")).to_have_text("R$\u00a01.240,10")
    expect(field(page, "valor_total")).to_have_value("1.260,10")
    page.get_by_role("button", name="Criar pedido").press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile(r"Pedido \d+ · Ateliê da Cida"))
    [order] = shop.all()
    assert (order["valor_itens"], order["valor_frete"], order["valor_total"]) == ("1240.10", "20.00", "1260.10")
    assert [item["descricao"] for item in order["items"]] == ["Banner", "Bandeira"]
    assert order["items"][0]["acabamento"]["ilhos"] is True
    expect(page.locator("#anuncios")).to_contain_text(f"Pedido {order['numero']} criado")


def test_faults_stand_at_their_fields(open_page: OpenPage, shop: Shop) -> None:
    taken = shop.order(numero="A-7")
    page = open_page("#/novo")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "valor_frete").fill("doze")
    page.get_by_role("button", name="Criar pedido").click()
    expect(field(page, "cliente")).to_be_focused()
    expect(page.locator("#campo-cliente-erro")).to_have_text("Diga quem é o cliente.")
    expect(field(page, "valor_frete")).to_have_attribute("aria-invalid", "true")
    expect(field(page, "items.0.descricao")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".faults")).to_contain_text("Item 1: Diga o que é este item.")
    field(page, "cliente").fill("Zeca")
    field(page, "valor_frete").fill("12")
    field(page, "items.0.descricao").fill("x" * 1999)
    field(page, "numero").fill(taken["numero"])
    page.get_by_role("button", name="Criar pedido").click()
    expect(field(page, "numero")).to_have_attribute("aria-invalid", "true")  # the server's refusal
    expect(field(page, "numero")).to_be_focused()
    assert len(shop.all()) == 1


def test_the_server_s_faults_stand_at_their_fields_too(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Zeca")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.0.descricao").fill("Lona")
    field(page, "valor_total").fill("9" * 20)
    page.get_by_role("button", name="Criar pedido").click()
    expect(page.locator("#campo-valor_total-erro")).to_have_text("valor grande demais")
    expect(field(page, "valor_total")).to_be_focused()


def test_only_what_was_touched_is_sent(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(
        cidade_cliente="Itu", items=[{"descricao": "Lona", "cor_da_linha": "azul", "valor_unitario": "10.00"}]
    )
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("Entregar cedo")
    field(page, "cidade_cliente").fill("Salto")
    field(page, "cidade_cliente").fill("Itu")  # typed back
    with writes(page) as bodies:
        page.get_by_role("button", name="Salvar").click()
        expect(page.locator("#estado")).to_contain_text("Salvo às")
    assert bodies == [{"observacao": "Entregar cedo"}]
    field(page, "items.0.tecido").fill("Oxford")
    page.keyboard.press("Control+s")
    wait_until(lambda: page.evaluate("1") and shop.get(order["id"])["versao"] == 3, what="the save")
    [item] = shop.get(order["id"])["items"]
    assert (item["tecido"], item["cor_da_linha"]) == ("Oxford", "azul")


def test_a_draft_outlives_a_crash(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("Texto comprido que ninguém quer digitar de novo")
    expect(page.locator("#estado")).to_contain_text("rascunho guardado")
    wait_until(lambda: page.evaluate("Object.keys(localStorage).join()").count("rascunho") == 1, what="the draft")
    with page.expect_event("crash"):
        _kill_renderers(page)
    again = open_page(f"#/pedido/{order['id']}", context=page.context)
    expect(again.locator(".banner")).to_contain_text("recuperado")
    expect(field(again, "observacao")).to_have_value("Texto comprido que ninguém quer digitar de novo")
    assert shop.get(order["id"])["observacao"] is None
    again.get_by_role("button", name="Salvar").click()
    expect(again.locator("#estado")).to_contain_text("Salvo às")
    assert shop.get(order["id"])["observacao"].startswith("Texto comprido")
    again.reload()
    expect(field(again, "cliente")).to_have_value(order["cliente"])
    expect(again.locator(".banner")).to_be_hidden()


def _kill_renderers(page: Page) -> None:
    browser = page.context.browser
    assert browser
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for process in processes:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)


def test_a_draft_of_a_new_order_outlives_a_reload(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Dona Zélia")
    page.reload()  # at once: it is written when the page goes
    expect(field(page, "cliente")).to_have_value("Dona Zélia")
    page.get_by_role("button", name="Descartar rascunho").click()
    page.get_by_role("dialog").get_by_role("button", name="Descartar").click()
    expect(field(page, "cliente")).to_have_value("")
    page.reload()
    expect(page.locator(".banner")).to_be_hidden()


def test_each_tab_has_a_draft_of_its_own(open_page: OpenPage, shop: Shop) -> None:
    first = open_page("#/novo")
    field(first, "cliente").fill("Primeira")
    expect(first.locator("#estado")).to_contain_text("rascunho guardado")
    wait_until(lambda: first.evaluate("Object.keys(localStorage).join()").count("rascunho") == 1, what="the draft")
    second = open_page("#/novo", context=first.context)
    second.wait_for_timeout(700)  # what is looked for is that nothing comes
    expect(field(second, "cliente")).to_have_value("")
    field(second, "cliente").fill("Segunda")
    for page, cliente in ((first, "Primeira"), (second, "Segunda")):
        page.reload()
        expect(field(page, "cliente")).to_have_value(cliente)
    first.close()
    # What nobody is at work on any more goes to the next.
    third = open_page("#/novo", context=second.context)
    expect(third.locator(".banner")).to_contain_text("recuperado")
    expect(field(third, "cliente")).to_have_value("Primeira")
    expect(field(second, "cliente")).to_have_value("Segunda")
    third.get_by_role("button", name="Criar pedido").click()
    expect(third.locator("h1")).to_contain_text("Primeira")
    second.reload()
    expect(field(second, "cliente")).to_have_value("Segunda")


def test_what_others_change_appears_in_the_form_with_who_and_when(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(cidade_cliente="Itu")
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("minha")
    shop.change(order["id"], by="Caio", cidade_cliente="Salto")
    expect(field(page, "cidade_cliente")).to_have_value("Salto")
    expect(page.locator("#campo-cidade_cliente-nota")).to_have_text(
        re.compile(r"Caio às \d\d:\d\d mudou · antes: Itu")
    )
    expect(field(page, "observacao")).to_have_value("minha")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    now = shop.get(order["id"])
    assert (now["cidade_cliente"], now["observacao"]) == ("Salto", "minha")


def test_the_conflict_dialog_puts_both_side_by_side(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(cidade_cliente="Itu", observacao="original")
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("o que eu digitei")
    field(page, "cidade_cliente").fill("Campinas")
    shop.change(order["id"], by="Caio", observacao="o que Caio quis", cidade_cliente="Salto")
    expect(page.locator("#campo-observacao-nota")).to_contain_text("o que Caio quis")
    expect(field(page, "observacao")).to_have_value("o que eu digitei")
    page.get_by_role("button", name="Salvar").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("o que eu digitei")
    expect(dialog).to_contain_text("o que Caio quis")
    expect(dialog).to_contain_text(re.compile(r"Caio · \d\d:\d\d"))
    page.get_by_role("button", name="Salvar com estas escolhas").click()
    expect(dialog).to_contain_text("Escolha um dos dois em cada campo.")
    # By keyboard: Space takes one's own, an arrow goes over to theirs.
    dialog.locator('[data-campo="observacao"] input[value="meu"]').focus()
    page.keyboard.press("ArrowDown")
    dialog.locator('[data-campo="cidade_cliente"] input[value="meu"]').focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    now = shop.get(order["id"])
    assert (now["observacao"], now["cidade_cliente"]) == ("o que Caio quis", "Campinas")
    # What gave way is not lost.
    expect(page.locator("#campo-observacao-nota")).to_contain_text("o que eu digitei")
    page.get_by_role("button", name="Voltar ao meu").click()
    expect(field(page, "observacao")).to_have_value("o que eu digitei")


def test_escape_from_the_conflict_dialog_loses_nothing(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(observacao="original")
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("o que eu digitei")
    shop.change(order["id"], by="Caio", observacao="o que Caio quis")
    expect(page.locator("#campo-observacao-nota")).to_contain_text("o que Caio quis")
    page.get_by_role("button", name="Salvar").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(page, "observacao")).to_have_value("o que eu digitei")
    page.get_by_role("button", name="Usar o dele").click()
    expect(field(page, "observacao")).to_have_value("o que Caio quis")
    assert shop.get(order["id"])["versao"] == 2


def test_a_dialog_goes_with_the_order_it_asks_about(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(observacao="original")
    page = open_page("#/lista")
    page.evaluate("id => { location.hash = `#/pedido/${id}` }", order["id"])
    field(page, "observacao").fill("o que eu digitei")
    shop.change(order["id"], by="Caio", observacao="o que Caio quis")
    expect(page.locator("#campo-observacao-nota")).to_contain_text("o que Caio quis")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_be_visible()
    # Nothing is on its way while somebody chooses, and nothing can be sent behind the dialog.
    expect(page.locator("#estado")).to_have_text("Não salvo · rascunho guardado")
    expect(page.locator("#salvar")).to_have_text("Salvar")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.go_back()
    expect(page.locator(f'.row[data-id="{order["id"]}"]')).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".banner")).to_contain_text("recuperado")
    expect(field(page, "observacao")).to_have_value("o que eu digitei")
    page.get_by_role("button", name="Excluir pedido").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.locator(f'.row[data-id="{order["id"]}"]')).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert shop.get(order["id"])["versao"] == 2


def test_a_change_that_came_just_before_the_save_is_a_conflict_too(open_page: OpenPage, shop: Shop) -> None:
    """The 412 itself: the other's change is committed while the save is on its way."""
    order = shop.order(observacao="original", cidade_cliente="Itu")
    page = open_page(f"#/pedido/{order['id']}")
    raced = False

    def race(route: Route) -> None:
        nonlocal raced
        if route.request.method == "PATCH" and not raced:
            raced = True
            shop.change(order["id"], by="Caio", observacao="o que Caio quis")
        route.continue_()

    page.route("**/api/v1/pedidos/*", race)
    field(page, "observacao").fill("o que eu digitei")
    page.get_by_role("button", name="Salvar").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Caio")
    dialog.get_by_label("Manter o meu").check()
    page.get_by_role("button", name="Salvar com estas escolhas").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    assert shop.get(order["id"])["observacao"] == "o que eu digitei"

    # Other fields: both hold, and nobody is asked.
    raced = False
    field(page, "cidade_cliente").fill("Campinas")
    page.get_by_role("button", name="Salvar").click()
    wait_until(lambda: page.evaluate("1") and shop.get(order["id"])["cidade_cliente"] == "Campinas", what="the save")
    assert shop.get(order["id"])["observacao"] == "o que Caio quis"
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_item_that_two_people_changed(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(items=[{"descricao": "Banner"}])
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "items.0.descricao").fill("Banner de 2 m")
    shop.change(order["id"], by="Caio", items=[{"descricao": "Faixa"}, {"descricao": "Mastro"}])
    note = page.locator("#itens .field__note").first
    expect(note).to_contain_text("Caio")
    expect(note).to_contain_text("Faixa")
    expect(field(page, "items.0.descricao")).to_have_value("Banner de 2 m")
    note.get_by_role("button", name="Usar o dele").click()
    expect(field(page, "items.0.descricao")).to_have_value("Faixa")
    expect(field(page, "items.1.descricao")).to_have_value("Mastro")
    note.get_by_role("button", name="Voltar ao meu").click()
    expect(field(page, "items.0.descricao")).to_have_value("Banner de 2 m")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    # What only the other one did stays.
    assert [item["descricao"] for item in shop.get(order["id"])["items"]] == ["Banner de 2 m", "Mastro"]


def test_deleted_while_it_is_edited(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order("Cliente que fica")
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("trabalho de uma hora")
    shop.delete(order["id"], by="Caio")
    expect(page.locator(".banner")).to_contain_text("excluído por Caio")
    expect(field(page, "observacao")).to_have_value("trabalho de uma hora")
    page.get_by_role("button", name="Criar de novo com estes dados").click()
    expect(page.locator("h1")).to_have_text("Novo pedido")
    expect(field(page, "cliente")).to_have_value("Cliente que fica")
    expect(field(page, "observacao")).to_have_value("trabalho de uma hora")


class LostAnswers:
    """Creations are done, and nobody hears of it, for as long as `lost` is true: their events look like another's."""

    def __init__(self) -> None:
        self.lost = True

    def install(self, page: Page) -> None:
        page.clock.install()
        page.route("**/api/v1/pedidos/", self._route)

    def _route(self, route: Route) -> None:
        if route.request.method == "POST" and self.lost:
            route.fetch(headers={**route.request.headers, "x-pedidos-cliente": "another"})
            route.abort()
        else:
            route.continue_()


def _create_without_an_answer(page: Page) -> None:
    field(page, "cliente").fill("Uma vez só")
    page.get_by_role("button", name="Criar pedido").click()
    expect(page.locator("#salvar")).to_have_text("Enviando")
    for _ in range(12):
        page.clock.run_for(1_000)
    expect(page.locator("#estado")).to_contain_text("Sem confirmação")


def test_a_creation_without_an_answer_is_done_once(open_page: OpenPage, shop: Shop) -> None:
    answers = LostAnswers()
    page = open_page("#/novo", before=answers.install)
    _create_without_an_answer(page)
    answers.lost = False
    page.get_by_role("button", name="Repetir").click()
    expect(page.locator("h1")).to_contain_text("Uma vez só")
    expect(page.locator(".banner")).to_be_hidden()
    assert len(shop.all()) == 1


@pytest.mark.parametrize("reload", [False, True], ids=["same-page", "reloaded"])
def test_what_is_typed_after_it_makes_no_second_order(open_page: OpenPage, shop: Shop, reload: bool) -> None:
    answers = LostAnswers()
    page = open_page("#/novo", before=answers.install)
    _create_without_an_answer(page)
    field(page, "observacao").fill("mudei depois")
    expect(page.locator("#estado")).to_contain_text("envia o pedido como estava")
    if reload:
        page.reload()
        expect(field(page, "observacao")).to_have_value("mudei depois")
    answers.lost = False
    page.get_by_role("button", name="Repetir").click()
    expect(page.locator(".banner")).to_contain_text("O pedido foi criado como tinha sido enviado.")
    expect(field(page, "observacao")).to_have_value("mudei depois")
    [order] = shop.all()
    assert order["observacao"] is None
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    [order] = shop.all()
    assert (order["cliente"], order["observacao"]) == ("Uma vez só", "mudei depois")


def test_what_is_typed_while_a_save_is_on_its_way_stays(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(f"#/pedido/{order['id']}")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if route.request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/pedidos/*", hold_the_first)
    field(page, "observacao").fill("primeiro")
    page.keyboard.press("Control+s")
    expect(page.locator("#salvar")).to_have_text("Enviando")
    field(page, "observacao").fill("primeiro e segundo")
    field(page, "cidade_cliente").fill("Itu")
    wait_until(lambda: page.evaluate("1") and held, what="the PATCH")
    held[0].continue_()
    expect(page.locator("#estado")).to_contain_text("Não salvo")
    expect(field(page, "observacao")).to_have_value("primeiro e segundo")
    expect(field(page, "cidade_cliente")).to_have_value("Itu")
    assert shop.get(order["id"])["observacao"] == "primeiro"
    page.keyboard.press("Control+s")
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    now = shop.get(order["id"])
    assert (now["observacao"], now["cidade_cliente"], now["versao"]) == ("primeiro e segundo", "Itu", 3)


def test_history_as_a_timeline(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    shop.change(order["id"], by="Caio", financeiro=True, cidade_cliente="Itu")
    page = open_page(f"#/pedido/{order['id']}")
    entries = page.locator(".timeline li")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text("Caio")
    expect(entries.first).to_contain_text("marcou Financeiro")
    expect(entries.first).to_contain_text("Cidade: vazio → Itu")
    expect(entries.last).to_contain_text("criou o pedido")
    shop.change(order["id"], by="Duda", costura=True)
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text("Duda")


def test_sectors_are_ticked_beside_the_form(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(f"#/pedido/{order['id']}")
    field(page, "observacao").fill("ainda digitando")
    page.locator('.sectors .box[data-setor="financeiro"]').click()
    expect(page.locator('.sectors .box[data-setor="financeiro"]')).to_have_attribute("aria-pressed", "true")
    expect(field(page, "observacao")).to_have_value("ainda digitando")
    expect(page.locator(".undo__line")).to_be_visible()
    page.get_by_role("button", name="Salvar").click(timeout=5_000)  # what can be undone does not cover it
    expect(page.locator("#estado")).to_contain_text("Salvo às")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_deleting_asks_first_and_minds_what_changed_since(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(data_entrega=day(1))
    page = open_page(f"#/pedido/{order['id']}")
    page.get_by_role("button", name="Excluir pedido").click()
    page.get_by_role("button", name="Cancelar").click()
    assert shop.get(order["id"])["versao"] == 1
    page.get_by_role("button", name="Excluir pedido").click()
    page.get_by_role("dialog").get_by_role("button", name="Excluir").click()
    page.wait_for_function("() => document.body.dataset.view === 'lista'")
    assert shop.all() == []


def test_an_address_of_no_order(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/pedido/999999")
    expect(page.get_by_role("heading", name="Este pedido não existe")).to_be_visible()
