"""The two measures of a fan-out: how late the last subscriber is, and how much goes through."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .clients import PlainWriters, Requests, Subscribers, Tally
from .processes import ORDERS, Target, cpu_of

T = TypeVar("T")
CHANGED = ORDERS + "1"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def alternate(rounds: int, say: Callable[[str], None], **measures: Callable[[], T]) -> dict[str, list[T]]:
    """Runs each measure in turn, ``rounds`` times over, so that a busy moment of the machine meets them all."""
    results: dict[str, list[T]] = {name: [] for name in measures}
    for round_ in range(rounds):
        for name, measure in measures.items():
            say(f"{name.replace('_', ' ')}, round {round_ + 1} of {rounds}")
            results[name].append(measure())
    return results


class OneWriter:
    """One kept-alive connection that changes the order again and again; bare, so that it adds little of its own."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._count = 0
        self._run = time.monotonic_ns()

    def change(self) -> tuple[int, int]:
        """When the request was sent and when it was answered, in nanoseconds. Raises RuntimeError if refused."""
        self._count += 1
        body = b'{"observacao":"%d-%d"}' % (self._run, self._count)
        request = (
            b"PATCH %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        )
        data = request % (CHANGED.encode(), len(body), body)
        sent = time.monotonic_ns()
        self._socket.sendall(data)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self._receive()
        answered = time.monotonic_ns()
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"a write was answered {answer[:300]!r}")
        return sent, answered

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise RuntimeError("the server closed the writer's connection")
        return data

    def close(self) -> None:
        self._socket.close()


@dataclass(slots=True)
class Latency:
    """Milliseconds from the write: to its answer, to the first, the median and the last subscriber."""

    answered: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    median: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    tally: Tally = field(default_factory=lambda: Tally(0, 0, 0, 0, 0, 0))


def one_at_a_time(target: Target, count: int, writes: int, transport: str = "websocket") -> Latency:
    """Writes, each sent when the last subscriber has received the one before."""
    latency = Latency()
    with Subscribers(target.port, count, transport) as subscribers:
        time.sleep(0.3)
        follow(target, subscribers, writes, latency)
        latency.tally = subscribers.close()
    return latency


def follow(target: Target, subscribers: Subscribers, writes: int, latency: Latency) -> None:
    writer = OneWriter(target.port)
    for number in range(subscribers.head + 1, subscribers.head + writes + 1):
        sent, answered = writer.change()
        latency.answered.append((answered - sent) / 1e6)
        if subscribers.count:
            arrival = subscribers.wait_for(number)
            latency.first.append((arrival.first - sent) / 1e6)
            latency.median.append((arrival.median - sent) / 1e6)
            latency.last.append((arrival.last - sent) / 1e6)
    writer.close()


@dataclass(frozen=True, slots=True)
class Flood:
    """``cpu`` is the server's, in microseconds per delivery; ``client_cpu`` the share of a core that the subscribers
    took."""

    writes_per_second: float
    deliveries_per_second: float
    tally: Tally
    cpu: float
    client_cpu: float
    answered: list[float]


def flood(
    target: Target, count: int, writers: int, writes: int, transport: str = "websocket", *, plain: bool = False
) -> Flood:
    """Writes as fast as ``writers`` connections get their answers, till the last one has reached every subscriber.

    With ``plain``, clients cost what they usually do: the writers are Python's, the subscribers read every byte.
    """
    with Subscribers(target.port, count, transport, read_all=plain) as subscribers:
        time.sleep(0.3)
        cpu, client_cpu = target.cpu(), cpu_of(subscribers.pid)
        answers = (PlainWriters if plain else Requests)(
            target.port, "PATCH", CHANGED, count=writes, body='{"observacao":"@"}', connections=writers
        ).result()
        ended = subscribers.wait_for(subscribers.head + writes).last if count else answers.ended
        cpu, client_cpu = target.cpu() - cpu, cpu_of(subscribers.pid) - client_cpu
        tally = subscribers.close()
    deliveries = count * writes
    return Flood(
        answers.per_second,
        tally.deliveries / (ended - answers.started) * 1e9,
        tally,
        cpu / max(1, deliveries) * 1e6,
        client_cpu / (ended - answers.started) * 1e9,
        answers.latencies,
    )
