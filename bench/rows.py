"""The rows of the table: each makes its own server, measures, and returns its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .figures import Figure


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how long. ``scale`` shrinks every count and duration; ``rounds`` is how often what is compared
    takes turns."""

    scale: float = 1.0
    rounds: int = 5
    page_seconds: float = 60.0
    keep: Path | None = None
    """Where the large database is kept for the next run."""
    say: Callable[[str], None] = lambda text: None

    def of(self, full: int, least: int = 1) -> int:
        return max(least, round(full * self.scale))

    def seconds(self, full: float) -> float:
        return max(1.0, full * self.scale)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    title: str
    run: Callable[[Plan], list[Figure]]


def all_rows() -> list[Row]:
    from . import (
        rows_first_load,
        rows_http,
        rows_page,
        rows_peers,
        rows_scale,
        rows_strangers,
        rows_streams,
        rows_subscribers,
    )

    return [
        *rows_streams.ROWS,
        *rows_subscribers.ROWS,
        *rows_http.ROWS,
        *rows_scale.ROWS,
        *rows_page.ROWS,
        *rows_first_load.ROWS,
        *rows_peers.ROWS,
        *rows_strangers.ROWS,
    ]
