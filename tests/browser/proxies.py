"""A proxy that loses answers, as a bad network does: the request arrives, its answer never comes back."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from types import TracebackType


class LossyProxy:
    """Passes everything on, except the answers to the next `lose` requests that begin with `method`."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self.method = b""
        self.lose = 0
        self.lost: list[bytes] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lose_answers(self, method: str, count: int) -> None:
        with self._lock:
            self.method, self.lose = method.encode(), count

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
        losing = False
        try:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client:
                        losing = losing or self._is_to_lose(data)
                        server.sendall(data)
                    elif losing:
                        self.lost.append(data)
                        return
                    else:
                        client.sendall(data)
        except OSError:
            return
        finally:
            for end in (client, server):
                self._open.discard(end)
                end.close()

    def _is_to_lose(self, data: bytes) -> bool:
        with self._lock:
            if self.lose > 0 and data.startswith(self.method + b" "):
                self.lose -= 1
                return True
        return False

    def __enter__(self) -> LossyProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
