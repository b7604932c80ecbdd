"""The two that are compared, each as a fresh process: the server, and the bare limit."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
ORDERS = "/api/v1/pedidos/"
START_SECONDS = 60.0
STOP_SECONDS = 30.0

ORDER = {
    "cliente": "Ateliê Flor de Lis",
    "telefone_cliente": "(31) 98888-1234",
    "cidade_cliente": "Belo Horizonte",
    "tipo_pagamento": "Pix",
    "forma_envio": "Retirada na loja",
    "valor_total": "268.40",
    "valor_itens": "249.90",
    "valor_frete": "18.50",
    "observacao": "",
    "items": [
        {
            "descricao": "Painel em tecido 150x250 cm",
            "tipo_producao": "painel",
            "largura": "150",
            "altura": "250",
            "metro_quadrado": "3,75",
            "vendedor": "Beatriz",
            "designer": "Lucas",
            "tecido": "Tactel",
            "valor_unitario": "249.90",
        }
    ],
}
"""A change of it is a message of about 1.2 KB."""


class Target:
    """A process that listens on a free port. Starts with the ``with`` block and ends with it."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.command = command
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self.port = 0
        self.start_seconds = 0.0
        """From its start to its first answer."""

    @property
    def pid(self) -> int:
        assert self._process is not None, "not running"
        return self._process.pid

    def start(self, port: int = 0) -> None:
        """Starts it and waits until it accepts connections. Raises RuntimeError with its output if it does not."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEDIDOS_")}
        since = self._output.seek(0, os.SEEK_END)
        started = time.monotonic()
        self._process = subprocess.Popen(
            [*self.command, self._last_argument(port)],
            env={**inherited, "PYTHONPATH": str(ROOT), **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        while True:
            found = re.search(rb"http://127\.0\.0\.1:(\d+)", os.pread(self._output.fileno(), 65536, since))
            if found:
                self.port = int(found[1])
                break
            if self._process.poll() is not None or time.monotonic() - started > START_SECONDS:
                output = os.pread(self._output.fileno(), 65536, since).decode("utf-8", "replace")
                self.stop()
                raise RuntimeError(f"{self.command} did not start:\n{output}")
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - started

    def _last_argument(self, port: int) -> str:
        return str(port)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def output(self) -> str:
        """All that it has written so far, also after it was stopped."""
        return os.pread(self._output.fileno(), self._output.seek(0, os.SEEK_END), 0).decode("utf-8", "replace")

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """Seconds of CPU used so far, by all its threads."""
        return cpu_of(self.pid)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._output.close()


def free_port() -> int:
    """For a program that must be told its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class BareLimit(Target):
    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "bench.limit"])


class BareFlask(Target):
    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "bench.bare_flask"])


class Server(Target):
    """``pedidos serve`` with its own defaults, on a temporary database with one order, or on ``database``.

    ``settings`` are environment variables.
    """

    def __init__(self, database: Path | None = None, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pedidos-bench-") if database is None else None
        self.database = database or Path(self._folder.name if self._folder else "", "pedidos.db")
        serve = [
            sys.executable,
            "-m",
            "pedidos_server",
            "serve",
            "--database",
            f"sqlite:///{self.database}",
            "--port",
        ]
        super().__init__(serve, settings)

    def start(self, port: int = 0) -> None:
        new = not self.database.exists()
        super().start(port)
        if new:
            self.call("POST", ORDERS, ORDER)

    def call(self, method: str, path: str, body: Any = None) -> tuple[Any, http.client.HTTPMessage]:
        """One request; its JSON and headers. Raises RuntimeError for an answer of 400 or above."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:300]!r}")
            return json.loads(text), answer.headers
        finally:
            connection.close()

    def cursor(self) -> str:
        """The newest event."""
        return self.call("GET", ORDERS + "?limite=1")[1]["X-Pedidos-Cursor"]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if self._folder:
            self._folder.cleanup()
