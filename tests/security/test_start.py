"""A server is open only where somebody chose so."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.checks import assert_problem
from tests.support.doors import new_token, pedidos, revoke
from tests.support.live_server import ORDERS, LiveServer, ServerDied, wait_until
from tests.support.stream_clients import WebSocketStream


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],
        ["--host", "::"],
        ["--host", "127.0.0.1", "--auth", "on"],
        ["--host", "127.0.0.1", "--trusted-hops", "1"],
    ],
    ids=" ".join,
)
def test_serve_refuses_and_says_what_to_type(tmp_path: Path, arguments: list[str]) -> None:
    done = pedidos("serve", "--port", "0", "--database", f"sqlite:///{tmp_path}/a.db", *arguments)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert f"--database sqlite:///{tmp_path}/a.db" in done.stderr
    assert "pedidos token create" in done.stderr and "--auth off" in done.stderr


def test_wsgi_refuses_and_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(ServerDied) as died:
        LiveServer.start("gunicorn", directory=tmp_path, env={"PEDIDOS_AUTH": "auto"})
    assert "pedidos token create" in died.value.output and "PEDIDOS_AUTH=off" in died.value.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--worker-class", "gevent"], "gunicorn wsgi:app"),
        (["-k", "sync"], "gunicorn wsgi:app"),
        (["-k", "gthread", "--threads", "4"], "gunicorn wsgi:app"),
        (["--workers", "2"], "--workers 1"),
        (["--certfile", "a.pem"], "proxy"),
        (["--access-logfile", "-"], "access-logfile"),
        (["--keep-alive", "5"], "keep-alive"),
        (["--max-requests", "10"], "max-requests"),
        (["--limit-request-line", "100"], "limit-request-line"),
        (["--forwarded-allow-ips", "*"], "PEDIDOS_TRUSTED_HOPS"),
        (["--preload"], "gunicorn wsgi:app"),
        (["-c", "/dev/null"], "--worker-class"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_gunicorn_refuses_what_has_no_effect(tmp_path: Path, arguments: list[str], told: str) -> None:
    with pytest.raises(ServerDied) as died:
        LiveServer.start("gunicorn", directory=tmp_path, args=arguments)
    assert told in died.value.output and "Traceback" not in died.value.output


def test_loopback_is_open_and_says_so(open_server: LiveServer) -> None:
    assert "ABERTA" in open_server.output()
    order = open_server.post(ORDERS, json={"cliente": "Ana"}, headers={"X-Pedidos-Autor": "Jos%C3%A9"}).json()
    assert open_server.get(f"{ORDERS}{order['id']}/historico").json()[0]["autor"] == "José"
    assert open_server.get("/api/v1/sessao").json() == {"aberto": True, "nome": None, "papel": None}


@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded", "Forwarded", "X-Real-IP", "Via"),
        *("CF-Connecting-IP", "CF-Ray", "CF-Visitor", "CDN-Loop", "True-Client-IP", "X-Client-IP"),
    ],
)
def test_loopback_is_not_open_through_a_proxy(open_server: LiveServer, header: str) -> None:
    problem = assert_problem(open_server.get(ORDERS, headers={header: "192.168.0.7"}), 403)
    assert "PEDIDOS_TRUSTED_HOPS" in problem["detail"]


def test_loopback_is_not_open_to_what_a_silent_proxy_passes_on(open_server: LiveServer) -> None:
    """nginx speaks HTTP/1.0 to a server unless told otherwise; and a page's Referer names the proxy's own address."""
    with socket.create_connection(("127.0.0.1", open_server.port), timeout=15) as client:
        client.sendall(f"GET {ORDERS} HTTP/1.0\r\nHost: 127.0.0.1:{open_server.port}\r\n\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 403"
    assert_problem(open_server.get(ORDERS, headers={"Referer": "http://192.168.0.5/"}), 403)
    own = {"Referer": f"http://localhost:{open_server.port}/"}
    link = {"Referer": "http://intranet.example/", "Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
    assert open_server.get(ORDERS, headers=own).status_code == 200
    assert open_server.get("/", headers=link).status_code == 200


def test_a_public_address_is_no_loopback(tmp_path: Path) -> None:
    done = pedidos(
        *("serve", "--port", "0", "--database", f"sqlite:///{tmp_path}/a.db", "--public-url", "https://loja.example")
    )
    assert done.returncode != 0 and "pedidos token create" in done.stderr
    wrong = pedidos("serve", "--port", "0", "--public-url", "https://loja.example/pedidos")
    assert wrong.returncode != 0 and "sem caminho" in wrong.stderr


def test_the_first_token_closes_an_open_server_for_good(open_server: LiveServer) -> None:
    stream = WebSocketStream(open_server)
    stream.expect("connection")
    shown = {"Authorization": f"Bearer {new_token(open_server.database_path, 'Ana', 'admin')}"}
    assert stream.end(6).code == 4401
    stream.close()
    assert_problem(open_server.get(ORDERS), 401)
    assert open_server.get(ORDERS, headers=shown).status_code == 200
    revoke(open_server.database_path, "Ana")
    wait_until(lambda: open_server.get(ORDERS, headers=shown).status_code == 401, 5)


def test_open_by_choice_stays_open(tmp_path: Path) -> None:
    with LiveServer.start(directory=tmp_path, args=["--auth", "off"]) as server:
        new_token(server.database_path, "Ana", "admin")
        stream = WebSocketStream(server)
        stream.expect("connection")
        with pytest.raises(TimeoutError):
            stream.next(3)
        stream.close()
        assert server.get(ORDERS, headers={"X-Forwarded-For": "192.168.0.7"}).status_code == 200


def test_behind_a_trusted_proxy_the_address_is_the_clients(tmp_path: Path) -> None:
    env = {"PEDIDOS_AUTH": "off", "PEDIDOS_TRUSTED_HOPS": "1"}
    with LiveServer.start(directory=tmp_path, env=env) as server:
        server.get("/health", headers={"X-Forwarded-For": "6.6.6.6, 192.168.0.7", "X-Forwarded-Host": "mau.example"})
        wait_until(lambda: "peer=192.168.0.7" in server.output(), 5)
        assert "6.6.6.6" not in server.output()
