"""Networks that do harm: one loses answers, one holds streams back, one answers in the server's place."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes all connections on, byte by byte. What a subclass makes of each piece is its own."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: bytes) -> bytes | None:
        """What this proxy itself says to a request, after which it closes; None: it goes on to the server."""
        return None

    def release(self, request: bytes, piece: bytes, held: bytearray) -> bytes:
        """What goes on now of the answer to ``request``, of which ``piece`` has come; ``held`` keeps the rest."""
        return piece

    def cut(self) -> None:
        """Cuts all connections."""
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.server_port))
        except OSError:
            client.close()
            return
        self._open |= {client, server}
        request = b""
        held = bytearray()
        try:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client:
                        request = data
                        own = self.answer(request)
                        if own is not None:
                            client.sendall(own)
                            return
                        server.sendall(data)
                    else:
                        client.sendall(self.release(request, data, held))
        except OSError:
            return
        finally:
            for end in (client, server):
                self._open.discard(end)
                end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()


class LossyProxy(Proxy):
    """The request arrives, its answer never comes back: for the next `lose` requests that begin with `method`."""

    def __init__(self, port: int) -> None:
        self.method = b""
        self.lose = 0
        self.lost: list[bytes] = []
        super().__init__(port)

    def lose_answers(self, method: str, count: int) -> None:
        with self._lock:
            self.method, self.lose = method.encode(), count

    def release(self, request: bytes, piece: bytes, held: bytearray) -> bytes:
        with self._lock:
            if self.lose > 0 and request.startswith(self.method + b" "):
                self.lose -= 1
                self.lost.append(piece)
                raise ConnectionError
        return piece


REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class HoldingProxy(Proxy):
    """Refuses WebSocket, and holds each piece of an SSE stream back until the next comes; with `for_good`, all but
    the first. `first` is whether that one passes at once."""

    def __init__(self, port: int, *, first: bool = True, for_good: bool = False) -> None:
        self.first, self.for_good = first, for_good
        self.requests: list[bytes] = []
        super().__init__(port)

    def answer(self, request: bytes) -> bytes | None:
        self.requests.append(request.partition(b"\r\n")[0])
        return REFUSED if b"\r\nupgrade: websocket" in request.lower() else None

    def release(self, request: bytes, piece: bytes, held: bytearray) -> bytes:
        if not request.startswith(b"GET /sse/"):
            return piece
        if self.first and piece.startswith(b"HTTP/1.1"):
            return piece
        gone = bytes(held)
        if self.for_good:
            return b""
        held[:] = piece
        return gone


class Portal(Proxy):
    """While `page` is set, it answers everything with it, in the server's place."""

    def __init__(self, port: int) -> None:
        self.page: bytes | None = None
        super().__init__(port)

    def take_over(self, status: str, content_type: str = "text/html", headers: str = "") -> None:
        body = b"<h1>Entre na rede do hotel</h1>"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{headers}Content-Length: {len(body)}\r\n"
        self.page = head.encode() + b"Connection: close\r\n\r\n" + body
        self.cut()

    def answer(self, request: bytes) -> bytes | None:
        return self.page
