"""What the stream tells: cursors, events and messages, as JSON.

A message is encoded once; every transport carries the same bytes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

import pydantic_core


class Cursor(NamedTuple):
    """The name of one event: its number in commit order, and the random tag stored with it."""

    number: int
    tag: str

    def __str__(self) -> str:
        return f"{self.number}-{self.tag}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that ``text`` spells, or None where it spells none."""
        match = re.fullmatch(r"(0|[1-9][0-9]{0,17})-([0-9a-f]{8})", text, re.ASCII)
        return cls(int(match[1]), match[2]) if match else None


class Event(NamedTuple):
    """One committed change as the stream carries it: ``payload`` is the JSON of its message."""

    cursor: Cursor
    payload: bytes


# --------------------------------------------------------------------------------------- messages


def timestamp(now: datetime | None = None) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``; sorts as text."""
    return (now or datetime.now(UTC)).isoformat(timespec="milliseconds")[:23] + "Z"


def encode(message: object) -> bytes:
    """Compact JSON in UTF-8."""
    return pydantic_core.to_json(message)


def connection_message(cursor: Cursor, server_version: str) -> bytes:
    return encode(
        {
            "type": "connection",
            "status": "connected",
            "message": "Conectado ao servidor de pedidos",
            "timestamp": timestamp(),
            "cursor": str(cursor),
            "versao_servidor": server_version,
        }
    )


def refresh_message(reason: str, cursor: Cursor | None = None) -> bytes:
    """``cursor`` names where the live stream begins when a resume could not be honoured."""
    message = {"type": "refresh_required", "message": reason, "timestamp": timestamp()}
    if cursor is not None:
        message["cursor"] = str(cursor)
    return encode(message)


def pong_message() -> bytes:
    return encode({"type": "pong", "timestamp": timestamp()})


DOCUMENT_MARK = b'"data":'
"""Stands before the order in the message of its change, and nowhere earlier."""


def update_message(
    *,
    action: str,
    pedido_id: int,
    document: bytes | None,
    when: str,
    cursor: Cursor,
    versao: int,
    changed: list[str],
    autor: str | None,
    origem: str | None,
) -> bytes:
    """The message of one change. ``document`` is the order's JSON, spliced in and not encoded again."""
    head = encode({"type": "pedido_update", "action": action, "pedido_id": pedido_id})
    rest = encode(
        {
            "timestamp": when,
            "cursor": str(cursor),
            "versao": versao,
            "changed": changed,
            "autor": autor,
            "origem": origem,
        }
    )
    return b"%b,%b%b,%b" % (head[:-1], DOCUMENT_MARK, document or b"null", rest[1:])


def document_of(message: bytes, size: int) -> bytes:
    """The order of ``size`` bytes in the message of its change, as it was spliced in."""
    start = message.index(DOCUMENT_MARK) + len(DOCUMENT_MARK)
    return message[start : start + size]
