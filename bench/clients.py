"""The load clients, written in C so that they cost less than what they measure: compiled on first use."""

from __future__ import annotations

import http.client
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PATHS = {"websocket": "/ws/pedidos", "sse": "/sse/pedidos"}
WAIT_SECONDS = 60.0


def program(name: str, *flags: str) -> Path:
    """The compiled form of ``name``.c, kept in the temporary folder."""
    source = Path(__file__).with_name(f"{name}.c")
    folder = Path(tempfile.gettempdir(), f"pedidos-bench-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    binary = folder / name
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        beside = folder / f"{name}.{os.getpid()}"  # two runs at once must not see each other's half
        subprocess.run(["cc", "-O2", *flags, "-o", beside, source, "-ldl"], check=True)
        beside.replace(binary)
    return binary


def slow_disk() -> Path:
    """The library that makes fsync slow."""
    return program("slow_fsync", "-shared", "-fPIC")


@dataclass(frozen=True, slots=True)
class Arrival:
    """When an event reached the first, the median and the last subscriber; nanoseconds of CLOCK_MONOTONIC."""

    first: int
    median: int
    last: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What all subscribers of a run got, by their cursors."""

    deliveries: int
    bytes: int
    lost: int
    repeated: int
    refreshes: int
    closed: int

    @property
    def faults(self) -> int:
        return self.lost + self.repeated + self.refreshes + self.closed


class Subscribers:
    """``count`` streams, opened when made. Raises RuntimeError where one is refused.

    ``head`` is the number of the cursor where they begin, ``seconds`` how long opening them took. With ``read_all``
    they look at every byte of a message, where else they look for its cursor from the end.
    """

    def __init__(
        self,
        port: int,
        count: int,
        transport: str = "websocket",
        *,
        cursor: str = "",
        at_once: int = 64,
        read_all: bool = False,
    ) -> None:
        path = PATHS[transport] + (f"?cursor={cursor}" if cursor else "")
        self.count = count
        self._process = subprocess.Popen(
            [
                program("subscribers"),
                {"websocket": "ws"}.get(transport, "sse"),
                str(port),
                path,
                str(count),
                str(at_once),
                *(["read-all"] if read_all else []),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._arrivals: dict[int, Arrival] = {}
        self._ready: list[int] = []
        self._end: Tally | None = None
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with self._news:
            self._news.wait_for(lambda: self._ready or self._process.poll() is not None, 150)
        if not self._ready or self._ready[1]:
            self.close()
            raise RuntimeError(f"{self._ready[1] if self._ready else count} of {count} streams were refused")
        _, _, self.first_begun, last_opened, self.head = self._ready
        self.seconds = (last_opened - self.first_begun) / 1e9 if count else 0.0

    def wait_for(self, number: int) -> Arrival:
        """When the event with this number reached them; waits for the last. Raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: number in self._arrivals, WAIT_SECONDS):
                raise TimeoutError(f"event {number} did not reach all of {self.count} subscribers")
            return self._arrivals[number]

    @property
    def reached(self) -> int:
        """The number of the newest event that all have received."""
        with self._news:
            return max(self._arrivals, default=self.head)

    def slow(self, yes: bool = True) -> None:
        """Every three seconds each takes once what its socket holds, and nothing between."""
        assert self._process.stdin is not None
        self._process.stdin.write("s" if yes else "f")
        self._process.stdin.flush()

    def close(self) -> Tally:
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(WAIT_SECONDS)
        self._reader.join(WAIT_SECONDS)
        return self._end or Tally(0, 0, 0, 0, 0, 0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, *fields = line.split()
            numbers = [int(field) for field in fields]
            with self._news:
                if kind == "event":
                    self._arrivals[numbers[0]] = Arrival(*numbers[1:])
                elif kind == "ready":
                    self._ready = numbers
                else:
                    self._end = Tally(*numbers)
                self._news.notify_all()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run of requests got. Times in nanoseconds, ``latencies`` in milliseconds, sorted."""

    started: int
    ended: int
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / max(1, self.ended - self.started) * 1e9


class Requests:
    """Calls over ``connections`` at once: ``count`` of them, ``rate`` a second (0: as fast as it goes)."""

    def __init__(
        self,
        port: int,
        method: str,
        path: str,
        *,
        count: int,
        body: str = "",
        connections: int = 1,
        rate: float = 0.0,
        headers: tuple[str, ...] = (),
    ) -> None:
        arguments = [str(port), str(connections), str(count), str(rate), method, path, body, *headers]
        self._process = subprocess.Popen(
            [program("requests"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def result(self) -> Answers:
        """Waits for the last answer. Raises RuntimeError where one was a failure."""
        assert self._process.stdin is not None and self._process.stdout is not None
        first, *lines = self._process.stdout.read().splitlines() or [""]
        self._process.stdin.close()
        self._process.stdout.close()
        if self._process.wait(WAIT_SECONDS) or not first.startswith("done"):
            raise RuntimeError("the requests did not get through")
        _, failed, started, ended = (int(field) for field in first.split()[1:])
        if failed:
            raise RuntimeError(f"{failed} requests failed")
        return Answers(started, ended, sorted(int(line) / 1e6 for line in lines))

    def stop(self) -> Answers:
        """Makes no further call, and tells of those that were answered."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self.result()


def send(port: int, method: str, path: str, **options: object) -> Answers:
    """``Requests``, waited for."""
    return Requests(port, method, path, **options).result()  # type: ignore[arg-type]


class PlainWriters:
    """``Requests`` as programs usually make them: by ``connections`` threads with the standard library's client."""

    def __init__(self, port: int, method: str, path: str, *, count: int, body: str, connections: int) -> None:
        self._count = count
        self._left = iter(range(count))
        self._call = method, path
        self._body = body
        self._answers: list[tuple[int, int, int]] = []
        self._threads = [threading.Thread(target=self._write, args=(port,)) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def _write(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
        for number in self._left:
            body = self._body.replace("@", f"{id(self)}-{number}")
            began = time.monotonic_ns()
            connection.request(*self._call, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            self._answers.append((began, time.monotonic_ns(), answer.status))
        connection.close()

    def result(self) -> Answers:
        """Waits for the last answer. Raises RuntimeError where one was a failure."""
        for thread in self._threads:
            thread.join()
        failed = self._count - sum(status < 400 for _, _, status in self._answers)
        if failed:
            raise RuntimeError(f"{failed} requests failed")
        began, ended, _ = zip(*self._answers, strict=True)
        took = [(end - begin) / 1e6 for begin, end in zip(began, ended, strict=True)]
        return Answers(min(began), max(ended), sorted(took))


def wait(seconds: float) -> None:
    """Lets what was just opened come to rest."""
    time.sleep(seconds)
