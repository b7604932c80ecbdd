"""A request is judged by its head; where its body comes after the token was revoked, it changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.support.doors import Doors, new_token, revoke
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.patched_server import PatchedServer

BODY = b'{"cliente":"Tarde","observacao":"tarde"}'


def heads(order_id: int, token: str) -> dict[str, str]:
    one = f"{ORDERS}{order_id}"
    common = f"Host: localhost\r\nContent-Length: {len(BODY)}\r\nContent-Type: application/json\r\n"
    common += f"Authorization: Bearer {token}\r\n" if token else ""
    return {
        "PATCH": f"PATCH {one} HTTP/1.1\r\n{common}\r\n",
        "PATCH by Flask": f"PATCH {one}?x HTTP/1.1\r\n{common}\r\n",
        "POST": f"POST {ORDERS} HTTP/1.1\r\n{common}\r\n",
        "DELETE with a key": f"DELETE {one} HTTP/1.1\r\nIdempotency-Key: k\r\n{common}\r\n",
    }


def statuses(server: LiveServer, token: str, then: Callable[[], None]) -> dict[str, str]:
    """Of requests whose heads come before ``then``, and whose bodies after it."""
    found = {}
    with ExitStack() as stack:
        opened = {}
        for name, head in heads(server.create()["id"], token).items():
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(head.encode() + BODY[:5])
            opened[name] = client
        server.get("/health")  # all heads are in by now
        then()
        for name, client in opened.items():
            client.sendall(BODY[5:])
            found[name] = client.recv(12).decode()
    return found


def test_after_its_token_is_gone(new_doors: Callable[..., Doors]) -> None:
    doors = new_doors()
    server, token = doors.server, doors.tokens["escrita"]

    def gone() -> None:
        revoke(server.database_path, "escrita")
        wait_until(lambda: server.get(ORDERS, headers={"Authorization": f"Bearer {token}"}).status_code == 401, 5)

    before = len(server.get(ORDERS).json())
    assert set(statuses(server, token, gone).values()) == {"HTTP/1.1 401"}
    after = server.get(ORDERS).json()
    assert len(after) == before + 1 and after[0]["versao"] == 1


def test_after_an_open_server_was_closed(open_server: LiveServer) -> None:
    def closed() -> None:
        new_token(open_server.database_path, "Ana", "admin")
        wait_until(lambda: open_server.get(ORDERS).status_code == 401, 5)

    assert set(statuses(open_server, "", closed).values()) == {"HTTP/1.1 401"}


def test_while_the_token_stands(doors: Doors) -> None:
    found = statuses(doors.server, doors.tokens["escrita"], lambda: None)
    assert found["POST"] == "HTTP/1.1 201" and found["PATCH"] == "HTTP/1.1 200", found


_SHORT = "from pedidos_server.web import requests; requests.BODY_SECONDS, requests.SLOWEST_BODY = 1, 2**40"


STOPS = ("", "5", "5;name=", "5\r\nab", "5\r\nabcde", "5\r\nabcde\r\n", "0\r\n", "0\r\nA: b")


def test_chunks_that_stop_anywhere_are_late(tmp_path: Path) -> None:
    """In the middle of a chunk's line too, of which something has come."""
    head = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    head += "Content-Type: application/json\r\n\r\n"
    with PatchedServer.begin(_SHORT, tmp_path) as server, ExitStack() as stack:
        clients = {}
        for said in STOPS:
            clients[said] = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            clients[said].sendall((head + said).encode())
        assert {said: client.recv(12) for said, client in clients.items()} == dict.fromkeys(STOPS, b"HTTP/1.1 408")
