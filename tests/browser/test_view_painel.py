"""Painel: the board on the wall. Its letters, its colours, its connection, its reloads, and a simulated week."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.live_server import REPOSITORY, LiveServer
from tests.support.view_support import (
    READY,
    SECTORS,
    ZONE,
    OpenView,
    StartServer,
    assert_accessible,
    day,
    local,
    now,
)

pytest_plugins = ["tests.support.view_fixtures"]

PANEL = "/?painel=1"
WALL = {"width": 1920, "height": 1080}
LETTER = 4.7
"""Hundredths of the screen's height: 25 mm on a 43-inch screen."""

# The height of a capital in each visible text, in hundredths of the screen's height, and whether it sticks out.
_LETTERS = """() => {
  const context = document.createElement('canvas').getContext('2d');
  return Array.from(document.querySelectorAll('.painel *'))
    .filter((element) => Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((element) => element.getClientRects().length > 0 && !element.classList.contains('painel-oculto'))
    .filter((element) => getComputedStyle(element).visibility === 'visible')
    .map((element) => {
      const style = getComputedStyle(element);
      context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const box = element.getBoundingClientRect();
      return {
        text: element.textContent,
        height: (context.measureText('H').actualBoundingBoxAscent / innerHeight) * 100,
        inside: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight,
        // A number or a state that is cut off would say something else.
        whole: style.textOverflow === 'ellipsis' || element.scrollWidth <= element.clientWidth + 1 || box.width === 0
          || style.display === 'inline',
      };
    });
}"""

# How far from grey the strongest colour on the wall is, 0 to 255.
_COLOUR = """() => {
  const strength = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\\d.]+/g) || []).map(Number);
    return a === 0 || r === undefined ? 0 : Math.max(r, g, b) - Math.min(r, g, b);
  };
  return Math.max(...Array.from(document.querySelectorAll('.painel, .painel *'))
    .filter((element) => element.getClientRects().length > 0)
    .flatMap((element) => {
      const { color, backgroundColor, borderBottomColor, borderBottomWidth } = getComputedStyle(element);
      return [color, backgroundColor, borderBottomWidth === '0px' ? '' : borderBottomColor].map(strength);
    }));
}"""


def state(page: Page, name: str, timeout: float = 10_000) -> None:
    expect(page.locator(f".painel[data-estado={name}]")).to_be_visible(timeout=timeout)


def expect_sector(page: Page, name: str, open_orders: int, late: int = 0) -> None:
    row = page.locator(".painel-setores li", has_text=name)
    expect(row.locator("strong")).to_have_text(str(open_orders))
    expect(row.locator(".painel-atraso")).to_have_text(str(late) if late else "")


def assert_readable(page: Page) -> None:
    letters = page.evaluate(_LETTERS)
    assert len(letters) > 1
    small = [letter for letter in letters if letter["height"] < LETTER]
    assert small == [], "too small from five metres"
    assert [letter["text"] for letter in letters if not (letter["inside"] and letter["whole"])] == []


def fill(server: LiveServer, late: int = 6) -> None:
    for index in range(late):
        name = "Cooperativa Agropecuária Regional dos Produtores de Leite" if index == 0 else "Padaria São João"
        done = dict.fromkeys(SECTORS[: index % 5], True)
        server.create(cliente=name, data_entrega=day(-index - 1), **done)
    for _ in range(5):
        server.create(cliente="Hotel Estância Real", data_entrega=day(), prioridade="ALTA")
    server.create(cliente="Clube", prioridade="ALTA", **dict.fromkeys(SECTORS[:4], True))


