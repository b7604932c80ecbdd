"""Every view at every width: nothing sticks out, nothing is cut or covered, everything can be read and typed in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.page_helpers import OpenPage, Shop, box, day

pytest_plugins = ["tests.support.page_fixtures"]

WIDTHS = (360, 390, 820, 1280, 1920)
PHONE = 500
LONG = "Pneumoultramicroscopicossilicovulcanoconiótico".ljust(190, "a")
SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")

FAULTS = """([view, phone]) => {
    const faults = [];
    const name = (one) => `${view}: ${one.tagName}.${one.className} "${one.textContent.slice(0, 30)}"`;
    const heard = '.only-heard, .painel-oculto, svg';
    const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(heard);
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) faults.push(`${view}: scrolls sideways`);

    // Up to the first ancestor that cuts off what is too long for it, or lets it be scrolled.
    const cut = (one, until) => {
        for (let at = one; at && at !== until; at = at.parentElement) {
            if (getComputedStyle(at).overflowX !== 'visible') return true;
        }
        return false;
    };
    const CARDS = '.resumo-bloco, .resumo-atrasados a, .card, .row, .column, .panel, .dialog, .drawer, .undo__line';
    const range = document.createRange();
    for (const one of document.querySelectorAll('body *')) {
        if (!seen(one)) continue;
        const hasText = Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
        const isField = one.matches('select, textarea, input:not([type=checkbox], [type=radio], [type=file])');
        const size = Number.parseFloat(getComputedStyle(one).fontSize);
        if ((hasText || isField) && size < 12) faults.push(`${name(one)} is of ${size} px`);
        if (phone && isField && size < 16) faults.push(`${name(one)} [${one.name || one.id}] makes an iPhone zoom`);
        if (!hasText || one.matches('option')) continue;
        range.selectNodeContents(one);
        const text = range.getBoundingClientRect();
        if (text.width <= 2) continue;
        const out = (left, right) => text.right > right + 1 || text.left < left - 1;
        if (out(0, width) && !cut(one, null)) faults.push(`${name(one)} leaves the screen`);
        const own = one.getBoundingClientRect();
        const isOut = text.right > own.right + 1 && getComputedStyle(one).display !== 'inline';
        if (isOut && !cut(one, one.parentElement)) faults.push(`${name(one)} leaves its place`);
        const card = one.closest(CARDS);
        if (!card || cut(one, card)) continue;
        const { left, right } = card.getBoundingClientRect();
        if (out(left, right)) faults.push(`${name(one)} leaves its ${card.className}`);
    }
    return faults;
}"""

HEADER = """([view, words]) => {
    const faults = [];
    const bar = document.querySelector('.topbar');
    const pill = document.querySelector('#conexao');
    const [kind, text, detail] = words;
    const before = [pill.dataset.kind, pill.children[1].textContent, pill.children[2].textContent];
    const put = ([kind, text, detail]) => {
        pill.dataset.kind = kind;
        pill.children[1].textContent = text;
        pill.children[2].textContent = detail;
    };
    put(words);
    const range = document.createRange();
    range.selectNodeContents(pill.children[1]);
    if (range.getBoundingClientRect().right > pill.getBoundingClientRect().right) {
        faults.push(`${view}: the pill does not show all of "${text}"`);
    }
    const all = Array.from(bar.querySelectorAll('.brand, .nav a, #quem, #conexao, #ajustes'));
    const parts = all.filter((one) => one.checkVisibility());
    const fault = (one, what) => faults.push(`${view}, "${text}": ${one.className || one.id} ${what}`);
    for (const one of parts) {
        const a = one.getBoundingClientRect();
        if (a.right > innerWidth + 1 || a.left < 0) fault(one, 'leaves the screen');
        if (!one.matches('#conexao, #quem') && one.scrollWidth > one.clientWidth + 1) fault(one, 'is cut');
        for (const other of parts) {
            const b = other.getBoundingClientRect();
            const beside = a.right <= b.left + 1 || b.right <= a.left + 1;
            if (one === other || beside || a.bottom <= b.top || b.bottom <= a.top) continue;
            fault(one, `covers ${other.className || other.id}`);
        }
    }
    put(before);
    return faults;
}"""

PILLS = (
    ("ok", "Sincronizado", "WebSocket · última mudança 14:32"),
    ("ok", "Atrasado pela rede", "SSE · última mudança 14:32"),
    ("reconnecting", "Reconectando, Tentativa 12", "dados de 14:32"),
    ("offline", "Sem conexão", ""),
    ("blocked", "Sem atualizações ao vivo", ""),
    ("reconnecting", "Não foi possível carregar", "O servidor não respondeu."),
)


@pytest.fixture
def order(shop: Shop) -> dict[str, Any]:
    """One with a word of 190 letters in every field that takes text, among those of a usual day."""
    for index in range(4):
        shop.order(
            "Confecções São Jorge dos Campos", data_entrega=day(index - 3), prioridade="ALTA", valor_total="12345.60"
        )
    shop.order("Pronto", **dict.fromkeys(SECTORS, True))
    texts = dict.fromkeys(
        ("cidade_cliente", "observacao", "forma_envio", "tipo_pagamento", "obs_pagamento", "telefone_cliente"), LONG
    )
    item = dict.fromkeys(("descricao", "vendedor", "designer", "tecido", "observacao", "tipo_producao"), LONG)
    dated = {"data_entrega": day(-400), "prioridade": "ALTA", "financeiro": True, "valor_total": "1234567.89"}
    return shop.order(LONG, numero=LONG[:40], items=[item], **texts, **dated)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_is_cut_or_too_small(
    open_page: OpenPage, shop: Shop, order: dict[str, Any], width: int
) -> None:
    page = open_page(width=width, height=900, autor="")
    faults: list[str] = []

    def look(view: str) -> None:
        faults.extend(page.evaluate(FAULTS, [view, width < PHONE]))

    for path in ("lista", "quadro", "resumo", f"pedido/{order['id']}", "novo", f"ficha/{order['id']}"):
        view = path.split("/")[0]
        page.evaluate("path => { location.hash = `#/${path}` }", path)
        expect(page.locator(f".view--{view}")).to_be_visible()
        _is_there(page, view)
        look(view)
        for words in PILLS:
            faults.extend(page.evaluate(HEADER, [view, words]))
    for button, drawer in (("#conexao", "Conexão"), ("#ajustes", re.compile("Ajustes"))):
        page.locator(button).click()
        expect(page.get_by_role("dialog", name=drawer)).to_be_visible()
        look(f"drawer {button}")
        page.keyboard.press("Escape")
    page.evaluate("() => { location.hash = '#/lista' }")
    page.locator('.box[data-setor="conferencia"]').first.click()
    expect(page.locator(".undo__line")).to_be_visible()
    look("undo")
    page.goto(f"{shop.server.url}/?painel=1")
    expect(page.locator(".painel")).to_have_attribute("data-estado", "ok")
    look("painel")
    assert not faults, "\n".join(dict.fromkeys(faults))


def _is_there(page: Page, view: str) -> None:
    marks = {
        "lista": ".row",
        "quadro": ".card",
        "resumo": ".resumo-atrasados a",
        "pedido": ".timeline li",
        "novo": '[name="cliente"]',
        "ficha": ".ficha-folha",
    }
    expect(page.locator(marks[view]).first).to_be_visible()


def test_on_a_phone_the_name_of_a_sector_stands_on_one_line(open_page: OpenPage, shop: Shop) -> None:
    order = shop.order()
    page = open_page(width=390)
    expect(box(page, order, "costura")).to_be_visible()
    heights = page.locator(".row .box__text").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert max(heights) < 1.5 * min(heights), heights
