"""What a write would cost besides the database by Flask alone: a route that does nothing, on gevent's own server.

It reads the request's JSON and answers with as many bytes as an order has. Of the server's own handling it has only
TCP_NODELAY: as they come, an answer's body waits 40 ms for the client to acknowledge its head.

    python -m bench.bare_flask [PORT]
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import socket  # noqa: E402 (patched first)
import sys  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask, Response, request  # noqa: E402
from gevent.pywsgi import WSGIHandler, WSGIServer  # noqa: E402

from .limit import message  # noqa: E402
from .processes import ORDERS  # noqa: E402


def application() -> Flask:
    app = Flask(__name__)
    order = message("order", 1)

    @app.patch(f"{ORDERS}<int:_>")
    def change(_: int) -> Response:
        request.get_json()
        return Response(order, mimetype="application/json")

    return app


class Handler(WSGIHandler):
    def __init__(self, sock: Any, *rest: Any) -> None:
        super().__init__(sock, *rest)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def main() -> None:
    address = ("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    server = WSGIServer(address, application(), handler_class=Handler, log=None)
    server.start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
