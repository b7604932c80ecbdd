"""The row about strangers: each attack beside clients at work, on both launchers, direct and behind nginx."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .figures import Figure
from .nginx import nginx
from .others import Others, percentile
from .processes import ROOT, Target, free_port
from .rows import Plan, Row
from .strangers import ATTACKS, Attack, Door, Running, fill

LAUNCHERS = {
    "pedidos serve": "exec {python} -m pedidos_server serve --port $0",
    "gunicorn": "exec {python} -m gunicorn -b 127.0.0.1:$0 wsgi:app",
}


class Launched(Target):
    """A server that requires tokens. ``tokens`` are by role."""

    def __init__(self, launcher: str, *, behind_proxy: bool) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pedidos-bench-")
        database = f"sqlite:///{self._folder.name}/pedidos.db"
        command = LAUNCHERS[launcher].format(python=sys.executable)
        settings = {"PEDIDOS_DATABASE_URL": database, "PEDIDOS_AUTH": "on", "PEDIDOS_MAX_WRITES": "0"}
        if behind_proxy:
            settings["PEDIDOS_TRUSTED_HOPS"] = "1"
        super().__init__(["sh", "-c", f"cd {ROOT} && {command}"], settings)
        self.tokens = {role: self._token(role, database) for role in ("leitura", "producao", "escrita", "admin")}

    def _token(self, role: str, database: str) -> str:
        command = [sys.executable, "-m", "pedidos_server", "token", "create", role, "--role", role]
        done = subprocess.run(
            [*command, "--database", database], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        )
        return next(word for word in done.stdout.split() if word.startswith("ped_"))

    def memory(self) -> int:
        """Of the process that serves: under gunicorn the worker."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        pids = [str(self.pid), *children]
        pages = max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def behind_nginx(server_port: int) -> Iterator[int]:
    """``deploy/nginx.conf`` in front of the server; the port on which it speaks TLS."""
    with tempfile.TemporaryDirectory(prefix="pedidos-bench-") as folder:
        made = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ]
        files = ["-keyout", f"{folder}/key", "-out", f"{folder}/crt"]
        subprocess.run(["openssl", "req", "-x509", *made, *files], check=True, capture_output=True)
        plain, secure = free_port(), free_port()
        text = (ROOT / "deploy/nginx.conf").read_text("utf-8")
        for written, here in (
            ("127.0.0.1:8000", f"127.0.0.1:{server_port}"),
            ("listen 80;", f"listen 127.0.0.1:{plain};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
            ("server_name pedidos.lan;", "server_name localhost;"),
            ("/etc/nginx/pedidos.crt;", f"{folder}/crt;"),
            ("/etc/nginx/pedidos.key;", f"{folder}/key;"),
        ):
            text = re.sub(rf"(?m)^([^#\n]*){re.escape(written)}", lambda found, to=here: found[1] + to, text)
        with nginx(text, secure):
            yield secure


WAYS = [(launcher, proxied) for launcher in LAUNCHERS for proxied in (False, True)]
MEMORY_MB = 512


def strangers(plan: Plan) -> list[Figure]:
    """One server a way takes all attacks, so memory includes what the earlier ones have left behind."""
    figures = []
    whole = plan.scale >= 0.1
    for launcher, proxied in WAYS if whole else WAYS[-2:-1]:
        where = f"{launcher}{', behind nginx' if proxied else ''}"
        memory = 0.0
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(Launched(launcher, behind_proxy=proxied))
            port = stack.enter_context(behind_nginx(server.port)) if proxied else server.port
            for attack in list(ATTACKS.values()) if whole else list(ATTACKS.values())[:1]:
                plan.say(f"{where}: {attack.what}")
                waits = _under(attack, Door(port, proxied), server.tokens, plan)
                memory = max(memory, server.memory() / 2**20)
                what = f"{where}: {attack.what}: others' p99"
                note = f"{len(waits)} changes, {memory:.0f} MB"
                figures.append(Figure(what, percentile(waits, 0.99), "ms", attack.p99_ms, note=note))
        figures.append(Figure(f"{where}: memory at the most", memory, "MB", MEMORY_MB))
    return figures


def _under(attack: Attack, door: Door, tokens: dict[str, str], plan: Plan) -> list[float]:
    """The others' waits while it lasts, sorted."""
    writers = replace(door, token=tokens["escrita"])
    fill(writers, plan.of(attack.orders, least=min(1, attack.orders)), attack.order_bytes)
    followers = plan.of(19, least=3)
    with (
        Others(writers, followers) as others,
        Running(attack.name, door.port, tls=door.tls, token=tokens.get(attack.role, "")),
    ):
        count = len(others.waits)
        time.sleep(plan.seconds(10))
        return others.since(count)


ROWS = [Row("strangers", "others' waits and memory while a stranger attacks", strangers)]
