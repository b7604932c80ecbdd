"""Frames that no client sends, and bytes that are no HTTP: nobody else notices, memory stays, nothing is printed.

Some hundreds by default; `PEDIDOS_FUZZ=100000 pytest -n 0 tests/security/test_fuzz.py --timeout 3600` for many.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import HANDSHAKE, Stream, frame

pytestmark = pytest.mark.slow

INPUTS = int(os.environ.get("PEDIDOS_FUZZ", "400"))
"""Frames, and as many requests, to each server."""
AT_ONCE = 20
"""Inputs that hypothesis makes up together."""
WARM_UP = 200
"""Inputs after which buffers and caches that are made once have been made."""
GROWTH = 16 * 1024 * 1024
"""Bytes by which the server may grow from then on: what its allocator keeps, not what inputs leave behind."""

FAILURE = re.compile(rb"HTTP/1\.[01] 5(?!01|05)")
"""501 and 505 are of the request: a transfer coding, a version that nobody speaks."""

payloads = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    st.sampled_from(
        (b'{"type":"ping"}', b'{"type":"get_pedidos"}', b'{"type":1}', b"[" * 1000, b"x" * 70_000, b"\x03\xe8")
    ),
)
frames = st.builds(
    frame,
    st.one_of(st.sampled_from((0x0, 0x1, 0x1, 0x2, 0x8, 0x9, 0xA)), st.integers(0, 15)),
    payloads,
    fin=st.sampled_from((True, True, False)),
    rsv=st.sampled_from((0, 0, 0, 1, 4, 7)),
    masked=st.sampled_from((True, True, True, False)),
)
POST = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\n"
WELL_FORMED = (
    f"GET {ORDERS}?limite=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    f"{POST}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
    f"{POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode(),
    f"{POST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode(),
    HANDSHAKE.format(path="/ws/pedidos", more="").encode(),
    b"GET /sse/pedidos HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1-00000000\r\n\r\n",
)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A request with a piece of it replaced."""
    request = draw(st.sampled_from(WELL_FORMED))
    start = draw(st.integers(0, len(request)))
    return request[:start] + draw(st.binary(max_size=12)) + request[start + draw(st.integers(0, 12)) :]


@dataclass
class Target:
    """A server, and how many inputs it got."""

    server: LiveServer
    sent: int = 0
    memory: int = 0
    """Its resident bytes when it was warm."""

    def took(self, count: int) -> None:
        self.sent += count
        if not self.memory and self.sent >= min(WARM_UP, INPUTS // 2):
            self.memory = resident(self.server.pid)


@pytest.fixture
def target(start_server: Callable[..., LiveServer], connect: Callable[..., Stream]) -> Iterator[Target]:
    """Two streams of somebody else's are judged at the end, and what the server did meanwhile."""
    server = start_server()
    streams = [connect(server, "websocket"), connect(server, "sse")]
    for stream in streams:
        stream.expect("connection")
    first = server.create()
    target = Target(server)
    yield target
    assert target.sent >= INPUTS and target.memory
    wait_until(lambda: server.stats()["total_connections"] == len(streams), 20, "fuzzed streams are gone")
    last = server.create()
    for stream in streams:
        stream.until(lambda m: m.get("pedido_id") == last["id"])
        numbers = [int(m["cursor"].split("-")[0]) for m in stream.messages if m["type"] == "pedido_update"]
        assert stream.messages[1]["pedido_id"] == first["id"]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "in order, none missing"
    output = server.output()
    for complaint in ("Traceback", "request failed", "stream failed", "Error handling request", "Socket error"):
        assert complaint not in output, complaint
    assert resident(server.pid) - target.memory < GROWTH


def resident(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def speak(server: LiveServer, data: bytes) -> bytes:
    """Says it, says no more, and hears all that is answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        answer = b""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65_536):
                answer += piece
        return answer


unhurried = settings(
    max_examples=INPUTS // AT_ONCE + 1,
    deadline=None,
    database=None,
    derandomize=INPUTS < 10_000,
    phases=[Phase.generate],  # what was sent is shown; to shrink it would take longer than to find it
    suppress_health_check=list(HealthCheck),
)


def test_frames(target: Target) -> None:
    handshake = HANDSHAKE.format(path="/ws/pedidos", more="").encode()

    @unhurried
    @given(st.lists(frames, min_size=AT_ONCE, max_size=AT_ONCE), st.integers(0, 30))
    def fuzz(some: list[bytes], cut: int) -> None:
        """One connection takes the first few: what is wrong ends it. The rest comes on others."""
        for start in range(0, AT_ONCE, 4):
            data = b"".join(some[start : start + 4])
            answer = speak(target.server, handshake + data[: len(data) - cut])
            assert not answer or answer.startswith(b"HTTP/1.1 101 "), answer[:100]
        target.took(len(some))

    fuzz()


def test_garbage(target: Target) -> None:
    @unhurried
    @given(st.lists(st.one_of(st.binary(max_size=300), spoilt()), min_size=AT_ONCE, max_size=AT_ONCE))
    def fuzz(some: list[bytes]) -> None:
        for data in some:
            answer = speak(target.server, data)
            assert not FAILURE.match(answer), (data, answer[:300])
        target.took(len(some))

    fuzz()
