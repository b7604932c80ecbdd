"""The others: clients at work on a server while somebody attacks it, and how long they wait."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from types import TracebackType
from typing import Self

import websocket

from .strangers import ORDERS, Door

EVERY = 0.1
"""Seconds between two changes."""
GIVEN_UP = 60.0


class Others:
    """``followers`` WebSockets and one writer, from the ``with`` block's start to its end.

    ``waits`` are milliseconds from the moment when a change was due to its arrival at the first follower: a server
    that stands still for a second makes ten changes late, not one.
    """

    def __init__(self, door: Door, followers: int = 19) -> None:
        """``door.token`` may write."""
        self._door = door
        self._stop = threading.Event()
        self._due: dict[int, float] = {}
        self._writer = self._connection()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {door.token}"}
        self._order = self._call("POST", ORDERS, {"cliente": "Ana"})["id"]
        self.waits: list[float] = []
        self._sockets = [self._follow() for _ in range(followers)]
        self._threads = [threading.Thread(target=self._read, args=(socket,)) for socket in self._sockets[1:]]
        self._threads += [threading.Thread(target=self._measure, args=(self._sockets[0],))]
        self._pen = threading.Thread(target=self._write)

    def since(self, count: int) -> list[float]:
        """The waits behind the first ``count``, sorted; those that still last are counted as they are now."""
        now = time.monotonic()
        return sorted([*self.waits[count:], *((now - due) * 1000 for due in list(self._due.values()))])

    def _connection(self) -> http.client.HTTPConnection:
        if self._door.tls:
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection("127.0.0.1", self._door.port, timeout=GIVEN_UP, context=context)
        return http.client.HTTPConnection("127.0.0.1", self._door.port, timeout=GIVEN_UP)

    def _call(self, method: str, path: str, body: dict[str, object]) -> dict[str, int]:
        """Tries once more where the connection has been closed meanwhile, as every client does."""
        for attempt in range(2):
            try:
                self._writer.request(method, path, json.dumps(body), self._headers)
                answer = self._writer.getresponse()
                text = answer.read()
                break
            except (ConnectionError, http.client.HTTPException):
                self._writer.close()
                if attempt:
                    raise
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:300]!r}")
        found: dict[str, int] = json.loads(text)
        return found

    def _follow(self) -> websocket.WebSocket:
        scheme = "wss" if self._door.tls else "ws"
        return websocket.create_connection(
            f"{scheme}://127.0.0.1:{self._door.port}/ws/pedidos",
            timeout=GIVEN_UP,
            header={"Authorization": f"Bearer {self._door.token}"},
            sslopt={"cert_reqs": ssl.CERT_NONE, "check_hostname": False},
            suppress_origin=True,
            skip_utf8_validation=True,
        )

    def _read(self, stream: websocket.WebSocket) -> None:
        while not self._stop.is_set():
            try:
                stream.recv()
            except (OSError, websocket.WebSocketException):
                return

    def _measure(self, stream: websocket.WebSocket) -> None:
        while not self._stop.is_set():
            try:
                message = json.loads(stream.recv())
            except (OSError, ValueError, websocket.WebSocketException):
                return
            due = self._due.pop(message.get("versao", 0), None)
            if due is not None:
                self.waits.append((time.monotonic() - due) * 1000)

    def _write(self) -> None:
        due = time.monotonic()
        version = 1
        while not self._stop.is_set():
            due += EVERY
            version += 1
            time.sleep(max(0.0, due - time.monotonic()))
            self._due[version] = due
            try:
                self._call("PATCH", f"{ORDERS}{self._order}", {"observacao": str(version)})
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                if not self._stop.is_set():
                    self.failure = error
                return  # what is due stays due: the wait grows

    failure: Exception | None = None
    """What ended the writing."""

    def __enter__(self) -> Self:
        for thread in [*self._threads, self._pen]:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._pen.join(GIVEN_UP)
        for stream in self._sockets:
            stream.shutdown()
        self._writer.close()
        for thread in self._threads:
            thread.join(10)


def percentile(waits: list[float], share: float) -> float:
    """Of sorted ``waits``."""
    return waits[min(len(waits) - 1, int(len(waits) * share))] if waits else float("inf")
