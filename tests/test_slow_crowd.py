"""Many that fall far behind while others write as fast as they can: nobody is cut, nothing is lost or repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from bench.clients import Subscribers, send
from tests.support.checks import need_load_clients, position
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import TRANSPORTS

pytestmark = [pytest.mark.slow, pytest.mark.timing]  # alone: the kernel's memory for TCP is everybody's

EACH = 100
"""Streams of each transport."""
FAR_BEHIND = 6_000
"""Events. The server has handed over some 300 more than were read: to the kernel, and as the write under way."""
AT_MOST = 22_000
"""Events that may be written for that: all of them fit into the 32 MB that are kept in memory."""
WRITES = 500
"""As many at a time."""
TEXT = "x" * 700
"""Makes an event of 1.5 KB, and 6,000 of them far more than the kernel holds for a stream."""


def test_a_crowd_that_falls_far_behind_is_not_cut_and_gets_every_event_once(
    start_server: Callable[..., LiveServer],
) -> None:
    """With the default settings: what is judged is how many events are kept in memory. How far they fall behind is
    counted in events, whatever the machine's speed."""
    need_load_clients()
    server = start_server()
    path = f"{ORDERS}{server.create()['id']}"
    body = json.dumps({"observacao": f"@ {TEXT}"})
    start = newest = position(server.cursor())
    with ExitStack() as stack:
        crowds = [stack.enter_context(Subscribers(server.port, EACH, transport)) for transport in TRANSPORTS]
        for crowd in crowds:
            crowd.slow()
        while newest - max(crowd.reached for crowd in crowds) < FAR_BEHIND:
            assert newest - start < AT_MOST, "they read faster than this machine writes"
            send(server.port, "PATCH", path, body=body, connections=32, count=WRITES)
            newest += WRITES
        behind = server.stats()
        for crowd in crowds:
            crowd.slow(False)
        wait_until(
            lambda: min(crowd.reached for crowd in crowds) == newest or server.stats()["slow_clients_cut"],
            60,
            "all have the newest event",
        )
        caught_up = server.stats()
        tallies = [crowd.close() for crowd in crowds]

    assert caught_up["slow_clients_cut"] == 0, f"cut: {tallies}"
    assert behind["blocked"] == len(crowds) * EACH, "their sockets took all that came"
    assert caught_up["total_connections"] == len(crowds) * EACH
    assert position(server.cursor()) == newest
    for tally in tallies:
        assert tally.faults == 0, tally
        assert tally.deliveries == EACH * (newest - start), tally
