"""The server that ``pedidos stress`` tests, as its clients see it: requests, and messages over both transports."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import websocket

from ..errors import StartupError
from .remote import TOKEN, base_url

ANSWER_SECONDS = 15.0
SILENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is. Raises StartupError for an address that can never be one."""

    base: str
    token: str = ""

    @classmethod
    def at(cls, url: str, token: str) -> Server:
        return cls(base_url(url), token)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def connection(self, timeout: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        parts = urlsplit(self.base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)

    def path(self, path: str) -> str:
        return urlsplit(self.base).path + path

    def call(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None
    ) -> tuple[Any, http.client.HTTPMessage]:
        """One request. Raises StartupError where the server refuses or is none of ours, OSError where it is gone."""
        text = None if body is None else json.dumps(body)
        connection.request(method, self.path(path), text, {"Content-Type": "application/json", **self.headers})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise StartupError(refusal(self.base, answer.status, content))
        try:
            return json.loads(content), answer.headers
        except ValueError:
            raise StartupError(f"{self.base} responde, mas não é um servidor Pedidos.") from None


def refusal(base: str, status: int, body: bytes) -> str:
    """Why the server did not do it, and what helps."""
    try:
        problem = json.loads(body)
        said = str(problem.get("detail") or problem.get("title") or "") if isinstance(problem, dict) else ""
    except ValueError:
        said = ""
    if status == 401:
        return f"{base} pede identificação (HTTP 401): use --token, ou a variável {TOKEN}. {said}".rstrip()
    if status == 403:
        return f"{base} não permite o teste (HTTP 403): é preciso um token com o papel escrita. {said}".rstrip()
    if status == 404:
        return f"{base} responde, mas não é um servidor Pedidos (HTTP 404)."
    return f"{base} recusou (HTTP {status}). {said}".rstrip()


# --------------------------------------------------------------------------------------- one client


def websocket_messages(server: Server) -> Iterator[bytes]:
    try:
        connection = websocket.create_connection(
            "ws" + server.base.removeprefix("http") + "/ws/pedidos",
            timeout=ANSWER_SECONDS,
            header=[f"{name}: {value}" for name, value in server.headers.items()],
            http_no_proxy=["*"],  # as for the requests: a proxy of the way out has no place on a LAN
            suppress_origin=True,  # that is for pages to say
            enable_multithread=False,
        )
    except websocket.WebSocketBadStatusException as error:
        raise StartupError(refusal(server.base, error.status_code, error.resp_body or b"")) from None
    try:
        connection.settimeout(SILENCE_SECONDS)
        while True:
            opcode, data = connection.recv_data(control_frame=True)  # pings are answered in there
            if opcode == websocket.ABNF.OPCODE_TEXT:
                yield data
            elif opcode == websocket.ABNF.OPCODE_CLOSE:
                raise OSError(data[2:].decode("utf-8", "replace") or "o servidor encerrou a conexão")
    finally:
        connection.close(timeout=0)


def sse_messages(server: Server) -> Iterator[bytes]:
    connection = server.connection(SILENCE_SECONDS)
    try:
        connection.request(
            "GET", server.path("/sse/pedidos"), headers={"Accept": "text/event-stream", **server.headers}
        )
        answer = connection.getresponse()
        if answer.status != 200:
            raise StartupError(refusal(server.base, answer.status, answer.read()))
        while line := answer.readline():
            if line.startswith(b"data: "):
                yield line[6:]
        raise OSError("o servidor encerrou a conexão")
    finally:
        connection.close()


TRANSPORTS = {"websocket": websocket_messages, "sse": sse_messages}
