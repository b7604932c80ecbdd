"""The real server, as a process of its own on a free port, for tests that speak to it over real sockets."""

from __future__ import annotations

import atexit
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).resolve().parents[2]
KINDS = ("embedded", "gunicorn")

START_TIMEOUT = 40.0
"""Seconds until the server must answer; generous, for a busy machine and for the wait for the file's lock."""
STOP_TIMEOUT = 20.0
"""Seconds between SIGTERM and SIGKILL."""

ORDERS = "/api/v1/pedidos/"

# Its standard input is a pipe whose other end only the process running the tests holds. Whatever ends that
# process, an interrupt or SIGKILL, also ends the pipe, and the servers still registered are killed.
_GUARD = """
import os, signal, sys
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class ServerDied(AssertionError):
    """The server ended (then `code` is its exit code) or never answered; the message holds its output."""

    def __init__(self, message: str, output: str, code: int | None = None) -> None:
        super().__init__(f"{message}\n{output}")
        self.output = output
        self.code = code


class LiveServer:
    """A running server: the embedded one or gunicorn. Ends with `close()`, or as a context manager."""

    def __init__(
        self,
        kind: str,
        directory: Path,
        database: str,
        env: Mapping[str, str],
        args: Sequence[str],
    ) -> None:
        self.kind = kind
        self.directory = directory
        self.database = database
        self.env = dict(env)
        self.args = list(args)
        self.port = 0
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy, no ~/.netrc
        self._process: subprocess.Popen[bytes] | None = None
        self._own_directory: tempfile.TemporaryDirectory[str] | None = None
        self._log = directory / f"{kind}.log"

    @classmethod
    def start(
        cls,
        kind: str = "embedded",
        database: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        port: int = 0,
        directory: Path | None = None,
    ) -> LiveServer:
        """Starts a server and waits until it answers.

        `database` is a URL, or the path of a SQLite file; without it, a new file in `directory`.
        Raises ServerDied when it does not come up.
        """
        own_directory = tempfile.TemporaryDirectory(prefix="pedidos-test-") if directory is None else None
        directory = directory or Path(own_directory.name if own_directory else "")
        if not isinstance(database, str):
            database = f"sqlite:///{database or directory / 'pedidos.db'}"
        server = cls(kind, directory, database, env or {}, args)
        server._own_directory = own_directory
        try:
            server._launch(port)
        except BaseException:
            server.close()
            raise
        return server

    # -- addresses and state

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def database_path(self) -> Path:
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def master_pid(self) -> int:
        """The process that was started: it takes the signals."""
        assert self._process is not None, "not running"
        return self._process.pid

    @property
    def pid(self) -> int:
        """The process that serves: under gunicorn the (newest) worker."""
        if self.kind != "gunicorn":
            return self.master_pid
        workers = Path(f"/proc/{self.master_pid}/task/{self.master_pid}/children").read_text().split()
        return int(workers[-1])

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def output(self, since: int = 0) -> str:
        """What it wrote on stdout and stderr, from byte `since` of the log on."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode("utf-8", "replace")

    def output_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    # -- life and death

    def stop(self, timeout: float = STOP_TIMEOUT) -> int:
        """SIGTERM, and its exit code. Killed, and an error, when it has not ended `timeout` seconds later."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerDied(f"still there {timeout} s after SIGTERM", self.output()) from None

    def kill(self) -> None:
        """SIGKILL, to gunicorn's workers too; returns when it is gone."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self.wait(STOP_TIMEOUT)

    def wait(self, timeout: float) -> int:
        """Waits for it to end by itself; its exit code."""
        assert self._process is not None, "not running"
        code = self._process.wait(timeout)
        _register("-", self._process.pid)
        self._process = None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.master_pid, number)

    def restart(self, env: Mapping[str, str] | None = None) -> None:
        """Stops it if it runs, and starts it on the same database and the same port."""
        if self._process is not None:
            self.stop()
        self.env.update(env or {})
        # Between the two, the system may lend the port to somebody's outgoing connection: try again.
        for attempt in range(5):
            since = self.output_size()
            try:
                self._launch(self.port)
                return
            except ServerDied:
                self._process = None
                taken = "address already in use" in self.output(since).lower()
                if attempt == 4 or not taken:
                    raise
                time.sleep(1)

    def close(self) -> None:
        """Stops it, whatever state it is in."""
        self.http.close()
        try:
            if self.is_running():
                self.stop()
        finally:
            self._process = None
            if self._own_directory:
                self._own_directory.cleanup()

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- HTTP; redirects are never followed, because none is ever right here

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 30)
        return self.http.request(method, self.url + path, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> requests.Response:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def create(self, **fields: Any) -> dict[str, Any]:
        """A new order, as the server answered it."""
        response = self.post(ORDERS, json={"cliente": "Ana Lima", **fields})
        assert response.status_code == 201, response.text
        order: dict[str, Any] = response.json()
        return order

    def change(self, order_id: int, **fields: Any) -> dict[str, Any]:
        """The order after a PATCH that must succeed."""
        response = self.patch(f"{ORDERS}{order_id}", json=fields)
        assert response.status_code == 200, response.text
        order: dict[str, Any] = response.json()
        return order

    def cursor(self) -> str:
        """Where the event log stands: the name of the newest event."""
        return self.get(ORDERS, params={"limite": "1"}).headers["X-Pedidos-Cursor"]

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.get("/ws/stats").json()
        return stats

    # -- inside

    def _launch(self, port: int) -> None:
        since = self.output_size()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(port),
                cwd=REPOSITORY if self.kind == "gunicorn" else self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own: killed with its children
            )
        _register("+", self._process.pid)
        deadline = time.monotonic() + START_TIMEOUT
        self.port = int(self._await(lambda: self._announced_port(since), deadline, since))
        self._await(self._answers, deadline, since)

    def _command(self, port: int) -> list[str]:
        if self.kind == "gunicorn":
            return [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", *self.args, "wsgi:app"]
        return [
            *[sys.executable, "-m", "pedidos_server", "serve"],
            *["--port", str(port), "--database", self.database],
            *self.args,
        ]

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEDIDOS_")}
        return {
            **inherited,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
            "PEDIDOS_DATABASE_URL": self.database,
            **({"PEDIDOS_AUTH": "off"} if self.kind == "gunicorn" else {}),  # it starts open only when told to
            **self.env,
        }

    def _announced_port(self, since: int) -> str | None:
        pattern = r"http://127\.0\.0\.1:(\d+)" if self.kind == "embedded" else r"Listening at: http://\S+?:(\d+)"
        found = re.search(pattern, self.output(since))
        return found and found[1]

    def _answers(self) -> bool:
        try:
            self.get("/health", timeout=5)
        except requests.RequestException:
            return False
        return True

    def _await(self, condition: Callable[[], Any], deadline: float, since: int) -> Any:
        while not (value := condition()):
            assert self._process is not None
            if self._process.poll() is not None:
                code = self.wait(0)
                raise ServerDied(f"the server ended with code {code}", self.output(since), code)
            if time.monotonic() > deadline:
                self.kill()
                raise ServerDied("the server did not answer in time", self.output(since))
            time.sleep(0.02)
        return value


def wait_until(condition: Callable[[], Any], timeout: float = 10.0, what: str = "the condition") -> Any:
    """The first true value of `condition()`; fails when none came within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s, last value {value!r}"
        time.sleep(0.02)
    return value


@functools.cache
def _guard() -> subprocess.Popen[bytes]:
    guard = subprocess.Popen([sys.executable, "-S", "-c", _GUARD], stdin=subprocess.PIPE, start_new_session=True)

    def end() -> None:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(10)

    atexit.register(end)
    return guard


def _register(sign: str, group: int) -> None:
    stdin = _guard().stdin
    assert stdin is not None
    stdin.write(f"{sign}{group}\n".encode())
    stdin.flush()
