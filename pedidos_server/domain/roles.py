"""Who calls, and what they may do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role includes the permissions of those before it."""

    LEITURA = 1
    """see"""
    PRODUCAO = 2
    """tick sectors, and set the status"""
    ESCRITA = 3
    """all of orders"""
    ADMIN = 4
    """the server's own figures too"""

    @property
    def label(self) -> str:
        return self.name.lower()


ROLES = tuple(role.label for role in Role)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a token, perhaps by way of a browser's session."""

    token_id: int
    name: str | None
    """What history calls them; None where nobody needs to say who they are."""
    role: Role
    ends: float = math.inf
    """Unix time."""
    digest: bytes = b""
    """The hash of the token, or of the session, that was shown."""
    by_session: bool = False


NOBODY = Principal(0, None, Role.ADMIN)
"""Anybody at all, on an open server."""
