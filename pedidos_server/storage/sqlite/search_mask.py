"""Which letters a text has, as one number: it tells the search what it need not look at.

The search's index is in order of this number, so that a search reads only the orders whose text has every letter of
what is searched for. What has none of the letters told apart ("rosa", "1047") is looked for among all.
"""

from __future__ import annotations

GROUPS = ("bf", "c", "d", "gh", "jvx", "kqwyz", "l", "m", "n", "p", "t", "u")
"""Letters that about half of all names of people and towns have; rare ones share a bit. The others tell too little:
most names have them. Each bit more doubles the places of the index that a search may have to look at. The index of
every file is made of these: they change with a step of the schema, or not at all."""


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