def test_all_is_well_and_what_is_not(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    page = open_view(server, PANEL, **WALL)
    state(page, "ok")
    expect(page.get_by_text("Nenhum pedido aberto")).to_be_visible()
    assert page.evaluate(_COLOUR) < 24
    assert_readable(page)
    assert_accessible(page)

    server.create(cliente="Ana")
    expect(page.get_by_text("Tudo em dia")).to_be_visible()
    server.create(cliente="Bia", data_entrega=day(), financeiro=True)
    expect(page.get_by_text("1 para hoje")).to_be_visible()
    expect_sector(page, "Conferência", 1)
    expect_sector(page, "Abertos", 2)
    assert page.evaluate(_COLOUR) < 24, "today is not late"

    late = server.create(cliente="<i>Clara</i>", data_entrega=day(-2), financeiro=True)
    expect_sector(page, "Conferência", 2, late=1)
    assert page.evaluate(_COLOUR) > 100
    expect(page.get_by_text("<i>Clara</i>")).to_be_visible(timeout=26_000)
    expect(page.locator(".painel-lista h2")).to_contain_text("1 atrasado")
    expect(page.get_by_text("há 2 dias · Conferência")).to_be_visible()
    server.change(late["id"], **READY)
    expect_sector(page, "Conferência", 1)
    expect_sector(page, "Pronto", 1)
    assert page.evaluate(_COLOUR) < 24


def test_read_only(view_server: LiveServer, open_view: OpenView) -> None:
    writes: list[str] = []

    def prepare(page: Page) -> None:
        page.on("request", lambda request: request.method == "GET" or writes.append(request.url))

    page = open_view(view_server, PANEL, **WALL, prepare=prepare)
    state(page, "ok")
    assert page.locator("a, button, input, select, textarea, [tabindex], [contenteditable]").count() == 0
    assert page.locator("nav, .topbar, .shell").count() == 0, "no shell"
    assert page.locator("script[type=importmap]").count() == 0
    assert writes == []


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1280, 720), (3840, 2160), (1360, 768)], ids=["full-hd", "hd", "4k", "old"]
)
def test_letters_for_five_metres(view_server: LiveServer, open_view: OpenView, size: tuple[int, int]) -> None:
    if not view_server.get("/api/v1/pedidos/?limite=1").json():
        fill(view_server)
    width, height = size
    # Late ones have their turn first at a moment that six pages of 12 s divide; later ones come with the clock.
    page = open_view(view_server, PANEL, width=width, height=height, at=local(now().date(), 12))
    state(page, "ok")
    seen = set()
    for _ in range(6):
        expect(page.locator(".painel-lista li:visible").first).to_be_visible()
        assert_readable(page)
        seen.add(page.locator(".painel-lista h2 span").first.text_content())
        page.clock.fast_forward(12_000)
    assert {"6 atrasados", "5 para hoje", "1 urgente"} <= seen
    if size == (1920, 1080):
        assert_accessible(page)


def test_wanders_against_burn_in(view_server: LiveServer, open_view: OpenView) -> None:
    page = open_view(view_server, PANEL, **WALL, at=local(now().date(), 12))
    state(page, "ok")
    places = set()
    for _ in range(30):
        box = page.locator(".painel-hora").bounding_box()
        assert box
        places.add((round(box["x"] + box["width"], 1), round(box["y"], 1)))
        page.clock.fast_forward(60_000)
    assert len(places) > 20
    assert max(x for x, _ in places) - min(x for x, _ in places) > 10
    assert max(y for _, y in places) - min(y for _, y in places) > 10


