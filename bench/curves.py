"""How latency and throughput grow from 20 to 10,000 subscribers: measured, and drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from .chart import Line, Panel, page
from .measures import flood, median, one_at_a_time
from .processes import BareLimit, Server, Target
from .rows import Plan

COUNTS = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
WRITERS = 32
DELIVERIES = 3_000_000
"""About as many make one point of throughput."""


@dataclass(slots=True)
class Curve:
    """One line of both panels: per number of subscribers, the last one's p50 in ms, and deliveries a second."""

    name: str
    counts: list[int] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


KINDS: tuple[tuple[str, Callable[[], Target], str], ...] = (
    ("WebSocket", Server, "websocket"),
    ("SSE", Server, "sse"),
    ("bare limit", BareLimit, "websocket"),
)


def measure(plan: Plan) -> list[Curve]:
    curves = [Curve(name) for name, _, _ in KINDS]
    for count in sorted({plan.of(full, 5) for full in COUNTS}):
        for (name, kind, transport), curve in zip(KINDS, curves, strict=True):
            plan.say(f"{count:,} subscribers, {name}")
            writes = min(plan.of(4000, WRITERS), max(WRITERS, plan.of(DELIVERIES) // count))
            with kind() as target:
                late = one_at_a_time(target, count, plan.of(max(30, 10_000 // count), 10), transport)
            with kind() as target:  # the bare limit keeps those that have left
                fast = flood(target, count, WRITERS, writes, transport)
            curve.counts.append(count)
            curve.last_ms.append(round(median(late.last), 3))
            curve.per_second.append(round(fast.deliveries_per_second))
    return curves


def draw(curves: list[Curve]) -> str:
    colours = ("#0969da", "#8250df", "#6e7781")
    dashes = ("", "", "5 4")
    style = list(zip(curves, colours, dashes, strict=True))
    return page(
        f"Pedidos: from {curves[0].counts[0]:,} to {curves[0].counts[-1]:,} subscribers on one core",
        [
            Panel(
                "From the write to the last subscriber, p50",
                "ms",
                [Line(curve.name, curve.counts, curve.last_ms, colour, dash) for curve, colour, dash in style],
            ),
            Panel(
                "Deliveries a second, 32 writers",
                "/s",
                [Line(curve.name, curve.counts, curve.per_second, colour, dash) for curve, colour, dash in style],
            ),
        ],
    )
