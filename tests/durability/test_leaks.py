"""Ten thousand streams come and go, and nothing is left of them; ten thousand stay, and each costs little."""

from __future__ import annotations

import json
import os
import random
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.idle_clients import REQUESTS, source
from tests.support.live_server import REPOSITORY, LiveServer, wait_until
from tests.support.process import KIB, MIB, open_files, resident_bytes
from tests.support.stream_clients import CLOSE, frame

HERE = Path(__file__).resolve().parent
STREAMS = 10_000
AT_ONCE = 100
MOST_PER_SUBSCRIBER = 6 * KIB

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def census(server: LiveServer) -> Counter[str]:
    """How many objects of each type are alive in the server."""
    since = server.output_size()
    os.kill(server.pid, signal.SIGRTMIN)

    def line() -> str | None:
        server.get("/ws/stats")  # a loop that sleeps looks after signals when it wakes up
        found = re.search(r"^CENSUS (.*)$\n", server.output(since), re.MULTILINE)
        return found and found[1]

    return Counter(json.loads(wait_until(line, 20, "the census")))


class Visitor:
    """One stream: opens, hears its first message or not, and ends in one of many ways."""

    ENDS = ("close frame", "end", "reset", "reset before the answer", "half a request", "close from both sides")

    def __init__(self, port: int, number: int, dice: random.Random) -> None:
        transport = ("websocket", "sse")[number % 2]
        self._how = dice.choice(self.ENDS[1:] if transport == "sse" else self.ENDS)
        self._heard = b""
        self.socket = socket.create_connection(("127.0.0.1", port), 60, source(number))
        request = REQUESTS[transport].encode()
        self.socket.sendall(request[: len(request) // 2] if self._how == "half a request" else request)

    def hear(self) -> bool:
        """Takes in what has come; True when it has left."""
        if self._how in ("reset before the answer", "half a request"):
            return self._leave(reset=self._how.startswith("reset"))
        piece = b""
        with suppress(ConnectionError):
            piece = self.socket.recv(65536)
        self._heard += piece
        if not piece:
            return self._leave(reset=False)
        if b'"connection"' not in self._heard:
            return False
        if self._how == "close frame":
            if self._heard:
                self.socket.sendall(frame(CLOSE, b"\x03\xe8"))
                self._heard = b""
            return False  # the server answers, and ends the connection
        if self._how == "close from both sides":
            self.socket.shutdown(socket.SHUT_WR)
        return self._leave(reset=self._how == "reset")

    def _leave(self, *, reset: bool) -> bool:
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        return True


def visit(server: LiveServer, count: int) -> None:
    """So many streams come and go, some at a time; returns when the server knows that all are gone."""
    dice = random.Random(count)
    started = 0
    with selectors.DefaultSelector() as selector:
        while started < count or selector.get_map():
            while started < count and len(selector.get_map()) < AT_ONCE:
                visitor = Visitor(server.port, started, dice)
                hasty = visitor._how in ("reset before the answer", "half a request")
                events = selectors.EVENT_WRITE if hasty else selectors.EVENT_READ
                selector.register(visitor.socket, events, visitor)
                started += 1
            ready = selector.select(30)
            assert ready, f"{len(selector.get_map())} streams have heard nothing for 30 s"
            for key, _ in ready:
                if key.data.hear():
                    selector.unregister(key.fileobj)
    wait_until(lambda: server.stats()["total_connections"] == 0, 30, "the last stream's end")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_nothing_is_left_of_ten_thousand_streams(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(PYTHONPATH=f"{REPOSITORY}{os.pathsep}{HERE / 'census'}", PEDIDOS_LOG_LEVEL="WARNING")
    server.create()
    visit(server, 500)
    server.http.close()
    before, files, memory = census(server), open_files(server.pid), resident_bytes(server.pid)

    visit(server, STREAMS)
    server.http.close()
    after = census(server)
    print(
        f"{STREAMS} streams: files {files} → {open_files(server.pid)}, objects {before.total()} → {after.total()}, "
        f"memory {memory / MIB:.1f} → {resident_bytes(server.pid) / MIB:.1f} MiB"
    )
    wait_until(lambda: open_files(server.pid) <= files + 5, 20, "file descriptors as before")
    grown = {kind: (before[kind], after[kind]) for kind in after if after[kind] > before[kind] + 100}
    assert not grown, "more than 100 of 10,000 are still alive"
    assert resident_bytes(server.pid) < memory + 10 * MIB
    stats = server.stats()
    assert (stats["blocked"], stats["closing"], stats["replaying"]) == (0, 0, 0)
    assert "Traceback" not in server.output(), "a client that vanishes is no error of ours"


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(("kind", "transport"), [("embedded", "websocket"), ("gunicorn", "sse")])
def test_the_memory_of_an_idle_subscriber(start_server: Callable[..., LiveServer], transport: str) -> None:
    """In a fresh process, ten thousand of them."""
    server = start_server(PEDIDOS_LOG_LEVEL="WARNING")
    with idle_clients(server, 100, transport):  # what the first ones bring along is not theirs
        pass
    wait_until(lambda: server.stats()["total_connections"] == 0, 30)
    before = resident_bytes(server.pid)
    with idle_clients(server, STREAMS, transport):
        assert server.stats()["total_connections"] == STREAMS
        each = (resident_bytes(server.pid) - before) / STREAMS
        print(f"{each / KIB:.1f} KiB for each of {STREAMS} idle subscribers over {transport}, {server.kind}")
        assert each <= MOST_PER_SUBSCRIBER
        assert server.create()["id"], "and HTTP is served beside them"


@contextmanager
def idle_clients(server: LiveServer, count: int, transport: str) -> Iterator[None]:
    """So many streams in a process of their own, for as long as the block runs."""
    command = [sys.executable, "-m", "tests.support.idle_clients", str(server.port), str(count), transport]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as clients:
        assert clients.stdin is not None and clients.stdout is not None
        try:
            assert clients.stdout.readline() == b"ready\n"
            yield
        finally:
            clients.stdin.close()
