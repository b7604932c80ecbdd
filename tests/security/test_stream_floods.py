"""What somebody who was let in sends on streams without end: others hardly notice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from doors import Doors
from live_server import LiveServer, wait_until

STREAMS = 20
SECONDS = 3.0
MIB = 1024 * 1024
FLOODS = {
    "pings": b"\x89\x80key!",
    "pongs": b"\x8a\x80key!",
    "empty fragments": b"\x00\x80key!",
    "questions": b"\x81\x9c\0\0\0\0" + b'{"type":"get_pedidos"}'.ljust(28),
}
ATTACKER = """
import select, socket, sys
port, flood, token = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3].encode()
request = (
    b"GET /ws/pedidos HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n"
    b"Authorization: Bearer " + token + b"\\r\\n\\r\\n"
)
streams = []
def stream():
    try:
        sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        sock.sendall(request)
        sock.recv(4096)
        if flood[0] == 0:
            sock.sendall(b"\\x01\\x80key!")
        sock.setblocking(False)
        streams.append(sock)
    except OSError:
        pass
for _ in range(20):
    stream()
print("ready", flush=True)
while True:
    for sock in select.select([], streams, [], 1)[1]:
        try:
            sock.send(flood * 5000)
        except BlockingIOError:
            pass
        except OSError:
            streams.remove(sock)
            sock.close()
            stream()
"""


@contextmanager
def flooded(doors: Doors, flood: bytes) -> Iterator[None]:
    """While another process sends this on twenty streams, and opens a new one for each that is closed."""
    command = [sys.executable, "-c", ATTACKER, str(doors.server.port), flood.hex(), doors.tokens["leitura"]]
    attacker = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert attacker.stdout is not None
        attacker.stdout.readline()
        yield
    finally:
        attacker.kill()
        attacker.wait(10)
        attacker.stdout.close()


def resident(server: LiveServer) -> int:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("kind", ["embedded"])
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_frames_without_end(new_doors: Callable[..., Doors], flood: bytes) -> None:
    """The streams have left the WSGI server, whichever it was."""
    doors = new_doors()
    server = doors.server
    order_id = server.create()["id"]
    stream = doors.stream("websocket", doors.header("admin"))
    stream.expect("connection")
    before = resident(server)
    took = []
    with flooded(doors, flood):
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            began = time.monotonic()
            versao = server.change(order_id, observacao=f"{began}")["versao"]
            stream.until(lambda message, versao=versao: message.get("versao") == versao)
            took.append(time.monotonic() - began)
            time.sleep(0.01)
    grown = resident(server) - before
    stream.close()
    wait_until(lambda: server.stats()["total_connections"] == 0, 20)
    took.sort()
    print(f"{len(took)} changes, median {took[len(took) // 2]:.3f} s, longest {took[-1]:.3f} s")
    assert took[len(took) * 9 // 10] < 3 * 0.05  # of so few, the last tenth is what else this machine does
    assert took[-1] < 2
    assert grown < 30 * MIB
