"""nginx for the length of a ``with`` block: one process, on files of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_CONFIGURATION = """
daemon off; master_process off; pid nginx.pid; worker_rlimit_nofile 40000;
{modules}
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include servers.conf;
}}
"""
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
"""Where Debian's libnginx-mod-nchan puts it."""


def program() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def nginx(servers: str, port: int, modules: str = "") -> Iterator[int]:
    """``servers`` is what stands inside ``http``, one of which listens on ``port``; ``modules`` are directives.
    Gives the id of its one process.

    Raises RuntimeError where nginx is missing or does not start.
    """
    if (found := program()) is None:
        raise RuntimeError("nginx is missing: apt-get install nginx-light")
    with tempfile.TemporaryDirectory(prefix="pedidos-nginx-") as folder:
        Path(folder, "servers.conf").write_text(servers, "utf-8")
        Path(folder, "nginx.conf").write_text(_CONFIGURATION.format(modules=modules), "utf-8")
        command = [found, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ends = time.monotonic() + 10
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(Path(folder, "error.log").read_text("utf-8"))
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))
