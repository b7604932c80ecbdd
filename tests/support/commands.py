"""The commands of a document, walked from top to bottom in one folder, as whoever reads it types them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from websocket import WebSocketBadStatusException, create_connection

from tests.support.checks import free_port
from tests.support.live_server import REPOSITORY, wait_until

ADDRESS = "192.168.0.10:8000"
"""Where the documents have their server."""

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of this language, without what they are indented by."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    return [
        "\n".join(line.removeprefix(indent) for line in body.splitlines())
        for indent, name, body in BLOCK.findall(text)
        if name == language
    ]


def commands(document: str) -> list[str]:
    return [line for block in blocks(document, "sh") for line in block.splitlines() if line]


class Walk:
    """One reader: a folder, the server that was started last, and a token for whatever asks for one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pedidos = f"{sys.executable} -m pedidos_server"
        """What runs where a document says `.venv/bin/pedidos`."""
        self.port = 0
        self.missing: list[str] = []
        """Commands that this machine has no program for."""
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PEDIDOS_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}:/usr/sbin",
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
        }
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def type(self, command: str) -> None:
        """Runs it, and looks at what it did. Fails for one that no rule knows."""
        rule = next((rule for rule in RULES if re.match(rule.pattern, command)), None)
        assert rule is not None, f"no test runs {command!r}: add a rule to {__name__}"
        if rule.program and shutil.which(rule.program, path=self.environment["PATH"]) is None:
            self.missing.append(f"{command!r} needs {rule.program}")
        else:
            rule.run(self, command)

    def here(self, command: str) -> str:
        """The command with this walk's programs, addresses and folders."""
        command = re.sub(r"^\.venv/bin/pedidos", self.pedidos, command)
        command = command.replace(ADDRESS, f"127.0.0.1:{self.port}").replace("8000/tcp", f"{self.port}/tcp")
        return command.replace("/media/pendrive", str(self.folder))

    def start_server(self, command: str) -> None:
        """A server on a free port, in the place of the one before."""
        self.stop_server()
        log = self.folder / "server.log"
        with log.open("wb") as output:
            self._server = self._start(f"{self.here(command)} --port 0", output.fileno())
        try:
            announced = wait_until(
                lambda: re.search(rb"http://127\.0\.0\.1:(\d+)", log.read_bytes()), 40, "the address"
            )
        except AssertionError as error:
            raise AssertionError(log.read_text()) from error
        self.port = int(announced[1])
        wait_until(lambda: self.answers("/health"), 40)

    def stop_server(self) -> None:
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGINT)
            self._server.wait(30)
            self._server = None

    def died(self) -> None:
        """The server was killed by something else."""
        assert self._server is not None
        assert self._server.wait(20) == -signal.SIGKILL
        self._server = None

    def answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).status_code < 500
        except requests.RequestException:
            return False

    def output(self, command: str, *codes: int) -> str:
        """What it prints until it ends, with one of these exit codes, 0 unless given."""
        done = subprocess.run(
            self.here(command),
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode in (codes or (0,)), f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def until(self, command: str, sign: bytes) -> None:
        """Runs it until this is in its output, then ends it."""
        log = self.folder / "output.log"
        with log.open("wb") as output:
            process = self._start(self.here(command), output.fileno())
        try:
            wait_until(lambda: sign in log.read_bytes(), 40, f"{sign!r} of {command!r}")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def _start(self, command: str, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


# -- what each command must do


def create_token(walk: Walk, command: str) -> None:
    token = re.search(r"ped_\S+", walk.output(command))
    assert token is not None
    if "admin" in command:
        walk.environment["PEDIDOS_TOKEN"] = token[0]


def measure(walk: Walk, command: str) -> None:
    assert "perdidas 0, repetidas 0" in walk.output(f"{command} --clients 5 --seconds 1 --max-ms 30000 --yes")


def back_up(walk: Walk, command: str) -> None:
    before = set(walk.folder.glob("*.db"))
    walk.output(command)
    assert set(walk.folder.glob("*.db")) - before


def kill_server(walk: Walk, command: str) -> None:
    walk.output(command)
    walk.died()


def call(walk: Walk, command: str) -> None:
    answer = walk.output(f"{command} --silent --show-error --fail-with-body")
    assert '"status":"healthy"' in answer or '"versao":' in answer or "X-Pedidos-Cursor" in answer, answer


def stream(walk: Walk, command: str) -> None:
    walk.until(command, b'"type":"connection"')


def block_websockets(walk: Walk, command: str) -> None:
    """The proxy takes a page through and no WebSocket."""
    port = free_port()
    text = (REPOSITORY / "deploy/sem-websocket.conf").read_text(encoding="utf-8")
    place = walk.folder / "deploy"
    place.mkdir()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:8000", f"127.0.0.1:{walk.port}")
    (place / "sem-websocket.conf").write_text(text, encoding="utf-8")
    with (walk.folder / "nginx.log").open("wb") as log:
        nginx = walk._start(walk.here(command).replace("/tmp", str(walk.folder)), log.fileno())
    headers = {"Authorization": f"Bearer {walk.environment.get('PEDIDOS_TOKEN', '')}"}
    try:
        wait_until(lambda: _listens(port), 20, "nginx")
        try:
            create_connection(f"ws://127.0.0.1:{port}/ws/pedidos", header=headers, timeout=10)
            raise AssertionError("a WebSocket came through")
        except WebSocketBadStatusException as refused:
            assert refused.status_code == 426
        events = requests.get(f"http://127.0.0.1:{port}/sse/pedidos", headers=headers, stream=True, timeout=10)
        with events:
            assert any('"type":"connection"' in line.decode() for line in events.iter_lines())
    finally:
        os.killpg(nginx.pid, signal.SIGTERM)
        nginx.wait(20)


def open_panel(walk: Walk, command: str) -> None:
    quiet = "--headless=new --no-sandbox --disable-gpu --virtual-time-budget=3000 --dump-dom"
    profile = f"--user-data-dir={walk.folder / 'chromium'}"
    assert 'class="painel' in walk.output(command.replace("--kiosk", f"--kiosk {quiet} {profile}"))


def nothing(walk: Walk, command: str) -> None:
    """It changes the machine itself: read by people alone."""


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@dataclass(frozen=True)
class Rule:
    pattern: str
    run: Callable[[Walk, str], None]
    program: str = ""


RULES = (
    Rule(r"\.venv/bin/pedidos (serve|demo)", Walk.start_server),
    Rule(r"\.venv/bin/pedidos token create", create_token),
    Rule(r"\.venv/bin/pedidos stress", measure),
    Rule(r"\.venv/bin/pedidos backup", back_up),
    Rule(r"\.venv/bin/pedidos watch .*--json", lambda walk, command: walk.until(command, b'"type": "connection"')),
    Rule(r"\.venv/bin/pedidos watch", lambda walk, command: walk.until(command, b"conectado em")),
    Rule(r"curl -N ", stream, "curl"),
    Rule(r"curl ", call, "curl"),
    Rule(r"fuser --kill 8000/tcp$", kill_server, "fuser"),
    Rule(r"nginx -p /tmp ", block_websockets, "nginx"),
    Rule(r"chromium --kiosk ", open_panel, "chromium"),
    Rule(r"sudo (ufw|firewall-cmd) ", nothing),
    Rule(r"python3 -m venv \.venv && \.venv/bin/pip install \.$", nothing),  # test_install.py
)
