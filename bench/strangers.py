"""What a stranger with a script sends: one small function an attack, used by the bench row and by the tests.

Each runs in a process of its own (``python -m bench.strangers NAME …``), so that it takes nothing from those who
measure, until its standard input ends. A function is called again for as long as that lasts; it may raise OSError, as
a server that cuts it is right to. What it needs to stay open it enters into ``door.open``.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import resource
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
ORDERS = "/api/v1/pedidos/"


@dataclass
class Door:
    """Where an attack goes. ``token`` is of the role that the attack names, or empty."""

    port: int
    tls: bool = False
    token: str = ""
    source: str = "127.0.0.1"
    """The address from which it connects."""
    open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """Connections that are to stay open between two calls; closed at the end."""

    def connect(self, timeout: float = 10.0) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout, (self.source, 0))
        if not self.tls:
            return connection
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, server_hostname="localhost")

    def head(self, method: str, path: str, *fields: str) -> bytes:
        """A request's head, with the token where there is one."""
        if self.token:
            fields = (f"Authorization: Bearer {self.token}", *fields)
        return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", "")).encode()


@dataclass(frozen=True)
class Attack:
    run: Callable[[Door], None]
    role: str
    """Whose token it needs; empty for a stranger."""
    p99_ms: float
    """What the others' 99th percentile must not pass while it lasts."""
    orders: int
    order_bytes: int
    """What it needs on the server: ``fill`` makes it."""

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def what(self) -> str:
        return (self.run.__doc__ or "").strip().rstrip(".")


ATTACKS: dict[str, Attack] = {}


def attack(
    role: str = "", p99_ms: float = 50, orders: int = 0, order_bytes: int = 0
) -> Callable[[Callable[[Door], None]], Callable[[Door], None]]:
    """Enters a function into ``ATTACKS``. Its docstring is its title in the table."""

    def enter(run: Callable[[Door], None]) -> Callable[[Door], None]:
        ATTACKS[run.__name__] = Attack(run, role, p99_ms, orders, order_bytes)
        return run

    return enter


def until_closed(connection: socket.socket) -> bytes:
    """What the server says, to the end."""
    received = b""
    with contextlib.suppress(OSError):
        while data := connection.recv(65536):
            received += data
    return received


@attack()
def blanks_in_a_header(door: Door) -> None:
    """One header with 65,000 blanks in its value."""
    with door.connect() as connection:
        connection.sendall(door.head("GET", "/health", "X: a" + " " * 65_000 + "b"))
        until_closed(connection)


@attack()
def pipelined_requests(door: Door) -> None:
    """One connection that pipelines cheap requests without end."""
    with door.connect() as connection:
        requests = door.head("GET", "/health") * 200
        reader = threading.Thread(target=until_closed, args=(connection,), daemon=True)
        reader.start()
        while True:
            connection.sendall(requests)


@attack()
def many_cookies(door: Door) -> None:
    """Heads of 60 KB of cookies, one after the other."""
    with door.connect() as connection:
        for _ in range(95):
            connection.sendall(door.head("GET", "/api/v1/sessao", "Cookie: " + "a=b;" * 15_000))
            if not connection.recv(65536):
                break


@attack()
def many_subprotocols(door: Door) -> None:
    """Handshakes with 60 KB of commas in Sec-WebSocket-Protocol."""
    with door.connect() as connection:
        fields = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        connection.sendall(door.head("GET", "/ws/pedidos", *fields, "Sec-WebSocket-Protocol: " + "," * 60_000))
        connection.recv(65536)


@attack()
def numbers_to_sign_in(door: Door) -> None:
    """POST /entrar with 7.9 MB of numbers."""
    body = b"[" + b"0.1," * 1_975_000 + b"1]"
    with door.connect() as connection:
        length = f"Content-Length: {len(body)}"
        connection.sendall(door.head("POST", "/entrar", "Content-Type: application/json", length) + body)
        until_closed(connection)


@attack()
def unknown_keys_to_sign_in(door: Door) -> None:
    """POST /entrar with 40,000 unknown keys."""
    body = ("{" + ",".join(f'"k{number}":1' for number in range(40_000)) + "}").encode()
    with door.connect() as connection:
        length = f"Content-Length: {len(body)}"
        connection.sendall(door.head("POST", "/entrar", "Content-Type: application/json", length) + body)
        until_closed(connection)


@attack(role="escrita")
def one_byte_chunks(door: Door) -> None:
    """Two million chunks of one byte, as an order."""
    with door.connect() as connection:
        connection.sendall(
            door.head("POST", ORDERS, "Content-Type: application/json", "Transfer-Encoding: chunked")
            + b"1\r\n \r\n" * 2_000_000
        )
        until_closed(connection)


@attack(role="escrita")
def withheld_bodies(door: Door) -> None:
    """150 connections that withhold the end of a body of 8 MB."""
    head = door.head("POST", ORDERS, "Content-Type: application/json", "Content-Length: 8000000")
    for _ in range(150):
        with contextlib.suppress(OSError):
            connection = door.open.enter_context(door.connect())
            connection.sendall(head + b" " * 7_999_000)
    time.sleep(5)
    door.open.close()


@attack()
def withheld_bodies_to_sign_in(door: Door) -> None:
    """150 connections that withhold the end of 8 MB to sign in."""
    head = door.head("POST", "/entrar", "Content-Type: application/json", "Content-Length: 8000000")
    for _ in range(150):
        with contextlib.suppress(OSError):
            connection = door.open.enter_context(door.connect())
            connection.sendall(head + b" " * 7_999_000)
    time.sleep(5)
    door.open.close()


