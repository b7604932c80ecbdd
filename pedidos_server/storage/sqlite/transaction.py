"""What the writer's transactions do besides commands; see storage/base.py."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime

from ...domain.roles import Role
from ..base import Retention, Transaction
from ..tokens import TokenRow
from . import answers, event_log, numbers, tokens
from .meta import set_meta
from .statements import Connection

PROBE_BYTES = 16 * 1024


class SqliteTransaction(Transaction):
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def create_token(self, name: str, role: Role, days: float | None = None) -> str:
        return tokens.create_token(self.connection, name, role, days)

    def revoke_token(self, name: str) -> None:
        tokens.revoke_token(self.connection, name)

    def list_tokens(self) -> list[TokenRow]:
        return tokens.list_tokens(self.connection)

    def open_session(self, token_id: int) -> str:
        return tokens.open_session(self.connection, token_id)

    def extend_sessions(self, sessions: Iterable[bytes]) -> None:
        tokens.extend_sessions(self.connection, sessions)

    def close_sessions(self, sessions: Iterable[bytes]) -> None:
        tokens.close_sessions(self.connection, sessions)

    def next_number(self) -> int:
        return numbers.next_number(self.connection)

    def set_next_number(self, number: int) -> None:
        numbers.set_next(self.connection, number)

    def prune(self, retention: Retention, own: datetime) -> int:
        return event_log.prune(self.connection, retention, own)

    def forget_answers(self, own: datetime) -> int:
        return answers.forget_old(self.connection, own)

    def probe(self) -> None:
        set_meta(self.connection, "sonda", os.urandom(PROBE_BYTES // 2).hex())
