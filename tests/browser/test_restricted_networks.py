"""Networks that stand in the way: the client finds the way that is open by itself, or says that there is none."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.checks import require
from tests.support.live_server import LiveServer
from tests.support.nginx import REFUSES_UPGRADE, UPGRADE, Nginx
from tests.support.plain_page import ChromiumPerson, Tab, cursor_of, eventually, server_orders
from tests.support.proxies import HoldingProxy, Portal

NewPerson = Callable[[str], ChromiumPerson]
StartNginx = Callable[[str], Nginx]

# What nginx does when nobody has set it up for WebSocket: the request goes on without its Upgrade.
STRIPS_UPGRADE = ""


def swallows_upgrade(hole: int) -> str:
    return f"""location /ws/ {{
        set $to pedidos;
        if ($http_upgrade) {{ set $to 127.0.0.1:{hole}; }}
        {UPGRADE}
        proxy_pass http://$to;
    }}"""


def cuts_idle(seconds: int, streams: str = "ws|sse") -> str:
    return f"""location ~ ^/({streams})/ {{
        {UPGRADE}
        proxy_read_timeout {seconds}s;
        proxy_pass http://pedidos;
    }}"""


KEEPS_IT_BACK = """proxy_ignore_headers X-Accel-Buffering;
    location /ws/ { if ($http_upgrade) { return 403; } proxy_pass http://pedidos; }"""
DENIES = """location ~ ^/(ws|sse)/ {
    default_type application/problem+json;
    return 401 '{"type": "urn:pedidos:problema:nao-autenticado", "detail": "O token foi revogado."}';
}"""


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def start_nginx(server: LiveServer, tmp_path: Path) -> Iterator[StartNginx]:
    executable = require("nginx")
    with ExitStack() as stack:

        def start(rules: str) -> Nginx:
            directory = tmp_path / "nginx"
            directory.mkdir()
            return stack.enter_context(Nginx(executable, directory, server.port, rules))

        yield start


def write(server: LiveServer, **fields: object) -> int:
    answer = server.http.post(f"{server.url}/api/v1/pedidos/", json={"cliente": "Zé", **fields}, timeout=10)
    order: int = answer.json()["id"]
    return order


def assert_live(tab: Tab, server: LiveServer) -> None:
    """A change arrives in under a second, and nothing was lost."""
    order = write(server)
    tab.until(f"snapshot().byId.has({order})", timeout=1)
    tab.until(f"snapshot().cursor === '{cursor_of(server)}'")
    assert tab.orders() == server_orders(server)
    tab.assert_nothing_twice()


def assert_nothing_polled(tab: Tab, nginx: Nginx) -> None:
    before = nginx.requests()
    time.sleep(3)  # what is looked for is the absence of requests
    assert nginx.requests() == before
    assert tab.get("state().status") == "connected"


@pytest.mark.parametrize("rules", [REFUSES_UPGRADE, STRIPS_UPGRADE], ids=["refused", "stripped"])
def test_a_proxy_that_refuses_the_upgrade(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx, rules: str
) -> None:
    """nginx buffers answers, too, and honours the server's X-Accel-Buffering."""
    nginx = start_nginx(rules)
    tab = new_chromium(nginx.url).open(wait=False)
    tab.until("state().status === 'connected'", timeout=5)
    assert tab.get("state().transport") == "sse"
    for _ in range(3):
        assert_live(tab, server)
    assert_nothing_polled(tab, nginx)


def test_what_the_network_lets_through_is_remembered_over_a_reload(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    person = new_chromium(start_nginx(REFUSES_UPGRADE).url)
    before = person.open()
    assert "connecting websocket" in before.get("statuses")
    before.close()
    tab = person.open()
    assert tab.get("statuses") == ["connecting sse", "connected sse"]
    assert_live(tab, server)


def test_a_proxy_that_swallows_the_upgrade(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx, black_hole: int
) -> None:
    nginx = start_nginx(swallows_upgrade(black_hole))
    tab = new_chromium(nginx.url).open(wait=False)
    tab.until("state().status === 'connected'", timeout=5)
    assert tab.get("state().transport") == "sse"
    assert_live(tab, server)
    assert_nothing_polled(tab, nginx)


def test_a_proxy_that_cuts_idle_connections_at_30_s(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    nginx = start_nginx(cuts_idle(30))
    tabs = [new_chromium(nginx.url).open(transport=transport) for transport in ("websocket", "sse")]
    before = [tab.get("statuses.length") for tab in tabs]
    time.sleep(33)  # idle: the server's heartbeat must be what keeps it
    assert [tab.get("statuses.length") for tab in tabs] == before, "it was cut"
    for tab in tabs:
        assert_live(tab, server)


def test_a_proxy_where_websockets_die_young(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    nginx = start_nginx(cuts_idle(1, streams="ws"))
    tab = new_chromium(nginx.url).open()
    tab.until("state().status === 'connected' && state().transport === 'sse'", timeout=25)
    assert tab.get("statuses.filter((word) => word === 'connected websocket').length") == 3
    assert_live(tab, server)


def test_a_network_that_keeps_everything_back_is_named(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    order = write(server)
    nginx = start_nginx(KEEPS_IT_BACK)
    tab = new_chromium(nginx.url).open(wait=False)
    tab.until("state().error && state().error.kind === 'blocked'", timeout=10)
    assert "proxy_buffering off" in tab.get("state().error.message")
    assert tab.get(f"snapshot().byId.has({order})"), "the list is there all the same"
    tab.do(f"store.update({order}, {{costura: true}})")
    assert tab.get(f"snapshot().byId.get({order}).costura")


def test_whoever_is_denied_is_told_and_stops(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    nginx = start_nginx(DENIES)
    for transport in ("auto", "websocket", "sse"):
        tab = new_chromium(nginx.url).open(wait=False, transport=transport)
        tab.until("state().status === 'error'", timeout=5)
        assert tab.get("state().error.kind") == "denied"
        assert tab.get("state().error.status") == 401
        assert tab.get("state().error.message") == "O token foi revogado."
        before = nginx.requests()
        time.sleep(5)  # longer than any wait between tries
        assert nginx.requests() == before


def test_a_restart_behind_a_proxy_is_no_blocked_network(
    server: LiveServer, new_chromium: NewPerson, start_nginx: StartNginx
) -> None:
    nginx = start_nginx(cuts_idle(60))
    tab = new_chromium(nginx.url).open()
    assert tab.get("state().transport") == "websocket"
    server.stop()
    # nginx answers 502 meanwhile.
    tab.until("state().reconnectAttempt >= 3", timeout=20)
    server.restart()
    tab.until("state().status === 'connected'", timeout=10)
    assert tab.get("state().transport") == "websocket"
    assert "connecting sse" not in tab.get("statuses")
    eventually(lambda: tab.get("snapshot().cursor") == cursor_of(server))
    assert_live(tab, server)


# -- a network that holds changes back


def past_the_first_heartbeat(server: LiveServer) -> None:
    """The first stream of a server has its heartbeat a second after the start, which would release what is held."""
    until = time.monotonic() + 20
    while requests.get(f"{server.url}/ws/stats", timeout=10).json()["uptime_seconds"] < 2.5:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    "first",
    [pytest.param(True, id="first piece passes"), pytest.param(False, id="first piece held")],
)
def test_a_network_that_holds_each_piece_back_until_the_next(
    server: LiveServer, new_chromium: NewPerson, first: bool
) -> None:
    """The next one would be a heartbeat, up to 20 s later. After the first change that was late, they come within a
    second or so, it is said, and nothing is asked by the clock."""
    order = write(server)
    past_the_first_heartbeat(server)
    with HoldingProxy(server.port, first=first) as proxy:
        tab = new_chromium(proxy.url).open()
        assert tab.get("state().transport") == "sse"
        tab.do(f"store.update({order}, {{costura: true}})")
        tab.until("state().delayed && state().status === 'connected'", timeout=9)
        tab.until(f"snapshot().cursor === '{cursor_of(server)}'", timeout=3)
        for _ in range(3):
            theirs = write(server)
            tab.until(f"snapshot().byId.has({theirs})", timeout=4)
        assert tab.orders() == server_orders(server)
        tab.assert_nothing_twice()
        before = len(proxy.requests)
        time.sleep(4)  # what is looked for is the absence of requests
        assert len(proxy.requests) == before


def test_somebody_elses_change_that_comes_late_shows_it_too(server: LiveServer, new_chromium: NewPerson) -> None:
    """A panel changes nothing itself."""
    past_the_first_heartbeat(server)
    with HoldingProxy(server.port) as proxy:
        tab = new_chromium(proxy.url).open()
        order = write(server)
        tab.until("state().delayed && state().status === 'connected'", timeout=30)
        tab.until(f"snapshot().byId.has({order})", timeout=4)


def test_a_network_that_holds_all_back_refuses_no_write(server: LiveServer, new_chromium: NewPerson) -> None:
    order = write(server)
    with HoldingProxy(server.port, for_good=True) as proxy:
        tab = new_chromium(proxy.url).open()
        tab.do(f"store.update({order}, {{costura: true}})")
        tab.until("state().error && state().error.kind === 'blocked'", timeout=25)
        tab.do(f"store.update({order}, {{financeiro: true}})")
        assert tab.get(f"snapshot().byId.get({order}).financeiro") is True


# -- somebody else answers in the server's place


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("403 Forbidden", ""),
        ("302 Found", "Location: http://portal.invalid/entrar\r\n"),
    ],
    ids=["403", "redirect"],
)
def test_a_portal_takes_over_for_a_while(
    server: LiveServer, new_chromium: NewPerson, status: str, headers: str
) -> None:
    """Nobody is signed out, nothing counts as deleted or saved, and all is back without a hand."""
    order = write(server)
    with Portal(server.port) as portal:
        tab = new_chromium(portal.url).open()
        portal.take_over(status, headers=headers)
        tab.get(f"void client.store.update({order}, {{costura: true}})")
        tab.get(f"void client.store.remove({order}).catch((error) => {{ window.removal = error; }})")
        tab.until("window.removal", timeout=15)
        assert tab.get("window.removal.kind") == "unconfirmed"
        tab.until(f"snapshot().errors[{order}]?.costura?.kind === 'unconfirmed'", timeout=5)
        assert tab.get(f"snapshot().byId.has({order})")
        assert tab.get("state().status") != "error"
        if not headers.startswith("Location"):  # such a redirect looks to a page like a dead line
            assert "A rede respondeu no lugar do servidor" in tab.get("state().error.message")
            assert "A rede respondeu no lugar do servidor" in tab.get("window.removal.message")
        portal.page = None
        tab.until("state().status === 'connected' && state().error === null", timeout=12)
        tab.do(f"store.retry({order}, 'costura')")
        tab.until(
            f"snapshot().byId.get({order})?.costura === true && !snapshot().errors[{order}]?.costura", timeout=3
        )
        assert_live(tab, server)


@pytest.mark.parametrize(("status", "content_type"), [("404 Not Found", "text/plain"), ("200 OK", "text/html")])
def test_a_write_waits_for_the_server_itself(
    server: LiveServer, new_chromium: NewPerson, status: str, content_type: str
) -> None:
    """Five seconds of somebody else's answers: the write goes on, and is done once."""
    order, doomed = write(server), write(server)
    with Portal(server.port) as portal:
        tab = new_chromium(portal.url).open()
        portal.take_over(status, content_type)
        tab.get(f"void client.store.update({order}, {{costura: true}})")
        tab.get(f"void client.store.remove({doomed})")
        tab.get("void client.store.create({cliente: 'Uma vez só'})")
        time.sleep(5)  # how long it answers
        assert tab.get(f"snapshot().byId.has({doomed})")
        assert not tab.get(f"snapshot().byId.get({order}).costura")
        portal.page = None
        tab.until("Object.keys(snapshot().pending).length === 0", timeout=9)
        tab.until("snapshot().pedidos.some(({cliente}) => cliente === 'Uma vez só')", timeout=9)
        assert tab.get("snapshot().errors") == {}
        # Orders by their newest state, once the stream is back.
        tab.until(f"snapshot().cursor === '{cursor_of(server)}'", timeout=12)
        assert tab.orders() == server_orders(server)
        assert sum(found["cliente"] == "Uma vez só" for found in server_orders(server)) == 1
