"""The sync client in browsers: what its users rely on, on a secure and on an insecure origin."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.support.live_server import LiveServer
from tests.support.plain_page import (
    ChromiumPerson,
    Person,
    Place,
    Tab,
    cursor_of,
    eventually,
    server_orders,
    server_streams,
)
from tests.support.proxies import LossyProxy

AnyTab = TypeVar("AnyTab", bound=Tab)
NewPerson = Callable[[int], Person]
NewChromium = Callable[[str], ChromiumPerson]


def origin_of(server: LiveServer, host: str) -> str:
    return f"http://{host}:{server.port}"


def create_order(server: LiveServer, **fields: object) -> int:
    answer = server.http.post(f"{server.url}/api/v1/pedidos/", json={"cliente": "Zé", **fields}, timeout=10)
    order_id: int = answer.json()["id"]
    return order_id


def patch(server: LiveServer, order: int, **changes: object) -> None:
    answer = server.http.patch(f"{server.url}/api/v1/pedidos/{order}", json=changes, timeout=10)
    assert answer.status_code == 200, answer.text


def is_ticked(order: int, field: str = "costura") -> str:
    return f"snapshot().byId.get({order})?.{field} === true"


def assert_equal_to_server(tab: Tab, server: LiveServer) -> None:
    tab.until(f"snapshot().cursor === '{cursor_of(server)}' && !snapshot().isReloading")
    assert tab.orders() == server_orders(server)
    tab.assert_nothing_twice()


def leader_and_followers(tabs: Sequence[AnyTab]) -> tuple[AnyTab, list[AnyTab]]:
    leaders = [tab for tab in tabs if tab.get("state().role") == "leader"]
    assert len(leaders) == 1
    return leaders[0], [tab for tab in tabs if tab is not leaders[0]]


def test_nothing_depends_on_a_secure_context(server: LiveServer, new_person: NewPerson, place: Place) -> None:
    tab = new_person(server.port).open()
    if place.engine == "chromium":
        assert tab.get("window.isSecureContext") is (place.host == "127.0.0.1")
    assert tab.get("state().transport") == "websocket"
    assert len(tab.get("client.clientId")) == 32


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_tick_in_one_browser_shows_in_the_other(
    server: LiveServer, new_person: NewPerson, place: Place, transport: str
) -> None:
    order = create_order(server)
    ana = new_person(server.port).open(transport=transport, autor="Ana")
    bia = new_person(server.port).open(transport=transport)
    assert ana.get("state().transport") == bia.get("state().transport") == transport
    ana.do(f"store.update({order}, {{costura: true}})")
    assert ana.get(is_ticked(order))
    bia.until(is_ticked(order), timeout=1)
    assert bia.get(f"snapshot().remoteChanges[{order}].costura.autor") == "Ana"
    assert ana.get("snapshot().remoteChanges") == {}
    for tab in (ana, bia):
        assert_equal_to_server(tab, server)


def test_the_server_is_killed_and_restarted_while_an_edit_is_pending(
    server: LiveServer, new_person: NewPerson, place: Place
) -> None:
    order = create_order(server)
    ana = new_person(server.port).open()
    bia = new_person(server.port).open()
    server.send_signal(signal.SIGSTOP)
    ana.start(f"store.update({order}, {{costura: true}})")
    assert ana.get(f"snapshot().pending[{order}].costura.value") is True
    assert not ana.get(is_ticked(order)), "the state runs ahead of the server"
    server.kill()
    ana.until("state().status !== 'connected'")
    assert ana.get(f"snapshot().pending[{order}].costura.value") is True
    assert not ana.get(is_ticked(order))
    server.restart()
    ana.until("Object.keys(snapshot().pending).length === 0", timeout=15)
    # A machine too slow to be back within the edit's 10 s: then the control says so, and the user repeats it.
    ana.start(f"store.retry({order}, 'costura')")
    ana.until(f"{is_ticked(order)} && Object.keys(snapshot().errors).length === 0", timeout=15)
    bia.until(is_ticked(order), timeout=15)
    for tab in (ana, bia):
        tab.until("state().status === 'connected'")
        assert tab.get("state().transport") == "websocket", "a restarting server is no blocked network"
        assert_equal_to_server(tab, server)
    history = server.http.get(f"{server.url}/api/v1/pedidos/{order}/historico", timeout=10).json()
    assert [entry["acao"] for entry in history] == ["create", "update"]


def test_an_edit_that_cannot_be_saved_says_so(server: LiveServer, new_person: NewPerson) -> None:
    order = create_order(server)
    tab = new_person(server.port).open()
    server.kill()
    tab.start(f"store.update({order}, {{costura: true}})")
    tab.until(f"snapshot().errors[{order}]?.costura.kind === 'unconfirmed'", timeout=15)
    assert tab.get("snapshot().pending") == {}
    key = tab.get(f"snapshot().errors[{order}].costura.key")
    server.restart()
    tab.until("state().status === 'connected'")
    assert not tab.get(is_ticked(order)), "nothing is sent behind the user's back"
    # At once: the answer may be here before the next question.
    assert tab.get(f"(client.store.retry({order}, 'costura'), snapshot().pending[{order}].costura.key)") == key
    tab.until(f"{is_ticked(order)} && Object.keys(snapshot().errors).length === 0")
    assert_equal_to_server(tab, server)


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_laptop_sleeps_and_wakes(server: LiveServer, new_chromium: NewChromium, host: str, transport: str) -> None:
    order = create_order(server)
    person = new_chromium(origin_of(server, host))
    tab = person.open(transport=transport)
    devtools = person.context.new_cdp_session(tab.page)
    devtools.send("Network.enable")
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", {"offline": True, **network})
    # Asleep, the machine runs nothing at all.
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    for done in range(5):
        patch(server, order, observacao=f"mudança {done}", costura=done == 4)
    devtools.send("Network.emulateNetworkConditions", {"offline": False, **network})
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    tab.until(f"{is_ticked(order)} && state().status === 'connected'", timeout=5)
    assert_equal_to_server(tab, server)
    assert tab.get("changes.every(({source}) => source === 'event')"), "it resumed without a reload"


def test_back_online_reconnects_at_once(server: LiveServer, new_chromium: NewChromium) -> None:
    person = new_chromium(server.url)
    # An hour between tries: only `online` can be what makes it.
    tab = person.open(reconnectInterval=3_600_000)
    server.kill()
    tab.until("state().status === 'disconnected'")
    server.restart()
    assert tab.get("state().status") == "disconnected"
    person.context.set_offline(True)
    person.context.set_offline(False)
    tab.until("state().status === 'connected'", timeout=3)


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_three_tabs_share_one_stream(server: LiveServer, new_person: NewPerson, place: Place, transport: str) -> None:
    order = create_order(server)
    person = new_person(server.port)
    tabs = [person.open(transport=transport) for _ in range(3)]
    assert server_streams(server) == 1
    patch(server, order, financeiro=True)
    for tab in tabs:
        tab.until(is_ticked(order, "financeiro"), timeout=1)

    leader, followers = leader_and_followers(tabs)
    leader.close()
    patch(server, order, conferencia=True)
    for tab in followers:
        tab.until(is_ticked(order, "conferencia"), timeout=3)
    eventually(lambda: server_streams(server) == 1)
    # A write from either shows in the other.
    for number, tab in enumerate(followers):
        tab.do(f"store.update({order}, {{observacao: 'aba {number}'}})")
    for tab in followers:
        assert_equal_to_server(tab, server)
    leader_and_followers(followers)
    assert server_streams(server) == 1


def test_the_leading_tab_crashes(server: LiveServer, new_chromium: NewChromium, host: str) -> None:
    order = create_order(server)
    person = new_chromium(origin_of(server, host))
    leader, followers = leader_and_followers([person.open() for _ in range(3)])
    with pytest.raises(PlaywrightError, match="crash"):
        leader.page.goto("chrome://crash")
    patch(server, order, costura=True)
    for tab in followers:
        tab.until(is_ticked(order), timeout=8)
    eventually(lambda: server_streams(server) == 1)
    for tab in followers:
        assert_equal_to_server(tab, server)


def test_the_leading_tab_is_frozen_and_thaws(server: LiveServer, new_chromium: NewChromium) -> None:
    order = create_order(server)
    person = new_chromium(server.url)
    leader, followers = leader_and_followers([person.open() for _ in range(2)])
    devtools = person.context.new_cdp_session(leader.page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    patch(server, order, costura=True)
    followers[0].until(is_ticked(order), timeout=8)
    patch(server, order, sublimacao=True)
    followers[0].until(is_ticked(order, "sublimacao"), timeout=1)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    leader.until(is_ticked(order, "sublimacao"), timeout=5)
    eventually(lambda: server_streams(server) == 1)
    for tab in (leader, *followers):
        assert_equal_to_server(tab, server)


HIDE = """hidden => {
  Object.defineProperty(document, 'visibilityState', {value: hidden ? 'hidden' : 'visible', configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_visible_tab_takes_the_lead_from_a_hidden_one(server: LiveServer, new_chromium: NewChromium) -> None:
    order = create_order(server)
    person = new_chromium(server.url)
    first, second = person.open(), person.open()
    assert first.get("state().role") == "leader"
    first.page.evaluate(HIDE, True)
    second.until("state().role === 'leader' && state().status === 'connected'", timeout=3)
    first.until("state().role === 'follower'", timeout=3)
    first.page.evaluate(HIDE, False)
    second.page.evaluate(HIDE, True)
    first.until("state().role === 'leader' && state().status === 'connected'", timeout=3)
    patch(server, order, costura=True)
    for tab in (first, second):
        tab.until(is_ticked(order))
        assert_equal_to_server(tab, server)
    eventually(lambda: server_streams(server) == 1)


def test_eight_tabs_on_sse_leave_room_for_calls(server: LiveServer, new_chromium: NewChromium) -> None:
    order = create_order(server)
    person = new_chromium(server.url)
    tabs = [person.open(transport="sse") for _ in range(8)]
    assert server_streams(server) == 1
    tabs[-1].do(f"store.update({order}, {{costura: true}})")
    for tab in tabs:
        tab.until(is_ticked(order), timeout=2)


def test_create_with_a_lost_answer_makes_one_order(server: LiveServer, new_person: NewPerson) -> None:
    with LossyProxy(server.port) as proxy:
        tab = new_person(proxy.port).open()
        proxy.lose_answers("POST", 2)
        order = tab.do("store.create({cliente: 'Uma vez só'})")
        # The order's own event may come before either answer is lost: it is confirmed then, and the tries go on.
        eventually(lambda: len(proxy.lost) == 2, what="both tries")
        assert b"201" in proxy.lost[0], "the first one was done"
        assert [found["id"] for found in server_orders(server)] == [order["id"]]
        assert_equal_to_server(tab, server)
        proxy.lose_answers("PATCH", 1)
        tab.do(f"store.update({order['id']}, {{costura: true}})")
        proxy.lose_answers("DELETE", 1)
        tab.do(f"store.remove({order['id']})")
        history = server.http.get(f"{server.url}/api/v1/pedidos/{order['id']}/historico", timeout=10).json()
        assert [entry["acao"] for entry in history] == ["create", "update", "delete"]
        assert_equal_to_server(tab, server)


WRITE_300_CHANGES = """async (orders) => {
  for (let i = 0; i < 300; i += 1) {
    const id = orders[i % orders.length];
    if (i % 50 === 49) await client.store.create({cliente: `Novo ${i}`});
    else await client.store.update(id, {observacao: `mudança ${i}`, costura: i % 2 === 0});
  }
  window.written = true;
}"""


def test_the_transport_is_switched_in_the_middle_of_a_stream_of_changes(
    server: LiveServer, new_person: NewPerson, place: Place
) -> None:
    orders = [create_order(server) for _ in range(5)]
    reader = new_person(server.port).open()
    writer = new_person(server.port).open()
    writer.get(f"void ({WRITE_300_CHANGES})({orders})")
    transports = ["sse", "websocket"]
    switches = 0
    while not writer.get("window.written === true"):
        transport = transports[switches % 2]
        reader.start(f"connection.setTransport('{transport}')")
        reader.until(f"state().status === 'connected' && state().transport === '{transport}'")
        switches += 1
    assert switches >= 5
    assert_equal_to_server(reader, server)
    assert_equal_to_server(writer, server)
    assert reader.get("changes.every(({source}) => source === 'event')"), "it resumed without a reload"
    assert reader.get("changes.length") == 300


def test_a_restored_copy_of_the_database_is_loaded_anew(server: LiveServer, new_person: NewPerson) -> None:
    order = create_order(server)
    server.stop()
    copy = server.database_path.read_bytes()
    server.restart()
    tab = new_person(server.port).open()
    patch(server, order, costura=True)
    gone = create_order(server)
    tab.until(f"snapshot().byId.has({gone})")
    server.stop()
    server.database_path.write_bytes(copy)
    server.restart()
    create_order(server, cliente="Outra história")
    tab.until("state().status === 'connected' && snapshot().pedidos.some(p => p.cliente === 'Outra história')", 15)
    tab.until(f"snapshot().cursor === '{cursor_of(server)}' && !snapshot().isReloading")
    assert tab.orders() == server_orders(server)


def test_an_idle_page_asks_nothing(server: LiveServer, new_chromium: NewChromium) -> None:
    tab = new_chromium(server.url).open()
    before = server.output_size()
    time.sleep(4)  # what is looked for is the absence of requests
    assert "pedidos.http" not in server.output(before)
    assert tab.get("state().status") == "connected"
