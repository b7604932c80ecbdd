"""gunicorn's part: its master keeps the listening sockets and the signals, this worker runs the server of
``pedidos serve`` on them.

gunicorn loads this module in its master too, before gevent has patched anything: what needs that is imported late.
"""

from __future__ import annotations

import os
import signal
from typing import Any, ClassVar, Self

import gevent
from gevent.event import Event as Flag
from gunicorn.config import Config
from gunicorn.workers.ggevent import GeventWorker

WORKER = "pedidos_server.server.gunicorn.Worker"

_WITHOUT_EFFECT = {
    "accesslog": "o servidor tem uma linha por requisição no seu próprio log",
    "access_log_format": "o servidor tem uma linha por requisição no seu próprio log",
    "certfile": "o TLS fica no proxy à frente (nginx, Caddy)",
    "keyfile": "o TLS fica no proxy à frente (nginx, Caddy)",
    "forwarded_allow_ips": "use PEDIDOS_TRUSTED_HOPS",
    "keepalive": "uma conexão parada é fechada depois de 75 s",
    "limit_request_field_size": "o servidor tem limites próprios",
    "limit_request_fields": "o servidor tem limites próprios",
    "limit_request_line": "o servidor tem limites próprios",
    "max_requests": "reiniciar cortaria todas as conexões em tempo real",
    "max_requests_jitter": "reiniciar cortaria todas as conexões em tempo real",
    "post_request": "o servidor não a chama",
    "pre_request": "o servidor não a chama",
    "proxy_protocol": "use X-Forwarded-For e PEDIDOS_TRUSTED_HOPS",
    "secure_scheme_headers": "use PEDIDOS_TRUSTED_HOPS",
    "threads": "um só processo, sem threads de gunicorn",
    "worker_connections": "o servidor atende 2000 conexões HTTP, e as de tempo real à parte",
}
"""gunicorn's settings that this worker ignores, and what to do instead."""


def refusals(config: Any) -> list[str]:
    """What in gunicorn's configuration cannot work here, in words for whoever starts it."""
    found = []
    if config.worker_class_str != WORKER:
        found.append(f"Pedidos precisa do seu próprio worker, não de {config.worker_class_str}: gunicorn wsgi:app")
    if config.workers != 1:
        found.append("Um arquivo SQLite aceita um só processo: use gunicorn com --workers 1.")
    untouched = Config()
    for name, instead in _WITHOUT_EFFECT.items():
        setting = config.settings[name]
        if setting.get() != untouched.settings[name].get():
            found.append(f"{setting.cli[-1] if setting.cli else name} não tem efeito aqui: {instead}.")
    return found


class Worker(GeventWorker):
    """Of gunicorn's gevent worker it keeps the patching, the sockets and the signals; the server is ours."""

    current: ClassVar[Self | None] = None
    """The one that this process is."""

    def init_process(self) -> None:
        Worker.current = self
        super().init_process()

    def run(self) -> None:
        from .http_server import HttpServer, end_in_order

        application = self.wsgi.extensions["pedidos"]
        stop = Flag()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            gevent.signal_handler(number, stop.set)
        servers = [HttpServer(listener, application) for listener in self.sockets]
        for server in servers:
            server.start()
        while self.alive and not stop.is_set() and self.ppid == os.getppid():  # alive: not told while it started
            self.tmp.notify()
            stop.wait(1.0)
        end_in_order(servers, application)
