"""Which names and pages the server answers to."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import requests

from pedidos_server.origins import Origins, host_name, is_loopback, same_origin
from tests.support.checks import assert_problem
from tests.support.doors import Doors, without_token
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import StreamRefused, open_stream

NAMES = {
    **dict.fromkeys(
        ("127.0.0.1", "192.168.0.10:8000", "[::1]:8000", "localhost:8000", "servidor", "SERVIDOR:8"), True
    ),
    **dict.fromkeys(("oficina.lan", "pedidos.local.", "a.b.home.arpa", "x.internal", "pedidos.example"), True),
    **dict.fromkeys(("mau.example", "pedidos.example.mau.example", "oficina.lan.mau.example", "xlan.com"), False),
    **dict.fromkeys(("127.0.0.1.mau.example", ".lan", "-a.lan", "[::1", "::1", "[servidor]", "a b", "a,b"), False),
    **dict.fromkeys(("user@127.0.0.1", "127.0.0.1:x", "127.0.0.1/x", "256.256.256.256", "ｌocalhost.com"), False),
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert Origins(names=("pedidos.example",)).is_any_name(name) is NAMES[name]


OWN = socket.gethostname().lower()
KNOWN = {
    **dict.fromkeys(
        ("127.0.0.1", "192.168.0.10:8000", "[::1]:8000", "localhost:8000", OWN, f"{OWN}.local:8000"), True
    ),
    **dict.fromkeys(("pedidos.example", "PEDIDOS.example.:8000", "loja.example", "loja.example:8443"), True),
    **dict.fromkeys(
        ("evil.local", "oficina.lan", "outro", "x.localhost.mau.example", "mau.example", "", "a,b"), False
    ),
}
"""Where no token is asked for: anybody of the network can answer for a local name."""


@pytest.mark.parametrize("name", KNOWN)
def test_names_that_are_certainly_ours(name: str) -> None:
    origins = Origins(names=("pedidos.example",), public_url="https://loja.example:8443")
    assert origins.is_known_name(name) is KNOWN[name]


LOOPBACK = {
    **dict.fromkeys(("127.0.0.1", "127.0.1.1:80", "[::1]:8000", "localhost", "LOCALHOST:1420", "a.localhost"), True),
    **dict.fromkeys(
        ("192.168.0.1", "localhost.mau.example", "127.0.0.1.mau.example", "localhos", "", "[::1", "0"), False
    ),
}


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback(host: str) -> None:
    assert is_loopback(host_name(host)) is LOOPBACK[host]


def test_the_settings_name_our_own_page() -> None:
    """A proxy in front may have changed the Host header."""
    origins = Origins(extra=("https://painel.example",), public_url="https://loja.example")
    host = "127.0.0.1:8000"
    for origin in (
        "https://painel.example",
        "https://LOJA.example",
        "https://loja.example:443",
        "http://127.0.0.1:8000",
    ):
        assert origins.is_own_page(origin, host), origin
    for origin in (
        "tauri://localhost",
        "http://localhost:5173",
        "https://loja.example:8443",
        "http://loja.example",
        "null",
    ):
        assert not origins.is_own_page(origin, host), origin


SAME = {
    ("http://192.168.0.10:8000", "192.168.0.10:8000"): True,
    ("http://OFICINA.lan", "oficina.LAN"): True,
    ("https://oficina.lan", "oficina.lan"): True,
    ("https://oficina.lan", "oficina.lan:443"): True,
    ("http://oficina.lan:80", "oficina.lan"): True,
    ("http://[::1]:8000", "[::1]:8000"): True,
    ("http://oficina.lan:8001", "oficina.lan:8000"): False,
    ("http://oficina.lan", "oficina.lan:8000"): False,
    ("http://oficina.lan.mau.example", "oficina.lan"): False,
    ("null", "null"): False,
    ("http://", ""): False,
    ("", ""): False,
    ("tauri://localhost", "localhost"): False,
}


@pytest.mark.parametrize(("origin", "host"), SAME)
def test_same_origin(origin: str, host: str) -> None:
    assert same_origin(origin, host) is SAME[origin, host]


FOREIGN = ["http://mau.example", "https://127.0.0.1.mau.example", "null", "http://127.0.0.1:1"]
FRIENDS = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost", "http://localhost:5173"]


def assert_readable_refusal(response: requests.Response, origin: str) -> None:
    """The page may read why, which says what helps; no cookie counts for it, and it is named nowhere."""
    assert response.headers.get("Access-Control-Allow-Origin") == (origin if origin != "null" else None)
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Origin" in response.headers["Vary"]
    detail = assert_problem(response, 403)["detail"]
    assert "PEDIDOS_PUBLIC_URL" in detail and "PEDIDOS_CORS_ORIGINS" in detail and origin not in detail


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_may_ask_whether_it_may_read_and_nothing_else(doors: Doors, origin: str) -> None:
    """Else a page that shows a token, and so asks first, could not read why it was refused."""

    def preflight(method: str) -> requests.Response:
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
        return doors.server.request("OPTIONS", ORDERS, headers=without_token({"Origin": origin, **asked}))

    allowed = preflight("GET")
    if origin == "null":
        assert "Access-Control-Allow-Origin" not in allowed.headers
    else:
        assert allowed.status_code == 200 and allowed.headers["Access-Control-Allow-Origin"] == origin
        assert allowed.headers["Access-Control-Allow-Methods"] == "GET"
    for method in ("POST", "PATCH", "DELETE"):
        refused = preflight(method)
        assert refused.status_code == 403 and "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_reads_writes_and_opens_nothing(doors: Doors, origin: str) -> None:
    path = f"{ORDERS}{doors.server.create()['id']}"
    for method, where, body in (
        ("GET", ORDERS, None),
        ("POST", ORDERS, {"cliente": "Ana"}),
        ("PATCH", path, {"costura": True}),
        ("DELETE", path, None),
        ("POST", "/entrar", {"token": doors.tokens["admin"]}),
        ("POST", "/sair", None),
    ):
        response = doors.server.request(method, where, json=body, headers={"Origin": origin})
        assert_problem(response, 403)
        assert "Set-Cookie" not in response.headers and doors.tokens["admin"] not in response.text
        assert_readable_refusal(response, origin)
    for transport in ("websocket", "sse"):
        with pytest.raises(StreamRefused) as refused:
            doors.stream(transport, {**doors.header("admin"), "Origin": origin})
        assert refused.value.status == 403
    assert doors.server.get(path).json()["versao"] == 1


@pytest.mark.parametrize("origin", FRIENDS)
def test_the_apps_may(doors: Doors, origin: str) -> None:
    headers = {**doors.header("escrita"), "Origin": origin}
    response = doors.server.post(ORDERS, json={"cliente": "Ana"}, headers=headers)
    assert response.status_code == 201 and response.headers["Access-Control-Allow-Origin"] == origin
    for transport in ("websocket", "sse"):
        doors.stream(transport, headers).close()


DEVELOPMENT = ["http://localhost:1420", "http://127.0.0.1:5173", "http://[::1]:3000", "https://localhost"]


@pytest.mark.parametrize("origin", DEVELOPMENT)
def test_an_open_server_is_open_to_pages_of_this_machine(open_server: LiveServer, origin: str) -> None:
    """Tauri's development address, and those of others."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = open_server.request("OPTIONS", ORDERS, headers={"Origin": origin, **asked})
    assert allowed.status_code == 200 and "POST" in allowed.headers["Access-Control-Allow-Methods"]
    for response in (
        open_server.get(ORDERS, headers={"Origin": origin}),
        open_server.post(ORDERS, json={"cliente": "Ana"}, headers={"Origin": origin}),
    ):
        assert response.ok and response.headers["Access-Control-Allow-Origin"] == origin
    for transport in ("websocket", "sse"):
        open_stream(open_server, transport, headers={"Origin": origin}).close()


