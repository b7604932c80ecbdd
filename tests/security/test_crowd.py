"""Ten thousand silent connections from one address, as far as descriptors allow: others still get in."""

from __future__ import annotations

import contextlib
import resource
import socket
import time

from tests.support.live_server import LiveServer

WANTED = 10_000
"""Far more than the server's places for HTTP."""


def test_a_crowd_of_silent_connections_gives_way(open_server: LiveServer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(min(WANTED, hard - 500)):
            client = stack.enter_context(contextlib.closing(socket.socket()))
            client.settimeout(30)
            client.connect(("127.0.0.1", open_server.port))
            if number % 2:
                client.sendall(b"GET / HTTP/1.1\r\n")
            if number % 1000 == 999:
                started = time.monotonic()
                with LiveHttp(open_server) as http:
                    assert http.health() == 200
                assert time.monotonic() - started < 10
    assert open_server.get("/health").status_code == 200
    assert "Traceback" not in open_server.output()


class LiveHttp:
    """A connection of its own for each question: one that waits may have given way."""

    def __init__(self, server: LiveServer) -> None:
        self._server = server

    def __enter__(self) -> LiveHttp:
        self._server.http.close()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.http.close()

    def health(self) -> int:
        return self._server.get("/health").status_code
