"""Rows about streams: fan-out beside the bare limit, and what a subscriber costs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

from .clients import Requests, Subscribers, Tally
from .figures import Figure
from .measures import Flood, Latency, OneWriter, alternate, flood, follow, median, one_at_a_time, percentile
from .processes import ORDERS, BareLimit, Server, Target
from .rows import Plan, Row

BARE = "bare limit"
TRANSPORTS = ("websocket", "sse")


def _latency(kind: Callable[[], Target], count: int, writes: int, transport: str = "websocket") -> Latency:
    with kind() as target:
        return one_at_a_time(target, count, writes, transport)


def _flood(
    kind: Callable[[], Target],
    count: int,
    writers: int,
    writes: int,
    transport: str = "websocket",
    *,
    plain: bool = False,
) -> Flood:
    with kind() as target:
        return flood(target, count, writers, writes, transport, plain=plain)


def _all_last(runs: list[Latency]) -> list[float]:
    return [value for run in runs for value in run.last]


def _faults(tallies: list[Tally], what: str) -> Figure:
    total = sum(tally.faults for tally in tallies)
    return Figure(f"lost, repeated or cut, {what}", total, "deliveries", 0, note=str(tallies))


def latency_1000(plan: Plan) -> list[Figure]:
    count, writes = plan.of(1000, 5), plan.of(200, 20)  # so many that the first, on cold caches, is not the p99
    runs = alternate(
        plan.rounds,
        plan.say,
        bare_limit=partial(_latency, BareLimit, count, writes),
        server=partial(_latency, Server, count, writes),
    )
    ours, bare = _all_last(runs["server"]), _all_last(runs["bare_limit"])
    what = f"last of {count:,} WebSocket subscribers"
    return [
        Figure(f"{what}, p50", median(ours), "ms", 1.3, beside=median(bare), beside_what=BARE),
        Figure(f"{what}, p99", percentile(ours, 0.99), "ms", 1.6, beside=percentile(bare, 0.99), beside_what=BARE),
        _faults([run.tally for run in runs["server"]], what),
    ]


def flood_1000(plan: Plan, *, plain: bool = False) -> list[Figure]:
    count = plan.of(1000, 5)

    def run(kind: type[Target], writers: int, writes: int) -> partial[Flood]:
        return partial(_flood, kind, count, writers, plan.of(writes, 64), plain=plain)

    runs = alternate(
        plan.rounds,
        plan.say,
        bare_limit_with_4_writers=run(BareLimit, 4, 800),
        server_with_4_writers=run(Server, 4, 4000),
        server_with_32_writers=run(Server, 32, 10_000),
    )
    rate = {name: median([run.deliveries_per_second for run in found]) for name, found in runs.items()}
    bare = rate["bare_limit_with_4_writers"]
    kind = "plain subscribers" if plain else "subscribers"
    figures = []
    for writers, goal in ((32, 5.0), (4, 1.3)):
        found = runs[f"server_with_{writers}_writers"]
        note = (
            f"writes/s {[round(run.writes_per_second) for run in found]}, µs of CPU each {[run.cpu for run in found]}"
        )
        value = rate[f"server_with_{writers}_writers"]
        share = median([run.client_cpu for run in found]) * 100
        most = median([run.deliveries_per_second / max(run.client_cpu, 0.01) for run in found])
        what = f"deliveries to {count:,} {kind}, {writers} writers"
        figures += [
            Figure(what, value, "/s", goal, True, bare, f"{BARE}, 4 writers", note),
            Figure(f"what these {kind} take, {writers} writers", share, "% of a core"),
            Figure(f"what they could take with all of it, {writers} writers", most, "/s"),
        ]
    return [*figures, _faults([run.tally for name in runs if "server" in name for run in runs[name]], "same runs")]


def joined(plan: Plan) -> list[Figure]:
    """Why deliveries outgrow the bare limit: under load, one system call carries several events, and one
    transaction several writes."""
    count = plan.of(1000, 5)
    figures = []
    for writers in (1, 4, 32):
        plan.say(f"{writers} writers")
        with Server() as target:
            run = flood(target, count, writers, plan.of(2000, 64))
            stats, _ = target.call("GET", "/ws/stats")
            target.stop()  # each stream has its line in the log now, with how many writes of events it took
            calls = sum(int(found) for found in re.findall(r"stream closed.*\bwrites=(\d+)", target.output()))
        what = f"{count:,} subscribers, {writers} writer{'s' if writers > 1 else ''}"
        figures += [
            Figure(f"events per send, {what}", run.tally.deliveries / calls, ""),
            Figure(f"writes per transaction, {what}", stats["writes"] / max(1, stats["transactions"]), ""),
            Figure(f"CPU of the server per delivery, {what}", run.cpu, "µs"),
        ]
    return figures


def acknowledgement(plan: Plan) -> list[Figure]:
    counts, writes = (0, plan.of(1000, 5), plan.of(10_000, 10)), plan.of(100, 20)
    runs = alternate(
        plan.rounds,
        plan.say,
        **{f"{count}_subscribers": partial(_latency, Server, count, writes) for count in counts},
    )
    p50 = {count: median([ms for run in runs[f"{count}_subscribers"] for ms in run.answered]) for count in counts}
    return [
        Figure(
            f"a write's answer with {count:,} subscribers, p50: grown by",
            p50[count] - p50[0],
            "ms",
            2.0,
            note=f"{p50[count]:.2f} ms; without subscribers {p50[0]:.2f} ms",
        )
        for count in counts[1:]
    ]


def latency_10000(plan: Plan) -> list[Figure]:
    count, writes = plan.of(10_000, 10), plan.of(40, 10)
    reads: list[float] = []

    def server() -> Latency:
        latency = Latency()
        with Server() as target, Subscribers(target.port, count) as subscribers:
            time.sleep(0.5)
            follow(target, subscribers, writes, latency)
            # The reads in a second pass: they must not lengthen what the first one measures.
            subscribers.head += writes
            readers = Requests(target.port, "GET", ORDERS + "1", count=100_000, rate=50, connections=10)
            follow(target, subscribers, writes, Latency())
            reads.extend(readers.stop().latencies)
            latency.tally = subscribers.close()
        return latency

    runs = alternate(plan.rounds, plan.say, bare_limit=partial(_latency, BareLimit, count, writes), server=server)
    ours, bare = _all_last(runs["server"]), _all_last(runs["bare_limit"])
    what = f"last of {count:,} WebSocket subscribers"
    return [
        Figure(f"{what}, p50", median(ours), "ms", 1.3, beside=median(bare), beside_what=BARE),
        Figure(f"{what}, p50, by itself", median(ours), "ms", 100),
        Figure(f"GET of an order meanwhile, p99 of {len(reads):,}", percentile(reads, 0.99), "ms", 20),
        _faults([run.tally for run in runs["server"]], what),
    ]


def sse(plan: Plan) -> list[Figure]:
    count, writes, many = plan.of(1000, 5), plan.of(100, 20), plan.of(3000, 64)
    late = alternate(
        plan.rounds,
        plan.say,
        websocket=partial(_latency, Server, count, writes, "websocket"),
        sse=partial(_latency, Server, count, writes, "sse"),
    )
    fast = alternate(
        plan.rounds,
        plan.say,
        websocket=partial(_flood, Server, count, 32, many, "websocket"),
        sse=partial(_flood, Server, count, 32, many, "sse"),
    )
    p50 = {name: median(_all_last(runs)) for name, runs in late.items()}
    rate = {name: median([run.deliveries_per_second for run in runs]) for name, runs in fast.items()}
    what, beside = f"{count:,} SSE subscribers", "WebSocket"
    return [
        Figure(f"last of {what}, p50", p50["sse"], "ms", 1.2, beside=p50["websocket"], beside_what=beside),
        Figure(
            f"deliveries to {what}, 32 writers",
            rate["sse"],
            "/s",
            1 / 1.2,
            True,
            rate["websocket"],
            beside_what=beside,
        ),
        _faults([run.tally for run in fast["sse"]], what),
    ]


def memory(plan: Plan) -> list[Figure]:
    count = plan.of(10_000, 500)
    figures = []
    for transport in TRANSPORTS:
        plan.say(transport)
        with Server() as target:
            before = target.memory()
            with Subscribers(target.port, count, transport):
                time.sleep(plan.seconds(2.5))
                kib = (target.memory() - before) / count / 1024
        what = f"memory of an idle subscriber, {transport}, {count:,} on a fresh process"
        figures.append(Figure(what, kib, "KiB", 4.0))
    return figures


def idle(plan: Plan) -> list[Figure]:
    count, seconds = plan.of(10_000, 100), plan.seconds(60.0)
    figures = []
    for transport in TRANSPORTS:
        plan.say(f"{transport}, {seconds:.0f} s")
        with Server() as target, Subscribers(target.port, count, transport):
            time.sleep(plan.seconds(3))
            before = target.cpu()
            time.sleep(seconds)
            percent = (target.cpu() - before) / seconds * 100
        figures.append(Figure(f"CPU of {count:,} idle subscribers, {transport}", percent, "% of a core", 3.0))
    return figures


def reconnect(plan: Plan) -> list[Figure]:
    """All at once after a restart, each with the cursor that it had 200 events ago."""
    count, missed = plan.of(5000, 50), 200
    seconds, tallies = [], []
    for round_ in range(plan.rounds):
        plan.say(f"round {round_ + 1} of {plan.rounds}")
        with Server() as target:
            cursor = target.cursor()
            writer = OneWriter(target.port)
            for _ in range(missed):
                writer.change()
            writer.close()
            target.stop()
            target.start()
            with Subscribers(target.port, count, cursor=cursor, at_once=count) as subscribers:
                arrival = subscribers.wait_for(subscribers.head + missed)
                seconds.append((arrival.last - subscribers.first_begun) / 1e9)
                tallies.append(subscribers.close())
    what = f"{count:,} reconnect after a restart, {missed} events missed each"
    return [Figure(f"{what}: all caught up", median(seconds), "s", 4.0, note=str(seconds)), _faults(tallies, what)]


ROWS = [
    Row("latency-1000", "the last of 1,000 WebSocket subscribers, one write at a time", latency_1000),
    Row("flood", "deliveries a second to 1,000 subscribers, 32 and 4 writers", flood_1000),
    Row(
        "flood-plain",
        "the same, with writers in Python and subscribers that read every byte",
        partial(flood_1000, plain=True),
    ),
    Row("joined", "events per system call and writes per transaction, with 1, 4 and 32 writers", joined),
    Row("acknowledgement", "a write's answer with 0, 1,000 and 10,000 subscribers", acknowledgement),
    Row("latency-10000", "the last of 10,000 WebSocket subscribers, and reads meanwhile", latency_10000),
    Row("sse", "SSE beside WebSocket", sse),
    Row("memory", "memory of an idle subscriber, both transports", memory),
    Row("idle", "CPU of 10,000 idle subscribers with heartbeats", idle),
    Row("reconnect", "5,000 that reconnect with a cursor after a restart", reconnect),
]
