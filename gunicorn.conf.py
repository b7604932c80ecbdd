"""Settings of ``gunicorn wsgi:app``. One gevent worker: one process owns a SQLite file."""

import os
import sys

import gevent

from pedidos_server.config import Settings
from pedidos_server.descriptors import usable_descriptors
from pedidos_server.errors import StartupError

usable_descriptors()  # the worker inherits the raised limit

try:
    settings = Settings.load()
except StartupError as error:
    sys.exit(f"pedidos: {error}")

bind = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
worker_class = "gevent"
workers = 1
worker_connections = 2_000  # HTTP only: streams leave the worker's pool
backlog = 4096
keepalive = 75
max_requests = 0  # a restart would end every stream
preload_app = False  # it would import before gevent patches
graceful_timeout = 10  # for a busy machine; the worker leaves by itself as soon as its streams have ended
timeout = 60
accesslog = None  # the application has a line for each request
control_socket_disable = True  # one per user: two shops' servers of one user would fight for it

MOST_DRAINED = 64 * 1024
"""Bytes of an unread body that are read only to keep the connection."""
LAST_REQUESTS = 1.2
"""Seconds after SIGTERM in which writes are still taken: the worker looks once a second whether to stop accepting."""
LAST_ANSWERS = 0.5
"""Seconds for the answers under way to reach their clients."""


def on_starting(server):
    if server.cfg.worker_class_str != "gevent":
        sys.exit("Pedidos precisa do worker gevent: gunicorn --worker-class gevent wsgi:app")
    if server.cfg.workers != 1:
        sys.exit("Um arquivo SQLite aceita um só processo: use gunicorn com --workers 1.")
    if server.cfg.is_ssl:
        sys.exit("O TLS fica no proxy à frente (nginx, Caddy): tire o certificado do gunicorn.")


def pre_request(worker, req):
    """Ends the connection after a request with a large body. On one that stays open, gunicorn reads what the
    application has refused to its very end: a gigabyte in chunks kept the worker so busy that its master killed it,
    and every stream with it."""
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or not length.isdecimal() or int(length) > MOST_DRAINED:
        req.force_close()


def post_worker_init(worker):
    """Ends the streams in order at SIGTERM. gunicorn's own hook comes too late for that: the worker first waits for
    every idle keep-alive connection, and is killed while it does."""

    def end_in_order():
        while worker.alive:
            gevent.sleep(0.05)
        gevent.sleep(LAST_REQUESTS)
        worker.wsgi.extensions["pedidos"].close()
        gevent.sleep(LAST_ANSWERS)
        worker.log.info("Worker exiting (pid: %s)", worker.pid)
        os._exit(0)  # nothing is left to wait for but idle connections, and gunicorn would wait for each

    worker.end_in_order = gevent.spawn(end_in_order)


def worker_exit(server, worker):
    """With no HTTP connection open the worker is done within its second: the streams end first."""
    if hasattr(worker, "end_in_order"):  # it may have failed to start
        worker.end_in_order.join()
