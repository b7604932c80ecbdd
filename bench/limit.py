"""The bare limit: one ``send`` per subscriber and update, with no application, no gevent and no database.

Speaks just enough HTTP for the load clients of this folder. A GET subscribes, as WebSocket or as SSE; anything else
publishes one message of the size of the server's, to one subscriber after the other, and is then answered. What a
server does beyond this loop is its overhead; what it saves by joining messages is its gain.

    python -m bench.limit [PORT]
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import sys
import threading

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
MESSAGE_SIZE = 1200
"""Bytes of one message: those of the order that the measures change."""


def message(kind: str, number: int, size: int = MESSAGE_SIZE) -> bytes:
    tail = f'","cursor":"{number}-00000000"}}'
    head = f'{{"type":"{kind}","fill":"'
    return f"{head}{'x' * (size - len(head) - len(tail))}{tail}".encode()


def frame(payload: bytes) -> bytes:
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


def block(payload: bytes) -> bytes:
    return b"data: %b\n\n" % payload


class BareLimit:
    """A thread for each connection that writes; with several, their sends take turns."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.port: int = self._listener.getsockname()[1]
        self._websockets: list[socket.socket] = []
        self._event_streams: list[socket.socket] = []
        self._numbers = itertools.count(1)
        self._newest = 0

    def serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = _request(client)
            if head.startswith(b"GET"):
                self._subscribe(client, websocket=b"upgrade" in head.lower())
            elif head:
                threading.Thread(target=self._take_writes, args=(client,), daemon=True).start()

    def _subscribe(self, client: socket.socket, *, websocket: bool) -> None:
        hello = message("connection", self._newest)
        if websocket:
            client.send(SWITCH + frame(hello))
            self._websockets.append(client)
        else:
            client.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + block(hello))
            self._event_streams.append(client)

    def _take_writes(self, client: socket.socket) -> None:
        """From the one on that is read already, to the connection's end."""
        with client:
            while True:
                self._publish()
                client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                if not _request(client):
                    return

    def _publish(self) -> None:
        self._newest = number = next(self._numbers)
        payload = message("pedido_update", number)
        for streams, data in ((self._websockets, frame(payload)), (self._event_streams, block(payload))):
            for stream in list(streams):
                try:
                    stream.send(data, socket.MSG_DONTWAIT)
                except OSError:  # the peer is gone, or takes no more
                    with contextlib.suppress(ValueError):  # another thread has
                        streams.remove(stream)


def _request(client: socket.socket) -> bytes:
    """The head of the next request, once its body has been read too; nothing where the peer is gone."""
    request = b""
    while True:
        head, found, body = request.partition(b"\r\n\r\n")
        if found and len(body) >= _content_length(head):
            return head
        try:
            data = client.recv(65536)
        except OSError:
            return b""
        if not data:
            return b""
        request += data


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


if __name__ == "__main__":
    limit = BareLimit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{limit.port}/", flush=True)
    limit.serve()
