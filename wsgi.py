"""``gunicorn wsgi:app``: the same application in a worker of gunicorn's, with the same settings."""

import sys

from pedidos_server import logs
from pedidos_server.config import Settings
from pedidos_server.errors import StartupError
from pedidos_server.server.gunicorn import WORKER, Worker

BOOT_ERROR = 3
"""The exit code that makes gunicorn give up; any other makes it start the worker again, for ever."""


def _refuse(reason: object) -> None:
    print(f"pedidos: {reason}", file=sys.stderr, flush=True)
    sys.exit(BOOT_ERROR)


if Worker.current is None:
    _refuse(
        "é preciso o worker do Pedidos. Na pasta que tem o gunicorn.conf.py: gunicorn wsgi:app. "
        f"Sem ele: gunicorn --worker-class {WORKER} wsgi:app"
    )

from pedidos_server.app import create_app, freeze_gc  # noqa: E402 (only once gevent has patched)

try:
    settings = Settings.load()
    logs.configure(settings.log_level, file=settings.log_file)
    app = create_app(settings).app
    freeze_gc()
except StartupError as error:
    _refuse(error)
