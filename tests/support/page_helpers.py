"""What the tests of the page say often: the shop's orders, and where things are on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.support.live_server import ORDERS, LiveServer, wait_until

expect.set_options(timeout=10_000)


class Shop:
    """The server, and what colleagues do on it."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server

    def order(self, cliente: str = "Malharia São Jorge", **fields: Any) -> dict[str, Any]:
        response = self.server.post(ORDERS, json={"cliente": cliente, **fields}, headers=_by("Ana"))
        assert response.status_code == 201, response.text
        order: dict[str, Any] = response.json()
        return order

    def change(self, order_id: int, by: str = "Ana", **fields: Any) -> dict[str, Any]:
        response = self.server.patch(f"{ORDERS}{order_id}", json=fields, headers=_by(by))
        assert response.status_code == 200, response.text
        order: dict[str, Any] = response.json()
        return order

    def delete(self, order_id: int, by: str = "Ana") -> None:
        assert self.server.delete(f"{ORDERS}{order_id}", headers=_by(by)).status_code == 200

    def get(self, order_id: int) -> dict[str, Any]:
        order: dict[str, Any] = self.server.get(f"{ORDERS}{order_id}").json()
        return order

    def all(self) -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = self.server.get(ORDERS).json()
        return orders


def _by(autor: str) -> dict[str, str]:
    return {
        "X-Pedidos-Autor": quote(autor),
        "X-Pedidos-Cliente": f"colega-{autor}".encode("ascii", "replace").decode(),
    }


SignIn = Callable[[Page, str], None]
OpenAs = Callable[..., Page]
OpenPage = Callable[..., Page]


class Frames:
    """What a page's WebSocket has received: `frames = Frames(); open_page(before=frames.watch)`."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._page: Page | None = None

    def watch(self, page: Page) -> None:
        self._page = page
        page.on("websocket", lambda socket: socket.on("framereceived", lambda text: self._texts.append(str(text))))

    def wait_for(self, *parts: str) -> None:
        """Until one frame holds all of `parts`, and the page has had the time to act on it."""
        page = self._page
        assert page
        # Asking the page also lets its events come in here.
        wait_until(
            lambda: page.evaluate("1") and any(all(part in text for part in parts) for text in self._texts),
            what=f"a frame with {parts}",
        )


# -- finding things on the page


def row(page: Page, order: dict[str, Any]) -> Locator:
    return page.locator(f'.row[data-id="{order["id"]}"]')


def box(page: Page, order: dict[str, Any], setor: str) -> Locator:
    return row(page, order).locator(f'.box[data-setor="{setor}"]')


def card(page: Page, order: dict[str, Any]) -> Locator:
    return page.locator(f'.card[data-id="{order["id"]}"]:not(.card--ghost)')


def column(page: Page, stage: str) -> Locator:
    return page.locator(f'.column[data-stage="{stage}"]')


def numbers(page: Page) -> list[str]:
    """The numbers of the rows, from the top."""
    return page.locator(".row .row__number").all_inner_texts()


def day(days: int) -> str:
    """The date so many days from today."""
    return (date.today() + timedelta(days=days)).isoformat()
