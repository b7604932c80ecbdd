"""Which names and pages the server answers to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from checks import assert_problem
from doors import Doors, without_token
from live_server import ORDERS, LiveServer
from stream_clients import StreamRefused, open_stream

from pedidos_server.origins import Origins, same_origin

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
    assert Origins(names=("pedidos.example",)).host_allowed(name) is NAMES[name]


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
        assert not {"Access-Control-Allow-Origin", "Set-Cookie"} & set(response.headers)
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


@pytest.mark.parametrize("origin", FOREIGN)
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
