"""What a list of orders asks for: its filters, its page, and the words of a search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from ..domain.events import Cursor, timestamp
from ..domain.fields import MAX_INTEGER
from ..domain.order import searchable, telephone
from ..errors import invalid_fields

MAX_WORDS = 8
"""Words of one search: each is looked for in every text."""
SHORTEST_TELEPHONE = 4
"""Digits that may be part of one."""
_OF_TELEPHONE = re.compile(r"[0-9()+./-]+").fullmatch
_BEFORE_THE_AREA = re.compile(r"\A(?:(?:00|\+)?55(?=[0-9]{10})|0(?=[1-9][0-9]{9}))")
"""Brazil's country code, or the 0 before an area code: most telephones are stored without."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which orders a list holds; None or "" leaves a filter out."""

    status: str | None = None
    setor: str | None = None
    prioridade: str | None = None
    q: str = ""
    atualizado_desde: str | None = None
    recentes: int | None = None
    """Days: those in the open statuses, and those that were changed since."""

    def recent_since(self, now: datetime | None = None) -> str:
        """Rounded down to the hour, so that a list asked for again within it can answer 304."""
        moment = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
        return timestamp(moment - timedelta(days=self.recentes or 0))


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of a list starts: below an order's id; ``snapshot`` is the first page's cursor."""

    limit: int | None = None
    below_id: int = MAX_INTEGER
    snapshot: Cursor | None = None

    @classmethod
    def parse(cls, limit: int | None, cursor: str | None) -> Page:
        """Raises Problem 422 for a cursor that no page of ours gave out."""
        if not cursor:
            return cls(limit)
        match = re.fullmatch(r"([0-9]{1,18})\.(.+)", cursor, re.ASCII)
        snapshot = Cursor.parse(match[2]) if match else None
        if match is None or snapshot is None:
            raise invalid_fields(
                [{"campo": "cursor", "mensagem": "não é um cursor de página: use o do cabeçalho Link"}]
            )
        return cls(limit, int(match[1]), snapshot)


def search_terms(text: str) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """What a search looks for, in the form in which texts are stored (domain.order.searchable): of each entry either
    all the words are found in an order's text, or the digits beside them.

    Words that may be a telephone come together, since "(11) 98765-4321" is one; any other comes by itself, without
    digits. Raises Problem 422 for more than MAX_WORDS.
    """
    words = searchable(text).split()
    if len(words) > MAX_WORDS:
        raise invalid_fields([{"campo": "q", "mensagem": f"no máximo {MAX_WORDS} palavras"}])
    for may_be, together in groupby(words, lambda word: _OF_TELEPHONE(word) is not None):
        if not may_be:
            yield from (([word], ()) for word in together)
            continue
        run = list(together)
        digits = _BEFORE_THE_AREA.sub("", re.sub(r"[^0-9+]", "", "".join(run)), count=1)
        digits = telephone(digits)
        yield run, (digits,) if len(digits) >= SHORTEST_TELEPHONE else ()
