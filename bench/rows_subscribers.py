"""New subscribers a second beside nginx's nchan, the push server that one would put in front of an application.

Both have one process. nchan's channel keeps one message, so there too a subscriber counts when its first message has
come.
"""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from .clients import Subscribers
from .figures import Figure
from .limit import message
from .measures import alternate, median
from .nginx import NCHAN, nginx
from .processes import Server, cpu_of, free_port
from .rows import Plan, Row

FIRST_MESSAGE = 180
"""Bytes of the message that our server begins a stream with."""
_SERVER = """
nchan_message_buffer_length 1;
server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /publish {{ nchan_publisher; nchan_channel_id pedidos; }}
    location = /ws/pedidos {{ nchan_subscriber websocket; nchan_channel_id pedidos; }}
    location = /sse/pedidos {{ nchan_subscriber eventsource; nchan_channel_id pedidos; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Running:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Opened:
    per_second: float
    """From the first's beginning to the last's first message."""
    cpu: float
    """Of the server, in microseconds for each."""


@contextlib.contextmanager
def nchan() -> Iterator[Running]:
    """nchan with the message that our server begins with. Raises RuntimeError where it is missing."""
    if not NCHAN.exists():
        raise RuntimeError("nchan is missing: apt-get install nginx-light libnginx-mod-nchan")
    port = free_port()
    with nginx(_SERVER.format(port=port), port, f"load_module {NCHAN};") as pid:
        hello = message("connection", 0, size=FIRST_MESSAGE)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/publish", hello, timeout=10).close()
        yield Running(port, pid)


@contextlib.contextmanager
def pedidos() -> Iterator[Running]:
    with Server() as server:
        yield Running(server.port, server.pid)


def _open(target: Callable[[], AbstractContextManager[Running]], transport: str, count: int) -> Opened:
    with target() as running:
        Subscribers(running.port, max(1, count // 20), transport).close()  # what happens once
        cpu = cpu_of(running.pid)
        with Subscribers(running.port, count, transport) as subscribers:
            took = max(cpu_of(running.pid) - cpu, 0.01)  # the clock's tick
            return Opened(count / subscribers.seconds, took / count * 1e6)


def subscribers(plan: Plan) -> list[Figure]:
    count = plan.of(5000, 100)
    figures = []
    for transport in ("websocket", "sse"):
        found = alternate(
            plan.rounds,
            lambda text, transport=transport: plan.say(f"{transport}: {text}"),
            Pedidos=partial(_open, pedidos, transport, count),
            nchan=partial(_open, nchan, transport, count),
        )
        rate = {name: median([run.per_second for run in runs]) for name, runs in found.items()}
        cpu = {name: median([run.cpu for run in runs]) for name, runs in found.items()}
        what, beside = f"new {transport} subscribers", "nchan"
        figures += [
            Figure(what, rate["Pedidos"], "/s", 1.0, True, rate["nchan"], beside, str(found)),
            Figure(f"{what}, CPU of the server for each", cpu["Pedidos"], "µs", None, False, cpu["nchan"], beside),
        ]
    return figures


ROWS = [Row("subscribers", "new subscribers a second beside nginx's nchan", subscribers)]