@pytest.mark.parametrize("origin", DEVELOPMENT)
def test_a_closed_server_is_not(doors: Doors, origin: str) -> None:
    if origin != "http://127.0.0.1:5173":
        response = doors.server.post(ORDERS, json={"cliente": "Ana"}, headers={"Origin": origin})
        assert_readable_refusal(response, origin)


@pytest.mark.parametrize(
    "origin", ["http://mau.example", "https://127.0.0.1.mau.example", "null", "http://192.168.0.9"]
)
def test_an_open_server_is_not_open_to_foreign_pages(open_server: LiveServer, origin: str) -> None:
    assert_problem(open_server.get(ORDERS, headers={"Origin": origin}), 403)
    for transport in ("websocket", "sse"):
        with pytest.raises(StreamRefused) as refused:
            open_stream(open_server, transport, headers={"Origin": origin})
        assert refused.value.status == 403


def test_what_newer_browsers_tell_counts_where_there_is_no_origin(doors: Doors) -> None:
    """An image on a foreign page whose address is ours; and a link there, which is fine."""
    assert_problem(
        doors.server.get(ORDERS, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}), 403
    )
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert doors.server.get("/", headers=link).status_code == 200


@pytest.mark.parametrize("host", ["mau.example", "mau.example:80", "a,b", "127.0.0.1, mau.example", "u@127.0.0.1"])
def test_another_name_is_refused_everywhere(doors: Doors, host: str) -> None:
    for path in ("/", "/health", ORDERS, "/sse/pedidos", "/static/client/index.js", "/nada"):
        response = doors.server.get(path, headers={"Host": host})
        assert "PEDIDOS_HOSTS" in assert_problem(response, 421)["detail"] and host not in response.text