@attack(p99_ms=100)
def unread_files(door: Door) -> None:
    """2,050 connections that ask for files and read nothing of them."""
    asked = door.head("GET", "/static/view/pedido/pedido.js") * 100
    for _ in range(2_050):
        with contextlib.suppress(OSError):
            connection = door.open.enter_context(door.connect())
            connection.settimeout(0.05)
            connection.sendall(asked)
    time.sleep(5)
    door.open.close()


@attack(p99_ms=100)
def silent_connections(door: Door) -> None:
    """3,000 connections that say nothing, or half a head."""
    for number in range(3_000):
        with contextlib.suppress(OSError):
            connection = door.open.enter_context(door.connect())
            connection.sendall(b"GET / HTTP/1.1\r\nHos"[: 18 * (number % 2)])
    time.sleep(5)
    door.open.close()


STREAMS = 20
FRAMES = {
    "a ping": b"\x89\x80key!",
    "a pong": b"\x8a\x80key!",
    "an empty fragment": b"\x00\x80key!",
    "a question": b"\x81\x96\0\0\0\0" + b'{"type":"get_pedidos"}',
}


@attack("leitura")
def frames_without_end(door: Door) -> None:
    """Pings, pongs, questions and empty fragments without end on 20 streams."""
    floods = dict.fromkeys((_stream(door) for _ in range(STREAMS)), b"")
    for connection, frame in zip(floods, itertools.cycle(FRAMES.values())):
        floods[connection] = frame * 5_000
        if frame is FRAMES["an empty fragment"]:
            connection.send(b"\x01\x80key!")  # begins the message
        connection.setblocking(False)
    try:
        while floods:
            for connection in select.select([], floods, [], 1)[1]:
                try:
                    connection.send(floods[connection])
                except (BlockingIOError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    del floods[connection]
                    connection.close()
    finally:
        for connection in floods:
            connection.close()


def _stream(door: Door) -> socket.socket:
    connection = door.connect()
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    connection.sendall(door.head("GET", "/ws/pedidos", *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))
    if b" 101 " not in connection.recv(65536):
        connection.close()
        raise ConnectionError("no stream")
    return connection


@attack("leitura")
def streams_opened_and_closed(door: Door) -> None:
    """Streams that are opened and closed, one after the other."""
    _stream(door).close()


@attack("leitura", orders=440, order_bytes=100_000)
def slow_readers(door: Door) -> None:
    """60 connections that ask for a list of 44 MB, and read little of it."""
    readers = []
    for _ in range(60):
        with contextlib.suppress(OSError):
            readers.append(door.open.enter_context(door.connect()))
            readers[-1].sendall(door.head("GET", ORDERS))
    for _ in range(50):
        for reader in readers:
            with contextlib.suppress(OSError):
                reader.recv(4096)
        time.sleep(0.1)
    door.open.close()


WORDS = "?q=fa+ai+ix+xa+as+fai+ixa+sx"
"""Each order that ``fill`` makes has the letters and all words but the last: only looking says that none is found."""


@attack("leitura", orders=3_000, order_bytes=500)
def searches_without_end(door: Door) -> None:
    """Searches of eight words on 40 connections."""
    searches = {door.open.enter_context(door.connect()): True for _ in range(40)}
    with door.open:
        while True:
            for connection, answered in searches.items():
                if answered:
                    connection.sendall(door.head("GET", f"{ORDERS}{WORDS}&limite=1"))
            readable = select.select(searches, [], [], 1)[0]
            for connection in searches:
                searches[connection] = connection in readable and bool(connection.recv(65536))


# Each change is 1 MB for each of the others, too.
@attack("producao", p99_ms=100, orders=1, order_bytes=1_000_000)
def ticks_beside_a_picture(door: Door) -> None:
    """Keyed changes of one box, of an order with a picture of 1 MB."""
    with door.connect() as connection:
        connection.sendall(door.head("GET", f"{ORDERS}?q={FILLED}&limite=1", "Connection: close"))
        order = until_closed(connection).partition(b'"id":')[2].partition(b",")[0].decode()
    with door.connect() as connection:
        for ticked in itertools.cycle(("true", "false")):
            body = f'{{"financeiro":{ticked}}}'
            key = f"Idempotency-Key: {os.urandom(8).hex()}"
            fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", key)
            connection.sendall(door.head("PATCH", f"{ORDERS}{order}", *fields) + body.encode())
            _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.read()


# ---- running them

FILLED = "Faixas"
"""Whose orders those are that an attack needs."""


def fill(door: Door, orders: int, order_bytes: int) -> None:
    """Makes orders of so many bytes. ``door.token`` may write."""
    item = {"descricao": "Faixa", "imagem": "x" * max(0, order_bytes - 500)}
    body = json.dumps({"cliente": FILLED, "items": [item]}).encode()
    with door.connect(60) as connection:
        request = door.head("POST", ORDERS, "Content-Type: application/json", f"Content-Length: {len(body)}") + body
        for _ in range(orders):
            connection.sendall(request)
            _answer(connection)


class Running:
    """An attack in a process of its own, from the ``with`` block's start to its end."""

    def __init__(self, name: str, port: int, *, tls: bool = False, token: str = "") -> None:
        self._command = [sys.executable, "-m", "bench.strangers", name, str(port), *(["--tls"] if tls else [])]
        self._token = token

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "STRANGER_TOKEN": self._token},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{self._command} did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ATTACKS)
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # A proxy knows the stranger's machine by its address; a server alone is to bear it from the others' own.
    source = "127.0.0.2" if options.tls else "127.0.0.1"
    door = Door(options.port, options.tls, os.environ.get("STRANGER_TOKEN", ""), source)

    def run() -> None:
        while True:
            try:
                ATTACKS[options.name].run(door)
            except OSError:
                time.sleep(0.01)

    threading.Thread(target=run, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # its connections end with it


if __name__ == "__main__":
    main()
