"""Takes the pictures of the page that stand in `docs/images/`, of all its states, with a believable day's orders:

python -m tests.browser.screenshots            # all of them
python -m tests.browser.screenshots conflito   # one
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from pedidos_server.cli.demo import COLLEAGUES, COUNTER, believable_order
from pedidos_server.domain.fields import SECTORS
from tests.support.checks import require
from tests.support.film import Film
from tests.support.live_server import ORDERS, REPOSITORY, LiveServer
from tests.support.plain_page import CHROMIUM_ARGUMENTS
from tests.support.view_support import move_back

PICTURES = REPOSITORY / "docs" / "images"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
TELEVISION = {"width": 1280, "height": 720}

ARTWORK = """<body style="margin:0"><div style="width:600px;height:450px;display:grid;place-content:center;
text-align:center;color:#fff;font:700 54px/1.2 sans-serif;
background:linear-gradient(135deg,#0b4f8a,#1a936f 60%,#f2c14e)">
Colégio<br>São Bento<div style="font-size:22px;font-weight:400">Jogos de verão</div></div>"""


def by(autor: str) -> dict[str, str]:
    return {"X-Pedidos-Autor": quote(autor), "X-Pedidos-Cliente": f"tela-{autor.encode().hex()}"}


def create(server: LiveServer, autor: str = COUNTER, **body: Any) -> dict[str, Any]:
    response = server.post(ORDERS, json=body, headers=by(autor))
    assert response.status_code == 201, response.text
    order: dict[str, Any] = response.json()
    return order


def change(server: LiveServer, order: dict[str, Any], autor: str, **fields: Any) -> None:
    response = server.patch(f"{ORDERS}{order['id']}", json=fields, headers=by(autor))
    assert response.status_code == 200, response.text


def fill(server: LiveServer, count: int) -> list[dict[str, Any]]:
    """So many orders, in all states of work; the same ones each time, but for their dates."""
    dice = random.Random(11)
    bodies = []
    for index in range(count):
        body = believable_order(dice, date.today())
        done = (2, 3, 0, 3, 1, 4, 3, 0, 5, 1)[index % 10]
        body |= dict.fromkeys(SECTORS[:done], True)
        body["status"] = "pendente" if done == 0 else "pronto" if done == len(SECTORS) else "em_producao"
        bodies.append(body)
    if count <= 100:
        return [create(server, **body) for body in bodies]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda body: server.post(ORDERS, json=body).json(), bodies))


class Studio:
    """A browser, and servers with different shops behind it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @contextmanager
    def shop(self, orders: int = 20) -> Iterator[tuple[LiveServer, list[dict[str, Any]]]]:
        with LiveServer.start() as server:
            yield server, fill(server, orders)

    @contextmanager
    def page(
        self, server: LiveServer, path: str = "", view: dict[str, int] | None = None, **options: Any
    ) -> Iterator[Page]:
        """`clock=True`: time passes by `run_for` alone."""
        clock = options.pop("clock", False)
        sector = options.pop("sector", "")
        choices = json.dumps({"autor": options.pop("autor", "Ana"), "meuSetor": sector})
        context = self.browser.new_context(
            viewport=view or DESK,  # type: ignore[arg-type]
            locale="pt-BR",
            timezone_id="America/Sao_Paulo",
            reduced_motion="reduce",
            **options,
        )
        context.add_init_script(f"localStorage.setItem('pedidos.ajustes', '{choices}')")
        page = context.new_page()
        if clock:
            page.clock.install()
        page.goto(f"{server.url}/{path}")
        expect(page.locator("#conexao[data-kind=ok], .painel[data-estado=ok]")).to_be_visible()
        yield page
        context.close()

    def take(self, page: Page, name: str) -> None:
        page.evaluate("document.fonts.ready")
        page.screenshot(path=PICTURES / f"{name}.png")


def box(page: Page, order: dict[str, Any], sector: str) -> Any:
    return page.locator(f'.row[data-id="{order["id"]}"] .box[data-setor="{sector}"]')


def shown(page: Page, order: dict[str, Any]) -> None:
    """What a colleague has changed is on the page."""
    expect(page.locator(f'[data-id="{order["id"]}"] .tag--changed')).to_be_visible()


def colleagues_at_work(server: LiveServer, page: Page, orders: list[dict[str, Any]]) -> None:
    first, second = [order for order in orders if order["sublimacao"] and not order["costura"]][:2]
    change(server, first, COLLEAGUES["sublimacao"], sublimacao=False)
    change(server, first, COLLEAGUES["sublimacao"], sublimacao=True)
    shown(page, first)
    change(server, second, "Beatriz", observacao="Cliente passa às 17 h.")
    shown(page, second)


def lista(studio: Studio) -> None:
    with studio.shop() as (server, orders), studio.page(server, sector="costura") as page:
        colleagues_at_work(server, page, orders)
        studio.take(page, "lista")


def lista_escura(studio: Studio) -> None:
    with studio.shop() as (server, orders), studio.page(server, sector="costura", color_scheme="dark") as page:
        colleagues_at_work(server, page, orders)
        studio.take(page, "lista-escura")


def lista_vazia(studio: Studio) -> None:
    with studio.shop(0) as (server, _), studio.page(server) as page:
        studio.take(page, "lista-vazia")


def lista_2000(studio: Studio) -> None:
    with studio.shop(2_000) as (server, _), studio.page(server) as page:
        expect(page.locator("#resumo-da-lista")).to_contain_text("2000 em aberto")
        expect(page.locator(".row").nth(15)).to_be_visible()
        studio.take(page, "lista-2000")


def celular(studio: Studio) -> None:
    phone: dict[str, Any] = {"view": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 1.5}
    with studio.shop() as (server, orders), studio.page(server, sector="costura", **phone) as page:
        colleagues_at_work(server, page, orders)
        studio.take(page, "celular")


def quadro(studio: Studio) -> None:
    with studio.shop() as (server, orders), studio.page(server, "#/quadro") as page:
        colleagues_at_work(server, page, orders)
        studio.take(page, "quadro")


def resumo(studio: Studio) -> None:
    with studio.shop(60) as (server, orders):
        finished = orders[21:]
        for order in finished:
            change(server, order, "Tiago", status="entregue", **dict.fromkeys(SECTORS, True))
        server.stop()
        dice = random.Random(3)
        for order in finished:
            move_back(server, order["id"], dice.choice((0, 1, 4, 4, 5, 6, 7, 8, 8, 11, 12, 12, 13)))
        server.restart()
        with studio.page(server, "#/resumo", {"width": 1280, "height": 960}) as page:
            expect(page.locator(".resumo-grafico")).to_be_visible()
            studio.take(page, "resumo")


def painel(studio: Studio) -> None:
    with studio.shop() as (server, _), studio.page(server, "?painel=1", TELEVISION) as page:
        studio.take(page, "painel")


def enviando(studio: Studio) -> None:
    """On its way, without an answer, and refused."""
    with studio.shop() as (server, orders), studio.page(server, clock=True) as page:
        expect(page.locator(".row").nth(12)).to_be_visible()
        rows = [int(row.get_attribute("data-id") or 0) for row in page.locator(".row").all()[:5]]
        unanswered, refused, under_way = (order for id_ in rows[1:4] for order in orders if order["id"] == id_)

        def answer(route: Route) -> None:
            number = int(route.request.url.rsplit("/", 1)[1])
            if route.request.method != "PATCH":
                route.continue_()
            elif number == refused["id"]:
                problem = {
                    "type": "urn:pedidos:problema:x",
                    "title": "Recusado",
                    "detail": "O caixa já está fechado hoje.",
                }
                route.fulfill(status=409, content_type="application/problem+json", json=problem)
            elif number == unanswered["id"]:
                route.abort()

        page.route("**/api/v1/pedidos/*", answer)
        box(page, unanswered, "costura").click()
        for _ in range(12):
            page.clock.run_for(1_000)
        expect(box(page, unanswered, "costura")).to_contain_text("Sem confirmação")
        box(page, refused, "financeiro").click()
        expect(box(page, refused, "financeiro")).to_have_attribute("data-state", "error")
        box(page, under_way, "conferencia").click()
        expect(box(page, under_way, "conferencia")).to_contain_text("Enviando")
        page.mouse.move(1270, 790)
        page.clock.run_for(300)
        studio.take(page, "enviando")
        page.unroute_all(behavior="ignoreErrors")


def sem_conexao(studio: Studio) -> None:
    with studio.shop() as (server, _), studio.page(server, clock=True, sector="costura") as page:
        expect(page.locator(".row").nth(12)).to_be_visible()
        server.kill()
        for _ in range(9):
            page.clock.run_for(1_000)
        expect(page.locator("#conexao")).to_have_attribute("data-kind", "reconnecting")
        studio.take(page, "reconectando")
        for _ in range(30):
            page.clock.run_for(1_000)
        expect(page.locator("#faixa")).to_be_visible()
        studio.take(page, "sem-conexao")


def pedido(studio: Studio) -> None:
    """The form, with what a colleague has changed in it meanwhile; then the conflict dialog."""
    with studio.shop() as (server, orders):
        order = orders[0]
        change(server, order, "Rafael", observacao="Arte aprovada pelo cliente.", conferencia=True)
        with studio.page(server, f"#/pedido/{order['id']}", view={"width": 1280, "height": 1000}) as page:
            expect(page.locator(".timeline li").first).to_be_visible()
            page.locator('[name="observacao"]').fill("Arte aprovada. Entregar na portaria dos fundos.")
            change(server, order, "Rafael", data_entrega=(date.today() + timedelta(days=2)).isoformat())
            expect(page.locator("#campo-data_entrega-nota")).to_be_visible()
            studio.take(page, "pedido")
            change(server, order, "Joana", observacao="Arte aprovada. O cliente busca no sábado.", status="pendente")
            expect(page.locator("#campo-observacao-nota")).to_contain_text("sábado")
            page.locator("#salvar").click()
            page.locator('#conflito input[value="meu"]').first.check()
            page.set_viewport_size(DESK)  # type: ignore[arg-type]
            studio.take(page, "conflito")


def ficha(studio: Studio) -> None:
    """As it comes out of the printer."""
    page = studio.browser.new_page()
    page.set_content(ARTWORK)
    artwork = page.locator("div").first.screenshot()
    page.close()
    with studio.shop(0) as (server, _), tempfile.TemporaryDirectory() as directory:
        body = believable_order(random.Random(5), date.today())
        item = {
            **body["items"][0],
            "descricao": "Painel em tecido 200x150 cm",
            "tipo_producao": "painel",
            "tecido": "Tactel",
            **{"largura": "200", "altura": "150", "metro_quadrado": "3,00", "emenda": "com-emenda"},
            "acabamento": {"overloque": True, "elastico": False, "ilhos": False},
            "imagem": f"data:image/png;base64,{b64encode(artwork).decode()}",
        }
        body |= {"cliente": "Colégio São Bento", "prioridade": "ALTA", "observacao": "Prova aprovada em 20/11."}
        order = create(server, **{**body, "items": [item, *body["items"][1:]], "financeiro": True})
        with studio.page(server, f"#/ficha/{order['id']}") as page:
            expect(page.locator(".ficha[data-imagens=prontas]")).to_be_visible()
            page.pdf(path=f"{directory}/ficha.pdf", prefer_css_page_size=True)
        tool = require("pdftoppm")
        arguments = ["-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile"]
        subprocess.run([tool, *arguments, f"{directory}/ficha.pdf", str(PICTURES / "ficha")], check=True)


def duas_telas(studio: Studio) -> None:
    """Moving: a tick on the desk, and the phone follows; then the other way round."""
    phone: dict[str, Any] = {"view": {"width": 390, "height": 600}, "has_touch": True, "is_mobile": True}
    with (
        studio.shop(8) as (server, orders),
        studio.page(server, view={"width": 820, "height": 600}) as desk,
        studio.page(server, autor="Tiago", **phone) as hand,
    ):
        film = Film(desk, hand)
        order = next(order for order in orders if order["sublimacao"] and not order["costura"])
        for window in (desk, hand):
            box(window, order, "costura").evaluate("box => box.scrollIntoView({block: 'center'})")
        for page, other, sector in ((desk, hand, "costura"), (hand, desk, "expedicao")):
            film.take(1_200)
            film.take(800, pointer=(page, box(page, order, sector)))
            box(page, order, sector).click()
            expect(box(page, order, sector)).to_have_attribute("aria-pressed", "true")
            expect(box(other, order, sector)).to_have_attribute("aria-pressed", "true")
            shown(other, order)
            film.take(2_500, pointer=(page, box(page, order, sector)))
        film.save(PICTURES / "duas-telas.gif")


SCENES: dict[str, Callable[[Studio], None]] = {
    scene.__name__: scene
    for scene in (
        *(lista, lista_escura, lista_vazia, lista_2000, celular, quadro, resumo, painel),
        *(enviando, sem_conexao, pedido, ficha, duas_telas),
    )
}


def main(names: list[str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require("chromium"), args=CHROMIUM_ARGUMENTS)
        for name in names or SCENES:
            print(name, flush=True)
            SCENES[name](Studio(browser))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
