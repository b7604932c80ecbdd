"""The steps of one write, from its first byte at the server to the last subscriber's send, with nothing else to do.

    python -m bench.timeline [--subscribers N] [--writes N]

Medians in microseconds. The server runs in a process that notes the clock where one step ends and the next begins,
which adds a microsecond or two to each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .measures import median, one_at_a_time
from .processes import Server

STEPS = (
    ("read", "parsed", "the request: line, head, environment"),
    ("parsed", "submitted", "guard, schema, headers"),
    ("submitted", "begun", "to the writer's thread"),
    ("begun", "written", "the transaction's statements"),
    ("written", "committed", "COMMIT: the WAL and an fsync"),
    ("committed", "woken", "back to the loop"),
    ("woken", "answered", "the answer, and its line in the log"),
    ("answered", "sending", "to the first send"),
    ("sending", "sent", "sends to all subscribers"),
)
COLD = 20
"""Writes that do not count."""

Mark = tuple[str, float]


def serve(notes: Path, arguments: Sequence[str]) -> None:
    """The server, which leaves its marks in ``notes`` when it ends."""
    from gevent import monkey

    monkey.patch_all()
    from pedidos_server.cli import main as cli
    from pedidos_server.server import handler
    from pedidos_server.storage import writer
    from pedidos_server.storage.sqlite import batch
    from pedidos_server.stream import fanout, hub

    marks: list[Mark] = []

    def note(owner: type, method: str, *, before: str = "", after: str = "") -> None:
        function: Callable[..., Any] = getattr(owner, method)

        def noted(*args: Any, **options: Any) -> Any:
            if before:
                marks.append((before, time.perf_counter()))
            result = function(*args, **options)
            if after:
                marks.append((after, time.perf_counter()))
            return result

        setattr(owner, method, noted)

    note(handler.Handler, "read_requestline", after="read")
    note(handler.Handler, "get_environ", after="parsed")
    note(writer.Writer, "submit", before="submitted")
    note(writer.Writer, "_commit", before="begun", after="committed")
    note(batch._Batch, "store", after="written")
    note(hub.Hub, "publish", before="woken")
    note(handler.Handler, "_sendall", after="answered")
    note(fanout.Fanout, "_send", before="sending", after="sent")
    try:
        cli.main(arguments)
    finally:
        notes.write_text(json.dumps(marks), "utf-8")


def steps(marks: Sequence[Mark]) -> list[dict[str, float]]:
    """For each write the time of each mark: of the first send the beginning, of all else the end that came last."""
    writes: list[dict[str, float]] = []
    for name, when in marks:
        if name == "read":
            writes.append({})
        if writes and not (name == "sending" and name in writes[-1]):
            writes[-1][name] = when
    names = {name for start, end, _ in STEPS for name in (start, end)}
    return [write for write in writes if names <= write.keys()]


def measure(subscribers: int, count: int) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "marks.json")
        server = Server()
        server.command = [sys.executable, "-m", "bench.timeline", "--notes", str(notes), *server.command[3:]]
        with server:
            one_at_a_time(server, subscribers, count + COLD)
        return steps(json.loads(notes.read_text("utf-8")))[COLD:]


def main() -> None:
    if sys.argv[1:2] == ["--notes"]:
        serve(Path(sys.argv[2]), sys.argv[3:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench.timeline", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--subscribers", type=int, default=1000, help="default %(default)s")
    parser.add_argument("--writes", type=int, default=300, help="default %(default)s")
    options = parser.parse_args()
    few = 1  # with none there is no send
    columns = [measure(count, options.writes) for count in (few, options.subscribers)]
    print(f"| µs, median of {options.writes} writes | {few} subscriber | {options.subscribers:,} subscribers |")
    print("|---|---|---|")
    for start, end, what in STEPS:
        values = (median([write[end] - write[start] for write in writes]) * 1e6 for writes in columns)
        print("| " + " | ".join([what, *(f"{value:,.0f}" for value in values)]) + " |")


if __name__ == "__main__":
    main()
