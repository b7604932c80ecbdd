"""Settings of ``gunicorn wsgi:app``. One worker of our own: one process owns a SQLite file."""

import sys

from pedidos_server.config import Settings
from pedidos_server.errors import StartupError
from pedidos_server.fd_limit import usable_descriptors
from pedidos_server.server.gunicorn import WORKER, refusals

usable_descriptors()  # the worker inherits the raised limit

try:
    settings = Settings.load()
except StartupError as error:
    sys.exit(f"pedidos: {error}")

bind = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
worker_class = WORKER
workers = 1
backlog = 4096
preload_app = False  # it would import before gevent patches
graceful_timeout = 8  # less than a reload's new worker waits for the file; the old one leaves as soon as it can
timeout = 60
control_socket_disable = True  # one per user: two shops' servers of one user would fight for it


def on_starting(server):
    for refusal in refusals(server.cfg):
        sys.exit(f"pedidos: {refusal}")


def on_reload(server):
    for refusal in refusals(server.cfg):
        server.log.error("pedidos: %s", refusal)  # to end here would end every stream with it
