"""An hour of a shop's day: whether the server's memory, descriptors and WAL level off.

20 subscribers, 80 changes and 20 pages a second; a line each minute.

    python -m bench.soak --minutes 60
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .clients import Requests, Subscribers, send
from .measures import CHANGED
from .processes import ORDER, ORDERS, Server

ORDERS_AT_START = 2_000
WRITES_PER_SECOND, READS_PER_SECOND = 80, 20


class Sample(NamedTuple):
    minute: float
    memory_mb: float
    wal_mb: float
    descriptors: int
    cpu_percent: float
    """Of one core, since the last sample."""


def soak(minutes: float, every_seconds: float = 60.0) -> Iterator[Sample]:
    """Raises RuntimeError where an event was lost, repeated or cut, or a request failed."""
    seconds = minutes * 60
    with Server() as server, Subscribers(server.port, 20) as subscribers:
        body = json.dumps({**ORDER, "observacao": "@"})
        send(server.port, "POST", ORDERS, count=ORDERS_AT_START, body=body, connections=8)
        load = (
            Requests(
                server.port,
                "PATCH",
                CHANGED,
                count=int(WRITES_PER_SECOND * seconds * 2),
                body='{"observacao":"@"}',
                connections=15,
                rate=WRITES_PER_SECOND,
            ),
            Requests(
                server.port,
                "GET",
                f"{ORDERS}?limite=50",
                count=int(READS_PER_SECOND * seconds * 2),
                connections=5,
                rate=READS_PER_SECOND,
            ),
        )
        started, cpu = time.monotonic(), server.cpu()
        while (now := time.monotonic()) - started < seconds:
            time.sleep(min(every_seconds, started + seconds - now))
            cpu, before = server.cpu(), cpu
            yield Sample(
                (time.monotonic() - started) / 60,
                server.memory() / 1e6,
                os.path.getsize(f"{server.database}-wal") / 1e6,
                len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
                (cpu - before) / every_seconds * 100,
            )
        for requests in load:
            requests.stop()
        if faults := subscribers.close().faults:
            raise RuntimeError(f"{faults} deliveries lost, repeated or cut")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    options = parser.parse_args()
    print("| minute | memory MB | WAL MB | descriptors | CPU % |\n|---|---|---|---|---|")
    for sample in soak(options.minutes, min(60.0, options.minutes * 20)):
        print(
            f"| {sample.minute:.2f} | {sample.memory_mb:.0f} | {sample.wal_mb:.1f} | {sample.descriptors} "
            f"| {sample.cpu_percent:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
