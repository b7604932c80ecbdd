"""What is typed, scanned or chosen in the order's form, and what of it is sent."""

from __future__ import annotations

import base64
import re
import struct
from datetime import date

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.support.page_helpers import OpenPage, Shop

pytest_plugins = ["tests.support.page_fixtures"]

AVIF = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYA"
    "AAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAB0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IA"
    "AAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQ0MAAAAABNjb2xybmNseAACAAIAAYAA"
    "AAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACVtZGF0EgAKCBgANogQEAwgMg8f8D///8WfhwB8+ErK42A="
)
BMP = (
    b"BM"
    + struct.pack("<IHHI", 58, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0)
    + b"\0\0\xff\0"
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path d="M0 0h4"/></svg>'
HEIC = struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0" + b"mif1heic"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[name="{name}"]')


def state(page: Page) -> Locator:
    return page.locator("#estado")


# -- Enter, as scanners end with


def test_enter_goes_to_the_next_field_and_never_saves(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    field(page, "cliente").press("Enter")
    expect(field(page, "numero")).to_be_focused()
    page.keyboard.type("77")
    page.keyboard.press("Enter")
    expect(field(page, "telefone_cliente")).to_be_focused()
    field(page, "prioridade").press("Enter")
    expect(field(page, "status")).to_be_focused()
    field(page, "observacao").press("Enter")  # a line break
    expect(field(page, "observacao")).to_be_focused()
    expect(field(page, "observacao")).to_have_value("\n")
    field(page, "observacao").fill("")
    field(page, "valor_total").press("Enter")
    expect(field(page, "obs_pagamento")).to_be_focused()
    page.get_by_role("button", name="Adicionar item").click()
    for name in ("descricao", "ilhos_qtd"):
        control = field(page, f"items.0.{name}")
        if control.is_visible():
            control.press("Enter")
    field(page, "items.0.descricao").fill("Lona")
    page.get_by_role("checkbox", name="Overloque").press("Enter")
    expect(page.get_by_role("checkbox", name="Elástico")).to_be_focused()
    assert shop.all() == []
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Pedido 77")
    assert len(shop.all()) == 1


# -- dates


def test_a_year_of_two_digits_is_of_this_century(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    field(page, "data_entrega").evaluate(
        "(e) => { e.focus(); e.value = '0026-11-24'; e.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    field(page, "observacao").focus()
    expect(field(page, "data_entrega")).to_have_value("2026-11-24")
    # Saved by the keyboard, before the field is left.
    field(page, "data_entrada").evaluate(
        "(e) => { e.focus(); e.value = '0026-11-20'; e.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Ateliê")
    [order] = shop.all()
    assert (order["data_entrada"], order["data_entrega"]) == ("2026-11-20", "2026-11-24")


def test_a_year_that_cannot_be_meant_stands_at_its_field(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    field(page, "data_entrega").fill("1026-11-24")
    page.keyboard.press("Control+s")
    expect(page.locator("#campo-data_entrega-erro")).to_have_text("Escreva um ano entre 2000 e 2100.")
    assert shop.all() == []


def test_the_day_of_entry_is_the_one_that_is_shown(open_page: OpenPage, shop: Shop) -> None:
    # A page whose day is not the server's: as beside a server that runs in UTC.
    page = open_page("#/novo", timezone_id="Pacific/Kiritimati")
    shown = field(page, "data_entrada").input_value()
    other = open_page("#/novo", timezone_id="Pacific/Niue")
    assert other.locator('[name="data_entrada"]').input_value() != shown
    for opened in (page, other):
        field(opened, "cliente").fill("Ateliê")
        day = field(opened, "data_entrada").input_value()
        opened.keyboard.press("Control+s")
        expect(opened.locator("h1")).to_contain_text("Pedido")
        assert shop.all()[0]["data_entrada"] == day


def test_an_entry_that_was_emptied_stays_empty(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    field(page, "data_entrada").fill("")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Ateliê")
    assert shop.all()[0]["data_entrada"] is None


def test_over_midnight_an_untouched_form_follows_the_day(open_page: OpenPage, shop: Shop) -> None:
    def late(page: Page) -> None:
        page.clock.install(time=date.today().strftime("%Y-%m-%dT23:59:30"))

    page = open_page("#/novo", before=late)
    before = field(page, "data_entrada").input_value()
    page.clock.run_for(60_000)
    expect(field(page, "data_entrada")).not_to_have_value(before)
    shown = field(page, "data_entrada").input_value()
    field(page, "cliente").fill("Ateliê")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Ateliê")
    assert shop.all()[0]["data_entrada"] == shown


# -- a number far above the others: a barcode, most likely


def test_a_number_far_above_the_others_is_asked_about(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    field(page, "numero").fill("7891000315507")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("7891000315507")
    dialog.get_by_role("button", name="Corrigir").click()
    expect(field(page, "numero")).to_be_focused()
    assert shop.all() == []
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Usar este número").click()
    expect(page.locator("h1")).to_contain_text("Pedido 7891000315507")
    # Not asked about again, nor where the number is no news.
    field(page, "observacao").fill("mais")
    page.keyboard.press("Control+s")
    expect(state(page)).to_contain_text("Salvo às")


# -- pictures


def choose(page: Page, name: str, kind: str, data: bytes) -> None:
    page.locator('.item input[type="file"]').set_input_files(FilePayload(name=name, mimeType=kind, buffer=data))


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("a.avif", "image/avif", AVIF),
        ("a.bmp", "image/bmp", BMP),
        ("a.svg", "image/svg+xml", SVG),
        ("a.png", "image/png", BMP),
    ],
    ids=["avif", "bmp", "svg", "bmp-named-png"],
)
def test_what_the_browser_can_show_becomes_what_the_server_takes(
    open_page: OpenPage, shop: Shop, name: str, kind: str, data: bytes
) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.0.descricao").fill("Lona")
    choose(page, name, kind, data)
    expect(page.locator(".item__picture")).to_have_attribute("src", re.compile("^data:image/jpeg;base64,"))
    expect(page.locator(".item__image .field__error")).to_be_hidden()
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Ateliê")
    assert shop.all()[0]["items"][0]["imagem"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize(
    ("name", "kind", "data", "words"),
    [
        ("foto.heic", "image/heic", HEIC, "HEIC"),
        ("foto.jpg", "image/jpeg", HEIC, "HEIC"),
        ("arte.pdf", "application/pdf", b"%PDF-1.7\n", "Escolha uma imagem"),
        ("arte.png", "image/png", b"\x89PNG\r\n\x1a\nbroken", "não pôde ser aberta"),
    ],
    ids=["heic", "heic-named-jpg", "pdf", "broken-png"],
)
def test_what_cannot_be_used_is_said_at_its_field(
    open_page: OpenPage, shop: Shop, name: str, kind: str, data: bytes, words: str
) -> None:
    page = open_page("#/novo")
    page.get_by_role("button", name="Adicionar item").click()
    choose(page, name, kind, data)
    expect(page.locator(".item__image .field__error")).to_contain_text(words)
    expect(field(page, "items.0.imagem")).to_have_attribute("aria-invalid", "true")


def test_a_small_gif_stays_what_it_is(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.0.descricao").fill("Lona")
    choose(page, "a.bin", "", GIF)
    expect(page.locator(".item__picture")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_contain_text("Ateliê")
    assert shop.all()[0]["items"][0]["imagem"] == "data:image/gif;base64," + base64.b64encode(GIF).decode()


def test_a_pasted_picture_of_the_wrong_kind_is_said_at_its_field(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("#/novo")
    field(page, "cliente").fill("Ateliê")
    page.get_by_role("button", name="Adicionar item").click()
    field(page, "items.0.descricao").fill("Lona")
    field(page, "items.0.imagem").fill("data:image/svg+xml;base64," + base64.b64encode(SVG).decode())
    page.keyboard.press("Control+s")
    expect(page.locator(".item__image .field__error")).to_be_visible()
    expect(field(page, "items.0.imagem")).to_have_attribute("aria-invalid", "true")
    assert shop.all() == []


# -- width


@pytest.mark.parametrize("width", [390, 1280])
def test_a_word_without_end_stays_within_the_page(open_page: OpenPage, shop: Shop, width: int) -> None:
    word = "x" * 190
    order = shop.order(
        word,
        numero="9" * 38,
        cidade_cliente=word,
        observacao=word * 3,
        items=[{"descricao": word * 2, "tecido": word}],
    )
    shop.change(order["id"], by=word[:80], cliente=word[1:], observacao=word)
    for path in (f"#/pedido/{order['id']}", f"#/ficha/{order['id']}"):
        page = open_page(path, width=width, autor="y" * 80)
        expect(page.get_by_text(word[:40]).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if "pedido" in path:
            field(page, "observacao").fill(word + "z")
            shop.change(order["id"], by="Caio", observacao=word + "k")
            expect(page.locator("#campo-observacao-nota")).to_contain_text("Caio")
            page.keyboard.press("Control+s")
            expect(page.get_by_role("dialog")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            dialog = page.get_by_role("dialog")
            assert dialog.evaluate("(dialog) => dialog.scrollWidth - dialog.clientWidth") <= 0


def test_on_a_phone_nothing_is_too_small_to_read_or_zooms(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order(items=[{"descricao": "Lona", "acabamento": {"ilhos": True}}])
    page = open_page(f"#/pedido/{order['id']}", width=390)
    small = """(selector) => Array.from(document.querySelectorAll(selector))
        .filter((e) => e.offsetParent !== null && e.textContent.trim() !== '' || e.matches('input, select, textarea'))
        .map((e) => [e.className || e.tagName, parseFloat(getComputedStyle(e).fontSize)])"""
    inputs = page.evaluate(small, ".view input:not([type=checkbox]):not([type=file]), .view select, .view textarea")
    assert inputs and [one for one in inputs if one[1] < 16] == []
    assert [one for one in page.evaluate(small, ".view *") if one[1] < 12] == []
