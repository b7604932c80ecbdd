"""Tokens and browser sessions, and the rules for them. Only their hashes are stored.

A secret is 256 random bits, so one plain SHA-256 is the right hash: there is nothing to guess, and a slow hash would
only make every request slow.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from ..domain.roles import Role

PREFIX = "ped_"
"""Tells people, and programs that look for leaked secrets, what it is."""
MAX_NAME = 80
"""Characters of a token's name."""
SESSION_DAYS = 30
"""Since it was last used; a session never outlives its token."""
RENEWAL_DAYS = 1
"""A session in use is written anew when so much of its time is over, not at each request."""
MAX_SESSIONS = 50
"""Sessions of one token; the oldest gives way."""


class TokenError(ValueError):
    """A token cannot be made or found; the message says why, in the users' words."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    id: int
    name: str
    role: Role
    digest: bytes
    created: str
    ends: str | None
    """ISO 8601 in UTC, or None for never."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    digest: bytes
    token_id: int
    ends: str


def digest(secret: str) -> bytes:
    """The hash by which a secret is stored and found."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def new_token() -> str:
    return PREFIX + new_session()


def new_session() -> str:
    return secrets.token_urlsafe(32)


def now() -> datetime:
    """By the wall clock: how long somebody may come in is said in its days."""
    return datetime.now(UTC)


def fit_name(name: str) -> str:
    """The name as it is stored; it stands in the history of orders. Raises TokenError for one that is unfit."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise TokenError(f"O nome deve ter de 1 a {MAX_NAME} caracteres visíveis.")
    return name


def name_taken(name: str) -> TokenError:
    return TokenError(f"Já há um token com o nome {name!r}. Revogue-o antes, ou escolha outro nome.")


def no_such_token(name: str) -> TokenError:
    return TokenError(f"Não há token com o nome {name!r}. Veja os que há com: pedidos token list")
