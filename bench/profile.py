"""Where the server's time goes: its stacks, sampled by py-spy while a load runs, and summed by part.

    pip install py-spy
    python -m bench.profile [--seconds 10] [writes|fan-out|connects]

The share is of the samples in which a thread did something. A sample belongs to the innermost part that its stack
goes through; what C code does (SQLite, the kernel) counts for the line of Python that called it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from .clients import Requests, Subscribers
from .measures import CHANGED
from .processes import Server, Target

PARTS = (
    ("the log line", ("/logging/", "pedidos_server/logs.py")),
    (
        "schemas (pydantic, flask-openapi3)",
        ("/pydantic", "/flask_openapi3/", "pedidos_server/domain/fields.py", "pedidos_server/domain/order.py"),
    ),
    ("Flask and Werkzeug", ("/flask/", "/werkzeug/", "/flask_sock/", "/flask_cors/", "/blinker/")),
    ("the HTTP server", ("gevent/pywsgi.py", "pedidos_server/server/")),
    (
        "the transaction: SQLite, fsync",
        ("pedidos_server/storage/", "pedidos_server/domain/commands.py"),
    ),
    (
        "streams",
        ("pedidos_server/stream/",),
    ),
    ("routes, guard, edge", ("pedidos_server/web/", "pedidos_server/app.py")),
    ("gevent's loop, sockets and threads", ("/gevent/",)),
)
REST = "the rest"
_WAITS = re.compile(r"acquire_with_timeout \([^;]*\)$")
"""A thread of gevent's pool without work, which py-spy takes for busy."""


def writes(target: Target, stop: threading.Event) -> None:
    with Subscribers(target.port, 20):
        _change(target, 32, stop)


def fan_out(target: Target, stop: threading.Event) -> None:
    with Subscribers(target.port, 1000):
        _change(target, 4, stop)


def connects(target: Target, stop: threading.Event) -> None:
    while not stop.is_set():
        Subscribers(target.port, 500).close()


LOADS: dict[str, Callable[[Target, threading.Event], None]] = {
    "writes": writes,
    "fan-out": fan_out,
    "connects": connects,
}


def _change(target: Target, connections: int, stop: threading.Event) -> None:
    requests = Requests(
        target.port, "PATCH", CHANGED, count=10_000_000, body='{"observacao":"@"}', connections=connections
    )
    stop.wait()
    requests.stop()


def part(stack: str) -> str:
    """The part that a collapsed stack (outermost frame first, ``;`` between) was in."""
    for frame in reversed(stack.split(";")):
        for name, signs in PARTS:
            if any(sign in frame for sign in signs):
                return name
    return REST


def profile(load: str, seconds: int) -> Counter[str]:
    """Samples by part. Raises CalledProcessError where py-spy may not look into the server."""
    stop = threading.Event()
    with Server() as target, tempfile.TemporaryDirectory() as folder:
        work = threading.Thread(target=LOADS[load], args=(target, stop))
        work.start()
        stacks = Path(folder, "stacks")
        spy = ["py-spy", "record", "--pid", str(target.pid), "--duration", str(seconds), "--rate", "200"]
        try:
            subprocess.run(
                [*spy, "--full-filenames", "--format", "raw", "--output", stacks], check=True, capture_output=True
            )
        finally:
            stop.set()
            work.join()
        found: Counter[str] = Counter()
        for line in stacks.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            if not _WAITS.search(stack):
                found[part(stack)] += int(count)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("loads", nargs="*", choices=[*LOADS, []], metavar="|".join(LOADS), help="default: all")
    parser.add_argument("--seconds", type=int, default=10, help="of sampling for each (default %(default)s)")
    options = parser.parse_args()
    if shutil.which("py-spy") is None:
        sys.exit("py-spy is missing: pip install py-spy")
    loads = options.loads or list(LOADS)
    found = {load: profile(load, options.seconds) for load in loads}
    print("| " + " | ".join(["part of the server's time", *loads]) + " |")
    print("|---" * (len(loads) + 1) + "|")
    for name in (*(name for name, _ in PARTS), REST):
        shares = (f"{found[load][name] / max(1, found[load].total()):.0%}" for load in loads)
        print("| " + " | ".join([name, *shares]) + " |")


if __name__ == "__main__":
    main()
