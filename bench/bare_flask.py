"""What bounds a write besides the database: a Flask route that does nothing, on gevent's own server, as they come.

It reads the request's JSON and answers with as many bytes as an order has. No write of ours can be faster.

    python -m bench.bare_flask [PORT]
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import sys  # noqa: E402 (patched first)

from flask import Flask, Response, request  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

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


def main() -> None:
    server = WSGIServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), application(), log=None)
    server.start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
