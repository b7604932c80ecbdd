"""``pedidos watch``: the stream in a terminal, over either transport, resumed by cursor for as long as it runs."""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import websocket

from ..errors import StartupError
from .remote import TOKEN, base_url
from .terminal import takes_everything

SILENCE = 60
"""Seconds without a sign of the server after which the connection is given up."""
RETRY = 3.0

_ACTIONS = {"create": "criado", "update": "alterado", "delete": "excluído"}


def watch(url: str, transport: str, cursor: str | None, *, as_json: bool) -> None:
    """Prints each message until interrupted. Raises StartupError for an address that can never work."""
    base = base_url(url)
    messages = _websocket_messages if transport == "websocket" else _sse_messages
    while True:
        try:
            for message in messages(base, cursor):
                cursor = message.get("cursor", cursor)
                _print(as_line(message, all_characters=takes_everything()) if as_json else describe(message))
            trouble = "o servidor encerrou a conexão"
        except _Refused as refusal:
            hint = f" Ponha um token na variável {TOKEN}." if refusal.status == 401 else ""
            raise StartupError(f"{base} recusou a conexão: {refusal}.{hint}") from None
        except (OSError, http.client.HTTPException, websocket.WebSocketException) as error:
            trouble = str(error) or type(error).__name__
        wait = RETRY * random.uniform(0.7, 1.3)  # nosec B311 # noqa: S311 (spreads reconnects, no secret)
        print(f"-- {trouble}; de novo em {wait:.0f} s", file=sys.stderr, flush=True)
        time.sleep(wait)


class _Refused(Exception):
    """The server answered, and trying again will not help."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


def _print(line: str) -> None:
    """Ends the program where nobody reads it any more."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter tries again as it ends
        sys.exit(0)


def as_line(message: dict[str, Any], *, all_characters: bool = True) -> str:
    """The message as JSON, in which what a terminal would obey is escaped: others have written it. Without
    ``all_characters`` so is all that is not ASCII."""
    text = json.dumps(message, ensure_ascii=not all_characters)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def describe(message: dict[str, Any]) -> str:
    """One line for a person: ``14:32:05  1234  pedido 17 alterado: costura=sim · Ana``; nothing in it that a terminal
    would obey."""
    return "".join(char if char.isprintable() else " " for char in _told(message))


def _told(message: dict[str, Any]) -> str:
    when = _local_time(message.get("timestamp", ""))
    match message.get("type"):
        case "connection":
            return f"{when}  -- conectado em {message.get('cursor')} (servidor {message.get('versao_servidor')})"
        case "refresh_required":
            return f"{when}  -- recarregar: {message.get('message')}"
        case "pedido_update":
            data = message.get("data") or {}
            number = data.get("numero", f"id {message['pedido_id']}")
            what = f"{_ACTIONS.get(message['action'], message['action'])}"
            if message["action"] == "create":
                what += f": {data.get('cliente')}"
            elif message["action"] == "update":
                what += ": " + ", ".join(f"{name}={_short(data.get(name))}" for name in message["changed"])
            return f"{when}  {message['cursor'].split('-')[0]:>6}  pedido {number} {what}" + (
                f" · {message['autor']}" if message.get("autor") else ""
            )
        case other:
            return f"{when}  -- {other}"


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "sim" if value else "não"
    text = f"{len(value)} itens" if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _local_time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _credentials() -> dict[str, str]:
    token = os.environ.get(TOKEN)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _websocket_messages(base: str, cursor: str | None) -> Iterator[dict[str, Any]]:
    url = "ws" + base.removeprefix("http") + "/ws/pedidos" + (f"?cursor={quote(cursor)}" if cursor else "")
    try:
        connection = websocket.create_connection(
            url, timeout=SILENCE, enable_multithread=False, header=_credentials()
        )
    except websocket.WebSocketBadStatusException as error:
        if error.status_code in (401, 403, 404):
            raise _Refused(error.status_code) from None
        raise
    try:
        while True:
            opcode, data = connection.recv_data(control_frame=True)  # pings are answered in there
            if opcode == websocket.ABNF.OPCODE_TEXT:
                yield json.loads(data)
            elif opcode == websocket.ABNF.OPCODE_CLOSE:
                return
    finally:
        connection.close()


def _sse_messages(base: str, cursor: str | None) -> Iterator[dict[str, Any]]:
    parts = urlsplit(base)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SILENCE)
    try:
        headers = {"Accept": "text/event-stream"} | _credentials() | ({"Last-Event-ID": cursor} if cursor else {})
        connection.request("GET", parts.path + "/sse/pedidos", headers=headers)
        response = connection.getresponse()
        if response.status in (401, 403, 404):
            raise _Refused(response.status)
        if response.status != 200:
            raise OSError(f"HTTP {response.status}")
        while line := response.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
    finally:
        connection.close()
