"""Signing in with a browser: the cookie, what it may be used for, how it ends; and how often is too often."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from http.cookies import SimpleCookie
from typing import Any

import pytest

from pedidos_server.domain.roles import Principal, Role
from pedidos_server.errors import Problem
from pedidos_server.web.rate_limits import (
    FAILED_SIGN_INS_A_MINUTE,
    MOST_KEPT,
    STREAMS_A_MINUTE,
    RateLimit,
    RateLimits,
)
from tests.support.checks import assert_problem
from tests.support.doors import Doors, revoke, sign_in, without_token
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import StreamRefused

NAVIGATION = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}


def enter(doors: Doors, token: str, **headers: str) -> Any:
    response = doors.server.post("/entrar", json={"token": token}, headers=without_token(headers))
    doors.server.http.cookies.clear()
    return response


def test_the_cookie_is_for_this_server_and_for_no_script(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors()
    response = enter(doors, doors.tokens["producao"], Origin=doors.server.url)
    assert response.json() == {"aberto": False, "nome": "producao", "papel": "producao"}
    (cookie,) = SimpleCookie(response.headers["Set-Cookie"]).values()
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/"
    assert not cookie["domain"] and not cookie["secure"] and int(cookie["max-age"]) <= 31 * 86_400
    assert doors.tokens["producao"] not in response.headers["Set-Cookie"]
    header = {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}
    doors.server.restart()
    assert doors.server.get(ORDERS, headers=without_token(header)).status_code == 200, "it outlives a restart"


def test_over_https_it_is_secure_and_bound_to_the_host(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors(PEDIDOS_TRUSTED_HOPS=1)
    https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.168.0.7"}
    response = enter(doors, doors.tokens["leitura"], Origin=doors.server.url.replace("http:", "https:"), **https)
    assert response.headers["Set-Cookie"].startswith("__Host-") and "; Secure" in response.headers["Set-Cookie"]
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    assert doors.server.get(ORDERS, headers=without_token({"Cookie": cookie, **https})).status_code == 200


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 5}, {"token": "x" * 300}, {"token": "x", "y": 1}])
def test_what_is_no_sign_in(doors: Doors, body: Any) -> None:
    assert_problem(doors.server.post("/entrar", json=body, headers=without_token({})), 422)


def test_a_form_signs_nobody_in(doors: Doors) -> None:
    assert_problem(doors.server.post("/entrar", data={"token": "x"}, headers=without_token({})), 415)


FORGED: dict[str, dict[str, str]] = {
    "no proof": {},
    "foreign origin": {"Origin": "http://mau.example"},
    "no origin": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "the same site, not the same origin": {"Sec-Fetch-Site": "same-site"},
    "typed in": {"Sec-Fetch-Site": "none"},
    "an app of the list": {"Origin": "tauri://localhost"},
}
_sessions: dict[int, str] = {}


def session(doors: Doors) -> str:
    """One session for all: sign-ins are limited."""
    if doors.server.port not in _sessions:
        _sessions[doors.server.port] = sign_in(doors.server, doors.tokens["escrita"])
    return _sessions[doors.server.port]


@pytest.mark.parametrize("forged", FORGED)
def test_a_change_by_cookie_must_come_from_our_page(doors: Doors, forged: str) -> None:
    path = f"{ORDERS}{doors.server.create()['id']}"
    headers = without_token({"Cookie": session(doors), **FORGED[forged]})
    for method, where, body in (
        ("POST", ORDERS, {"cliente": "X"}),
        ("PATCH", path, {"costura": True}),
        ("DELETE", path, None),
        ("POST", "/sair", None),
    ):
        assert_problem(doors.server.request(method, where, json=body, headers=headers), 403)
    assert doors.server.get(path).json()["versao"] == 1
    assert doors.server.get(ORDERS, headers=without_token({"Cookie": session(doors)})).status_code == 200


@pytest.mark.parametrize("proof", ["Origin", "Sec-Fetch-Site"])
def test_our_page_may_change(doors: Doors, proof: str) -> None:
    shown = {"Origin": doors.server.url, "Sec-Fetch-Site": "same-origin"}[proof]
    headers = without_token({"Cookie": session(doors), proof: shown})
    assert doors.server.post(ORDERS, json={"cliente": "Ana"}, headers=headers).status_code == 201


def test_signing_out_ends_the_session_and_its_streams_alone(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors()
    mine, theirs = (doors.cookie("leitura") for _ in range(2))
    streams = [doors.stream("websocket", headers) for headers in (mine, theirs, doors.header("leitura"))]
    for stream in streams:
        stream.expect("connection")
    response = doors.server.post("/sair", headers=without_token(mine))
    assert response.status_code == 200 and "Max-Age=0" in response.headers["Set-Cookie"]
    assert streams[0].end(5).code == 4401
    assert_problem(doors.server.get(ORDERS, headers=without_token(mine)), 401)
    order = doors.server.create()
    for stream in streams[1:]:
        assert stream.expect("pedido_update")["pedido_id"] == order["id"]
    revoke(doors.server.database_path, "leitura")  # the token's sessions go with it
    assert [stream.end(5).code for stream in streams[1:]] == [4401, 4401]
    wait_until(lambda: doors.server.get(ORDERS, headers=without_token(theirs)).status_code == 401, 5)
    for stream in streams:
        stream.close()


def test_a_browser_without_a_session_is_led_to_the_sign_in_page(doors: Doors) -> None:
    page = doors.server.get("/", headers=without_token(NAVIGATION))
    assert (page.status_code, page.headers["Location"]) == (302, "/entrar")
    assert doors.server.get("/docs", headers=without_token(NAVIGATION)).headers["Location"] == "/entrar?voltar=/docs"
    panel = doors.server.get("/?painel=1&setor=a%20b", headers=without_token(NAVIGATION))
    assert panel.headers["Location"] == "/entrar?voltar=/%3Fpainel%3D1%26setor%3Da%2520b"
    long = doors.server.get("/?" + "x" * 3_000, headers=without_token(NAVIGATION))
    assert long.headers["Location"] == "/entrar"
    assert_problem(doors.server.get("/", headers=without_token({"Sec-Fetch-Mode": "cors"})), 401)
    assert_problem(doors.server.get(ORDERS, headers=without_token(NAVIGATION)), 401)
    form = doors.server.get("/entrar", headers=without_token(NAVIGATION))
    assert form.status_code == 200 and "unsafe" not in form.headers["Content-Security-Policy"]


PLACES = {
    **{place: place for place in ("/", "/?painel=1", "/docs", "/?painel=1&setor=a%20b", "/.//mau.example")},
    **dict.fromkeys(("", "//mau.example", "/\\mau.example", "\\\\mau.example", "https://mau.example"), "/"),
    **dict.fromkeys(("/\t/mau.example", "/\n/mau.example", "/\r\nSet-Cookie: a=b", "/a\\b", "/\x7f", "/\x00"), "/"),
    **dict.fromkeys(("javascript:alert(1)", "entrar", " /", "/ /x", "http:/x"), "/"),
}


@pytest.mark.parametrize("place", PLACES, ids=ascii)
def test_who_is_signed_in_is_led_on_but_nowhere_else(doors: Doors, place: str) -> None:
    headers = without_token({"Cookie": session(doors), **NAVIGATION})
    answer = doors.server.get("/entrar", params={"voltar": place}, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, PLACES[place])
    assert "Set-Cookie" not in answer.headers
    stranger = doors.server.get("/entrar", params={"voltar": place}, headers=without_token(NAVIGATION))
    assert stranger.status_code == 200


def test_an_open_server_leads_on_as_well(open_server: LiveServer) -> None:
    for place, led in (("/?painel=1", "/?painel=1"), ("//mau.example", "/")):
        assert open_server.get("/entrar", params={"voltar": place}).headers["Location"] == led


def test_sign_ins_are_limited(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors()
    answers = [enter(doors, f"ped_{number}", Origin=doors.server.url) for number in range(30)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [401] * 10 and 429 in statuses
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert_problem(limited, 429)
    assert 0 < int(limited.headers["Retry-After"]) <= 60
    assert doors.server.get(ORDERS).status_code == 200, "who holds a token is not kept out by it"
    for _ in range(15):
        valid = enter(doors, doors.tokens["leitura"], Origin=doors.server.url)
        assert valid.status_code == 200, "nor from signing in, from the same address"


def test_many_addresses_lock_nobody_out(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors(PEDIDOS_TRUSTED_HOPS=1)
    for number in range(300):
        shown = {"Origin": doors.server.url, "X-Forwarded-For": f"10.0.{number // 12}.{number % 12}"}
        assert enter(doors, "ped_x", **shown).status_code == 401
    here = {"Origin": doors.server.url, "X-Forwarded-For": "192.168.0.7"}
    assert enter(doors, "ped_x", **here).status_code == 401
    assert enter(doors, doors.tokens["leitura"], **here).status_code == 200


@pytest.mark.parametrize("length", ["Content-Length: 400000", "Transfer-Encoding: chunked"])
def test_a_sign_in_is_small(doors: Doors, length: str) -> None:
    """It is the one body that strangers may send: no more of it is read."""
    head = f"POST /entrar HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    chunk = b"800\r\n" + b" " * 0x800 + b"\r\n"
    with socket.create_connection(("127.0.0.1", doors.server.port), timeout=5) as client:
        client.sendall(head.encode() + chunk)
        assert client.recv(12) == b"HTTP/1.1 413"


def test_writes_are_limited_by_token(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors(PEDIDOS_MAX_WRITES=5)
    new = {"json": {"cliente": "Ana"}}
    answers = [doors.server.post(ORDERS, **new, headers=doors.header("escrita")) for _ in range(20)]
    assert [answer.status_code for answer in answers][:5] == [201] * 5
    limited = next(answer for answer in answers if answer.status_code != 201)
    assert_problem(limited, 429)
    assert 0 < int(limited.headers["Retry-After"]) <= 60
    assert doors.server.post(ORDERS, **new).status_code == 201, "another token"
    assert doors.server.get(ORDERS, headers=doors.header("escrita")).status_code == 200


def test_an_open_server_limits_no_writes(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(PEDIDOS_MAX_WRITES=5)
    assert {server.post(ORDERS, json={"cliente": "Ana"}).status_code for _ in range(20)} == {201}


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_streams_are_limited_by_token(new_doors: Callable[..., Doors], transport: str) -> None:
    doors = new_doors(PEDIDOS_MAX_STREAMS=2)
    streams = [doors.stream(transport, doors.header("leitura")) for _ in range(2)]
    for stream in streams:
        stream.expect("connection")
    with pytest.raises(StreamRefused) as refused:
        doors.stream(transport, doors.header("leitura"))
    assert refused.value.status == 429 and int(refused.value.headers["retry-after"]) > 0
    streams.append(doors.stream(transport, doors.header("producao")))  # another token
    streams[0].close()
    wait_until(lambda: doors.server.stats()["total_connections"] == 2, 5)
    streams.append(doors.stream(transport, doors.header("leitura")))
    for stream in streams[2:]:
        stream.expect("connection")
    for stream in streams:
        stream.close()


def test_streams_that_come_together_are_limited_too(new_doors: Callable[..., Doors]) -> None:
    """Each names a cursor, so the database is asked between the look at the limit and the stream."""
    doors = new_doors(PEDIDOS_MAX_STREAMS=2)
    mine = doors.header("leitura")
    cursor = doors.server.get(ORDERS, headers=mine).headers["X-Pedidos-Cursor"]
    head = f"GET /sse/pedidos?cursor={cursor} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Authorization: {mine['Authorization']}\r\n\r\n"
    with ExitStack() as stack:
        crowd = [
            stack.enter_context(socket.create_connection(("127.0.0.1", doors.server.port), timeout=10))
            for _ in range(60)
        ]
        for one in crowd:
            one.sendall(head.encode())
        answers = [one.recv(12) for one in crowd]
    assert Counter(answers) == {b"HTTP/1.1 200": 2, b"HTTP/1.1 429": 58}


def test_a_window_ends_and_another_begins() -> None:
    now = 1_000.0
    limit = RateLimit(2, lambda: now)
    assert [limit.hit("a"), limit.hit("a"), limit.hit("a"), limit.hit("b")] == [0, 0, 60, 0]
    now += 59
    assert limit.hit("a") == 1
    now += 1
    assert [limit.hit("a"), limit.hit("a"), limit.hit("a")] == [0, 0, 60]


def test_rates_keep_a_bounded_number_of_addresses() -> None:
    """And one line's IPv6 addresses are one."""
    limit = RateLimit(1, lambda: 0.0)
    for number in range(3 * MOST_KEPT):
        limit.hit(str(number))
    assert len(limit._windows) <= MOST_KEPT
    rates = RateLimits(0, lambda: 0.0)
    for number in range(FAILED_SIGN_INS_A_MINUTE):
        rates.failed_sign_in(f"2001:db8::{number:x}")
    with pytest.raises(Problem):
        rates.failed_sign_in("2001:db8::ffff")
    rates.failed_sign_in("2001:db8:0:1::1")


def test_a_clock_that_is_set_back_makes_nobody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, ana = RateLimits(1), Principal(1, None, Role.LEITURA)
    rates.write(ana)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with pytest.raises(Problem) as limited:
        rates.write(ana)
    assert 0 < int(limited.value.headers["Retry-After"]) <= 60


def test_new_streams_are_limited_by_token() -> None:
    now = 1_000_000.0
    rates = RateLimits(0, lambda: now)
    ana, bia = (Principal(token_id, None, Role.LEITURA) for token_id in (1, 2))
    for _ in range(STREAMS_A_MINUTE):
        rates.stream(ana)
    with pytest.raises(Problem) as limited:
        rates.stream(ana)
    assert limited.value.status == 429 and int(limited.value.headers["Retry-After"]) > 0
    rates.stream(bia)
    for _ in range(10_000):
        rates.write(bia)  # 0: no limit