@pytest.mark.parametrize("host", ["evil.local", "oficina.lan:80", "impressora", "192.168.0.7", "mau.example"])
def test_open_by_default_answers_to_this_machines_names_alone(open_server: LiveServer, host: str) -> None:
    for path in ("/", "/health", ORDERS, "/sse/pedidos"):
        problem = assert_problem(open_server.get(path, headers={"Host": host}), 421)
        assert "localhost" in problem["detail"] and host not in problem["detail"]
    own = {"Host": host, "Origin": f"http://{host}"}
    assert_problem(open_server.post(ORDERS, json={"cliente": "Ana"}, headers=own), 421)
    for name in ("localhost", "LOCALHOST:80", "127.0.0.1", "[::1]"):
        assert open_server.get(ORDERS, headers={"Host": name}).status_code == 200


def test_open_by_choice_answers_to_certain_names_alone(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(PEDIDOS_AUTH="off", PEDIDOS_HOSTS="oficina.lan")
    for host in ("evil.local", "outro", "mau.example"):
        own = {"Host": host, "Origin": f"http://{host}"}
        assert_problem(server.post(ORDERS, json={"cliente": "Ana"}, headers=own), 421)
    for host in ("192.168.0.7", "oficina.lan", socket.gethostname(), f"{socket.gethostname()}.local"):
        own = {"Host": host, "Origin": f"http://{host.lower()}"}
        assert server.post(ORDERS, json={"cliente": "Ana"}, headers=own).status_code == 201


def test_a_configured_name(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors(PEDIDOS_HOSTS="pedidos.example")
    assert doors.server.get(ORDERS, headers={"Host": "pedidos.example"}).status_code == 200
    assert_problem(doors.server.get(ORDERS, headers={"Host": "x.pedidos.example"}), 421)


def test_every_answer_is_hardened(doors: Doors) -> None:
    wanted = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
    for path in ("/", "/docs", "/entrar", "/health", ORDERS, "/nada", "/static/client/index.js", "/ws/pedidos"):
        for headers in (doors.header("admin"), without_token({})):
            response = doors.server.get(path, headers=headers)
            assert {name: response.headers.get(name) for name in wanted} == wanted, path
            policy = response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy, path
