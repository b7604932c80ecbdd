"""The HTTP server: one, under both launchers (``pedidos serve`` and gunicorn)."""
