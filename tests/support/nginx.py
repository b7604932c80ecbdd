"""Debian's nginx in front of the server, as the network between a client and it."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ }}
http {{
    log_format requests '$request_method $uri $status upgrade=$http_upgrade';
    access_log {directory}/access.log requests;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream pedidos {{ server 127.0.0.1:{server_port}; }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        {rules}
        location / {{ proxy_pass http://pedidos; }}
    }}
}}
"""

# For locations that let WebSocket through. They inherit no header set outside, and origins are judged by Host.
UPGRADE = """proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"""

REFUSES_UPGRADE = "location /ws/ { if ($http_upgrade) { return 403; } proxy_pass http://pedidos; }"


class Nginx:
    def __init__(self, executable: str, directory: Path, server_port: int, rules: str) -> None:
        self._directory = directory
        self._executable = executable
        self._settings = {"directory": directory, "server_port": server_port, "rules": rules}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def requests(self) -> list[str]:
        """What has been asked and answered so far, a line each; streams show when they end."""
        return (self._directory / "access.log").read_text().splitlines()

    def __enter__(self) -> Nginx:
        for _ in range(5):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.port = probe.getsockname()[1]
            configuration = self._directory / "nginx.conf"
            configuration.write_text(CONFIGURATION.format(port=self.port, **self._settings))
            self._process = subprocess.Popen(
                [
                    self._executable,
                    "-p",
                    str(self._directory),
                    "-c",
                    str(configuration),
                    "-e",
                    str(self._directory / "error.log"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                return self
        # Another program may take the free port in between, but not five times.
        raise AssertionError("nginx does not start:\n" + (self._directory / "error.log").read_text())

    def _answers(self) -> bool:
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
