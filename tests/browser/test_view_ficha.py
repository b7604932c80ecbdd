"""Ficha: the order sheet on paper. Printed to PDF by the browser, then read and looked at."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.checks import require
from tests.support.live_server import LiveServer, wait_until
from tests.support.view_support import (
    OpenView,
    StartServer,
    assert_accessible_in_light_and_dark,
    day,
    move_back,
)

pytest_plugins = ["tests.support.view_fixtures"]

RED = (200, 30, 30)


def picture(width: int = 40, height: int = 30, colour: tuple[int, int, int] = RED) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(colour) * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


DATA_URI = "data:image/png;base64," + b64encode(picture()).decode()
ITEM: dict[str, Any] = {
    "descricao": "Bandeira dupla-face 200×300 cm",
    "tipo_producao": "Painel",
    "tecido": "Oxford",
    "largura": "200",
    "altura": "300",
    "vendedor": "Ana",
    "valor_unitario": "225.00",
    "acabamento": {"overloque": True, "elastico": False, "ilhos": True},
    "ilhos_qtd": "12",
    "emenda": "sem-emenda",
    "observacao": "Cortar rente à margem.",
}


def order(server: LiveServer, items: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    items = items if items is not None else [{**ITEM, "imagem": DATA_URI}, {**ITEM, "descricao": "Faixa de mesa"}]
    return server.create(
        **{
            "cliente": "Maria das Graças & Filhos",
            "data_entrega": day(3),
            "prioridade": "ALTA",
            "valor_total": "1450.00",
            "items": items,
            **fields,
        }
    )


def texts(page: Page, directory: Path, name: str = "ficha") -> list[str]:
    """Prints the page; the text of each sheet of paper."""
    path = directory / f"{name}.pdf"
    page.pdf(path=str(path), prefer_css_page_size=True)
    tool = require("pdftotext")
    output = subprocess.run([tool, "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    return output.split("\f")[:-1]


def pixels(directory: Path, sheet: int, name: str = "ficha") -> tuple[int, int, bytes]:
    """What stands on a sheet, in RGB, at 40 dots per inch."""
    tool = require("pdftoppm")
    command = [tool, "-r", "40", "-f", str(sheet), "-l", str(sheet), str(directory / f"{name}.pdf")]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    found = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    assert found
    return int(found[1]), int(found[2]), data[found.end() :]


def red_share(directory: Path, sheet: int) -> float:
    """How much of a sheet the picture covers."""
    width, height, data = pixels(directory, sheet)
    red = sum(
        1 for at in range(0, width * height * 3, 3) if data[at] > 150 and data[at + 1] < 90 and data[at + 2] < 90
    )
    return red / (width * height)


def ready(page: Page, state: str = "prontas") -> None:
    expect(page.locator(f".ficha[data-imagens={state}]")).to_be_visible()


def test_one_page_per_item(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    pedido = order(view_server, observacao="Cliente confere a prova.", financeiro=True)
    page = open_view(view_server, f"/#/ficha/{pedido['id']}")
    ready(page)
    sheets = texts(page, tmp_path)
    assert len(sheets) == 2
    for index, sheet in enumerate(sheets):
        assert f"Item {index + 1}/2" in sheet
        for text in (pedido["numero"], "Maria das Graças & Filhos", "URGENTE", "Cliente confere a prova."):
            assert text in sheet
        assert "/".join(reversed(day(3).split("-"))) in sheet
        assert "200 × 300" in sheet and "Cortar rente à margem." in sheet and "Ilhós: 12 un." in sheet
        assert "R$ 1.450,00" in sheet.replace("\u00a0", " ")
        # Of the shell, and of what is for the screen only, nothing is on the paper.
        for text in ("Imprimir", "Lista", "Quadro", "Sincronizado", "Voltar"):
            assert text not in sheet
    assert "Bandeira dupla-face" in sheets[0] and "Faixa de mesa" in sheets[1]
    width, height, _ = pixels(tmp_path, 1)
    assert height / width == pytest.approx(297 / 210, rel=0.01), "A4, upright"
    assert 0.2 < red_share(tmp_path, 1) < 0.7, "the picture takes what the text leaves"
    assert red_share(tmp_path, 2) == 0


def test_a_sheet_wider_than_the_phone_is_scrolled_by_keys(view_server: LiveServer, open_view: OpenView) -> None:
    page = open_view(view_server, f"/#/ficha/{order(view_server)['id']}", width=390, height=844)
    ready(page)
    desk = page.get_by_role("region", name="Folhas")
    desk.focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: desk.evaluate("(desk) => desk.scrollLeft") > 0, what="the sheet to move")


def test_without_items(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    page = open_view(view_server, f"/#/ficha/{order(view_server, [])['id']}")
    ready(page)
    (sheet,) = texts(page, tmp_path)
    assert "Este pedido não tem itens." in sheet


def test_long_text_is_never_cut(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    long = " ".join(f"linha{index}" for index in range(900)) + " FIM"
    item = {**ITEM, "observacao": long, "imagem": DATA_URI}
    page = open_view(view_server, f"/#/ficha/{order(view_server, [item, ITEM])['id']}")
    ready(page)
    sheets = texts(page, tmp_path)
    assert len(sheets) > 2
    everything = "".join(sheets)
    assert "linha0 " in everything and "linha899" in everything and "FIM" in everything
    assert "Item 2/2" in sheets[-1] and "FIM" not in sheets[-1], "the next item begins on a page of its own"


def test_printing_waits_for_the_pictures(view_server: LiveServer, open_view: OpenView) -> None:
    pedido = order(view_server, [{**ITEM, "imagem": "/artes/12.png"}])
    held: list[Route] = []

    def prepare(page: Page) -> None:
        page.route("**/artes/12.png", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks it)
        page.add_init_script(
            "window.prints = []; window.print = () => prints.push(document.querySelector('.ficha img').naturalWidth)"
        )

    page = open_view(view_server, f"/#/ficha/{pedido['id']}", prepare=prepare)
    expect(page.get_by_text("Carregando imagens: 0 de 1…")).to_be_visible()
    page.get_by_role("button", name="Imprimir").press("Enter")
    expect(page.get_by_role("button", name="Esperando as imagens…")).to_be_visible()
    assert page.evaluate("prints") == []
    # Whoever prints by the browser's menu meanwhile reads it on the paper.
    page.emulate_media(media="print")
    expect(page.get_by_text("A imagem ainda não chegou.")).to_be_visible()
    page.emulate_media(media="screen")
    held[0].fulfill(content_type="image/png", body=picture())
    page.wait_for_function("() => prints.length > 0")
    assert page.evaluate("prints") == [40]
    page.get_by_role("button", name="Imprimir").click()
    assert page.evaluate("prints") == [40, 40]


def test_a_picture_that_cannot_be_had_is_said(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    page = open_view(view_server, f"/#/ficha/{order(view_server, [{**ITEM, 'imagem': '/nada.png'}])['id']}")
    expect(page.get_by_text("A imagem deste item não pôde ser carregada.")).to_be_visible()
    page.add_init_script("window.print = () => undefined")
    (sheet,) = texts(page, tmp_path)
    assert "não pôde ser carregada" in sheet


def test_says_if_printed_before(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    pedido = order(view_server)
    path = f"/#/ficha/{pedido['id']}"
    page = open_view(view_server, path)
    ready(page)
    expect(page.locator(".ficha-antes")).to_be_hidden()
    assert "VIA" not in texts(page, tmp_path)[0]

    expect(page.locator(".ficha-antes")).to_contain_text("Já impressa neste computador: a última em")
    expect(page.get_by_text("Registrada como impressa em")).to_be_visible()
    page.reload()
    expect(page.locator(".ficha-antes")).to_be_visible()
    ready(page)
    second = texts(page, tmp_path)[0]
    assert "2ª VIA. A anterior saiu em" in second and "descarte" not in second

    view_server.change(pedido["id"], observacao="mudou")
    expect(page.locator(".ficha-antes")).to_contain_text("2 vezes")
    expect(page.locator(".ficha-antes")).to_contain_text("O pedido mudou desde então.")
    third = re.sub(r"\s+", " ", texts(page, tmp_path)[0])
    assert "3ª VIA." in third and "O pedido mudou desde então: descarte a anterior." in third

    # A browser does not tell whether the paper came: the person may.
    page.get_by_role("button", name="Não saiu no papel").click()
    expect(page.locator(".ficha-antes")).to_contain_text("2 vezes")
    expect(page.get_by_role("button", name="Imprimir")).to_be_focused()
    # Another order was never printed.
    other = order(view_server)
    page.goto(f"{view_server.url}/#/ficha/{other['id']}")
    expect(page.locator(".ficha-numero strong").first).to_have_text(other["numero"])
    expect(page.locator(".ficha-antes")).to_be_hidden()


def test_follows_the_order(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    pedido = order(server, cliente="<b>Ana</b>")
    page = open_view(server, f"/#/ficha/{pedido['id']}")
    expect(page.locator(".ficha-cliente").first).to_have_text("<b>Ana</b>")
    server.change(pedido["id"], cliente="Ana Lima", items=[ITEM, ITEM, ITEM])
    expect(page.locator(".ficha-folha")).to_have_count(3)
    expect(page.locator(".ficha-cliente").first).to_have_text("Ana Lima")
    server.delete(f"/api/v1/pedidos/{pedido['id']}")
    expect(page.get_by_text("Este pedido foi excluído")).to_be_visible()
    expect(page.get_by_role("button", name="Imprimir")).to_be_disabled()
    page.reload()
    expect(page.get_by_text("Este pedido não existe mais.")).to_be_visible()


def test_an_old_order_is_fetched(start_server_for_view: StartServer, open_view: OpenView) -> None:
    """One that was delivered too long ago for the list."""
    server = start_server_for_view()
    pedido = order(server, status="entregue")
    server.stop()
    move_back(server, pedido["id"], 60)
    server.restart()
    page = open_view(server, f"/#/ficha/{pedido['id']}")
    ready(page)
    expect(page.locator(".ficha-folha")).to_have_count(2)


def test_accessible(view_server: LiveServer, open_view: OpenView, tmp_path: Path) -> None:
    pedido = order(view_server, [{**ITEM, "imagem": DATA_URI}, {**ITEM, "imagem": "/nada.png"}])
    page = open_view(view_server, f"/#/ficha/{pedido['id']}")
    ready(page, "falhou")
    assert_accessible_in_light_and_dark(page)
    texts(page, tmp_path)
    expect(page.locator(".ficha-antes")).to_be_visible()
    assert_accessible_in_light_and_dark(page)
