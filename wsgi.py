"""``gunicorn wsgi:app``: the same application on gunicorn's gevent worker, with the same environment variables."""

import sys

from gevent import monkey

from pedidos_server import logs
from pedidos_server.config import Settings
from pedidos_server.errors import StartupError

if not monkey.is_module_patched("socket"):
    sys.exit("Pedidos precisa do worker gevent: gunicorn --worker-class gevent wsgi:app")

from pedidos_server.app import create_app

try:
    settings = Settings.load()
    logs.configure(settings.log_level)
    server = create_app(settings)
except StartupError as error:
    sys.exit(str(error))

app = server.app
