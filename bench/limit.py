"""The bare limit: one ``send`` per subscriber and update, with no application, no gevent and no database.

Speaks just enough HTTP for the load clients of this folder. A GET subscribes, as WebSocket or as SSE; anything else
publishes one message of the size of the server's, to one subscriber after the other, and is then answered. What a
server does beyond this loop is its overhead; what it saves by joining messages is its gain.

    python -m bench.limit [PORT]
"""

from __future__ import annotations

import select
import socket
import struct
import sys

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
MESSAGE_SIZE = 1200
"""Bytes of one message: those of the order that the measures change."""


def message(kind: str, number: int) -> bytes:
    tail = f'","cursor":"{number}-00000000"}}'
    head = f'{{"type":"{kind}","fill":"'
    return f"{head}{'x' * (MESSAGE_SIZE - len(head) - len(tail))}{tail}".encode()


def frame(payload: bytes) -> bytes:
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


def block(payload: bytes) -> bytes:
    return b"data: %b\n\n" % payload


class BareLimit:
    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.port: int = self._listener.getsockname()[1]
        self._writers: dict[int, socket.socket] = {}
        self._unread: dict[int, bytes] = {}
        self._websockets: list[socket.socket] = []
        self._event_streams: list[socket.socket] = []
        self._number = 0

    def serve(self) -> None:
        poll = select.epoll()
        poll.register(self._listener, select.EPOLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._listener.fileno():
                    client, _ = self._listener.accept()
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._writers[client.fileno()] = client
                    self._unread[client.fileno()] = b""
                    poll.register(client, select.EPOLLIN)
                    continue
                client = self._writers[descriptor]
                gone = False
                try:
                    if self._read(client):
                        continue
                except OSError:
                    gone = True
                poll.unregister(descriptor)
                del self._writers[descriptor], self._unread[descriptor]
                if gone:
                    client.close()

    def _read(self, client: socket.socket) -> bool:
        """False when the connection has become a stream. Raises OSError when its peer is gone."""
        data = client.recv(65536)
        request = self._unread[client.fileno()] + data
        head, found, body = request.partition(b"\r\n\r\n")
        self._unread[client.fileno()] = request
        if not data:
            raise ConnectionError
        if not found or len(body) < _content_length(head):
            return True
        self._unread[client.fileno()] = b""
        if head.startswith(b"GET"):
            self._subscribe(client, websocket=b"upgrade" in head.lower())
            return False
        self._publish()
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return True

    def _subscribe(self, client: socket.socket, *, websocket: bool) -> None:
        hello = message("connection", self._number)
        if websocket:
            client.send(SWITCH + frame(hello))
            self._websockets.append(client)
        else:
            client.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + block(hello))
            self._event_streams.append(client)

    def _publish(self) -> None:
        self._number += 1
        payload = message("pedido_update", self._number)
        for streams, data in ((self._websockets, frame(payload)), (self._event_streams, block(payload))):
            for stream in list(streams):
                try:
                    stream.send(data)
                except OSError:  # the peer is gone
                    streams.remove(stream)


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


if __name__ == "__main__":
    limit = BareLimit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{limit.port}/", flush=True)
    limit.serve()