def test_connection_loss_is_seen(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    fill(server)
    page = open_view(server, PANEL, **WALL, at=local(now().date(), 12))
    state(page, "ok")
    seen_at = page.locator(".painel-hora").text_content()
    mark(page)
    server.stop()
    page.clock.run_for(2_000)
    state(page, "ok")
    page.clock.run_for(5_000)
    state(page, "trying")
    expect(page.get_by_text("Reconectando, Tentativa")).to_be_visible()
    assert_readable(page)
    page.clock.run_for(32_000)
    state(page, "offline")
    expect(page.locator(".painel-estado")).to_have_text(f"SEM CONEXÃO · dados de {seen_at}")
    band = page.locator(".painel-topo").bounding_box()
    assert band and band["width"] >= WALL["width"], "from edge to edge"
    assert page.locator(".painel-atraso:visible").evaluate_all(
        "(pills) => pills.every((pill) => getComputedStyle(pill).backgroundColor === 'rgba(0, 0, 0, 0)')"
    ), "old data calls for nothing"
    assert_readable(page)
    assert_accessible(page)

    server.restart()
    server.create(cliente="Depois da queda", **dict.fromkeys(SECTORS[:4], True))
    page.clock.run_for(10_000)
    state(page, "ok", timeout=20_000)
    expect(page.locator(".painel-estado")).to_have_text("")
    expect_sector(page, "Abertos", 13)
    page.clock.run_for(180_000)
    assert page.evaluate("window.before"), "a restart alone is no upgrade"


def mark(page: Page) -> None:
    page.evaluate("window.before = true")


def is_so(page: Page, expression: str) -> bool:
    try:
        return bool(page.evaluate(expression))
    except Exception:  # noqa: BLE001 (Playwright's own, while the page is on its way)
        return False


def panel_of(page: Page) -> str:
    return str(page.evaluate("[window.before, Date.now(), document.body.innerText]"))


def is_fresh(page: Page) -> bool:
    return is_so(page, "!window.before && document.querySelector('.painel[data-estado=ok]') !== null")


def without_jitter(page: Page) -> None:
    """Each wait is the shortest of those it is drawn from."""
    page.add_init_script("Math.random = () => 0")


def until_fresh(page: Page) -> None:
    """Lets time pass until the page has reloaded itself, no faster than the network can follow: a connection that is
    begun has three seconds of the page's time."""
    deadline = time.monotonic() + 90
    while not is_fresh(page):
        assert time.monotonic() < deadline, f"the page has not reloaded itself: {panel_of(page)}"
        page.clock.run_for(300)
        time.sleep(0.1)


def test_reloads_itself_at_night(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    page = open_view(server, PANEL, **WALL, at=local(now().date(), 23), prepare=without_jitter)
    state(page, "ok")
    mark(page)
    page.clock.fast_forward(3 * 3_600_000)
    expect(page.locator(".painel-hora")).to_have_text("02:00")
    state(page, "ok")
    assert not is_fresh(page)
    # Nothing to reload onto: it waits, however late it gets.
    server.stop()
    page.clock.fast_forward(3 * 3_600_000)
    page.clock.run_for(60_000)
    state(page, "offline")
    assert page.evaluate("window.before")
    server.restart()
    until_fresh(page)


def test_reloads_itself_after_an_upgrade(
    start_server_for_view: StartServer, open_view: OpenView, tmp_path: Path
) -> None:
    server = start_server_for_view()
    page = open_view(server, PANEL, **WALL, at=local(now().date(), 12), prepare=without_jitter)
    state(page, "ok")
    page.clock.run_for(1_000)  # it draws again, and knows the server's version
    mark(page)
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "sitecustomize.py").write_text("import pedidos_server\npedidos_server.__version__ = '99.0'\n")
    server.restart(env={"PYTHONPATH": f"{newer}:{REPOSITORY}"})
    assert server.get("/health").json()["version"] == "99.0"
    page.clock.run_for(4_000)
    until_fresh(page)
    assert page.locator("meta[name=pedidos-versao]").get_attribute("content") == "99.0"


# The panel with a clock of the test's own; store, connection and server are the real ones.
_WEEK = """async (start) => {
  const base = document.querySelector('script[type=module]').src.replace(/view\\/app\\.js$/, '');
  const { createPedidosClient } = await import(`${base}client/index.js`);
  const { createPanel } = await import(`${base}view/painel/painel.js`);
  const client = createPedidosClient({ shareStream: false, reconnectInterval: 200 });
  const timers = new Map();
  const week = { now: start, last: 0, most: 0, runs: 0, reloads: [], client, timers };
  const clock = {
    now: () => week.now,
    setTimeout(callback, ms) {
      week.last += 1;
      timers.set(week.last, { at: week.now + ms, callback });
      week.most = Math.max(week.most, timers.size);
      return week.last;
    },
    clearTimeout: (timer) => timers.delete(timer),
  };
  week.advance = (ms) => {
    const end = week.now + ms;
    for (;;) {
      let next = null;
      timers.forEach(({ at }, id) => {
        if (at <= end && (next === null || at < timers.get(next).at)) next = id;
      });
      if (next === null) break;
      const { at, callback } = timers.get(next);
      timers.delete(next);
      week.now = Math.max(week.now, at);
      week.runs += 1;
      callback();
    }
    week.now = end;
  };
  const app = document.getElementById('app');
  app.replaceChildren();
  const element = app.appendChild(document.createElement('div'));
  const surroundings = {
    clock,
    random: () => 0.5,
    answers: async () => true,
    reload: () => { if (week.reloads.push(week.now) > 50) throw new Error('reloads without end'); },
  };
  client.store.load({ recentes: 30 });
  week.panel = createPanel(element, client.store, client.connection, surroundings);
  window.week = week;
}"""


DAYS, WARM = 10, 4
"""By the fifth day what the browser compiles and keeps of its own accord is there; a leak goes on."""


def test_simulated_days(start_server_for_view: StartServer, open_view: OpenView) -> None:
    """The server restarted every other one, changes all the time: as much memory on the last as on the fifth."""
    server = start_server_for_view()
    fill(server)
    orders: list[Any] = [server.create()["id"] for _ in range(10)]
    page = open_view(server, PANEL)
    state(page, "ok")
    page.evaluate(_WEEK, int(local(now().date(), 12).timestamp() * 1000))
    session = page.context.new_cdp_session(page)
    connected = """() => {
        const { connection, lastSync } = week.client.store.getSnapshot();
        return connection.status === 'connected' && lastSync !== null;
    }"""

    def heap_in_use() -> float:
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        return float(session.send("Runtime.getHeapUsage")["usedSize"])

    def measure() -> dict[str, float]:
        heap = min(heap_in_use() for _ in range(3))  # the page goes on between a collection and its reading
        counters = session.send("Memory.getDOMCounters")
        return {"heap": heap, "nodes": counters["nodes"], "listeners": counters["jsEventListeners"]}

    measured = []
    for today in range(DAYS):
        page.wait_for_function(connected)
        for hour in range(0, 24, 2):
            order = orders[hour % len(orders)]
            server.change(order, observacao=f"{today} {hour}", costura=hour % 4 == 0)
            if hour % 8 == 0:
                # As many as go: the shop is as full on the last day as on the first.
                server.delete(f"/api/v1/pedidos/{orders.pop(0)}")
                orders.append(server.create(data_entrega=day(-1))["id"])
            page.evaluate("week.advance(2 * 3600000)")
        if today % 2 == 1:
            server.restart()
        page.evaluate("week.advance(1000)")
        page.wait_for_function(connected, timeout=30_000)
        cursor = server.cursor()
        page.wait_for_function("(cursor) => week.client.store.getSnapshot().cursor === cursor", arg=cursor)
        page.evaluate("week.advance(2000)")
        shown = page.locator(".painel-total strong").last
        expect(shown).to_have_text(str(len(server.get("/api/v1/pedidos/?recentes=0").json())))
        measured.append(measure())

    assert page.evaluate("week.runs") > DAYS * 24 * 60, "the clock has really run"
    assert page.evaluate("week.most") == 1, "one timer, whatever happens"
    # Each night once, between 3:00 and 4:30 local time.
    reloads = [datetime.fromtimestamp(at / 1000, ZONE) for at in page.evaluate("week.reloads")]
    assert len(reloads) == DAYS
    assert all(180 <= moment.hour * 60 + moment.minute < 270 for moment in reloads)
    warm, last = measured[WARM], measured[-1]
    assert last["heap"] - warm["heap"] < 150_000, measured
    assert last["nodes"] <= warm["nodes"] + 50, measured
    assert last["listeners"] <= warm["listeners"] + 2, measured

    page.evaluate("week.panel.close()")
    assert page.evaluate("week.timers.size") == 0
    page.evaluate("week.client.close()")


def test_lateness_turns_over_at_midnight(start_server_for_view: StartServer, open_view: OpenView) -> None:
    server = start_server_for_view()
    server.create(data_entrega=day())
    page = open_view(server, PANEL, **WALL, at=local(now().date(), 23, 59, 30))
    state(page, "ok")
    expect_sector(page, "Financeiro", 1)
    page.clock.fast_forward(31_000)
    expect_sector(page, "Financeiro", 1, late=1)
    expect(page.locator(".painel-data")).to_contain_text("/".join(reversed(day(1).split("-")[1:])))


def test_fills_the_screen_by_a_person_s_hand(view_server: LiveServer, open_view: OpenView) -> None:
    page = open_view(view_server, PANEL, **WALL)
    state(page, "ok")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.mouse.click(200, 200)
    page.wait_for_function("() => document.fullscreenElement === null")
