"""A plain page that does nothing but load the sync client, and what tests do with it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.live_server import LiveServer

# A name that resolves to this machine, on plain http: an insecure context, as in a shop's LAN.
LAN_NAME = "oficina.lan"
# The first two are pages of the address bar's own, which each window loads and nobody sees; they take more of the
# processor than most tests do. The rest is what Playwright itself turns off: Chromium heeds the last list alone.
FEATURES_OFF = [
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *(
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
    ),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    *("PreconnectToSearch", "CDPScreenshotNewSurface"),
]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
    f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1",
]


@dataclass(frozen=True)
class Place:
    """Where the page is opened: in which browser, under which name."""

    engine: str
    host: str


# 127.0.0.1 is a secure context in spite of http, the LAN's name is not. WebKitGTK can be told no names.
PLACES = [
    Place("chromium", "127.0.0.1"),
    Place("chromium", LAN_NAME),
    pytest.param(Place("webkit", "127.0.0.1"), marks=pytest.mark.slow),
]


# Run in a page of the server's own origin. Not a page of the test's making (a fulfilled route): Chromium's checks of
# local network access take that one for a page of the internet, and refuse it a WebSocket to this machine.
PLAIN_PATH = "/health"
PLAIN_SCRIPT = """
const { createPedidosClient } = await import('/static/client/index.js');
const client = createPedidosClient(options);
window.changes = [];
window.statuses = [];
window.problems = [];
client.store.onChange(({action, pedido_id, pedido, own, source, autor}) =>
  window.changes.push({action, id: pedido_id, versao: pedido && pedido.versao, own, source, autor}));
client.connection.subscribe(() => {
  const {status, transport} = client.connection.getState();
  const word = `${status} ${transport}`;
  if (window.statuses[window.statuses.length - 1] !== word) window.statuses.push(word);
});
window.addEventListener('error', (event) => window.problems.push(event.message));
window.addEventListener('unhandledrejection', (event) => window.problems.push(String(event.reason)));
window.client = client;
window.snapshot = () => client.store.getSnapshot();
window.state = () => client.store.getSnapshot().connection;
client.store.load();
"""


class Tab(ABC):
    """A tab on the plain page, in whichever browser."""

    complaints: list[str]

    @abstractmethod
    def get(self, expression: str) -> Any:
        """The value of a JavaScript expression."""

    @abstractmethod
    def do(self, call: str) -> Any:
        """Calls the client's store or connection, and waits for what it promises."""

    @abstractmethod
    def close(self) -> None: ...

    def start(self, call: str) -> None:
        """Calls it and does not wait."""
        self.get(f"void client.{call}")

    def until(self, condition: str, timeout: float = 10.0) -> None:
        """Waits for a JavaScript expression to become true."""
        deadline = time.monotonic() + timeout
        while not self.get(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                log = "snapshot().syncLog.map(({at, text}) => [at, text])"
                state = self.get(f"({{state: state(), statuses, problems, log: {log}}})")
                raise AssertionError(f"still not {condition}: {state}")
            time.sleep(0.02)

    def until_connected(self) -> None:
        self.until("state().status === 'connected' && snapshot().cursor !== null")

    def orders(self) -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = self.get("snapshot().pedidos")
        return orders

    def assert_nothing_twice(self) -> None:
        """Each version of each order was announced at most once."""
        seen = [(change["id"], change["versao"], change["action"]) for change in self.get("changes")]
        assert len(seen) == len(set(seen)), seen
        assert self.get("problems") == []
        assert self.complaints == []


class Person(ABC):
    """Somebody's browser: its tabs share a stream."""

    origin: str

    @abstractmethod
    def new_tab(self, options: dict[str, Any]) -> Tab: ...

    def open(self, wait: bool = True, **options: Any) -> Tab:
        """A tab whose client has these options; waits until it is connected."""
        tab = self.new_tab(options)
        if wait:
            tab.until_connected()
        return tab


class ChromiumTab(Tab):
    def __init__(self, page: Page, origin: str, options: dict[str, Any]) -> None:
        self.page = page
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(origin + PLAIN_PATH)
        page.evaluate(f"async options => {{ {PLAIN_SCRIPT} }}", options)

    def get(self, expression: str) -> Any:
        return self.page.evaluate(f"() => ({expression})")

    def do(self, call: str) -> Any:
        return self.page.evaluate(f"async () => await client.{call}")

    def close(self) -> None:
        self.page.close()


class ChromiumPerson(Person):
    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin

    def new_tab(self, options: dict[str, Any]) -> ChromiumTab:
        return ChromiumTab(self.context.new_page(), self.origin, options)

    def open(self, wait: bool = True, **options: Any) -> ChromiumTab:
        tab = super().open(wait, **options)
        assert isinstance(tab, ChromiumTab)
        return tab


def server_orders(server: LiveServer) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = server.http.get(f"{server.url}/api/v1/pedidos/", timeout=10).json()
    return orders


def cursor_of(server: LiveServer) -> str:
    answer = server.http.get(f"{server.url}/api/v1/pedidos/", params={"limite": 1}, timeout=10)
    return answer.headers["X-Pedidos-Cursor"]


def server_streams(server: LiveServer) -> int:
    total: int = server.http.get(f"{server.url}/ws/stats", timeout=10).json()["total_connections"]
    return total


def eventually(condition: Callable[[], bool], timeout: float = 10.0, what: str = "") -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what or "it never came true"
        time.sleep(0.02)
