"""A server with a token of each role, and the ways in which a caller shows one."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pedidos_server.domain.roles import ROLES, Role
from pedidos_server.storage.sqlite.tokens import create_token, revoke_token
from tests.support.live_server import REPOSITORY, LiveServer
from tests.support.stream_clients import Stream, open_stream


def pedidos(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEDIDOS_")}
    return subprocess.run(
        [sys.executable, "-m", "pedidos_server", *arguments],
        env={**inherited, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def printed_token(output: str) -> str:
    return next(word for word in output.split() if word.startswith("ped_"))


@dataclass
class Doors:
    server: LiveServer
    tokens: dict[str, str]
    """By role; each token's name is its role's."""

    @classmethod
    def make(cls, kind: str, directory: Path, env: Mapping[str, str] | None = None) -> Doors:
        database = directory / "pedidos.db"
        made = pedidos("token", "create", "admin", "--role", "admin", "--database", f"sqlite:///{database}")
        assert made.returncode == 0, made.stderr
        tokens = {"admin": printed_token(made.stdout)}
        for role in ROLES:
            if role not in tokens:
                tokens[role] = new_token(database, role, role)
        server = LiveServer.start(kind, database, {"PEDIDOS_AUTH": "on", **(env or {})}, directory=directory)
        server.http.headers["Authorization"] = f"Bearer {tokens['admin']}"  # what `server` itself asks
        return cls(server, tokens)

    def header(self, role: str) -> dict[str, Any]:
        """What shows a role's token; "" is a stranger, for whom the session's own header is taken away."""
        return {"Authorization": f"Bearer {self.tokens[role]}" if role else None}

    def cookie(self, role: str) -> dict[str, str]:
        """What shows a new session of a role's token, as this server's page sends it."""
        return {"Cookie": sign_in(self.server, self.tokens[role]), "Origin": self.server.url}

    def stream(self, transport: str, headers: Mapping[str, str]) -> Stream:
        return open_stream(self.server, transport, headers=headers)


def without_token(headers: Mapping[str, str]) -> dict[str, Any]:
    """For `requests`: these headers, and not the session's token."""
    return {"Authorization": None, **headers}


def sign_in(server: LiveServer, token: str) -> str:
    """The Cookie header of a new session."""
    response = server.post("/entrar", json={"token": token}, headers=without_token({"Origin": server.url}))
    assert response.status_code == 200, response.text
    server.http.cookies.clear()
    return response.headers["Set-Cookie"].partition(";")[0]


def subprotocol(token: str) -> dict[str, str]:
    encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return {"Sec-WebSocket-Protocol": f"pedidos.v1, bearer.{encoded}"}


def new_token(database: Path, name: str, role: str, days: float | None = None) -> str:
    """As `pedidos token create`, without starting a program for it."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        return create_token(connection, name, Role[role.upper()], days)


def revoke(database: Path, name: str) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        revoke_token(connection, name)
