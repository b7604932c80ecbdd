"""A server elsewhere, as ``pedidos watch`` and ``pedidos stress`` use it: requests, and messages over both
transports."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import websocket

from ..errors import StartupError

TOKEN = "PEDIDOS_TOKEN"  # nosec B105 # noqa: S105 (its name, not a token)
"""The variable that holds the token, on a server with sign-in: arguments are seen by every user of the machine."""
ANSWER_SECONDS = 15.0
SILENCE_SECONDS = 60.0
"""Without a sign of the server, after which a stream is given up."""
_ENDED = "o servidor encerrou a conexão"

LOST = (OSError, http.client.HTTPException, websocket.WebSocketException)
"""What is raised where the server is gone, or ends a stream."""


class Refused(Exception):
    """The server answered with an HTTP ``status`` of 400 or above. ``said`` is its own word for why."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        try:
            problem = json.loads(body)
        except ValueError:
            problem = None
        self.said = str(problem.get("detail") or problem.get("title") or "") if isinstance(problem, dict) else ""


@dataclass(frozen=True, slots=True)
class Remote:
    """``base`` is the server's URL, without a slash at its end."""

    base: str
    token: str = ""

    @classmethod
    def at(cls, typed: str, token: str) -> Remote:
        """The server at the address that was typed: ``http://`` may be left out. Raises StartupError where it can
        never be one."""
        try:
            parts = urlsplit(typed if "//" in typed else f"http://{typed}")
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # a port that is no number, half an IPv6 address
            usable = False
        if not usable:
            raise StartupError(f"{typed!r} não é o endereço de um servidor: use http://MAQUINA:PORTA.")
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", token)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def connection(self, timeout: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        parts = urlsplit(self.base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)

    def call(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None
    ) -> tuple[Any, http.client.HTTPMessage]:
        """One request; its JSON and headers. Raises Refused, ValueError where the answer is no JSON, or ``LOST``."""
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **self._headers}
        connection.request(method, urlsplit(self.base).path + path, text, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise Refused(answer.status, content)
        return json.loads(content), answer.headers

    def messages(self, transport: str, cursor: str | None = None) -> Iterator[bytes]:
        """The stream's messages, from behind the cursor on. Raises Refused, or ``LOST`` when it ends."""
        query = f"?cursor={quote(cursor)}" if cursor else ""
        return self._websocket(query) if transport == "websocket" else self._sse(query)

    def _websocket(self, query: str) -> Iterator[bytes]:
        try:
            connection = websocket.create_connection(
                f"ws{self.base.removeprefix('http')}/ws/pedidos{query}",
                timeout=ANSWER_SECONDS,
                header=[f"{name}: {value}" for name, value in self._headers.items()],
                http_no_proxy=["*"],  # as for the requests: a proxy of the way out has no place on a LAN
                suppress_origin=True,  # that is for pages to say
                enable_multithread=False,
            )
        except websocket.WebSocketBadStatusException as error:
            raise Refused(error.status_code, error.resp_body or b"") from None
        try:
            connection.settimeout(SILENCE_SECONDS)
            while True:
                opcode, data = connection.recv_data(control_frame=True)  # pings are answered in there
                if opcode == websocket.ABNF.OPCODE_TEXT:
                    yield data
                elif opcode == websocket.ABNF.OPCODE_CLOSE:
                    raise OSError(data[2:].decode("utf-8", "replace") or _ENDED)
        finally:
            connection.close(timeout=0)

    def _sse(self, query: str) -> Iterator[bytes]:
        connection = self.connection(SILENCE_SECONDS)
        try:
            headers = {"Accept": "text/event-stream", **self._headers}
            connection.request("GET", f"{urlsplit(self.base).path}/sse/pedidos{query}", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused(answer.status, answer.read())
            while line := answer.readline():
                if line.startswith(b"data: "):
                    yield line[6:]
            raise OSError(_ENDED)
        finally:
            connection.close()
