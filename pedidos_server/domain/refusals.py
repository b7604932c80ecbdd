"""Why a command is not carried out. web code knows which HTTP status each has."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Order


class Refusal(Exception):
    """A command that is not carried out. Nothing has changed."""


@dataclass(eq=False)
class NotFound(Refusal):
    order_id: int


@dataclass(eq=False)
class Conflict(Refusal):
    """The order has another version than the command accepts; ``order`` is the current one."""

    order: Order


@dataclass(eq=False)
class NumberTaken(Refusal):
    number: str


@dataclass(eq=False)
class KeyReused(Refusal):
    """The key belongs to another request."""


@dataclass(eq=False)
class AnswerGone(Refusal):
    """The request with this key was carried out, and its answer is no longer kept."""
