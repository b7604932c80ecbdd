"""``pedidos watch``: the stream in a terminal, over either transport, resumed by cursor for as long as it runs."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import datetime
from typing import Any

from ..errors import StartupError
from .remote import LOST, TOKEN, Refused, Remote
from .terminal import speaks_utf8

RETRY_SECONDS = 3.0
FINAL = (401, 403, 404)
"""HTTP statuses after which trying again will not help."""

_ACTIONS = {"create": "criado", "update": "alterado", "delete": "excluído"}


def watch(url: str, transport: str, cursor: str | None, *, as_json: bool) -> None:
    """Prints each message until interrupted. Raises StartupError for an address that can never work."""
    server = Remote.at(url, os.environ.get(TOKEN, ""))
    while True:
        try:
            for data in server.messages(transport, cursor):
                message = json.loads(data)
                cursor = message.get("cursor", cursor)
                _print(as_line(message, all_characters=speaks_utf8()) if as_json else describe(message))
        except Refused as refusal:
            if refusal.status in FINAL:
                hint = f" Ponha um token na variável {TOKEN}." if refusal.status == 401 else ""
                raise StartupError(f"{server.base} recusou a conexão: {refusal}.{hint}") from None
            trouble = refusal.said or str(refusal)
        except LOST as error:
            trouble = str(error) or type(error).__name__
        wait = RETRY_SECONDS * random.uniform(0.7, 1.3)  # nosec B311 # noqa: S311 (spreads reconnects, no secret)
        print(f"-- {trouble}; de novo em {wait:.0f} s", file=sys.stderr, flush=True)
        time.sleep(wait)


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
