"""How a request names what it wants: methods, whole addresses, the Host, old versions of HTTP."""

from __future__ import annotations

import socket

import pytest

from tests.support.live_server import ORDERS, LiveServer

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def status(server: LiveServer, head: str) -> int:
    """Of the answer to a request that is sent as it is; it must end the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(f"{head}\r\n\r\n".encode())
        return int(client.recv(12).split()[1])


def test_a_whole_address_is_a_path(server: LiveServer) -> None:
    """RFC 9112, 3.2.2."""
    base = f"http://127.0.0.1:{server.port}"
    order = server.create()
    for address, expected in (
        (f"{base}{ORDERS}{order['id']}", 200),
        (f"{base}{ORDERS}?limite=1", 200),
        (f"HTTP://localhost:{server.port}/health", 200),
        (base, 200),
        (f"{base}/nada", 404),
    ):
        assert status(server, f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close") == expected, address


def test_of_two_names_the_address_counts(server: LiveServer) -> None:
    head = "GET http://mau.example{0} HTTP/1.1\r\nHost: localhost\r\nConnection: close"
    assert status(server, head.format(ORDERS)) == 421
    assert status(server, f"GET http://localhost{ORDERS} HTTP/1.1\r\nHost: mau.example\r\nConnection: close") == 200


@pytest.mark.parametrize("host", ["", "Host:\r\n", "Host: \r\n"])
def test_http_1_1_names_its_host(server: LiveServer, host: str) -> None:
    """RFC 9112, 3.2. HTTP/1.0 need not."""
    for path in (ORDERS, "/health", "/nada"):
        assert status(server, f"GET {path} HTTP/1.1\r\n{host}Connection: close") == 400
    assert status(server, "GET /health HTTP/1.0") == 200


def test_methods_are_upper_case(server: LiveServer) -> None:
    """RFC 9110, 9.1."""
    order = server.create()
    for method, path in (("get", ORDERS), ("Get", "/health"), ("delete", f"{ORDERS}{order['id']}"), ("patch", "/")):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close"
        assert status(server, head) == 501
    assert server.get(f"{ORDERS}{order['id']}").status_code == 200


def test_http_1_0_upgrades_to_nothing(server: LiveServer) -> None:
    """RFC 9110, 7.8."""
    assert status(server, f"GET /ws/pedidos HTTP/1.0\r\nHost: localhost\r\n{UPGRADE}") == 426
    assert status(server, f"GET /ws/pedidos HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}") == 101
