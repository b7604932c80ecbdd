"""What the sends of one change cost by themselves: a loop's and io_uring's, while the clients read or are held.

    python -m bench.sends [--subscribers N] [--rounds N]

Medians in microseconds: of all the sends, and from their beginning to the last arrival; where the clients are held,
from the end of the sends.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pedidos_server.stream.io_uring import ENTRIES, open_ring

from .clients import Subscribers
from .limit import SWITCH, frame, message
from .measures import median

PAUSE = 0.003
"""Seconds in which both ends come to rest."""

Send = Callable[[bytes], object]


def open_streams(count: int) -> tuple[Subscribers, list[socket.socket]]:
    """The subscribers, and our end of each of their streams."""
    sockets = []
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, ThreadPoolExecutor(1) as pool:
        opening = pool.submit(Subscribers, listener.getsockname()[1], count)
        for _ in range(count):
            stream, _ = listener.accept()
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.recv(65536)
            stream.send(SWITCH + frame(message("connection", 0)))
            sockets.append(stream)
        return opening.result(), sockets


def ways_to_send(sockets: list[socket.socket]) -> dict[str, Send]:
    def loop(data: bytes) -> None:
        for stream in sockets:
            stream.send(data)

    ways: dict[str, Send] = {"a loop of send": loop}
    ring = open_ring()
    if ring is not None:
        descriptors = [stream.fileno() for stream in sockets]

        def at_once(data: bytes) -> None:
            for start in range(0, len(descriptors), ENTRIES):
                ring.send(data, descriptors[start : start + ENTRIES])

        ways["io_uring"] = at_once
    return ways


def measure(count: int, rounds: int) -> dict[tuple[str, bool], list[tuple[int, int]]]:
    """By way and by whether the clients are held: nanoseconds of the sends, and till the last arrival."""
    found: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    subscribers, sockets = open_streams(count)
    with subscribers:
        ways = ways_to_send(sockets)
        number = 0
        for held in (False, True):
            for _ in range(rounds):
                for name, send in ways.items():
                    number += 1
                    data = frame(message("pedido_update", number))
                    if held:
                        os.kill(subscribers.pid, signal.SIGSTOP)
                    try:
                        time.sleep(PAUSE)
                        began = time.monotonic_ns()
                        send(data)
                        sent = time.monotonic_ns()
                    finally:
                        if held:
                            os.kill(subscribers.pid, signal.SIGCONT)
                    last = subscribers.wait_for(number).last
                    found.setdefault((name, held), []).append((sent - began, last - (sent if held else began)))
    for stream in sockets:
        stream.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sends", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--subscribers", type=int, default=1000, help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=200, help="default %(default)s")
    options = parser.parse_args()
    print(f"| µs, median of {options.rounds}, {options.subscribers:,} subscribers | the sends | the last arrival |")
    print("|---|---|---|")
    for (name, held), times in measure(options.subscribers, options.rounds).items():
        sends, arrival = (median(column) / 1e3 for column in zip(*times, strict=True))
        clients = "held till all is sent, then read" if held else "read meanwhile"
        print(f"| {name}; the clients {clients} | {sends:,.0f} | {'+' if held else ''}{arrival:,.0f} |")


if __name__ == "__main__":
    main()
