"""A bit mask of the letters that a text contains, so that a search can skip most orders.

The search's index is sorted by this mask: only the orders whose text has every letter of the search are read. A
search without any of the letters in GROUPS ("rosa", "1047") reads all of the index.
"""

from __future__ import annotations

GROUPS = ("bf", "c", "d", "gh", "jvx", "kqwyz", "l", "m", "n", "p", "t", "u")
"""One bit each: letters that about half of all names of people and towns have; rare letters share a bit. Letters that
most names have are left out. Each further bit doubles the places of the index that a search may have to read. The
index of every file is made with these: changing them needs a step of the schema."""


def _letters_sql() -> str:
    bits = (
        "({}) << {}".format(" OR ".join(f"instr(busca, '{letter}') > 0" for letter in group), bit)
        for bit, group in enumerate(GROUPS)
    )
    return " | ".join(f"({bit})" for bit in bits)


LETTERS = f"({_letters_sql()})"
"""The number of the column ``busca``. SQLite uses the index only for an expression that is the index's own."""


def numbers_with(words: str) -> list[int] | None:
    """The numbers of all texts that may contain the words; None if any may."""
    own = sum(1 << bit for bit, group in enumerate(GROUPS) if not set(group).isdisjoint(words))
    return [number for number in range(1 << len(GROUPS)) if number & own == own] if own else None
